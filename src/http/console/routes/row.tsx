import { isCanonicalNumber } from '../../../domain/keys.js';
import { State } from '../../../domain/states.js';
import type { RowPage as RowContent } from '../../../operator/desk.js';
import type { Requeued } from '../../../operator/requeue-report.js';
import { sourceNamed, textOf } from '../addresses.js';
import { actorOf, notFound, type Answer, type Console, type Question } from '../console.js';
import { RowPage } from '../pages/row.js';

/** The page of a row. */
export function rowRoutes(pages: Console): void {
  pages.get('/rows/:table/:streamingNo', async (question) => {
    const { view, desk, params } = question;
    const source = sourceNamed(textOf(params, 'table'));
    const streamingNo = textOf(params, 'streamingNo');
    if (source === undefined || !isCanonicalNumber(streamingNo)) return notFound(view);
    const row = await desk.row({ source, streamingNo });
    if (row.rows.length === 0 && row.journal.length === 0) return notFound(view, view.t.row.nowhere);
    const requeue = await requeueOf(question, row);
    return { page: <RowPage view={view} row={row} requeue={requeue} /> } satisfies Answer;
  });
}

/** What putting the row back would do. */
async function requeueOf({ view, desk }: Question, row: RowContent): Promise<Requeued | null> {
  const [full, ...others] = row.rows;
  if (full?.state !== State.Failed || others.length > 0) return null;
  const report = await desk.requeue(actorOf(view), [full], { dryRun: true, reason: null });
  return report.requeued[0] ?? null;
}
