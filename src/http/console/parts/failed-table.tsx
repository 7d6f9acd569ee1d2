import type { VNode } from 'preact';
import type { FailedRow } from '../../../operator/failed-row.js';
import { address, rowAddress, rowName } from '../addresses.js';
import type { Texts } from '../texts/texts.js';
import { ChineseText, KeyText } from './foreign.js';
import { MiddleTime, ZonedHead } from './times.js';
import { operationText, shortTable } from './words.js';

interface FailedTableProps {
  readonly t: Texts;
  readonly rows: readonly FailedRow[];
  /** The form that the rows' check boxes belong to; none where nothing can be selected. */
  readonly form?: string;
}

/** Failed rows, each with a link to its page. */
export function FailedTable({ t, rows, form }: FailedTableProps): VNode {
  const { columns } = t;
  return (
    <table class="stack">
      <thead>
        <tr>
          {form === undefined ? null : (
            <th scope="col" class="box">
              <input type="checkbox" data-select-all={form} aria-label={t.failed.selectAll} hidden />
            </th>
          )}
          <th scope="col">{columns.table}</th>
          <th scope="col">{columns.streamingNo}</th>
          <th scope="col">{columns.opFlag}</th>
          <th scope="col">{columns.product}</th>
          <th scope="col">{columns.customer}</th>
          <th scope="col">{columns.user}</th>
          <th scope="col">{columns.errContent}</th>
          <ZonedHead t={t} name={columns.stateDate} zone="middle" />
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <FailedLine key={rowName(row)} {...{ t, row }} {...(form === undefined ? {} : { form })} />
        ))}
      </tbody>
    </table>
  );
}

function FailedLine({
  t,
  row,
  form,
}: {
  readonly t: Texts;
  readonly row: FailedRow;
  readonly form?: string;
}): VNode {
  const { columns } = t;
  const name = rowName(row);
  return (
    <tr>
      {form === undefined ? null : (
        <td class="box">
          <input type="checkbox" name="row" value={name} form={form} aria-label={t.failed.select(name)} />
        </td>
      )}
      <td data-label={columns.table}>{shortTable(row.table)}</td>
      <td data-label={columns.streamingNo}>
        <a href={rowAddress(row)}>
          <KeyText text={row.streamingNo} />
        </a>
      </td>
      <td data-label={columns.opFlag} class="flag">
        {operationText(t, row.opFlag)}
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
      <td data-label={columns.errContent} class="text">
        <ChineseText text={row.errContent} />
      </td>
      <td data-label={columns.stateDate}>
        <MiddleTime t={t} at={row.stateDate} bare />
      </td>
    </tr>
  );
}
