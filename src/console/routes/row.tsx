import type { RowKey } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import type { RowDetails as RowContent } from '../../operator/contract/rows.js';
import type { Requeued } from '../../operator/contract/actions.js';
import { rowKey } from '../../operator/inputs.js';
import { actorOf, notFound, type PageResponse, type Console, type PageRequest } from '../console.js';
import { RowPage } from '../pages/row.js';

/** The page of a row. */
export function rowRoutes(pages: Console): void {
  pages.get('/rows/:table/:streamingNo', async (question) => {
    const { view, operator, params } = question;
    const { table, streamingNo } = params;
    const key = rowKey.safeParse({ table, streamingNo }).data;
    if (key === undefined) return notFound(view);
    const row = await operator.row(key);
    if (row.rows.length === 0 && row.journal.length === 0) return notFound(view, view.t.row.nowhere);
    const requeue = await requeueOf(question, key, row);
    return { page: <RowPage view={view} row={row} requeue={requeue} /> } satisfies PageResponse;
  });
}

/** What putting the row back would do. */
async function requeueOf(
  { view, operator }: PageRequest,
  key: RowKey,
  row: RowContent,
): Promise<Requeued | null> {
  const [full, ...others] = row.rows;
  if (full?.state !== State.Failed || others.length > 0) return null;
  const report = await operator.requeue(actorOf(view), [key], { dryRun: true, reason: null });
  return report.requeued[0] ?? null;
}
