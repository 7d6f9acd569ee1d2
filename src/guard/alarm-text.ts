import { tableOf, type Source } from '../domain/keys.js';
import type { LossEvidence, LossExample } from '../store/guard-port.js';

const namedRows = 3;

/** A row by its source, or by its table's name. */
type NamedLoss = Omit<LossExample, 'source'> & ({ readonly source: Source } | { readonly table: string });

type Evidence = Omit<LossEvidence, 'examples'> & { readonly examples: readonly NamedLoss[] };

/** An alarm in one sentence, without its end, for logs, terminals and errors. */
export function alarmText({ kind, rows, examples }: Evidence): string {
  const named = examples.slice(0, namedRows).map(rowText).join(', ');
  const more = rows > namedRows ? ' and more' : '';
  switch (kind) {
    case 'ownCommits':
      return `the product store has lost commits that it had acknowledged: ${named}${more} no longer in the journal`;
    case 'finishedRows':
      return `the product store does not know ${rows} finished ${rows === 1 ? 'row' : 'rows'}: ${named}${more} in State 2, but not applied in the journal`;
    case 'noOrigin':
      return 'the product store is new, or was wiped, and the middle database holds finished rows';
  }
}

function rowText({ custId, ...row }: NamedLoss): string {
  const table = 'source' in row ? tableOf[row.source] : row.table;
  return `${table}:${row.streamingNo}${custId === null ? '' : ` of customer ${custId}`} (${row.stateDate})`;
}
