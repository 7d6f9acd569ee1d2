import type { RefusedPrivilege } from '../domain/refused-privilege.js';
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

/** What is left alone because somebody paused it. */
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
  /** `locked`: somebody else has locked it, or an attribute row of it; `ignored`: it was changed, and did not change. */
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
   * transaction. Rows polled in State 1 keep their StateDate (one without is given one). Rows that somebody has locked
   * are left out, not waited for. Then reads them all.
   */
  claim(requests: readonly ClaimRequest[]): Promise<ClaimResult>;
  /**
   * Moves rows 1→2 or 1→3 where State is 1 and StateDate is the attempt's; attribute rows follow. All in one transaction:
   * of a customer either all marks, given in its order, or those before the first row that somebody has locked.
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

/** Rows by State. */
export interface StateCounts extends Readonly<Record<'0' | '1' | '2' | '3', number>> {
  /** Rows in a State outside the specification, or in none: no worker takes them. Absent where there are none. */
  readonly other?: number;
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

/** A row in a State outside the specification. */
export interface OtherStateRow extends RowKey {
  readonly state: Cell;
}

/** Attribute rows that belong to no row, or came too late for theirs. */
export interface StrayAttributes {
  readonly rows: number;
  /** The StreamingNos of some of them. */
  readonly examples: readonly string[];
}

/** Stray attribute rows of a table, among those with the highest StreamingNos. */
export interface StrayCounts {
  /** In State 0 although their row was taken before: it was applied without them. */
  readonly late: StrayAttributes;
  /** In State 0 for more than a minute, and there is no row with their StreamingNo. Those of other products count as well. */
  readonly orphaned: StrayAttributes;
}

/** The most rows of a table that a look at its pending rows reads. */
export const scanLimit = 10_000;

/** A row with all that the tables hold of it. */
export interface FullRow extends InterfaceRow {
  readonly errContent: Cell;
  readonly remark: Cell;
}

/** A column as the database describes it; names in the specification's spelling are compared without case. */
export interface ColumnDescription {
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

/** An index as the database describes it. */
export interface IndexDescription {
  readonly table: string;
  /**
   * In index order, lower case, with `desc` or `nulls first` where that is not the database's default. Expressions are as
   * the database writes them, without quotes and blanks that mean nothing.
   */
  readonly columns: readonly string[];
  /** Of a partial index: the condition in lower case, without blanks, parentheses, quotes and casts: `state=3`. */
  readonly where?: string;
}

/** The server of the middle database, as it describes itself. */
export interface ServerDescription {
  /** Name and edition: `Oracle Database 19c Enterprise Edition`, `PostgreSQL`. */
  readonly product: string;
  readonly version: string;
  /** What the database keeps texts in, by the database's own name: `AL32UTF8`, `UTF8`. */
  readonly characterSet: string;
  /** As whom we are connected; null where there are no users. */
  readonly user: string | null;
  /** Schemas in which this user sees an IF_BNET_CUST; empty where there are no schemas. */
  readonly schemas: readonly string[];
  /** The level at which transactions begin by default, such as `read committed`; null where there is no choice. */
  readonly isolation: string | null;
}

/** Which kind of database the middle database is: types and ready statements differ. */
export type MiddleKind = 'oracle' | 'postgresql' | 'sqlite';

/** What operators do with the middle database: the command line and the console. */
export interface MiddleAdmin {
  readonly kind: MiddleKind;
  counts(): Promise<Readonly<Record<Source, StateCounts>>>;
  /**
   * For how long the row that has stood longest in State 0 has done so, in seconds by the database's clock: since its
   * CreateDate or StateDate, whichever is later and not ahead of the clock, 0 where both are. Null when there is none, or
   * none with a date. Looks at `lookedAtMost` rows of each table from the head, and at as many that are ahead.
   */
  oldestPendingSeconds(): Promise<number | null>;
  createdAhead(): Promise<CreatedAhead>;
  /** Rows of a State outside the specification, at most `limit` of each table. */
  otherStates(limit: number): Promise<readonly OtherStateRow[]>;
  /** Looks at `scan` attribute rows of each table, those with the highest StreamingNos; names at most `examples` of each kind. */
  strayAttributes(look: {
    readonly scan: number;
    readonly examples: number;
  }): Promise<Readonly<Record<Source, StrayCounts>>>;
  /** How many of the first `scan` rows in State 0, in the poll's order, are of other products: an idle poll reads them all. */
  othersInFront(scan: number): Promise<Readonly<Record<Source, number>>>;
  /** Rows with more attribute rows than `maxAttributes`, at most `limit` of each table. */
  tooManyAttributes(limit: number): Promise<readonly (RowKey & { readonly count: number })[]>;
  /** Every row with one of these keys, with attributes: none, one, or more of a key where the table has no primary key. */
  find(keys: readonly RowKey[]): Promise<readonly FullRow[]>;
  /**
   * Moves rows 3→0 with ErrContent NULL, guarded; attribute rows follow. Returns the keys that were moved. With
   * `failedUntil`, a second by the database's clock, only rows that failed until then or have no StateDate; none of them is
   * found by it again, whatever becomes of it: its new StateDate is not earlier, and that of an attempt is later.
   */
  requeue(keys: readonly RowKey[], failedUntil?: string): Promise<readonly RowKey[]>;
  /** The database's clock. */
  now(): Promise<string>;
  /** Keys that stand more than once in a main table, at most `limit` of them. */
  duplicates(limit: number): Promise<readonly (RowKey & { readonly count: number })[]>;
  /** How many rows in State 0 or 1 have no StreamingNo: they have no name to be answered by. */
  withoutStreamingNo(): Promise<Readonly<Record<Source, number>>>;
  /** The latest CreateDate among the rows in State 0; null when there is none. */
  newestPending(): Promise<string | null>;
  /** What the server is, and as whom we are connected to it. */
  server(): Promise<ServerDescription>;
  /** Columns of the four tables. */
  columns(): Promise<readonly ColumnDescription[]>;
  /** Indexes of the four tables. */
  indexes(): Promise<readonly IndexDescription[]>;
  /** Tries each privilege the worker needs with a statement that changes no row; returns what is refused. */
  missingPrivileges(): Promise<readonly RefusedPrivilege[]>;
}

/** Which rows in State 3 to look for. All conditions hold at once; an empty filter is all of them. */
export interface RowFilter {
  readonly source?: Source;
  /** The result code that ErrContent starts with; null: it starts with none. */
  readonly code?: string | null;
  readonly productId?: string;
  readonly custId?: string;
  readonly userId?: string;
  readonly opFlag?: string;
  /** StateDate at or after, `YYYY-MM-DD HH:MM:SS`. */
  readonly since?: string;
  /** StateDate before. */
  readonly until?: string;
  /** Stands somewhere in ErrContent, CustName or AccName, case as given. */
  readonly text?: string;
}

/** A place in the list of failed rows: those after it failed earlier. */
export interface FailedPosition extends RowKey {
  /** Null comes last. */
  readonly stateDate: Cell;
}

/** A part of the list of failed rows to search. */
export interface FailedSearch {
  readonly filter: RowFilter;
  /** Null: from those that failed last. */
  readonly after: FailedPosition | null;
  /** The most rows to return. */
  readonly limit: number;
  /** The most rows that a statement may read, whether they match or not; two or three statements read a table. */
  readonly scan: number;
}

/** What a search found. */
export interface FailedRowsPage {
  /** Those that failed last first; by (StateDate, StreamingNo), customers before accounts on a tie. Without attributes. */
  readonly rows: readonly FullRow[];
  /** Where to go on; null: nothing is left. A page may be empty and not the last: no row matched among those read. */
  readonly next: FailedPosition | null;
}

/** Rows by State, counted up to a limit. */
export interface BoundedCounts extends StateCounts {
  /**
   * States of which there may be more: counting stopped. That may be below the limit where there are `productIds`,
   * because rows of other products are read as well.
   */
  readonly stopped: readonly (keyof StateCounts)[];
}

/** How many of the newest failed rows of a table start with one code. */
export interface FailedCount {
  readonly source: Source;
  /** Null: ErrContent starts with no code. */
  readonly code: string | null;
  readonly rows: number;
  /** The one that failed last. */
  readonly newest: FullRow;
}

/**
 * Looking about in the middle database, for the console and the command line. No statement reads more rows than the
 * limit it is given says, whatever the tables hold, provided the indexes of sql/ are there.
 */
export interface BoundedQueries {
  /** Rows by table and State; counting stops when `most` rows of a State have been read. */
  countCapped(most: number): Promise<Readonly<Record<Source, BoundedCounts>>>;
  failedPage(search: FailedSearch): Promise<FailedRowsPage>;
  /** Counts by table and code among the `scan` rows of each table that failed last. */
  failedCounts(scan: number): Promise<readonly FailedCount[]>;
  /**
   * Rows in State 1, oldest StateDate first, at most `limit` of each table, with their age by the database's clock; of a
   * table with more than ten times as many, among those that come first in order.
   */
  processing(limit: number): Promise<readonly (FullRow & { readonly ageSeconds: number | null })[]>;
  /**
   * Rows of a customer, newest CreateDate first, at most `limit` of each table, among ten times as many where there are
   * `productIds`.
   */
  ofCustomer(custId: string, limit: number): Promise<readonly FullRow[]>;
}

/** A place among the finished rows of a table, as the database writes it: its CreateDate with every digit it has. */
export interface FinishedPosition {
  readonly createDate: Cell;
  readonly streamingNo: string;
}

/** A part of the finished rows of a table. */
export interface FinishedRequest {
  readonly source: Source;
  /** Only rows of these customers, by the index on CustID; absent: all rows, by the poll's index. */
  readonly custIds?: readonly string[];
  /** Only rows of this product. */
  readonly productId?: string;
  /** Null: from the start. */
  readonly after: FinishedPosition | null;
  /** The most rows to return. */
  readonly limit: number;
}

/** Finished rows, in order. */
export interface FinishedPage {
  readonly rows: readonly InterfaceRow[];
  /** Where to go on; null: nothing is left. */
  readonly next: FinishedPosition | null;
}

/** The rows in State 2, for a comparison with the product store. */
export interface FinishedRows extends LatestFinished {
  /**
   * Rows in State 2 that have a StreamingNo, with their attributes, in (CreateDate, StreamingNo) order, a missing
   * CreateDate first. Reads no more rows than `limit`, or than the customers have. Rows of one key that share a
   * CreateDate as well are one place: where a page ends between them, the rest is left out.
   */
  page(request: FinishedRequest): Promise<FinishedPage>;
}
