import type { Executor, Transaction } from '../../database/database.js';
import type { Dialect, Fragment } from '../../database/dialects/dialect.js';
import type { RowKey, Source } from '../../domain/keys.js';
import type { State } from '../../domain/states.js';
import type { Below } from '../search.js';

/*
 * Differences between PostgreSQL and SQLite in the middle database. The trial tables differ too: PostgreSQL has numeric
 * and timestamp columns, SQLite keeps 30-digit numbers and dates as TEXT (sql/postgresql, sql/sqlite).
 */

/** A guarded update of a main table's rows, followed by their attribute rows. */
export interface GuardedUpdate {
  readonly source: Source;
  readonly table: string;
  /** Null: attribute rows stay unchanged (`middle.markAttributes: false`). */
  readonly attributeTable: string | null;
  /** StreamingNos of rows whose attribute rows stay unchanged: there are too many. */
  readonly attributesStay: readonly string[];
  /** Recordset of the requested rows; has a column streaming_no. */
  readonly asked: Fragment;
  /** SET list over `t`, the main table, and `a`, the recordset. */
  readonly set: string;
  /** The States that `set` assigns: attribute rows follow rows in these. */
  readonly leadsTo: readonly State[];
  /** The guard over `t` and `a`, besides the StreamingNo. */
  readonly guard: string;
  /** `AND …` over `t`: our rows. */
  readonly ours: Fragment;
}

/** Runs statements: the database, or a transaction on it. */
export interface Transactional extends Executor {
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
}

/** The database's catalog. Missing tables are omitted. */
interface Catalog {
  /** Columns table_name, column_name, type; in table order. */
  columns(tables: readonly string[]): Fragment;
  /**
   * Columns table_name, index_name, column_name and index_where, NULL if the index has all rows; in index order,
   * without unusable indexes.
   */
  indexes(tables: readonly string[]): Fragment;
}

/** The differences. Orders are those of the indexes in sql/: a change there is a change here. */
export interface MiddleDialect extends Pick<Dialect, 'recordset' | 'numberIn'> {
  readonly catalog: Catalog;
  /** Reads product, version, character_set, user_name; and schema_name, a row for each. */
  readonly server: string;
  /** A date column as `YYYY-MM-DD HH:MM:SS`. */
  readonly dateText: (column: string) => string;
  /** Whether a StateDate can name an attempt: it has that form, unlike infinity and the year 10000. */
  isAttempt(column: string): string;
  /** A number from its text, as columns hold it. */
  numberOf(text: string): string;
  /** A number as text, without decimal places that are all zeros. */
  readonly numberText: (column: string) => string;
  /** ORDER BY list of a main table's index for the poll. */
  readonly pollOrder: string;
  /** ORDER BY list of the same index, reversed. */
  readonly pollOrderReversed: string;
  /** ORDER BY list of a customer's rows, newest CreateDate first. */
  readonly customerOrder: string;
  /** ORDER BY list: greatest number first. */
  numberDescending(column: string): string;
  /** The database's clock in whole seconds, as a date column holds it. */
  readonly now: string;
  /** Whether a row with this CreateDate is settled. */
  isSettled(column: string, settleMs: number): string;
  /**
   * The StateDate of a new attempt: not before now, later than `a.after` and, unless that is more than a day ahead,
   * than the row's StateDate.
   */
  readonly newAttempt: string;
  /** Guard: the row's StateDate is the attempt's. */
  readonly sameAttempt: string;
  /** The later of now and a date; now if it is missing or more than a day ahead. */
  laterOfNowAnd(date: string): string;
  /** The second after `a.failed_until`. */
  readonly afterFailedUntil: string;
  /** Age in seconds of a date by the database's clock. */
  ageSeconds(column: string): string;
  /** A CreateDate from a bound text. */
  readonly date: string;
  /** The end of a second from a bound text: dates compare in whole seconds, even with a fraction. */
  readonly secondAfter: string;
  /** StateDate as text with its full precision. */
  readonly exactDate: string;
  /** The code that ErrContent starts with, as in `codeOf`; NULL: none. */
  readonly code: string;
  /** A column is above a number. */
  numberAbove(column: string, number: string): Fragment;
  /** StreamingNo is below. */
  streamingNoIs(below: Below): Fragment;
  /** A column contains a text, case-sensitive. */
  contains(column: string): string;
  /** `column` is among the numbers a query returns. */
  numberInQuery(column: string, query: string): string;
  /** `column`, not NULL, is none of these numbers, possibly thousands. */
  numberNotIn(column: string, values: readonly string[]): Fragment;
  shardIn(column: string, count: number, shards: readonly number[]): Fragment;
  /**
   * Runs the updates and lets the attribute rows follow, atomically; returns the rows now in a State they lead to,
   * because a trigger may have undone the change. Does not wait for locked rows: fails with kind `locked`.
   */
  update(database: Transactional, updates: readonly GuardedUpdate[]): Promise<readonly RowKey[]>;
  /** Absent if no row can be locked: there is one writer. */
  readonly rowLocks?: RowLocks;
}

/** How to lock rows without waiting for locked ones. */
export interface RowLocks {
  /** The update of rows already locked by the transaction. */
  updateLocked(transaction: Executor, updates: readonly GuardedUpdate[]): Promise<readonly RowKey[]>;
  /** Ends a SELECT over `t`: locks its rows, skipping those locked by others. */
  readonly skipLocked: string;
  /** Who has locked these rows of a table, alias `t`, where the server reports it. */
  holders(table: string, wanted: Fragment): Fragment;
}
