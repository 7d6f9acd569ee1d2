import type { VNode } from 'preact';
import type { NotRequeued, Requeued, RequeueReport } from '../../../operator/requeue-report.js';
import { rowAddress, rowName } from '../addresses.js';
import { ChineseText, KeyText } from '../parts/foreign.js';
import { LaterRows } from '../parts/later-rows.js';
import { Layout, Notice, Token } from '../parts/layout.js';
import { ReasonField } from '../parts/reason.js';
import { shortTable, StateMark } from '../parts/words.js';
import type { View } from '../view.js';

interface RequeueProps {
  readonly view: View;
  readonly report: RequeueReport;
  /** What was wrong with the form sent before. */
  readonly fault?: string;
}

/** Asks once more, with what would happen, before chosen rows are put back. */
export function RequeuePage({ view, report, fault }: RequeueProps): VNode {
  const { t } = view;
  const { requeued, notRequeued } = report;
  return (
    <Layout view={view} title={t.requeue.title} page="failed">
      {fault === undefined ? null : <Notice kind="bad">{fault}</Notice>}
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
      <Candidates view={view} rows={requeued} title={t.requeue.willRequeue(requeued.length)} warned />
      <Left view={view} rows={notRequeued} title={t.requeue.wontRequeue(notRequeued.length)} />
    </Layout>
  );
}

/** What became of the rows. */
export function RequeuedPage({ view, report }: RequeueProps): VNode {
  const { t } = view;
  const { requeued, notRequeued } = report;
  return (
    <Layout view={view} title={t.requeue.title} page="failed">
      <Notice kind={requeued.length > 0 ? 'good' : 'warn'}>{t.requeue.done(requeued.length)}</Notice>
      <Candidates view={view} rows={requeued} title={t.requeue.done(requeued.length)} />
      <Left view={view} rows={notRequeued} title={t.requeue.notDone(notRequeued.length)} />
      <p>
        <a class="button" href="/failed">
          {t.requeue.backToList}
        </a>
      </p>
    </Layout>
  );
}

interface CandidatesProps {
  readonly view: View;
  readonly title: string;
  readonly rows: readonly Requeued[];
  /** Names the rows applied since. */
  readonly warned?: boolean;
}

function Candidates({ view: { t }, title, rows, warned }: CandidatesProps): VNode | null {
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="rows">
        {rows.map((row) => (
          <li key={rowName(row)}>
            <RowLink row={row} /> <ChineseText text={row.errContent} />
            {warned === true ? <LaterRows t={t} rows={row.appliedSince} /> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface LeftProps {
  readonly view: View;
  readonly title: string;
  readonly rows: readonly NotRequeued[];
}

function Left({ view: { t }, title, rows }: LeftProps): VNode | null {
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="rows">
        {rows.map((row) => (
          <li key={rowName(row)}>
            <RowLink row={row} /> {t.requeue.reasons[row.reason]} <StateMark t={t} state={row.state} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function RowLink({ row }: { readonly row: { readonly table: string; readonly streamingNo: string } }): VNode {
  return (
    <a href={rowAddress(row)}>
      {shortTable(row.table)} <KeyText text={row.streamingNo} />
    </a>
  );
}
