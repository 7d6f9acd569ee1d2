import { isCanonicalNumber, sources, tableOf, type RowKey } from '../../domain/keys.js';
import { matchRecord } from '../../operator/match-scope.js';
import type { AuditEntry } from '../../store/admin-port.js';
import { textOf } from '../addresses.js';
import { actorOf, notFound, type PageResponse, type Console, type PageRequest } from '../console.js';
import { ActionPage, type ActionContent } from '../pages/action.js';

/** The page of an action on record. */
export function actionRoutes(pages: Console): void {
  pages.get('/audit/:id', async (question) => {
    const { view, operator, params, query } = question;
    const entry = await operator.action(textOf(params, 'id'));
    if (entry === null) return notFound(view);
    const goesOn = textOf(query, 'goOn') !== '';
    const content = await contentOf(question, entry);
    return { page: <ActionPage {...{ view, entry, content, goesOn }} /> } satisfies PageResponse;
  });
}

async function contentOf({ view, operator }: PageRequest, entry: AuditEntry): Promise<ActionContent> {
  const record = matchRecord(entry);
  if (record !== null) return { kind: 'matching', record };
  if (entry.action !== 'requeue') return { kind: 'other' };
  const done = rowsIn(entry.outcome?.what ?? '{}');
  const isDone = new Set(done.map(nameOf));
  const left = rowsIn(entry.what).filter((key) => !isDone.has(nameOf(key)));
  // How they stand now; one that has failed since is not among them.
  const { notRequeued } = await operator.requeue(actorOf(view), left, { dryRun: true, reason: null });
  const named = done.map((key) => ({ table: tableOf[key.source], streamingNo: key.streamingNo }));
  return { kind: 'rows', done: named, left: entry.status === 'open' ? [] : notRequeued };
}

function nameOf({ source, streamingNo }: RowKey): string {
  return `${tableOf[source]} ${streamingNo}`;
}

/** The rows that a record names as `IF_BNET_CUST 1141`. */
function rowsIn(what: string): readonly RowKey[] {
  const { rows = [] } = JSON.parse(what) as { readonly rows?: readonly string[] };
  return rows.flatMap((name) => {
    const [table, streamingNo = ''] = name.split(' ');
    const source = sources.find((each) => tableOf[each] === table);
    return source === undefined || !isCanonicalNumber(streamingNo) ? [] : [{ source, streamingNo }];
  });
}
