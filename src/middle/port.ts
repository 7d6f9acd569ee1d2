import type { DeferralCause } from '../domain/deferral.js';
import type { Attempt, RowKey, Source } from '../domain/keys.js';
import type { FinishedRow } from '../domain/loss.js';
import type { Cell, InterfaceRow, PolledRow } from '../domain/rows.js';
import type { Wait } from '../domain/waiting.js';

/*
 * The middle database as the worker sees it. The conformance suite (test/conformance/middle.ts) is the definition of
 * this port: whatever passes it may stand behind it.
 *
 * Dates are text, `YYYY-MM-DD HH:MM:SS`, by the middle database's clock. Numbers are text. Every call has a deadline
 * and fails with a DatabaseError. With `productIds`, rows of other products do not exist for any method.
 */

/** What workers leave alone because it is paused. */
export interface Paused {
  /**
   * Main tables whose rows are left alone. So are the other table's rows of every customer who has a row in State 0 or 1
   * there, settled or not: the order of a customer's rows holds over both tables. Rows without a CustID are one customer.
   */
  readonly sources: readonly Source[];
  /** Products whose rows are left alone. Rows without a ProductID are of none. */
  readonly productIds: readonly string[];
}

/** No pause is in force. */
export const nothingPaused: Paused = { sources: [], productIds: [] };

/** What is paused: a table's rows, or a product's. */
interface PausedTarget {
  readonly target: { readonly source: Source } | { readonly productId: string };
}

/** What a poll leaves alone for these pauses. */
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
  /** Rows younger than this are left alone: others with smaller keys may still become visible. 0: none is. */
  readonly settleMs: number;
  /** How many shards there are and which of them are held; every one: `'all'`. */
  readonly shards: { readonly count: number; readonly held: readonly number[] | 'all' };
  /** Customers whose rows are left out: in flight, or deferred. Null: rows without a CustID. */
  readonly excluded: readonly (string | null)[];
  /** Customers that wait: only what they wait for is returned. */
  readonly waits: readonly Wait[];
  /** What is left out, in State 0 and 1. */
  readonly paused: Paused;
}

/** The head of both main tables. */
export interface PolledBatch {
  /** In order: CreateDate (missing first), StreamingNo, customers before accounts. */
  readonly rows: readonly PolledRow[];
  /** The middle database's clock; empty when there are no rows. */
  readonly now: string;
}

/** A polled row to claim or take over. */
export interface ClaimRequest {
  readonly row: PolledRow;
  /** The claim's StateDate must be later than this; null: there is nothing to be later than. See `laterThan`. */
  readonly after: string | null;
}

/** A row that a claim or a mark left as it was. */
export interface NotChanged extends RowKey {
  /** `locked`: another session has locked it, or an attribute row of it; `ignored`: the update had no effect. */
  readonly cause: Exclude<DeferralCause, 'refused'>;
}

/** What the claim found. */
export interface ClaimResult {
  /** How many rows the claim moved from State 0 to 1. */
  readonly claimed: number;
  /**
   * All rows with the StreamingNos asked for, read after the claim, whatever their State: more than one of a key where
   * the table has no primary key, none where the row is gone. Without attributes where there were more than `maxAttributes` at the poll.
   */
  readonly rows: readonly InterfaceRow[];
  /** Rows that still stand as before the claim. */
  readonly left: readonly NotChanged[];
}

/** An outcome to write to a row: State 2 when `errContent` is null, else State 3. */
export interface Mark extends Attempt {
  readonly custId: Cell;
  readonly errContent: string | null;
  /** Its attribute rows stay as they are: there are more than `maxAttributes`. */
  readonly attributesStay?: boolean;
  /** This very attempt was marked before, and stood in State 1 again: whether it changes now is looked at. */
  readonly again?: boolean;
}

/** A row that a mark did not change, as it stands. */
export interface MarkConflict {
  readonly mark: Mark;
  /** Null: the row is gone, or it has no State. */
  readonly state: number | null;
  readonly stateDate: Cell;
}

/** What a mark changed. */
export interface MarkResult {
  readonly marked: number;
  readonly conflicts: readonly MarkConflict[];
  /** Rows that still wait for just this mark. */
  readonly left: readonly NotChanged[];
  /** Rows that come after a locked one of their customer: their marks were not written. */
  readonly heldBack: readonly RowKey[];
}

/** Which of the rows finished last to look for. */
export interface LatestFinishedRequest {
  /** How many shards there are, and whose rows to return; every one: `'all'`. */
  readonly shards: { readonly count: number; readonly of: readonly number[] | 'all' };
  /** Only rows with a later StateDate, `YYYY-MM-DD HH:MM:SS`; null: all. */
  readonly after: string | null;
  /**
   * How many finished rows of each table to read, those with the newest CreateDate, and as many without any: of rows that
   * were created long before and finished late nothing is seen.
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

/** Which rows in State 1 to look for. */
export interface ClaimedRequest {
  readonly shards: LatestFinishedRequest['shards'];
  /** Only rows claimed until then, by the database's clock, or without a StateDate. */
  readonly until: string;
  /** The most rows to return. */
  readonly limit: number;
}

/** The rows that were finished last, for a comparison with the journal. */
export interface LatestFinished {
  /** The database's clock. */
  now(): Promise<string>;
  /** Rows in State 2 with a StreamingNo and a StateDate, latest StateDate first. Reads no more rows than `scan` says. */
  latestFinished(request: LatestFinishedRequest): Promise<readonly FinishedRow[]>;
  /** Rows in State 1, of both tables. */
  claimedUntil(request: ClaimedRequest): Promise<readonly ClaimedRow[]>;
}

/** Which open rows do not count. */
export interface OpenRowsExcept {
  /** What is paused. */
  readonly paused?: Paused;
  /** Customers whose rows are left out. Null: rows without a CustID. */
  readonly excluded?: readonly Cell[];
}

/** What the worker needs of the middle database. */
export interface MiddleDatabase extends LatestFinished {
  /** Reads the head of both tables, States 0 and 1 together, in one statement: one snapshot. */
  poll(request: PollRequest): Promise<PolledBatch>;
  /**
   * Moves rows 0→1 with a new StateDate, where they still are in State 0; attribute rows follow in the same
   * transaction. Rows polled in State 1 keep their StateDate (one without is given one). Rows that another session has locked
   * are left out, not waited for. Then reads them all.
   */
  claim(requests: readonly ClaimRequest[]): Promise<ClaimResult>;
  /**
   * Moves rows 1→2 or 1→3 where State is 1 and StateDate is the attempt's; attribute rows follow. All in one transaction:
   * of a customer either all marks, given in its order, or those before the first locked row.
   */
  mark(marks: readonly Mark[]): Promise<MarkResult>;
  /** Pending rows that are ahead of the clock; one short statement. */
  createdAhead(): Promise<CreatedAhead>;
  /** Whether any row is in State 0 or 1, settled or not; without those that are left alone, if any are. */
  hasOpenRows(except?: OpenRowsExcept): Promise<boolean>;
  /** Who has locked these rows, or attribute rows of theirs, by `rowId` and in a few words; only where the server says so. */
  lockHolders(keys: readonly RowKey[]): Promise<ReadonlyMap<string, string>>;
  /** Fails when the database cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Pending rows whose CreateDate is ahead of the database's clock: they are left alone until it has passed. */
export interface CreatedAhead {
  /** Counted up to `lookedAtMost` of each table. */
  readonly rows: number;
  /** The latest CreateDate, `YYYY-MM-DD HH:MM:SS`; null where there is none, or it is not of that form. */
  readonly newest: string | null;
  /** How far it is ahead. */
  readonly seconds: number;
}

/** The most rows of a table that a look at its pending rows reads. */
export const scanLimit = 10_000;
