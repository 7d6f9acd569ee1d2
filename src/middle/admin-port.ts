import type { DatabaseKind } from '../domain/clients.js';
import type { HostState } from '../domain/host-state.js';
import type { RowKey, Source } from '../domain/keys.js';
import type { Pooler } from '../domain/pooler.js';
import type { RefusedPrivilege } from '../domain/refused-privilege.js';
import type { Cell, InterfaceRow } from '../domain/rows.js';
import type { CreatedAhead, LatestFinished } from './port.js';

/*
 * The middle database as operators see it: counts, searches, requeuing, and the reads of `doctor` and `verify`. The
 * conformance suite (test/conformance/middle.ts) defines it; it follows the conventions of the worker's port.
 */

/** Rows by State. */
export interface StateCounts extends Readonly<Record<'0' | '1' | '2' | '3', number>> {
  /** Rows in a State outside the specification, or NULL; no worker takes them. Absent if there are none. */
  readonly other?: number;
}

/** A row in a State outside the specification. */
export interface OtherStateRow extends RowKey {
  readonly state: Cell;
}

/** Attribute rows without a row, or too late for theirs. */
export interface StrayAttributes {
  readonly rows: number;
  /** Some of their StreamingNos. */
  readonly examples: readonly string[];
}

/** Stray attribute rows of a table, among those with the highest StreamingNos. */
export interface StrayCounts {
  /** In State 0 after their row was taken: it was applied without them. */
  readonly late: StrayAttributes;
  /** In State 0 for more than a minute without a row of their StreamingNo. Includes other products. */
  readonly orphaned: StrayAttributes;
}

/** A row with all its columns and attributes. */
export interface FullRow extends InterfaceRow {
  readonly errContent: Cell;
  readonly remark: Cell;
}

/** A column as the database describes it; names compare case-insensitively to the specification's. */
export interface ColumnDescription {
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

/** An index as the database describes it. */
export interface IndexDescription {
  readonly table: string;
  /**
   * In index order, lower case, with `desc` or `nulls first` where not the database's default. Expressions are the
   * database's text, without quotes and insignificant blanks.
   */
  readonly columns: readonly string[];
  /** Condition of a partial index, in lower case, without blanks, parentheses, quotes and casts: `state=3`. */
  readonly where?: string;
}

/** The server of the middle database, as it describes itself. */
export interface ServerDescription {
  /** Name and edition: `Oracle Database 19c Enterprise Edition`, `PostgreSQL`. */
  readonly product: string;
  readonly version: string;
  /** The database's own name of its character set: `AL32UTF8`, `UTF8`. */
  readonly characterSet: string;
  /** The connected user; null where there are no users. */
  readonly user: string | null;
  /** Schemas where this user sees an IF_BNET_CUST; empty where there are no schemas. */
  readonly schemas: readonly string[];
  /** The default isolation level, such as `read committed`; null where there is no choice. */
  readonly isolation: string | null;
  /** The pooler that it is reached through; null: none. */
  readonly pooler: Pooler | null;
}

/** Which kind of database the middle database is: types and ready statements differ. */
export type MiddleKind = DatabaseKind;

/** The middle database for operators. Its parts open with it and share its connections. */
export interface MiddleAdmin {
  readonly kind: MiddleKind;
  /** Lists and counts that read a bounded number of rows. */
  readonly queries: BoundedQueries;
  /** The rows in State 2, for comparisons with the product store. */
  readonly finished: FinishedRows;
  /**
   * Age in seconds, by the database's clock, of the row pending longest: since its CreateDate or StateDate, whichever
   * is later and not ahead of the clock; 0 if both are. Null if no row is pending, or none has a date. Reads
   * `lookedAtMost` rows of each table from the head, and as many that are ahead.
   */
  oldestPendingSeconds(): Promise<number | null>;
  createdAhead(): Promise<CreatedAhead>;
  /** Rows in a State outside the specification, at most `limit` of each table. */
  otherStates(limit: number): Promise<readonly OtherStateRow[]>;
  /** Reads the `scan` attribute rows of each table with the highest StreamingNos; names at most `examples` per kind. */
  strayAttributes(look: {
    readonly scan: number;
    readonly examples: number;
  }): Promise<Readonly<Record<Source, StrayCounts>>>;
  /**
   * How many of the first `scan` rows in State 0, in poll order, are of other products: an idle poll reads them all.
   */
  othersInFront(scan: number): Promise<Readonly<Record<Source, number>>>;
  /** Rows with more attribute rows than `maxAttributes`, at most `limit` of each table. */
  tooManyAttributes(limit: number): Promise<readonly (RowKey & { readonly count: number })[]>;
  /** All rows with these keys, with attributes: none, one, or several per key if the table has no primary key. */
  find(keys: readonly RowKey[]): Promise<readonly FullRow[]>;
  /**
   * Moves rows 3→0 with ErrContent NULL, guarded; attribute rows follow. Returns the keys that moved. With
   * `failedUntil`, a second by the database's clock, only rows that failed until then or have no StateDate. None of
   * them matches it again: the new StateDate is not earlier, and that of an attempt is later.
   */
  requeue(keys: readonly RowKey[], failedUntil?: string): Promise<readonly RowKey[]>;
  /** The database's clock. */
  now(): Promise<string>;
  /** Keys that occur more than once in a main table, at most `limit`. */
  duplicates(limit: number): Promise<readonly (RowKey & { readonly count: number })[]>;
  /** How many rows in State 0 or 1 have no StreamingNo and so cannot be answered. */
  withoutStreamingNo(): Promise<Readonly<Record<Source, number>>>;
  /** The latest CreateDate in State 0; null if there is none. */
  newestPending(): Promise<string | null>;
  /** The server, and the user we are connected as. */
  server(): Promise<ServerDescription>;
  /** Its hosts, in the order in which they are tried; empty where the connection names one, and on Oracle. */
  hosts(): Promise<readonly HostState[]>;
  /** Columns of the four tables. */
  columns(): Promise<readonly ColumnDescription[]>;
  /** Indexes of the four tables. */
  indexes(): Promise<readonly IndexDescription[]>;
  /** Tries each privilege the worker needs with a statement that changes no row; returns those refused. */
  missingPrivileges(): Promise<readonly RefusedPrivilege[]>;
}

/** Filter for rows in State 3. All conditions apply; an empty filter matches all rows. */
export interface RowFilter {
  readonly source?: Source;
  /** The result code at the start of ErrContent; null: none. */
  readonly code?: string | null;
  readonly productId?: string;
  readonly custId?: string;
  readonly userId?: string;
  readonly opFlag?: string;
  /** StateDate at or after, `YYYY-MM-DD HH:MM:SS`. */
  readonly since?: string;
  /** StateDate before. */
  readonly until?: string;
  /** Substring of ErrContent, CustName or AccName, case-sensitive. */
  readonly text?: string;
}

/** A position among failed rows: those after it failed earlier. */
export interface FailedPosition extends RowKey {
  /** Null sorts last. */
  readonly stateDate: Cell;
}

/** A search of failed rows from a position. */
export interface FailedSearch {
  readonly filter: RowFilter;
  /** Null: from the latest failures. */
  readonly after: FailedPosition | null;
  /** The most rows to return. */
  readonly limit: number;
  /** The most rows a statement reads, matching or not; two or three statements read a table. */
  readonly scan: number;
}

/** What a search found. */
export interface FailedRowsPage {
  /** Latest failures first, by (StateDate, StreamingNo); on a tie customers before accounts. Without attributes. */
  readonly rows: readonly FullRow[];
  /** Where to continue; null: nothing is left. A page may be empty and not the last: no row it read matched. */
  readonly next: FailedPosition | null;
}

/** Rows by State, counted up to a limit. */
export interface BoundedCounts extends StateCounts {
  /**
   * States that may have more rows: counting stopped. With `productIds` that may be below the limit, because rows of
   * other products are read too.
   */
  readonly stopped: readonly (keyof StateCounts)[];
}

/** How many of the newest failed rows of a table start with one code. */
export interface FailedCount {
  readonly source: Source;
  /** Null: ErrContent starts with no code. */
  readonly code: string | null;
  readonly rows: number;
  /** The latest failure. */
  readonly newest: FullRow;
}

/**
 * Lists and counts of the middle database. No statement reads more rows than its limit allows, whatever the tables
 * hold, given the indexes of sql/.
 */
export interface BoundedQueries {
  /** Rows by table and State; counting stops after `most` rows of a State. */
  countCapped(most: number): Promise<Readonly<Record<Source, BoundedCounts>>>;
  failedPage(search: FailedSearch): Promise<FailedRowsPage>;
  /** Counts by table and code among the `scan` latest failures of each table. */
  failedCounts(scan: number): Promise<readonly FailedCount[]>;
  /**
   * Rows in State 1, oldest StateDate first, at most `limit` of each table, with their age by the database's clock; in
   * a table with over ten times as many, among the first in order.
   */
  processing(limit: number): Promise<readonly (FullRow & { readonly ageSeconds: number | null })[]>;
  /**
   * Rows of a customer, newest CreateDate first, at most `limit` of each table; with `productIds`, among ten times as
   * many.
   */
  ofCustomer(custId: string, limit: number): Promise<readonly FullRow[]>;
}

/** A position among the finished rows of a table, as the database writes it: its CreateDate with every digit. */
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
  /** Where to continue; null: at the end. */
  readonly next: FinishedPosition | null;
}

/** The rows in State 2, for a comparison with the product store. */
export interface FinishedRows extends LatestFinished {
  /**
   * Rows in State 2 with a StreamingNo, with attributes, in (CreateDate, StreamingNo) order, missing CreateDate first.
   * Reads no more rows than `limit`, or than the customers have. Rows that share key and CreateDate are one position:
   * if a page ends between them, the rest is left out.
   */
  page(request: FinishedRequest): Promise<FinishedPage>;
}
