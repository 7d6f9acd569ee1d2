import type { Executor, Transaction } from '../../database/database.js';
import { arrayLiteral, type Columns, type Fragment, type Value } from '../../database/dialect.js';
import type { RowKey, Source } from '../../domain/keys.js';
import type { State } from '../../domain/states.js';

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

/** The differences. */
export interface MiddleDialect {
  recordset(columns: Columns, rows: readonly (readonly Value[])[], alias: string): Fragment;
  /** A date column as `YYYY-MM-DD HH:MM:SS`. */
  dateText(column: string): string;
  /** Whether a StateDate can be the name of an attempt: it has that form, which infinity and the year 10000 have not. */
  isAttempt(column: string): string;
  /** A number from its text, as columns hold it. */
  numberOf(text: string): string;
  /** A number as text, without decimal places that are all zeros. */
  numberText(column: string): string;
  /** ORDER BY list of a main table's index for the poll. */
  readonly pollOrder: string;
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
  /** `column` is one of these numbers. */
  numberIn(column: string, values: readonly string[]): Fragment;
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

/** A number as text on PostgreSQL: columns may have decimal places, and 1.00 is the integer 1. */
export function integerText(column: string): string {
  return `CAST(trim_scale(${column}) AS TEXT)`;
}

/** How long a statement waits before it is told that a row is locked. */
const lockPatienceMs = 50;

/** Runs guarded updates of main tables and of their attribute rows, one after another in one transaction. */
export async function updateInSteps(
  database: Transactional,
  updates: readonly GuardedUpdate[],
): Promise<readonly RowKey[]> {
  return database.transaction(async (transaction) => {
    const changed: RowKey[] = [];
    for (const update of updates) {
      const { rows } = await transaction.execute({
        sql: `${mainUpdate(update)} RETURNING CAST(StreamingNo AS TEXT) AS streaming_no`,
        bindings: [...update.asked.bindings, ...update.ours.bindings],
      });
      const streamingNos = rows.map((row) => String(row['streaming_no']));
      changed.push(...streamingNos.map((streamingNo) => ({ source: update.source, streamingNo })));
      const followed = streamingNos.filter((streamingNo) => !update.attributesStay.includes(streamingNo));
      if (update.attributeTable === null || followed.length === 0) continue;
      await transaction.execute({
        sql: `UPDATE ${update.attributeTable} AS x SET State = m.State, StateDate = m.StateDate FROM ${update.table} AS m
              WHERE x.StreamingNo = m.StreamingNo AND +m.State IN (${update.leadsTo.join(', ')})
                AND m.StreamingNo IN (SELECT value FROM json_each(?))`,
        bindings: [JSON.stringify(followed)],
      });
    }
    return changed;
  });
}

/** Runs guarded updates and those of their attribute rows as one statement, which does not wait for locks. */
export async function updateAtOnce(
  database: Executor,
  updates: readonly GuardedUpdate[],
): Promise<readonly RowKey[]> {
  return runAtOnce(
    database,
    updates,
    `(SELECT set_config('lock_timeout', '${lockPatienceMs}ms', true)) IS NOT NULL AND `,
  );
}

/** The same for rows that the transaction has locked. */
export async function updateLockedAtOnce(
  database: Executor,
  updates: readonly GuardedUpdate[],
): Promise<readonly RowKey[]> {
  return runAtOnce(database, updates, '');
}

async function runAtOnce(
  database: Executor,
  updates: readonly GuardedUpdate[],
  condition: string,
): Promise<readonly RowKey[]> {
  const parts = updates.map((update, index) => updateParts(update, `${index}`, condition));
  const changed = updates.map(
    ({ source, leadsTo }, index) =>
      `SELECT '${source}' AS source, ${integerText('StreamingNo')} AS streaming_no FROM main${index}
       WHERE State IN (${leadsTo.join(', ')})`,
  );
  const { rows } = await database.execute({
    sql: `WITH ${parts.map(({ sql }) => sql).join(', ')} ${changed.join(' UNION ALL ')}`,
    bindings: parts.flatMap(({ bindings }) => bindings),
  });
  return rows.map((row) => ({
    source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT',
    streamingNo: String(row['streaming_no']),
  }));
}

/** The update of a main table, `main…`, and that of its attribute rows, as parts of one statement. */
function updateParts(update: GuardedUpdate, name: string, condition: string): Fragment {
  const main = `main${name} AS (${mainUpdate(update, condition)} RETURNING t.StreamingNo, t.State, t.StateDate)`;
  const bindings = [...update.asked.bindings, ...update.ours.bindings];
  if (update.attributeTable === null) return { sql: main, bindings };
  const stay = update.attributesStay;
  const follows = stay.length === 0 ? '' : ' AND NOT x.StreamingNo = ANY(?::numeric[])';
  return {
    sql: `${main}, attributes${name} AS (
            UPDATE ${update.attributeTable} AS x SET State = m.State, StateDate = m.StateDate
            FROM main${name} AS m
            WHERE x.StreamingNo = m.StreamingNo AND m.State IN (${update.leadsTo.join(', ')})${follows})`,
    bindings: stay.length === 0 ? bindings : [...bindings, arrayLiteral(stay, (value) => value)],
  };
}

/**
 * Rows are found by StreamingNo: the CASE, and the + above, keep planners from walking all rows in that State by the
 * poll's index, or from taking rows in it for so few that they are compared with each row asked for.
 */
function mainUpdate(update: GuardedUpdate, condition = ''): string {
  return `UPDATE ${update.table} AS t SET ${update.set} FROM ${update.asked.sql} WHERE ${condition}${isAsked(update)}`;
}

/** The rows that were asked for and satisfy the guard, as a condition over `t` and `a`. */
export function isAsked({ guard, ours }: GuardedUpdate): string {
  return `t.StreamingNo = a.streaming_no AND CASE WHEN ${guard} THEN TRUE ELSE FALSE END${ours.sql}`;
}
