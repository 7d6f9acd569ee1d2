import type { Outcome } from './journal.js';
import { rowId, shardOf, type RowKey } from './keys.js';
import type { Cell } from './rows.js';

/*
 * Finding out whether the product store has lost what it once held: after a fail-over to an asynchronous standby, a
 * restore or a wipe. Whatever is lost that way is the end of the store's history, never a piece out of its middle. So a
 * finished row whose decision the journal does not know proves a loss, unless something else shows that the store still
 * has what came after: the shard's lease was renewed later, or another row of the shard was claimed later and is in the
 * journal. Then the row was finished by other hands than ours (a DBA, another program).
 *
 * docs/protocol.md has the argument, and test/model checks it.
 */

/** A row in State 2 as a comparison with the journal needs it. */
export interface FinishedRow extends RowKey {
  readonly custId: Cell;
  readonly productId: Cell;
  /** When it was marked, by the middle database's clock. */
  readonly stateDate: string;
}

/** What the journal's current entry says of a row. */
export interface JournalledOutcome {
  readonly outcome: Outcome;
  /** StateDate of the claim. */
  readonly attempt: string;
  /** By a repair: its attempt is no claim of a worker. */
  readonly repaired: boolean;
}

/** What finished rows are compared with. Times are `YYYY-MM-DD HH:MM:SS` by the middle database's clock. */
export interface LossContext {
  readonly shards: number;
  /** By `rowId`; rows without a current entry are missing. */
  readonly journal: ReadonlyMap<string, JournalledOutcome>;
  /**
   * By shard: when its lease was last renewed by a worker that had compared the shard's rows; null: never. The store is
   * known to hold everything up to this moment.
   */
  readonly heldUntil: ReadonlyMap<number, string | null>;
  /** From when on we finish rows of a product; null: there is no origin. */
  readonly originOf: (productId: Cell) => string | null;
  readonly now: string;
}

/** Finished rows that the journal does not know as applied. */
export interface UnknownRows {
  /** Nothing shows that the store still has what came after them: their decisions are lost. */
  readonly lost: readonly FinishedRow[];
  /** Finished by other hands: the store's history goes on after them. */
  readonly byOthers: readonly FinishedRow[];
}

/**
 * How much the clocks of a primary and its successor may differ, and how far the two databases' clocks may drift apart
 * between a renewal and the comparison. In doubt a row counts as lost.
 */
export const clockToleranceMs = 60_000;

const dayMs = 24 * 3600 * 1000;

/** A claim's StateDate may lie this far in the future where a row was claimed several times within a second. */
const claimToleranceMs = 2_000;

/** Parts the finished rows that the journal does not know as applied. Rows that no worker of ours can have marked are left out. */
export function unknownRows(rows: readonly FinishedRow[], context: LossContext): UnknownRows {
  const ours = rows.filter((row) => mayBeOurs(row, context));
  return partUnknown(ours, newestClaims(ours, context), context);
}

/** The same, where it is known when a row of each shard was claimed last that is in the journal. */
export function partUnknown(
  rows: readonly FinishedRow[],
  claimedUntil: ReadonlyMap<number, string>,
  context: LossContext,
): UnknownRows {
  const ours = rows.filter((row) => mayBeOurs(row, context));
  const lost: FinishedRow[] = [];
  const byOthers: FinishedRow[] = [];
  for (const row of ours) {
    if (context.journal.get(rowId(row))?.outcome === 'applied') continue;
    const shard = shardOf(row.custId, context.shards);
    const heldUntil = context.heldUntil.get(shard) ?? null;
    const isOlder =
      (heldUntil !== null && row.stateDate < plus(heldUntil, -clockToleranceMs)) ||
      plus(row.stateDate, claimToleranceMs) < (claimedUntil.get(shard) ?? '');
    (isOlder ? byOthers : lost).push(row);
  }
  return { lost, byOthers };
}

/** Marks take their StateDate from the database's clock, so that one a day ahead of it is not ours. */
function mayBeOurs({ stateDate, productId }: FinishedRow, { originOf, now }: LossContext): boolean {
  const origin = originOf(productId);
  return (origin === null || stateDate > origin) && stateDate <= plus(now, dayMs);
}

/**
 * By shard: the newest claim that the journal still knows. What a repair recorded shows nothing: lost rows before it may not
 * have been repaired yet.
 */
function newestClaims(rows: readonly FinishedRow[], { journal, shards }: LossContext): Map<number, string> {
  const newest = new Map<number, string>();
  for (const row of rows) {
    const entry = journal.get(rowId(row));
    if (entry === undefined || entry.repaired) continue;
    const { attempt } = entry;
    const shard = shardOf(row.custId, shards);
    if (attempt > (newest.get(shard) ?? '')) newest.set(shard, attempt);
  }
  return newest;
}

/** A date so many milliseconds later; dates that are none stay as they are. */
export function plus(date: string, milliseconds: number): string {
  const time = Date.parse(`${date.replace(' ', 'T')}Z`) + milliseconds;
  return Number.isNaN(time) ? date : new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}
