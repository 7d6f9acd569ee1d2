import type { VNode } from 'preact';
import type { Difference } from '../../operator/contract/checks.js';
import type { Cell } from '../../domain/rows.js';
import { address, rowAddress } from '../addresses.js';
import type { Texts } from '../texts/texts.js';
import { Foreign, KeyText } from './foreign.js';
import { shortTable } from './labels.js';

interface DifferencesProps {
  readonly t: Texts;
  readonly differences: readonly Difference[];
}

/** Differences: a row leads to its page, a customer to its failed rows. */
export function DifferenceTable({ t, differences }: DifferencesProps): VNode {
  const { columns, verification } = t;
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">{verification.kind}</th>
          <th scope="col">{columns.customer}</th>
          <th scope="col">{columns.product}</th>
          <th scope="col">BizID</th>
          <th scope="col">{verification.record}</th>
          <th scope="col">{verification.expected}</th>
          <th scope="col">{verification.stored}</th>
        </tr>
      </thead>
      <tbody>
        {differences.map((difference, index) => (
          <Line key={index} t={t} difference={difference} />
        ))}
      </tbody>
    </table>
  );
}

function Line({ t, difference }: { readonly t: Texts; readonly difference: Difference }): VNode {
  const { columns, verification } = t;
  const { kind, custId, productId, bizId, expected, found } = difference;
  return (
    <tr>
      <td data-label={verification.kind}>{kindName(t, kind)}</td>
      <td data-label={columns.customer}>
        {custId === null ? null : (
          <a href={address('/failed', { customer: custId })}>
            <KeyText text={custId} />
          </a>
        )}
      </td>
      <td data-label={columns.product}>
        <KeyText text={productId} />
      </td>
      <td data-label="BizID">
        <KeyText text={bizId} />
      </td>
      <td data-label={verification.record} class="text">
        <Place t={t} difference={difference} />
      </td>
      <td data-label={verification.expected} class="text">
        <Value t={t} difference={difference} text={expected} />
      </td>
      <td data-label={verification.stored} class="text">
        <Value t={t} difference={difference} text={found} />
      </td>
    </tr>
  );
}

/** A newer version may have recorded kinds that this one does not know. */
function kindName(t: Texts, kind: string): string {
  const known: Readonly<Record<string, { readonly name: string }>> = t.verification.kinds;
  return known[kind]?.name ?? kind;
}

/** What differs: a field of a record, or a row. */
function Place({
  t: { verification },
  difference,
}: {
  readonly t: Texts;
  readonly difference: Difference;
}): VNode {
  const { what, userId, attrSpecId, field, table, streamingNo } = difference;
  if (what === 'row')
    return (
      <>
        <RowLink table={table} streamingNo={streamingNo} />
        {difference.laterTable === null ? null : (
          <>
            {` ${verification.after} `}
            <RowLink table={difference.laterTable} streamingNo={difference.laterStreamingNo} />
          </>
        )}
      </>
    );
  const parts = [
    ...(userId === null ? [] : [verification.user(userId)]),
    ...(attrSpecId === null ? [] : [verification.attribute(attrSpecId)]),
    ...(what === 'attribute' || field === null ? [] : [field]),
  ];
  return <Foreign text={parts.length === 0 ? verification.customerRecord : parts.join(', ')} />;
}

function RowLink(row: Pick<Difference, 'table' | 'streamingNo'>): VNode | null {
  const { table, streamingNo } = row;
  if (table === null || streamingNo === null) return null;
  return (
    <a href={rowAddress({ table, streamingNo })}>
      {shortTable(table)} <KeyText text={streamingNo} />
    </a>
  );
}

/** A value; that a record has none is said where the other side has one. */
function Value(props: {
  readonly t: Texts;
  readonly difference: Difference;
  readonly text: Cell;
}): VNode | null {
  const { t, difference, text } = props;
  if (text !== null) return <Foreign text={text} />;
  return difference.what === 'row' ? null : <small>{t.common.none}</small>;
}
