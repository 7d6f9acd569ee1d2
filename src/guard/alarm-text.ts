import { rowId } from '../domain/keys.js';
import type { LossEvidence, LostRow } from '../store/guard-port.js';

const namedRows = 3;

/** An alarm in one sentence, without its end, for logs, terminals and errors. */
export function alarmText({ kind, rows, examples }: LossEvidence): string {
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

function rowText({ custId, ...row }: LostRow): string {
  return `${rowId(row)}${custId === null ? '' : ` of customer ${custId}`} (${row.stateDate})`;
}
