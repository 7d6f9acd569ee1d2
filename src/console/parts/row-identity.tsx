import type { VNode } from 'preact';
import type { FailedRow } from '../../operator/contract/rows.js';
import { address, rowAddress } from '../addresses.js';
import type { Texts } from '../texts/texts.js';
import { KeyText } from './foreign.js';
import { operationLabel, shortTable } from './labels.js';

/*
 * The first columns of every list of rows: which row it is, what it asks for, and whose it is.
 */

/** Their headings. */
export function IdentityHeads({ t: { columns } }: { readonly t: Texts }): VNode {
  const names = ['table', 'streamingNo', 'opFlag', 'product', 'customer', 'user'] as const;
  return (
    <>
      {names.map((name) => (
        <th key={name} scope="col">
          {columns[name]}
        </th>
      ))}
    </>
  );
}

interface IdentityProps {
  readonly t: Texts;
  readonly row: Pick<FailedRow, 'table' | 'streamingNo' | 'opFlag' | 'productId' | 'custId' | 'userId'>;
}

/** Their cells: the row leads to its page, the customer to its failed rows. */
export function IdentityCells({ t, row }: IdentityProps): VNode {
  const { columns } = t;
  return (
    <>
      <td data-label={columns.table}>{shortTable(row.table)}</td>
      <td data-label={columns.streamingNo}>
        <a href={rowAddress(row)}>
          <KeyText text={row.streamingNo} />
        </a>
      </td>
      <td data-label={columns.opFlag} class="flag">
        {operationLabel(t, row.opFlag)}
      </td>
      <td data-label={columns.product}>
        <KeyText text={row.productId} />
      </td>
      <td data-label={columns.customer}>
        {row.custId === null ? null : (
          <a href={address('/failed', { customer: row.custId })}>
            <KeyText text={row.custId} />
          </a>
        )}
      </td>
      <td data-label={columns.user}>
        <KeyText text={row.userId} />
      </td>
    </>
  );
}
