import type { VNode } from 'preact';
import { deferralCauses } from '../../domain/deferral.js';
import type { DeferredRow } from '../../operator/contract/rows.js';
import { address, rowAddress, rowName } from '../addresses.js';
import { CauseWords, RetryLink } from '../parts/deferral.js';
import { Foreign, KeyText } from '../parts/foreign.js';
import { Layout, Notice, Token } from '../parts/layout.js';
import { ReasonField } from '../parts/reason.js';
import { StoreTime, ZonedHead } from '../parts/times.js';
import { shortTable } from '../parts/labels.js';
import type { View } from '../view.js';

/** What was done, as the address after it says. */
export type RetryNotice = keyof View['t']['deferred']['notices'];

interface DeferredProps {
  readonly view: View;
  readonly rows: readonly DeferredRow[];
  /** The most rows that were asked for. */
  readonly limit: number;
  readonly notice?: RetryNotice | undefined;
}

/** Deferred rows, and why; for operators the way to have them tried at once. */
export function DeferredPage({ view, rows, limit, notice }: DeferredProps): VNode {
  const { t } = view;
  const causes = deferralCauses.filter((cause) => rows.some((row) => row.cause === cause));
  return (
    <Layout view={view} title={t.deferred.title} page="deferred">
      {notice === undefined ? null : (
        <Notice kind={notice === 'retried' ? 'good' : 'warn'}>{t.deferred.notices[notice]}</Notice>
      )}
      <p class="hint">{t.deferred.explain}</p>
      {rows.length === 0 ? <p class="none">{t.deferred.empty}</p> : <Rows view={view} rows={rows} />}
      {rows.length >= limit ? <p class="hint">{t.deferred.limited(limit)}</p> : null}
      {causes.length === 0 ? null : (
        <section>
          <h2>{t.deferred.whatToDo}</h2>
          <dl class="facts">
            {causes.map((cause) => (
              <>
                <dt>{t.deferred.causes[cause]}</dt>
                <dd>{t.deferred.hints[cause]}</dd>
              </>
            ))}
          </dl>
        </section>
      )}
    </Layout>
  );
}

function Rows({ view, rows }: Pick<DeferredProps, 'view' | 'rows'>): VNode {
  const { t, principal } = view;
  const { columns, deferred } = t;
  const acts = principal.role === 'operator';
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">{columns.table}</th>
          <th scope="col">{columns.streamingNo}</th>
          <th scope="col">{columns.customer}</th>
          <th scope="col">{deferred.cause}</th>
          <th scope="col">{deferred.message}</th>
          <th scope="col" class="number">
            {deferred.tries}
          </th>
          <ZonedHead t={t} name={deferred.since} zone="utc" />
          <ZonedHead t={t} name={deferred.nextAt} zone="utc" />
          {acts ? <th scope="col" /> : null}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={rowName(row)} view={view} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ view, row }: { readonly view: View; readonly row: DeferredRow }): VNode {
  const { t, principal } = view;
  const { columns, deferred } = t;
  return (
    <tr>
      <td data-label={columns.table}>{shortTable(row.table)}</td>
      <td data-label={columns.streamingNo}>
        <a href={rowAddress(row)}>
          <KeyText text={row.streamingNo} />
        </a>
      </td>
      <td data-label={columns.customer}>
        {row.custId === null ? null : (
          <a href={address('/failed', { customer: row.custId })}>
            <KeyText text={row.custId} />
          </a>
        )}
      </td>
      <td data-label={deferred.cause}>
        <CauseWords t={t} row={row} />
      </td>
      <td data-label={deferred.message} class="text">
        <Foreign text={row.reason} />
      </td>
      <td data-label={deferred.tries} class="number">
        {row.tries}
      </td>
      <td data-label={deferred.since}>
        <StoreTime t={t} at={row.since} bare />
      </td>
      <td data-label={deferred.nextAt}>
        <StoreTime t={t} at={row.nextAt} bare />
      </td>
      {principal.role === 'operator' ? (
        <td>
          <RetryLink t={t} row={row} />
        </td>
      ) : null}
    </tr>
  );
}

interface RetryProps {
  readonly view: View;
  readonly row: { readonly table: string; readonly streamingNo: string };
  readonly error?: string;
}

/** Asks once more, with what it means, before a row is tried at once. */
export function ConfirmRetryPage({ view, row, error }: RetryProps): VNode {
  const { t } = view;
  return (
    <Layout view={view} title={t.deferred.retryTitle(row.table, row.streamingNo)} page="deferred">
      {error === undefined ? null : <Notice kind="bad">{error}</Notice>}
      <p>{t.deferred.retryExplain}</p>
      <form method="post" action="/deferred/retry" class="act">
        <Token view={view} />
        <input type="hidden" name="row" value={rowName(row)} />
        <ReasonField view={view} />
        <div class="actions">
          <button class="primary">{t.deferred.confirmRetry}</button>
          <a class="button" href="/deferred">
            {t.common.cancel}
          </a>
        </div>
      </form>
    </Layout>
  );
}
