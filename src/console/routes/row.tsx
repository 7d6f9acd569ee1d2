import { isCanonicalNumber } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import type { RowDetails as RowContent } from '../../operator/operator-service.js';
import type { Requeued } from '../../operator/requeue-report.js';
import { sourceNamed, textOf } from '../addresses.js';
import { actorOf, notFound, type PageResponse, type Console, type PageRequest } from '../console.js';
import { RowPage } from '../pages/row.js';

/** The page of a row. */
export function rowRoutes(pages: Console): void {
  pages.get('/rows/:table/:streamingNo', async (question) => {
    const { view, operator, params } = question;
    const source = sourceNamed(textOf(params, 'table'));
    const streamingNo = textOf(params, 'streamingNo');
    if (source === undefined || !isCanonicalNumber(streamingNo)) return notFound(view);
    const row = await operator.row({ source, streamingNo });
    if (row.rows.length === 0 && row.journal.length === 0) return notFound(view, view.t.row.nowhere);
    const requeue = await requeueOf(question, row);
    return { page: <RowPage view={view} row={row} requeue={requeue} /> } satisfies PageResponse;
  });
}

/** What putting the row back would do. */
async function requeueOf({ view, operator }: PageRequest, row: RowContent): Promise<Requeued | null> {
  const [full, ...others] = row.rows;
  if (full?.state !== State.Failed || others.length > 0) return null;
  const report = await operator.requeue(actorOf(view), [full], { dryRun: true, reason: null });
  return report.requeued[0] ?? null;
}
