import type { DatabaseKind } from '../domain/clients.js';
import type { RowKey, Source } from '../domain/keys.js';
import type { RefusedPrivilege } from '../domain/refused-privilege.js';
import type { Cell, InterfaceRow } from '../domain/rows.js';
import type { CreatedAhead, LatestFinished } from './port.js';

/*
 * The middle database as operators see it: counts, searches, requeuing and what `doctor` and `verify` ask. The conformance
 * suite (test/conformance/middle.ts) defines it as it does the worker's port, by whose conventions it goes.
 */

/** Rows by State. */
export interface StateCounts extends Readonly<Record<'0' | '1' | '2' | '3', number>> {
  /** Rows in a State outside the specification, or in none: no worker takes them. Absent where there are none. */
  readonly other?: number;
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
export type MiddleKind = DatabaseKind;

/** What operators do with the middle database. Its parts are opened with it and share its connections. */
export interface MiddleAdmin {
  readonly kind: MiddleKind;
  /** Lists and counts that read a bounded number of rows. */
  readonly queries: BoundedQueries;
  /** The rows in State 2, for comparisons with the product store. */
  readonly finished: FinishedRows;
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
 * Lists and counts of the middle database. No statement reads more rows than its limit allows, whatever the tables hold,
 * provided the indexes of sql/ are there.
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
