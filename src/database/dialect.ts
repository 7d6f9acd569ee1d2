/*
 * The seam between PostgreSQL and SQLite. Both speak the same INSERT … SELECT … ON CONFLICT, UPDATE … FROM and
 * RETURNING, so that one text of a statement serves both; what differs is gathered here.
 */

/** A piece of SQL with the values of its `?` placeholders. */
export interface Fragment {
  readonly sql: string;
  readonly bindings: readonly unknown[];
}

/** Types of a recordset's columns. `number` is a number of up to 30 digits, bound as text. */
export type ColumnType = 'number' | 'text' | 'integer' | 'instant' | 'date';

/** Column names with their types, in order. */
export type Columns = Readonly<Record<string, ColumnType>>;

/** A value that can be bound. */
export type Value = string | number | null;

/** What PostgreSQL and SQLite write differently. */
export interface Dialect {
  readonly name: 'pg' | 'better-sqlite3';
  /** Rows sent as one parameter per column (or one in all), to be used like a table. */
  recordset(columns: Columns, rows: readonly (readonly Value[])[], alias: string): Fragment;
  /** An instant of the product store as ISO 8601 text, UTC. */
  readonly instantText: (expression: string) => string;
  /** The server's clock as an instant, the same within one transaction or later. */
  readonly now: string;
  /** The server's clock, so many milliseconds from now, as an instant. */
  readonly nowPlus: (milliseconds: number) => string;
  /** The server's clock, as many milliseconds from now as an expression says, as an instant. */
  readonly later: (milliseconds: string) => string;
  /** Start of the span of so many minutes that an instant falls into, counted from 1970, as an instant. */
  readonly spanStart: (instant: string, minutes: number) => string;
  /** What sends two statements that change rows and return none, in as few round trips as the database allows. */
  readonly together: (first: Fragment, second: Fragment) => readonly Fragment[];
  /** An expression after whose evaluation the transaction waits so long for a lock and no longer; where there are locks. */
  waitForLocks(milliseconds: number): string;
  /** Locks the rows of `alias` that a SELECT returns; empty where there is one writer anyway. */
  lockRows(alias: string, options?: { skipLocked: true }): string;
}

const pgTypes: Readonly<Record<ColumnType, string>> = {
  number: 'numeric',
  text: 'text',
  integer: 'bigint',
  instant: 'timestamptz',
  date: 'timestamp',
};

const iso8601 = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

/** The values of many rows as PostgreSQL writes an array, in one text: the driver would look at each value again. */
export function arrayLiteral<T>(rows: readonly T[], valueOf: (row: T) => Value | undefined): string {
  let text = '';
  for (const row of rows) {
    const value = valueOf(row) ?? null;
    text += value === null ? ',NULL' : `,${typeof value === 'number' ? String(value) : quotedElement(value)}`;
  }
  return `{${text.slice(1)}}`;
}

function quotedElement(value: string): string {
  return `"${/["\\]/.test(value) ? value.replaceAll(/["\\]/g, '\\$&') : value}"`;
}

/**
 * Columns that hold one value in all rows, such as a page's product or attempt, are sent once. OFFSET 0 hides that from
 * the planner: it would take a condition on such a value for the better way into a table than the join by its key.
 */
function pgRecordset(columns: Columns, rows: readonly (readonly Value[])[], alias: string): Fragment {
  const first = rows[0] ?? [];
  const all = Object.entries(columns).map(([name, type], index) => ({ name, type: pgTypes[type], index }));
  const varied = all.filter(({ index }) => index === 0 || rows.some((row) => row[index] !== first[index]));
  const arrays = varied.map(({ index }) => arrayLiteral(rows, (row) => row[index]));
  const unnest = `unnest(${varied.map(({ type }) => `?::${type}[]`).join(', ')})`;
  const names = varied.map(({ name }) => name).join(', ');
  if (varied.length === all.length) return { sql: `${unnest} AS ${alias}(${names})`, bindings: arrays };
  const constant = all.filter((column) => !varied.includes(column));
  const constants = constant.map(({ name, type }) => `?::${type} AS ${name}`).join(', ');
  return {
    sql: `(SELECT ${names}, ${constants} FROM ${unnest} AS ${alias}(${names}) OFFSET 0) AS ${alias}`,
    bindings: [...constant.map(({ index }) => first[index] ?? null), ...arrays],
  };
}

/** PostgreSQL. */
export const pgDialect: Dialect = {
  name: 'pg',
  recordset: pgRecordset,
  instantText: (expression) => `to_char(${expression} AT TIME ZONE 'UTC', ${iso8601})`,
  now: 'clock_timestamp()',
  nowPlus: (milliseconds) => `clock_timestamp() + interval '${milliseconds} milliseconds'`,
  later: (milliseconds) => `clock_timestamp() + ${milliseconds} * interval '1 millisecond'`,
  spanStart: (instant, minutes) =>
    `to_timestamp(floor(extract(epoch FROM ${instant}) / ${minutes * 60}) * ${minutes * 60})`,
  together: (first, second) => [
    { sql: `WITH first AS (${first.sql}) ${second.sql}`, bindings: [...first.bindings, ...second.bindings] },
  ],
  waitForLocks: (milliseconds) => `set_config('lock_timeout', '${milliseconds}ms', true)`,
  lockRows: (alias, options) => `FOR UPDATE OF ${alias}${options?.skipLocked === true ? ' SKIP LOCKED' : ''}`,
};

/** SQLite, with 30-digit numbers as TEXT and instants as ISO 8601 text. */
export const sqliteDialect: Dialect = {
  name: 'better-sqlite3',
  recordset(columns, rows, alias) {
    const picked = Object.keys(columns).map((name, index) => `value->>${index} AS ${name}`);
    return {
      sql: `(SELECT ${picked.join(', ')} FROM json_each(?)) AS ${alias}`,
      bindings: [JSON.stringify(rows)],
    };
  },
  instantText: (expression) => expression,
  now: `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`,
  nowPlus: (milliseconds) => `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '${milliseconds / 1000} seconds')`,
  later: (milliseconds) => `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', (${milliseconds} / 1000.0) || ' seconds')`,
  spanStart: (instant, minutes) =>
    `strftime('%Y-%m-%dT%H:%M:%fZ', unixepoch(${instant}) / ${minutes * 60} * ${minutes * 60}, 'unixepoch')`,
  together: (first, second) => [first, second],
  waitForLocks: () => 'NULL',
  lockRows: () => '',
};
