import type { ComponentChildren, VNode } from 'preact';
import type { NotRequeued } from '../../operator/contract/actions.js';
import { rowAddress, rowName } from '../addresses.js';
import type { Texts } from '../texts/texts.js';
import { KeyText } from './foreign.js';
import { shortTable, StateMark } from './labels.js';

interface RowName {
  readonly table: string;
  readonly streamingNo: string;
}

interface RowsProps<Row extends RowName> {
  readonly title: string;
  readonly rows: readonly Row[];
  /** Shown behind a row's link. */
  readonly more?: (row: Row) => ComponentChildren;
}

/** Rows by their links; nothing where there are none. */
export function RowLinks<Row extends RowName>({ title, rows, more }: RowsProps<Row>): VNode | null {
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="rows">
        {rows.map((row) => (
          <li key={rowName(row)}>
            <RowLink row={row} /> {more?.(row)}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface LeftProps {
  readonly t: Texts;
  readonly title: string;
  readonly rows: readonly NotRequeued[];
}

/** Rows that were left alone, and why. */
export function LeftRows({ t, ...list }: LeftProps): VNode | null {
  const more = ({ reason, state }: NotRequeued) => (
    <>
      {t.requeue.reasons[reason]} <StateMark t={t} state={state} />
    </>
  );
  return <RowLinks {...list} more={more} />;
}

/** A row's table and StreamingNo, leading to its page. */
function RowLink({ row }: { readonly row: RowName }): VNode {
  return (
    <a href={rowAddress(row)}>
      {shortTable(row.table)} <KeyText text={row.streamingNo} />
    </a>
  );
}
