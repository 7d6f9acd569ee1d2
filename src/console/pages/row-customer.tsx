import type { VNode } from 'preact';
import { identityKey, type Account, type Attribute } from '../../domain/customer.js';
import type { RowDetails } from '../../operator/contract/rows.js';
import { Foreign, KeyText } from '../parts/foreign.js';
import { StoreTime } from '../parts/times.js';
import { Badge } from '../parts/labels.js';
import type { Texts } from '../texts/texts.js';

type StoredRecord = RowDetails['records'][number];

/** The customer's products in the product store, with their users, as they are now. */
export function CustomerRecords(props: {
  readonly t: Texts;
  readonly records: readonly StoredRecord[];
}): VNode {
  const { t, records } = props;
  return (
    <section>
      <h2>{t.row.records}</h2>
      {records.length === 0 ? <p class="hint">{t.row.noRecords}</p> : null}
      {records.map((record) => (
        <CustomerRecord key={identityKey(record.customer)} t={t} record={record} />
      ))}
    </section>
  );
}

function CustomerRecord({ t, record }: { readonly t: Texts; readonly record: StoredRecord }): VNode {
  const { customer, users, more } = record;
  return (
    <article class="record">
      <h3>
        ProductID <KeyText text={customer.productId} /> · BizID <KeyText text={customer.bizId} />{' '}
        <Badge
          kind={customer.status === 'active' ? 'good' : 'quiet'}
          text={t.row.customerStatus[customer.status]}
        />
      </h3>
      <dl class="facts">
        <dt>CustName</dt>
        <dd>
          <Foreign text={customer.custName} />
        </dd>
        <dt>CustAccount</dt>
        <dd>
          <Foreign text={customer.custAccount} />
        </dd>
        <dt>AreaCode</dt>
        <dd>
          <Foreign text={customer.areaCode} />
        </dd>
        <Moments
          t={t}
          moments={[
            { name: t.row.openedAt, at: customer.openedAt },
            { name: t.row.changedAt, at: customer.changedAt },
            { name: t.row.endedAt, at: customer.cancelledAt },
          ]}
        />
        <dt>{t.row.lastStreamingNo}</dt>
        <dd>
          <KeyText text={customer.lastStreamingNo} />
        </dd>
        <dt>{t.row.attributes}</dt>
        <dd>
          <AttributeList t={t} attributes={customer.attributes} />
        </dd>
      </dl>
      <h4>{t.row.users}</h4>
      {users.length === 0 ? <p class="hint">{t.row.noUsers}</p> : <Users t={t} users={users} />}
      {more ? <p class="hint">{t.row.moreUsers}</p> : null}
    </article>
  );
}

interface Moment {
  readonly name: string;
  readonly at: string | null;
}

function Moments({ t, moments }: { readonly t: Texts; readonly moments: readonly Moment[] }): VNode {
  return (
    <>
      {moments
        .filter(({ at }) => at !== null)
        .map(({ name, at }) => (
          <>
            <dt>{name}</dt>
            <dd>
              <StoreTime t={t} at={at} />
            </dd>
          </>
        ))}
    </>
  );
}

function AttributeList({
  t,
  attributes,
}: {
  readonly t: Texts;
  readonly attributes: readonly Attribute[];
}): VNode {
  if (attributes.length === 0) return <span class="hint">{t.row.noAttributes}</span>;
  return (
    <ul class="plain">
      {attributes.map(({ attrSpecId, attrValue }, index) => (
        <li key={index}>
          <KeyText text={attrSpecId} /> ={' '}
          {attrValue === null ? <span class="hint">{t.row.empty}</span> : <Foreign text={attrValue} />}
        </li>
      ))}
    </ul>
  );
}

function Users({ t, users }: { readonly t: Texts; readonly users: readonly Account[] }): VNode {
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">UserID</th>
          <th scope="col">AccName</th>
          <th scope="col">AccType</th>
          <th scope="col">{t.row.status}</th>
          <th scope="col">{t.row.boundAt}</th>
          <th scope="col">{t.row.endedAt}</th>
          <th scope="col">{t.row.attributes}</th>
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <tr key={user.userId}>
            <td data-label="UserID">
              <KeyText text={user.userId} />
            </td>
            <td data-label="AccName">
              <Foreign text={user.accName} />
            </td>
            <td data-label="AccType">
              <Foreign text={user.accType} />
            </td>
            <td data-label={t.row.status}>
              <Badge kind={user.status === 'bound' ? 'good' : 'quiet'} text={t.row.userStatus[user.status]} />
            </td>
            <td data-label={t.row.boundAt}>
              <StoreTime t={t} at={user.boundAt} />
            </td>
            <td data-label={t.row.endedAt}>
              <StoreTime t={t} at={user.unboundAt} />
            </td>
            <td data-label={t.row.attributes}>
              {user.attributes.length === 0 ? null : <AttributeList t={t} attributes={user.attributes} />}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
