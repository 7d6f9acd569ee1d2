import { rowId, type RowKey } from '../../domain/keys.js';
import { repairRecord } from '../../operator/repair/repair-record.js';
import { matchRecord } from '../../operator/match-scope.js';
import { actionId, rowKey } from '../../operator/inputs.js';
import { named } from '../../operator/named.js';
import type { RecordedAction } from '../../operator/contract/actions.js';
import { textOf } from '../addresses.js';
import { actorOf, notFound, type PageResponse, type Console, type PageRequest } from '../console.js';
import { ActionPage, type ActionContent } from '../pages/action.js';

/** The page of an action on record. */
export function actionRoutes(pages: Console): void {
  pages.get('/audit/:id', async (question) => {
    const { view, operator, params, query } = question;
    const id = actionId.safeParse(params['id']).data;
    const entry = id === undefined ? null : await operator.action(id);
    if (entry === null) return notFound(view);
    const goesOn = textOf(query, 'goOn') !== '';
    const content = await contentOf(question, entry);
    return { page: <ActionPage {...{ view, entry, content, goesOn }} /> } satisfies PageResponse;
  });
}

async function contentOf({ view, operator }: PageRequest, entry: RecordedAction): Promise<ActionContent> {
  const record = matchRecord(entry);
  if (record !== null) return { kind: 'matching', record };
  const repair = repairRecord(entry);
  if (repair !== null) {
    const { job } = await operator.repairState();
    return {
      kind: 'repair',
      record: repair,
      isRunningHere: job?.action === entry.id && job.endedAt === null,
    };
  }
  if (entry.action !== 'requeue') return { kind: 'other' };
  const done = rowsIn(entry.outcome?.what ?? '{}');
  const isDone = new Set(done.map(rowId));
  const left = rowsIn(entry.what).filter((key) => !isDone.has(rowId(key)));
  // How they stand now; one that has failed since is not among them.
  const { notRequeued } = await operator.requeue(actorOf(view), left, { dryRun: true, reason: null });
  return { kind: 'rows', done: done.map(named), left: entry.status === 'open' ? [] : notRequeued };
}

/** The rows that a record names as `IF_BNET_CUST 1141`. */
function rowsIn(what: string): readonly RowKey[] {
  const { rows = [] } = JSON.parse(what) as { readonly rows?: readonly string[] };
  return rows.flatMap((name) => {
    const [table, streamingNo] = name.split(' ');
    return rowKey.safeParse({ table, streamingNo }).data ?? [];
  });
}
