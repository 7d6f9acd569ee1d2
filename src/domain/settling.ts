import type { Cell, PolledRow } from './rows.js';
import { State } from './states.js';
import { rowAgeMs } from './waiting.js';

/*
 * Settling (P3). Transactions commit out of order, so a row is left alone until it has been visible for
 * `worker.settleMs`: rows with smaller keys have appeared by then. CreateDate does not show how long a row has been
 * visible, because the clock that wrote it may be behind; the worker's first sight of the row can. The worker's own clock
 * may run fast: both must be old enough.
 *
 * Behind a backlog there is no first sight before a row's turn. So the rows of a full batch that does not reach the young
 * rows count by their CreateDate alone, or a backlog would stand still for `settleMs` at each batch.
 *
 * The later rows of a customer wait behind the first one that has not settled, or its order would be lost.
 */

/** What decides whether the rows of a page have settled. */
export interface SettlingContext {
  /** 0: every row has. */
  readonly settleMs: number;
  /** The middle database's clock at the poll. */
  readonly now: string;
  /** Whether there may be more rows behind the page. */
  readonly isFull: boolean;
  /** Milliseconds since the first sight of a row, 0 at the first sight; Infinity where that is not known. */
  readonly seenForMs: (row: PolledRow) => number;
}

/** The part of a page that has settled. */
export interface SettledPart {
  readonly rows: readonly PolledRow[];
  /** Milliseconds until the next row has settled; null: all have. */
  readonly nextMs: number | null;
}

/** Whether a full page ends before the young rows: there are more settled ones behind it. */
export function isBacklog(
  rows: readonly PolledRow[],
  { settleMs, now, isFull }: Omit<SettlingContext, 'seenForMs'>,
): boolean {
  const last = rows.at(-1);
  return isFull && last !== undefined && rowAgeMs(last.createDate, now) >= settleMs;
}

/** The rows of a page, in order, that have settled and that no earlier row of their customer holds back. */
export function settledPart(rows: readonly PolledRow[], context: SettlingContext): SettledPart {
  const { settleMs, now, seenForMs } = context;
  if (settleMs === 0) return { rows, nextMs: null };
  const byDate = isBacklog(rows, context);
  const visibleMs = (row: PolledRow): number => {
    const ageMs = rowAgeMs(row.createDate, now);
    return byDate ? ageMs : Math.min(seenForMs(row), ageMs);
  };
  const held = new Set<Cell>();
  let nextMs: number | null = null;
  const settled = rows.filter((row) => {
    const leftMs = isExempt(row) ? 0 : settleMs - visibleMs(row);
    if (leftMs > 0) {
      held.add(row.custId);
      nextMs = Math.min(nextMs ?? Infinity, leftMs);
    }
    return !held.has(row.custId);
  });
  return { rows: settled, nextMs };
}

/** A claimed row has settled before; one without a CreateDate comes before all others whatever is still to appear. */
function isExempt({ state, createDate }: PolledRow): boolean {
  return state !== State.Initial || createDate === null;
}
