import type { Knex } from 'knex';
import type { Client, QueryConfig, QueryResult } from 'pg';
import type { DatabaseOptions, OwnSchema } from '../options.js';
import { quietLog, type RefusedParameter } from './dialect.js';
import { PooledPgConnection } from './postgresql-pooled.js';

/*
 * New connections to PostgreSQL. The server's limits are startup parameters: they hold before the first statement and end
 * with the session. A connection pooler has no session to give: it refuses the parameters or ignores them, and what is SET
 * once stays behind in a session that the next transaction of any program may get. So the first statement of a connection
 * finds out, and changes the session only where it is ours:
 *
 * - the process that answers is the one that the handshake has named (a pooler names itself), and
 * - the limits came from the connection, and from nowhere else.
 *
 * Where one of the two does not hold, nothing is SET: each transaction begins with what it needs (postgresql-pooled.ts).
 */

/**
 * The inner limits of getting a connection end first: the error of a connection that could not be made must reach the
 * call that waits for it, or the pool gives it to the next call.
 */
const marginMs = 100;

/** The settings that are sent as startup parameters, where they are not 0. */
const limitNames = ['statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout'] as const;

/** A server's limits by name, in milliseconds. */
type Limits = Readonly<Record<string, string>>;

/** How Knex opens PostgreSQL; without startup limits once a pooler has refused them. */
export function pgConfig(options: DatabaseOptions, startupLimits: boolean): Knex.Config {
  const { connection, callTimeoutMs, serverTimeoutMs } = options;
  const given = typeof connection === 'string' ? { connectionString: connection } : connection;
  const settings: Record<string, unknown> = {
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
    connection: startupLimits ? settings : withoutLimits(settings),
    pool: {
      min: 0,
      max: options.maxConnections,
      createTimeoutMillis: callTimeoutMs + marginMs,
      afterCreate: prepared({ ...options, limits: limitsIn(withUrl(settings)), startupLimits }),
    },
    acquireConnectionTimeout: callTimeoutMs + 2 * marginMs,
    log: quietLog,
  };
}

/** How statements reach the server over a connection through a pooler; null for a session of our own. */
export function pooledPgConnection(connection: object): PooledPgConnection | null {
  return pooledConnections.get(connection as Client) ?? null;
}

/** What a pooler says that refuses a parameter of a connection. PgBouncer names the first one that it does not know. */
export function refusedPgParameter(error: unknown): RefusedParameter | null {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const [, within, name] = (code === '08P01' && refusal.exec(String(message))) || [];
  if (name === undefined) return null;
  const where = within === undefined ? `"${name}"` : `"options" (${name})`;
  return {
    isLimit: within === undefined && limitNames.some((each) => each === name),
    message:
      `the connection pooler refuses the startup parameter ${where}: take it out of the connection's settings (or of ` +
      `PGOPTIONS), or add it to ignore_startup_parameters in pgbouncer.ini, which makes it have no effect`,
  };
}

const refusal = /unsupported startup parameter( in options)?: (\w+)/;

const pooledConnections = new WeakMap<Client, PooledPgConnection>();

/** The limits that the driver would send. */
function limitsIn(settings: Readonly<Record<string, unknown>>): Limits {
  const sent = limitNames.flatMap((name) => {
    const milliseconds = Number.parseInt(String(settings[name]), 10);
    return Boolean(settings[name]) && milliseconds >= 0 ? [[name, String(milliseconds)]] : [];
  });
  return Object.fromEntries(sent) as Limits;
}

/** A URL's own parameters go before all others. */
function withUrl(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { connectionString } = settings;
  const query = typeof connectionString === 'string' ? /\?(.*)$/s.exec(connectionString)?.[1] : undefined;
  return { ...settings, ...Object.fromEntries(new URLSearchParams(query)) };
}

/** The same settings with no limit to send. */
function withoutLimits(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { connectionString } = settings;
  const limits = new RegExp(`(?<=[?&])(${limitNames.join('|')})=[^&]*`, 'g');
  return {
    ...settings,
    ...Object.fromEntries(limitNames.map((name) => [name, 0])),
    ...(typeof connectionString === 'string' && {
      connectionString: connectionString.replaceAll(limits, ''),
    }),
  };
}

/**
 * Claims, marks and leases are guarded updates whose counts are looked at: they need the rows as they are when their turn
 * has come. A role or a database may have another default, under which one of two workers would fail each time.
 */
const readCommitted = { default_transaction_isolation: 'read committed' };

/** JIT is off with it: the planner's penalty for what is switched off would pass for the cost of a huge statement. */
const byIndexes = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
};

interface Preparation extends DatabaseOptions {
  readonly limits: Limits;
  /** Whether the limits were sent as startup parameters. */
  readonly startupLimits: boolean;
}

type AfterCreate = (connection: Client, done: (error: Error | null, connection: unknown) => void) => void;

function prepared(preparation: Preparation): AfterCreate {
  return (connection, done) => {
    prepare(connection, preparation).then(
      () => {
        done(null, connection);
      },
      (error: unknown) => {
        done(error as Error, connection);
      },
    );
  };
}

/** One round trip, and another one where a schema is looked in first. */
async function prepare(connection: Client, { byKey, schema, ...preparation }: Preparation): Promise<void> {
  const planner = byKey === true ? byIndexes : {};
  const { limits, startupLimits } = preparation;
  const sent = startupLimits ? Object.keys(limits) : null;
  if (await takesOwnSession(connection, { ...readCommitted, ...planner }, sent)) {
    if (schema !== undefined) await connection.query(lookFirstIn(schema, 'set_config('));
    return;
  }
  const path = schema === undefined ? {} : { search_path: await pathWith(connection, schema) };
  // What another program has left in the session is none of a migration's limits.
  const unlimited = preparation.statementLimitMs === undefined ? {} : { statement_timeout: '0' };
  const settings = { ...unlimited, ...limits, ...planner, ...path };
  pooledConnections.set(connection, new PooledPgConnection(connection, settings));
}

/**
 * Changes the session's settings, provided that it is our own; returns whether it is.
 *
 * @param sent - the limits that came with the connection; null: a pooler has refused them
 */
async function takesOwnSession(
  connection: Client,
  settings: Readonly<Record<string, string>>,
  sent: readonly string[] | null,
): Promise<boolean> {
  const { processID } = connection as Client & { readonly processID?: number | null };
  const names = sent?.map((name) => `'${name}'`).join(', ') ?? '';
  const arrived =
    names === ''
      ? sent !== null
      : `NOT EXISTS (SELECT FROM pg_catalog.pg_settings WHERE name IN (${names}) AND source <> 'client')`;
  const changes = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', false)`);
  const { rows }: QueryResult = await connection.query(
    `SELECT ${changes.join(', ')} WHERE pg_backend_pid() = ${processID ?? 0} AND ${arrived}`,
  );
  return rows.length > 0;
}

async function pathWith(connection: Client, schema: OwnSchema): Promise<string> {
  const { rows }: QueryResult<{ path: string }> = await connection.query(lookFirstIn(schema, '('));
  return rows[0]?.path ?? '';
}

/**
 * The search path with a schema in front, to be set or to be read. The rest of the path, which a product's handlers and
 * triggers rely on, stays behind the schema only where all of our tables are in it: one that is missing must not be found
 * in another schema, where it would be another store's.
 */
function lookFirstIn({ name, tables }: OwnSchema, how: 'set_config(' | '('): QueryConfig {
  const [before, after] = how === '(' ? ['', ''] : [`'search_path', `, ', false'];
  const text = `
    SELECT ${how}${before}concat_ws(', ', quote_ident($1),
      CASE WHEN (SELECT count(*) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
                 WHERE n.nspname = $1 AND c.relname = ANY($2::text[])) = cardinality($2::text[])
           THEN nullif(current_setting('search_path'), '') END)${after}) AS path`;
  return { text, values: [name, [...new Set(tables)]] };
}
