import type { VNode } from 'preact';
import { State } from '../../domain/states.js';
import type { Cell } from '../../domain/rows.js';
import type { RowColumns, RowDetails as RowContent } from '../../operator/contract/rows.js';
import type { Requeued } from '../../operator/contract/actions.js';
import { address, rowName } from '../addresses.js';
import { DeferralNote } from '../parts/deferral.js';
import { ChineseText, Foreign, KeyText } from '../parts/foreign.js';
import { LaterRows } from '../parts/later-rows.js';
import { Layout, Notice, Token } from '../parts/layout.js';
import { ReasonField } from '../parts/reason.js';
import { MiddleTime } from '../parts/times.js';
import { operationLabel, StateMark } from '../parts/labels.js';
import type { View } from '../view.js';
import { CustomerRecords } from './row-customer.js';
import { History, RelatedRows } from './row-history.js';

interface RowProps {
  readonly view: View;
  readonly row: RowContent;
  /** What putting it back would do; null where it cannot be put back. */
  readonly requeue: Requeued | null;
}

/** Everything that both databases hold of a row. */
export function RowPage({ view, row, requeue }: RowProps): VNode {
  const { t } = view;
  return (
    <Layout view={view} title={t.row.title(row.table, row.streamingNo)} page="failed">
      <Standing view={view} row={row} />
      <DeferralNote view={view} row={row} />
      {requeue === null ? null : <Requeue view={view} requeue={requeue} />}
      {row.rows.map((full, index) => (
        <MiddleRow key={index} view={view} row={full} />
      ))}
      <History t={t} journal={row.journal} />
      <RelatedRows t={t} relatedRows={row.relatedRows} />
      <CustomerRecords t={t} records={row.records} />
    </Layout>
  );
}

function Standing({ view: { t }, row }: Pick<RowProps, 'view' | 'row'>): VNode | null {
  if (row.rows.length === 0) return <Notice kind="warn">{t.row.gone}</Notice>;
  return row.rows.length > 1 ? <Notice kind="bad">{t.row.several(row.rows.length)}</Notice> : null;
}

function Requeue({ view, requeue }: { readonly view: View; readonly requeue: Requeued }): VNode {
  const { t, principal } = view;
  return (
    <section class="requeue">
      <LaterRows t={t} rows={requeue.appliedSince} />
      {principal.role === 'operator' ? (
        <details>
          <summary class="button primary">{t.requeue.title}…</summary>
          <form method="post" action="/requeue" class="act">
            <Token view={view} />
            <input type="hidden" name="row" value={rowName(requeue)} />
            <p>{t.requeue.explain}</p>
            <ReasonField view={view} />
            <button class="primary">{t.requeue.confirm('1')}</button>
          </form>
        </details>
      ) : null}
    </section>
  );
}

function MiddleRow({ view: { t }, row }: { readonly view: View; readonly row: RowColumns }): VNode {
  return (
    <div class="columns">
      <section>
        <h2>{t.row.inMiddle}</h2>
        <dl class="facts">
          {columnsOf(row).map(({ name, value }) => (
            <Fact key={name} t={t} name={name} value={value} />
          ))}
          <dt>{t.columns.opFlag}</dt>
          <dd>{operationLabel(t, row.opFlag)}</dd>
          <dt>{t.columns.createDate}</dt>
          <dd>
            <MiddleTime t={t} at={row.createDate} />
          </dd>
          <dt>{t.columns.state}</dt>
          <dd>
            <StateMark t={t} state={row.state} />
          </dd>
          <dt>{t.columns.stateDate}</dt>
          <dd>
            <MiddleTime t={t} at={row.stateDate} />
          </dd>
          <dt>{t.columns.errContent}</dt>
          <dd class={row.state === State.Failed ? 'text error' : 'text'}>
            <ChineseText text={row.errContent} />
          </dd>
          <Fact t={t} name="Remark" value={row.remark} />
        </dl>
        {row.custId === null ? null : (
          <p>
            <a href={address('/failed', { customer: row.custId })}>{t.row.allOfCustomer}</a>
          </p>
        )}
      </section>
      <Attributes t={t} row={row} />
    </div>
  );
}

/** The columns of a row before OPFlag, by the specification's names and in its order (5.2.2.1, 5.2.2.3). */
function columnsOf(row: RowColumns): readonly { readonly name: string; readonly value: Cell }[] {
  const common = [
    { name: 'StreamingNo', value: row.streamingNo },
    { name: 'ProductID', value: row.productId },
    { name: 'BizID', value: row.bizId },
    { name: 'AreaCode', value: row.areaCode },
    { name: 'CustID', value: row.custId },
  ];
  const own =
    row.table === 'IF_BNET_CUST'
      ? [
          { name: 'CustAccount', value: row.custAccount },
          { name: 'CustName', value: row.custName },
        ]
      : [
          { name: 'UserID', value: row.userId },
          { name: 'AccType', value: row.accType },
          { name: 'AccName', value: row.accName },
        ];
  return [...common, ...own];
}

function Value({ t, value }: { readonly t: View['t']; readonly value: Cell }): VNode {
  return value === null ? <span class="hint">{t.row.empty}</span> : <Foreign text={value} />;
}

function Fact({
  t,
  name,
  value,
}: {
  readonly t: View['t'];
  readonly name: string;
  readonly value: Cell;
}): VNode {
  return (
    <>
      <dt>{name}</dt>
      <dd class="text">
        <Value t={t} value={value} />
      </dd>
    </>
  );
}

function Attributes({ t, row }: { readonly t: View['t']; readonly row: RowColumns }): VNode {
  const idName = row.table === 'IF_BNET_CUST' ? 'CustAttrID' : 'AccAttrID';
  return (
    <section>
      <h2>
        {t.row.attributes} <small>{`${row.table}_ATTR`}</small>
      </h2>
      {row.attributes.length === 0 ? (
        <p class="hint">{t.row.noAttributes}</p>
      ) : (
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">{idName}</th>
              <th scope="col">AttrSpecID</th>
              <th scope="col">AttrValue</th>
            </tr>
          </thead>
          <tbody>
            {row.attributes.map(({ attrId, attrSpecId, attrValue }, index) => (
              <tr key={index}>
                <td data-label={idName}>
                  <KeyText text={attrId} />
                </td>
                <td data-label="AttrSpecID">
                  <KeyText text={attrSpecId} />
                </td>
                <td data-label="AttrValue" class="text">
                  <Value t={t} value={attrValue} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
