import type { VNode } from 'preact';
import type { Requeued, RequeueReport } from '../../operator/contract/actions.js';
import { rowName } from '../addresses.js';
import { ChineseText } from '../parts/foreign.js';
import { LaterRows } from '../parts/later-rows.js';
import { Layout, Notice, Token } from '../parts/layout.js';
import { ReasonField } from '../parts/reason.js';
import { LeftRows, RowLinks } from '../parts/requeued-rows.js';
import type { View } from '../view.js';

interface RequeueProps {
  readonly view: View;
  readonly report: RequeueReport;
  /** What was wrong with the form sent before. */
  readonly error?: string;
}

/** Asks once more, with what would happen, before chosen rows are put back. */
export function RequeuePage({ view, report, error }: RequeueProps): VNode {
  const { t } = view;
  const { requeued, notRequeued } = report;
  return (
    <Layout view={view} title={t.requeue.title} page="failed">
      {error === undefined ? null : <Notice kind="bad">{error}</Notice>}
      <p>{t.requeue.explain}</p>
      {requeued.length === 0 ? (
        <p class="none">{t.requeue.nothing}</p>
      ) : (
        <form method="post" action="/requeue" class="act">
          <Token view={view} />
          {requeued.map((row) => (
            <input key={rowName(row)} type="hidden" name="row" value={rowName(row)} />
          ))}
          <ReasonField view={view} />
          <div class="actions">
            <button class="primary">{t.requeue.confirm(String(requeued.length))}</button>
            <a class="button" href="/failed">
              {t.common.cancel}
            </a>
          </div>
        </form>
      )}
      <Candidates view={view} rows={requeued} title={t.requeue.willRequeue(requeued.length)} />
      <LeftRows t={t} rows={notRequeued} title={t.requeue.wontRequeue(notRequeued.length)} />
    </Layout>
  );
}

interface CandidatesProps {
  readonly view: View;
  readonly title: string;
  readonly rows: readonly Requeued[];
}

/** Rows that would be put back, with those of their customers that were applied since. */
function Candidates({ view: { t }, title, rows }: CandidatesProps): VNode | null {
  const more = ({ errContent, appliedSince }: Requeued) => (
    <>
      <ChineseText text={errContent} />
      <LaterRows t={t} rows={appliedSince} />
    </>
  );
  return <RowLinks title={title} rows={rows} more={more} />;
}
