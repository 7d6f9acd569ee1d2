import { compareRows, type RowKey } from '../../domain/keys.js';
import type { InterfaceRow } from '../../domain/rows.js';

/** A row that the journal has as applied. */
export interface AppliedRow {
  readonly row: InterfaceRow;
  /** It was refused before, and requeued. */
  readonly requeued: boolean;
}

/** The rows of a customer that took effect. Each may be iterated several times. */
export interface EffectiveRows {
  /** Those the journal knows, in the journal's order. */
  readonly journalled: Iterable<AppliedRow>;
  /** Those it does not know, in (CreateDate, StreamingNo) order. */
  readonly unjournalled: Iterable<InterfaceRow>;
  /** One of them, by its key. */
  readonly row: (key: RowKey) => InterfaceRow;
}

/** A row as it takes effect. */
export interface Step {
  readonly row: InterfaceRow;
  readonly journalled: boolean;
  /** When, ISO 8601; absent: times are not asked for. */
  readonly at?: string;
  /** The row it was placed before. */
  readonly before?: InterfaceRow;
}

/** All rows in the journal's order; one unknown to the journal is placed before the first later one. */
export function inJournalOrder({ journalled, unjournalled }: Omit<EffectiveRows, 'row'>): Iterable<Step> {
  return insert(journalledSteps(journalled), unjournalledSteps(unjournalled), precedes);
}

function precedes(row: InterfaceRow, next: InterfaceRow): boolean {
  return compareRows(row, next) < 0;
}

/** Places each of the other rows, in order, before the first that it precedes. */
export function* insert(
  steps: Iterable<Step>,
  others: Iterable<Step>,
  isBefore: (row: InterfaceRow, next: InterfaceRow) => boolean,
): Generator<Step> {
  const rest = others[Symbol.iterator]();
  let other = rest.next();
  for (const step of steps) {
    while (other.done !== true && isBefore(other.value.row, step.row)) {
      yield { ...other.value, before: step.row };
      other = rest.next();
    }
    yield step;
  }
  for (; other.done !== true; other = rest.next()) yield other.value;
}

export function* journalledSteps(rows: Iterable<AppliedRow>): Generator<Step> {
  for (const { row } of rows) yield { row, journalled: true };
}

export function* unjournalledSteps(rows: Iterable<InterfaceRow>): Generator<Step> {
  for (const row of rows) yield { row, journalled: false };
}
