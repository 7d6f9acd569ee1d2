import type { Knex } from 'knex';
import type { Client, QueryConfig } from 'pg';
import type { DatabaseOptions, OwnSchema } from '../options.js';
import {
  quietLog,
  type Columns,
  type ColumnType,
  type Dialect,
  type ErrorKinds,
  type Fragment,
  type Value,
} from './dialect.js';

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
  ['credentials', /^28(000|P01)/],
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
  config,
  errorCodes: sqlStates,
  errorMessages: messages,
  isSynchronous: false,
  hasPlanner: true,
  checksColumns: true,
  defaultIsolation: `SELECT reset_val AS level FROM pg_catalog.pg_settings WHERE name = 'default_transaction_isolation'`,
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

/**
 * The inner limits of getting a connection end first: the error of a connection that could not be made must reach the
 * call that waits for it, or the pool gives it to the next call.
 */
const marginMs = 100;

function config(options: DatabaseOptions): Knex.Config {
  const { connection, callTimeoutMs, serverTimeoutMs } = options;
  const given = typeof connection === 'string' ? { connectionString: connection } : connection;
  const settings: ConstructorParameters<typeof Client>[0] = {
    keepAlive: true,
    connectionTimeoutMillis: callTimeoutMs,
    statement_timeout: options.statementLimitMs === undefined ? serverTimeoutMs : 0,
    idle_in_transaction_session_timeout: serverTimeoutMs,
    application_name: options.applicationName,
    ...given,
  };
  return {
    client: 'pg',
    version: '12',
    connection: settings as Knex.StaticConnectionConfig,
    pool: {
      min: 0,
      max: options.maxConnections,
      createTimeoutMillis: callTimeoutMs + marginMs,
      afterCreate: prepared(options),
    },
    acquireConnectionTimeout: callTimeoutMs + 2 * marginMs,
    log: quietLog,
  };
}

/**
 * Claims, marks and leases are guarded updates whose counts are looked at: they need the rows as they are when their turn
 * has come. A role or a database may have another default, under which one of two workers would fail each time.
 */
const readCommitted = `SET default_transaction_isolation = 'read committed'`;

/** JIT is off with it: the planner's penalty for what is switched off would pass for the cost of a huge statement. */
const byIndexes = ['enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'jit'];

type AfterCreate = (connection: Client, done: (error: Error | null, connection: unknown) => void) => void;

/** Prepares a new session: the settings in one round trip, the schema in another. */
function prepared({ byKey, schema }: DatabaseOptions): AfterCreate {
  const settings = [readCommitted, ...(byKey === true ? byIndexes.map((name) => `SET ${name} = off`) : [])];
  const steps: QueryConfig[] = [
    ...(schema === undefined ? [] : [lookFirstIn(schema)]),
    { text: settings.join('; ') },
  ];
  return (connection, done) => {
    const next = (index: number): void => {
      const step = steps[index];
      if (step === undefined) {
        done(null, connection);
        return;
      }
      connection.query(step, (error: Error | null) => {
        if (error === null) next(index + 1);
        else done(error, connection);
      });
    };
    next(0);
  };
}

/**
 * The rest of the path, which a product's handlers and triggers rely on, stays behind the schema only where all of our
 * tables are in it: one that is missing must not be found in another schema, where it would be another store's.
 */
function lookFirstIn({ name, tables }: OwnSchema): QueryConfig {
  const text = `
    SELECT set_config('search_path', concat_ws(', ', quote_ident($1),
      CASE WHEN (SELECT count(*) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                 WHERE n.nspname = $1 AND c.relname = ANY($2::text[])) = cardinality($2::text[])
           THEN nullif(current_setting('search_path'), '') END), false)`;
  return { text, values: [name, [...new Set(tables)]] };
}
