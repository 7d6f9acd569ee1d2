import type { VNode } from 'preact';
import type { NotRequeued } from '../../operator/contract/actions.js';
import { rowAddress, rowName } from '../addresses.js';
import type { Texts } from '../texts/texts.js';
import { KeyText } from './foreign.js';
import { shortTable, StateMark } from './labels.js';

interface RowName {
  readonly table: string;
  readonly streamingNo: string;
}

interface RowsProps {
  readonly title: string;
  readonly rows: readonly RowName[];
}

/** Rows by their links; nothing where there are none. */
export function RowLinks({ title, rows }: RowsProps): VNode | null {
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>{title}</h2>
      <ul class="rows">
        {rows.map((row) => (
          <li key={rowName(row)}>
            <RowLink row={row} />
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
export function LeftRows({ t, title, rows }: LeftProps): VNode | null {
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

/** A row's table and StreamingNo, leading to its page. */
export function RowLink({ row }: { readonly row: RowName }): VNode {
  return (
    <a href={rowAddress(row)}>
      {shortTable(row.table)} <KeyText text={row.streamingNo} />
    </a>
  );
}
