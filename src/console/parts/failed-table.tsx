import type { VNode } from 'preact';
import type { FailedRow } from '../../operator/contract/rows.js';
import { rowName } from '../addresses.js';
import type { Texts } from '../texts/texts.js';
import { ChineseText } from './foreign.js';
import { IdentityCells, IdentityHeads } from './row-identity.js';
import { MiddleTime, ZonedHead } from './times.js';

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
          <IdentityHeads t={t} />
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
      <IdentityCells t={t} row={row} />
      <td data-label={columns.errContent} class="text">
        <ChineseText text={row.errContent} />
      </td>
      <td data-label={columns.stateDate}>
        <MiddleTime t={t} at={row.stateDate} bare />
      </td>
    </tr>
  );
}
