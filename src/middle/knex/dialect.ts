import type { Executor, Transaction } from '../../database/database.js';
import type { Columns, Fragment, Value } from '../../database/dialect.js';
import type { State } from '../../domain/states.js';

/*
 * What PostgreSQL and SQLite write differently in the middle database. The trial tables differ too: PostgreSQL has
 * numeric and timestamp columns, SQLite keeps 30-digit numbers and dates as TEXT (sql/postgresql, sql/sqlite).
 */

/** A guarded update of a main table, to be followed by its attribute rows. */
export interface GuardedUpdate {
  readonly table: string;
  /** Null: attribute rows are left alone (`middle.markAttributes: false`). */
  readonly attributeTable: string | null;
  /** Recordset with the rows asked for; has a column streaming_no. */
  readonly asked: Fragment;
  /** SET list over `t`, the main table, and `a`, the recordset. */
  readonly set: string;
  /** The States that `set` gives: attribute rows follow rows in one of these. */
  readonly leadsTo: readonly State[];
  /** The guard: the State that a row must be in. */
  readonly expects: State;
  /** What else must hold, `AND …` over `t` and `a`; the join by StreamingNo is added. */
  readonly guard: Fragment;
}

/** Runs statements: the database, or a transaction on it. */
export interface Transactional extends Executor {
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
}

/** The differences. */
export interface MiddleDialect {
  recordset(columns: Columns, rows: readonly (readonly Value[])[], alias: string): Fragment;
  /** A date column as `YYYY-MM-DD HH:MM:SS`. */
  dateText(column: string): string;
  /** ORDER BY list of a main table's index for the poll. */
  readonly pollOrder: string;
  /** The database's clock in whole seconds, as a date column holds it. */
  readonly now: string;
  /** Rows created at or before this are settled. */
  settledUntil(settleMs: number): string;
  /** The StateDate of a new attempt: later than now, the row's StateDate and the newest attempt known. */
  readonly newAttempt: string;
  /** Guard: the row's StateDate is the attempt's. */
  readonly sameAttempt: string;
  /** The later of now and a date, now where it is missing. */
  laterOfNowAnd(date: string): string;
  /** Age in seconds of a date by the database's clock. */
  ageSeconds(column: string): string;
  /** `column` is one of these numbers. */
  numberIn(column: string, values: readonly string[]): Fragment;
  /** `column`, which is not NULL, is none of these numbers, of which there may be thousands. */
  numberNotIn(column: string, values: readonly string[]): Fragment;
  shardIn(column: string, count: number, shards: readonly number[]): Fragment;
  /** Runs the update and lets the attribute rows follow, atomically; returns the StreamingNos it changed. */
  update(database: Transactional, update: GuardedUpdate): Promise<readonly string[]>;
}

/** Runs a guarded update as two statements in one transaction. */
export async function updateInTwoStatements(
  database: Transactional,
  update: GuardedUpdate,
): Promise<readonly string[]> {
  return database.transaction(async (transaction) => {
    const { rows } = await transaction.execute({
      sql: `${mainUpdate(update)} RETURNING CAST(StreamingNo AS TEXT) AS streaming_no`,
      bindings: [...update.asked.bindings, ...update.guard.bindings],
    });
    const changed = rows.map((row) => String(row['streaming_no']));
    if (update.attributeTable !== null && changed.length > 0) {
      await transaction.execute({
        sql: `UPDATE ${update.attributeTable} AS x SET State = m.State, StateDate = m.StateDate FROM ${update.table} AS m
              WHERE x.StreamingNo = m.StreamingNo AND +m.State IN (${update.leadsTo.join(', ')})
                AND m.StreamingNo IN (SELECT value FROM json_each(?))`,
        bindings: [JSON.stringify(changed)],
      });
    }
    return changed;
  });
}

/** Runs a guarded update and its attribute rows as one statement. */
export async function updateInOneStatement(
  database: Transactional,
  update: GuardedUpdate,
): Promise<readonly string[]> {
  const follow =
    update.attributeTable === null
      ? ''
      : `, attributes AS (
           UPDATE ${update.attributeTable} AS x SET State = m.State, StateDate = m.StateDate
           FROM main AS m WHERE x.StreamingNo = m.StreamingNo)`;
  const { rows } = await database.execute({
    sql: `WITH main AS (${mainUpdate(update)} RETURNING t.StreamingNo, t.State, t.StateDate)${follow}
          SELECT CAST(StreamingNo AS TEXT) AS streaming_no FROM main`,
    bindings: [...update.asked.bindings, ...update.guard.bindings],
  });
  return rows.map((row) => String(row['streaming_no']));
}

/**
 * Rows are found by StreamingNo: the CASE, and the + above, keep planners from walking all rows in that State by the
 * poll's index, or from taking rows in it for so few that they are compared with each row asked for.
 */
function mainUpdate(update: GuardedUpdate): string {
  return `UPDATE ${update.table} AS t SET ${update.set} FROM ${update.asked.sql}
          WHERE t.StreamingNo = a.streaming_no AND CASE WHEN t.State = ${update.expects} THEN TRUE ELSE FALSE END${update.guard.sql}`;
}
