import type { DeferralCause } from '../domain/deferral.js';
import type { Attempt, RowKey, Source } from '../domain/keys.js';
import type { FinishedRow } from '../domain/loss.js';
import type { Cell, InterfaceRow, PolledRow } from '../domain/rows.js';
import type { Wait } from '../domain/waiting.js';

/*
 * The middle database as the worker sees it. The conformance suite (test/conformance/middle.ts) defines this port: any
 * adapter that passes will do.
 *
 * Dates are text, `YYYY-MM-DD HH:MM:SS`, by the middle database's clock. Numbers are text. Every call has a deadline
 * and fails with a DatabaseError. With `productIds`, rows of other products are invisible to every method.
 */

/** What workers skip because it is paused. */
export interface Paused {
  /**
   * Main tables whose rows are skipped. So are the other table's rows of every customer with a row in State 0 or 1
   * there, settled or not: a customer's order spans both tables. Rows without a CustID are one customer.
   */
  readonly sources: readonly Source[];
  /** Products whose rows are skipped. Rows without a ProductID belong to none. */
  readonly productIds: readonly string[];
}

/** No pause is in force. */
export const nothingPaused: Paused = { sources: [], productIds: [] };

/** A pause target: a table or a product. */
interface PausedTarget {
  readonly target: { readonly source: Source } | { readonly productId: string };
}

/** What a poll skips for these pauses. */
export function pausedBy(pauses: readonly PausedTarget[]): Paused {
  return {
    sources: pauses.flatMap(({ target }) => ('source' in target ? [target.source] : [])),
    productIds: pauses.flatMap(({ target }) => ('source' in target ? [] : [target.productId])),
  };
}

/** Which rows a poll may return. */
export interface PollRequest {
  /** The most rows to return. */
  readonly limit: number;
  /** Rows younger than this are skipped: others with smaller keys may still become visible. 0: skip none. */
  readonly settleMs: number;
  /** The number of shards and those held; every one: `'all'`. */
  readonly shards: { readonly count: number; readonly held: readonly number[] | 'all' };
  /** Customers to exclude: in flight, or deferred. Null: rows without a CustID. */
  readonly excluded: readonly (string | null)[];
  /** Waiting customers: only what they wait for is returned. */
  readonly waits: readonly Wait[];
  /** What is left out, in State 0 and 1. */
  readonly paused: Paused;
}

/** The head of both main tables. */
export interface PolledBatch {
  /** In order: CreateDate (missing first), StreamingNo, customers before accounts. */
  readonly rows: readonly PolledRow[];
  /** The middle database's clock; empty without rows. */
  readonly now: string;
}

/** A polled row to claim or take over. */
export interface ClaimRequest {
  readonly row: PolledRow;
  /** The claim's StateDate must be later than this; null: no bound. See `laterThan`. */
  readonly after: string | null;
}

/** A row that a claim or a mark left unchanged. */
export interface NotChanged extends RowKey {
  /** `locked`: another session has locked it or an attribute row; `ignored`: the update had no effect. */
  readonly cause: Exclude<DeferralCause, 'refused'>;
}

/** Result of a claim. */
export interface ClaimResult {
  /** How many rows the claim moved from State 0 to 1. */
  readonly claimed: number;
  /**
   * All requested rows, read after the claim, in any State: several per key if the table has no primary key, none if
   * the row is gone. Without attributes if there were more than `maxAttributes` at the poll.
   */
  readonly rows: readonly InterfaceRow[];
  /** Rows unchanged since before the claim. */
  readonly left: readonly NotChanged[];
}

/** The outcome of a row: State 2 if `errContent` is null, else State 3. */
export interface Mark extends Attempt {
  readonly custId: Cell;
  readonly errContent: string | null;
  /** Its attribute rows stay unchanged: there are more than `maxAttributes`. */
  readonly attributesStay?: boolean;
  /** This attempt was already marked and is in State 1 again: whether it changes now is checked. */
  readonly again?: boolean;
}

/** A row that a mark left unchanged. */
export interface MarkConflict {
  readonly mark: Mark;
  /** Null: the row is gone or has no State. */
  readonly state: number | null;
  readonly stateDate: Cell;
}

/** What a mark changed. */
export interface MarkResult {
  readonly marked: number;
  readonly conflicts: readonly MarkConflict[];
  /** Rows that still wait for just this mark. */
  readonly left: readonly NotChanged[];
  /** Rows behind a locked one of their customer: their marks were not written. */
  readonly heldBack: readonly RowKey[];
}

/** Which of the latest finished rows to read. */
export interface LatestFinishedRequest {
  /** The number of shards, and whose rows to return; every one: `'all'`. */
  readonly shards: { readonly count: number; readonly of: readonly number[] | 'all' };
  /** Only rows with a later StateDate, `YYYY-MM-DD HH:MM:SS`; null: all. */
  readonly after: string | null;
  /**
   * How many finished rows of each table to read: those with the newest CreateDate, and as many without any. Rows
   * created long before they finished are missed.
   */
  readonly scan: number;
  /** The most rows to return. */
  readonly limit: number;
}

/** A row in State 1 as a comparison needs it. */
export interface ClaimedRow extends RowKey {
  readonly custId: Cell;
  readonly stateDate: Cell;
}

/** Filter for rows in State 1. */
export interface ClaimedRequest {
  readonly shards: LatestFinishedRequest['shards'];
  /** Only rows claimed until then, by the database's clock, or without a StateDate. */
  readonly until: string;
  /** The most rows to return. */
  readonly limit: number;
}

/** The latest finished rows, for comparison with the journal. */
export interface LatestFinished {
  /** The database's clock. */
  now(): Promise<string>;
  /** Rows in State 2 with a StreamingNo and a StateDate, latest StateDate first. Reads no more rows than `scan` says. */
  latestFinished(request: LatestFinishedRequest): Promise<readonly FinishedRow[]>;
  /** Rows in State 1, of both tables. */
  claimedUntil(request: ClaimedRequest): Promise<readonly ClaimedRow[]>;
}

/** Open rows to ignore. */
export interface OpenRowsExcept {
  /** What is paused. */
  readonly paused?: Paused;
  /** Customers to exclude. Null: rows without a CustID. */
  readonly excluded?: readonly Cell[];
}

/** The middle database for the worker. */
export interface MiddleDatabase extends LatestFinished {
  /** Reads the head of both tables, States 0 and 1 together, in one statement: one snapshot. */
  poll(request: PollRequest): Promise<PolledBatch>;
  /**
   * Moves rows 0→1 with a new StateDate if they still are in State 0; attribute rows follow in the same transaction.
   * Rows polled in State 1 keep their StateDate (one without gets one). Rows locked by another session are skipped, not
   * awaited. Then reads them all.
   */
  claim(requests: readonly ClaimRequest[]): Promise<ClaimResult>;
  /**
   * Moves rows 1→2 or 1→3 if State is 1 and StateDate is the attempt's; attribute rows follow. All in one transaction:
   * of a customer all marks, given in its order, or those before the first locked row.
   */
  mark(marks: readonly Mark[]): Promise<MarkResult>;
  /** Pending rows that are ahead of the clock; one short statement. */
  createdAhead(): Promise<CreatedAhead>;
  /** Whether any row is in State 0 or 1, settled or not, except those to ignore. */
  hasOpenRows(except?: OpenRowsExcept): Promise<boolean>;
  /** Who has locked these rows or their attribute rows, by `rowId`, in a few words, where the server reports it. */
  lockHolders(keys: readonly RowKey[]): Promise<ReadonlyMap<string, string>>;
  /** Fails if the database is unreachable. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Pending rows with a CreateDate ahead of the database's clock: skipped until it has passed. */
export interface CreatedAhead {
  /** Counted up to `lookedAtMost` of each table. */
  readonly rows: number;
  /** The latest CreateDate, `YYYY-MM-DD HH:MM:SS`; null if there is none, or it has another form. */
  readonly newest: string | null;
  /** How far it is ahead. */
  readonly seconds: number;
}

/** The most pending rows read per table. */
export const scanLimit = 10_000;
