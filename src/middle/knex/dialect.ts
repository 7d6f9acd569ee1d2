import type { Executor, Transaction } from '../../database/database.js';
import type { Dialect, Fragment } from '../../database/dialects/dialect.js';
import type { RowKey, Source } from '../../domain/keys.js';
import type { State } from '../../domain/states.js';
import type { Below } from '../search.js';

/*
 * What PostgreSQL and SQLite write differently in the middle database. The trial tables differ too: PostgreSQL has
 * numeric and timestamp columns, SQLite keeps 30-digit numbers and dates as TEXT (sql/postgresql, sql/sqlite).
 */

/** A guarded update of a main table's rows, to be followed by their attribute rows. */
export interface GuardedUpdate {
  readonly source: Source;
  readonly table: string;
  /** Null: attribute rows are left alone (`middle.markAttributes: false`). */
  readonly attributeTable: string | null;
  /** StreamingNos of rows whose attribute rows stay as they are: there are too many of them. */
  readonly attributesStay: readonly string[];
  /** Recordset with the rows asked for; has a column streaming_no. */
  readonly asked: Fragment;
  /** SET list over `t`, the main table, and `a`, the recordset. */
  readonly set: string;
  /** The States that `set` gives: attribute rows follow rows in one of these. */
  readonly leadsTo: readonly State[];
  /** The guard over `t` and `a`, besides the StreamingNo. */
  readonly guard: string;
  /** `AND …` over `t`: the rows that are ours. */
  readonly ours: Fragment;
}

/** Runs statements: the database, or a transaction on it. */
export interface Transactional extends Executor {
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
}

/** What the database's own catalog says of tables. Tables that are not there are left out. */
interface Catalog {
  /** Columns table_name, column_name, type; in table order. */
  columns(tables: readonly string[]): Fragment;
  /**
   * Columns table_name, index_name, column_name and index_where, which is NULL where the index has all rows; in index
   * order, without unusable indexes.
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
  /** Whether a StateDate can be the name of an attempt: it has that form, which infinity and the year 10000 have not. */
  isAttempt(column: string): string;
  /** A number from its text, as columns hold it. */
  numberOf(text: string): string;
  /** A number as text, without decimal places that are all zeros. */
  readonly numberText: (column: string) => string;
  /** ORDER BY list of a main table's index for the poll. */
  readonly pollOrder: string;
  /** ORDER BY list of the same index from its end. */
  readonly pollOrderReversed: string;
  /** ORDER BY list of a customer's rows, newest CreateDate first. */
  readonly customerOrder: string;
  /** ORDER BY list: the greatest number first. */
  numberDescending(column: string): string;
  /** The database's clock in whole seconds, as a date column holds it. */
  readonly now: string;
  /** Whether a row with this CreateDate is settled. */
  isSettled(column: string, settleMs: number): string;
  /**
   * The StateDate of a new attempt: later than the row's StateDate, unless that is more than a day ahead, and than
   * `a.after`, and not before now.
   */
  readonly newAttempt: string;
  /** Guard: the row's StateDate is the attempt's. */
  readonly sameAttempt: string;
  /** The later of now and a date; now where it is missing or more than a day ahead. */
  laterOfNowAnd(date: string): string;
  /** The second after `a.failed_until`. */
  readonly afterFailedUntil: string;
  /** Age in seconds of a date by the database's clock. */
  ageSeconds(column: string): string;
  /** A CreateDate from a bound text. */
  readonly date: string;
  /** The end of a second from a bound text: dates are compared in whole seconds, also those that have a fraction. */
  readonly secondAfter: string;
  /** StateDate as text with all that it has of a second. */
  readonly exactDate: string;
  /** The code that ErrContent starts with, as `codeOf` has it; NULL: none. */
  readonly code: string;
  /** A column is above a number. */
  numberAbove(column: string, number: string): Fragment;
  /** StreamingNo is below. */
  streamingNoIs(below: Below): Fragment;
  /** A text stands in a column, case as given. */
  contains(column: string): string;
  /** `column` is one of the numbers that a query returns. */
  numberInQuery(column: string, query: string): string;
  /** `column`, which is not NULL, is none of these numbers, of which there may be thousands. */
  numberNotIn(column: string, values: readonly string[]): Fragment;
  shardIn(column: string, count: number, shards: readonly number[]): Fragment;
  /**
   * Runs the updates and lets the attribute rows follow, atomically; returns the rows that are in a State they lead to
   * now, for a trigger of the database may have undone the change. It does not wait for
   * rows that somebody has locked: it fails with kind `locked`.
   */
  update(database: Transactional, updates: readonly GuardedUpdate[]): Promise<readonly RowKey[]>;
  /** Absent where no row can be locked: there is one writer. */
  readonly rowLocks?: RowLocks;
}

/** How rows are locked without waiting for those that somebody else has locked. */
export interface RowLocks {
  /** The update of rows that the transaction has locked already. */
  updateLocked(transaction: Executor, updates: readonly GuardedUpdate[]): Promise<readonly RowKey[]>;
  /** Ends a SELECT over `t`: locks what it returns, and leaves out what somebody else has locked. */
  readonly skipLocked: string;
  /** Who has locked these rows of a table, under alias `t`, where the server says so. */
  holders(table: string, wanted: Fragment): Fragment;
}
