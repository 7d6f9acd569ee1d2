import type { Columns, ColumnType, Dialect, ErrorKinds, Fragment, Value } from './dialect.js';
import { pgConfig, pooledPgConnection, refusedPgParameter } from './postgresql-session.js';

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

/** SQLSTATEs. Two characters are a class. */
const sqlStates: ErrorKinds = [
  // PgBouncer says so before 1.21.
  ['credentials', /^(28(000|P01)|08P01: (SASL|password) authentication failed)/],
  ['conflict', /^40(001|P01)/],
  ['locked', /^55P03/],
  ['timeout', /^(57014|25P03)/],
  ['unreachable', /^(3D000|53300|57P03)/],
  ['connectionLost', /^(08|57P01|57P02)/],
  ['unavailable', /^(25006|53|57|58|XX)/],
  // A security policy refuses a row with the code of a missing privilege.
  ['constraint', /^(23|42501: .*row-level security)/s],
  // 55000: the table is published and has no key: whoever owns it must give it one, or REPLICA IDENTITY FULL.
  ['schema', /^(3F|42|55000)/],
  ['data', /^22/],
];

const messages: ErrorKinds = [
  ['connectionLost', /connection (terminated|ended)|encountered a connection error|not queryable/i],
  ['timeout', /timeout expired|query read timeout/i],
  ['credentials', /password must be a string|no password supplied/i],
  ['other', /^[0-9A-Z]{5}: /],
];

/** PostgreSQL. */
export const pgDialect: Dialect = {
  name: 'pg',
  kind: 'postgresql',
  config: pgConfig,
  refusedParameter: refusedPgParameter,
  pooled: pooledPgConnection,
  errorCodes: sqlStates,
  errorMessages: messages,
  isSynchronous: false,
  hasPlanner: true,
  checksColumns: true,
  defaultIsolation: `SELECT reset_val AS level FROM pg_catalog.pg_settings WHERE name = 'default_transaction_isolation'`,
  pooledSession: `SELECT session_user AS role, setting AS idle_limit, reset_val AS role_idle_limit
    FROM pg_catalog.pg_settings WHERE name = 'idle_in_transaction_session_timeout'`,
  number: '?::numeric',
  numberIn: (column, numbers) => ({
    sql: `${column} = ANY(?::numeric[])`,
    bindings: [arrayLiteral(numbers, (number) => number)],
  }),
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
