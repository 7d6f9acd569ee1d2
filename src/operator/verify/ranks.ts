import { compareRows, rowId, type RowOrder } from '../../domain/keys.js';
import type { InterfaceRow } from '../../domain/rows.js';
import { broughtBy, waitsFor } from '../../domain/waiting.js';
import type { AppliedRow, EffectiveRows } from './effective-rows.js';

/*
 * The places of a customer's rows: by (CreateDate, StreamingNo), except opens and binds that overtook the rows waiting
 * for them.
 */

/** A row's place in the order. */
interface Rank {
  readonly at: RowOrder;
  /** It takes effect just before the row there. */
  readonly overtakes: boolean;
}

/** What a row brought that others may have waited for. */
interface Brought {
  /** The first applied row that brought it. */
  first: RowOrder | null;
  /** The least row in the order that brings it. */
  least: RowOrder;
  /** The least row that needed it and took effect after `first`, although it is before it in the order. */
  waited: RowOrder | null;
}

/** The places of rows: an open or bind that overtook precedes the first row that waited for it. */
export class Ranks {
  readonly #overtaking = new Map<string, RowOrder>();

  constructor({ journalled, unjournalled }: EffectiveRows) {
    const brought = new Map<string, Brought>();
    for (const row of unjournalled) bring(brought, row, false);
    for (const { row } of journalled) {
      bring(brought, row, true);
      wait(brought, row);
    }
    for (const { first, least, waited } of brought.values()) {
      // A row with what it needs before it waits for nothing.
      if (first !== null && waited !== null && isBefore(waited, least))
        this.#overtaking.set(rowId(first), waited);
    }
  }

  of(row: RowOrder): Rank {
    const before = this.#overtaking.get(rowId(row));
    return before === undefined ? { at: row, overtakes: false } : { at: before, overtakes: true };
  }

  compare(a: RowOrder, b: RowOrder): number {
    return compareRanks(this.of(a), this.of(b));
  }
}

function compareRanks(a: Rank, b: Rank): number {
  return compareRows(a.at, b.at) || Number(b.overtakes) - Number(a.overtakes);
}

function bring(brought: Map<string, Brought>, row: InterfaceRow, applied: boolean): void {
  const key = broughtBy(row);
  if (key === null) return;
  const order = orderOf(row);
  const known = brought.get(key) ?? { first: null, least: order, waited: null };
  if (applied) known.first ??= order;
  if (isBefore(order, known.least)) known.least = order;
  brought.set(key, known);
}

/** Rows without a CreateDate are too old to wait, whenever they arrive. */
function wait(brought: Map<string, Brought>, row: InterfaceRow): void {
  if (row.createDate === null) return;
  for (const key of waitsFor(row)) {
    const known = brought.get(key);
    if (known === undefined || known.first === null || !isBefore(row, known.first)) continue;
    if (known.waited === null || isBefore(row, known.waited)) known.waited = orderOf(row);
  }
}

export function isBefore(a: RowOrder, b: RowOrder): boolean {
  return compareRows(a, b) < 0;
}

function orderOf({ source, streamingNo, createDate }: RowOrder): RowOrder {
  return { source, streamingNo, createDate };
}

/** Ids of rows that are late without a reason; and how many waited. */
export function lateRows(
  journalled: Iterable<AppliedRow>,
  ranks: Ranks,
): { readonly late: ReadonlyMap<string, RowOrder>; readonly waited: number } {
  const late = new Map<string, RowOrder>();
  let waited = 0;
  let latest: RowOrder | null = null;
  let highest: RowOrder | null = null;
  for (const { row, requeued } of journalled) {
    const order = orderOf(row);
    const isFree = requeued || row.createDate === null;
    const isLate: boolean = latest !== null && isBefore(order, latest);
    if (!isLate) latest = order;
    // Equal: an open and a bind that both overtook the same row, in the order in which they did.
    const place = highest === null ? 1 : ranks.compare(order, highest);
    if (place > 0) highest = order;
    else if (place < 0 && !isFree) late.set(rowId(order), order);
    if (isLate && !isFree && !late.has(rowId(order))) waited += 1;
  }
  return { late, waited };
}
