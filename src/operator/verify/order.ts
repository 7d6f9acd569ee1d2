import { identityKey } from '../../domain/customer.js';
import { compareRows, rowId, type RowKey, type RowOrder } from '../../domain/keys.js';
import { isRefusal, parseOperation } from '../../domain/operation.js';
import type { Rules } from '../../domain/rules.js';
import type { Records } from './compare.js';
import {
  insert,
  journalledSteps,
  unjournalledSteps,
  type AppliedRow,
  type EffectiveRows,
  type Step,
} from './effective-rows.js';
import { replay } from './replay.js';
import { concerns, differingFields, movedRow, type Moved, type RowOutOfOrder } from './moved-rows.js';
import { isBefore, lateRows, Ranks } from './ranks.js';

/*
 * Whether a customer's rows took effect in order: by (CreateDate, StreamingNo), across both tables. The right order is
 * the journal's, with each late row placed before the first later one. Three kinds of rows are rightly late and keep
 * their place: those that were requeued, those without a CreateDate, and those that waited for an open or a bind, which
 * then overtook them (see `domain/waiting.ts`).
 *
 * A row that became visible late looks like one whose effect was lost and that was requeued: both have one claim, after
 * that of the later row. So a late row is a difference wherever its place changes values.
 */

/** Finds late rows while all are read in the journal's order, and keeps no more than the latest. */
export class LateWatch {
  requeued = 0;
  undated = 0;
  /** Late rows that are neither: the order is checked only if there are any. */
  others = 0;
  #latest: RowOrder | null = null;

  *over(rows: Iterable<AppliedRow>): Generator<AppliedRow> {
    for (const each of rows) {
      this.#look(each);
      yield each;
    }
  }

  #look({ row, requeued }: AppliedRow): void {
    if (this.#latest === null || compareRows(row, this.#latest) > 0) this.#latest = row;
    else if (requeued) this.requeued += 1;
    else if (row.createDate === null) this.undated += 1;
    else this.others += 1;
  }
}

/** What the right order leads to. */
export interface RightOrder {
  readonly outOfOrder: readonly RowOutOfOrder[];
  /** Late rows that waited. */
  readonly waited: number;
  /** Records as the right order leads to them where it leads to others, else as the journal's does. */
  readonly expected: Records;
}

/** Applies the rows in the right order, and compares. `folded`: what the journal's order leads to. */
export function rightOrderOf(
  rows: EffectiveRows,
  folded: Records,
  attributes: Rules['attributes'],
): RightOrder {
  const ranks = new Ranks(rows);
  const { late, waited } = lateRows(rows.journalled, ranks);
  const moved: Moved[] = [];
  const steps = inRightOrder(rows, late, ranks);
  const note = ({ row, before }: Step): void => {
    // An open or bind late only because it overtook is not behind a later row.
    if (before === undefined || !late.has(rowId(row)) || !isBefore(row, before)) return;
    const operation = parseOperation(row);
    if (!isRefusal(operation)) moved.push(movedRow(operation, before, attributes));
  };
  const right = replay(tapped(steps, note), attributes);
  const differing = differingFields(right, folded);
  const outOfOrder = moved.filter((row) => concerns(row, differing));
  const products = new Set(outOfOrder.map(({ product }) => product));
  return { outOfOrder, waited, expected: productsFrom(right, folded, products) };
}

function inRightOrder(
  { journalled, unjournalled, row }: EffectiveRows,
  late: ReadonlyMap<string, RowOrder>,
  ranks: Ranks,
): Iterable<Step> {
  const precedes = (a: RowOrder, b: RowOrder): boolean => ranks.compare(a, b) < 0;
  const moved = [...late.values()].sort((a, b) => ranks.compare(a, b));
  const others = insert(unjournalledSteps(unjournalled), stepsOf(moved, row), precedes);
  return insert(without(journalledSteps(journalled), late), others, precedes);
}

function* stepsOf(keys: readonly RowKey[], row: EffectiveRows['row']): Generator<Step> {
  for (const key of keys) yield { row: row(key), journalled: true };
}

function* without(steps: Iterable<Step>, left: ReadonlyMap<string, RowOrder>): Generator<Step> {
  for (const step of steps) if (!left.has(rowId(step.row))) yield step;
}

function* tapped(steps: Iterable<Step>, note: (step: Step) => void): Generator<Step> {
  for (const step of steps) {
    note(step);
    yield step;
  }
}

/** Records of some products by the right order, of all others by the journal's. */
function productsFrom(right: Records, folded: Records, products: ReadonlySet<string>): Records {
  const of = <T extends Records['customers'][number] | Records['accounts'][number]>(
    inRight: readonly T[],
    inJournal: readonly T[],
  ): readonly T[] => [
    ...inJournal.filter((record) => !products.has(identityKey(record))),
    ...inRight.filter((record) => products.has(identityKey(record))),
  ];
  return {
    customers: of(right.customers, folded.customers),
    accounts: of(right.accounts, folded.accounts),
  };
}
