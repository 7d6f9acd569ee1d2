import type { Knex } from 'knex';
import type { Client, QueryConfig } from 'pg';

/** How to open a database. */
export interface DatabaseOptions {
  /** What people call this database, for errors: `middle database`. */
  readonly name?: string;
  readonly client: 'pg' | 'better-sqlite3';
  /** What the driver takes: a string, or an object (`filename` for SQLite). */
  readonly connection: string | Readonly<Record<string, unknown>>;
  /** How the connection names itself to the server (application_name). */
  readonly applicationName: string;
  /** The most connections held at once; SQLite always has one. */
  readonly maxConnections: number;
  /** Deadline of each call. */
  readonly callTimeoutMs: number;
  /** After how long the server itself ends a long statement or an idle transaction, so that a hung client frees its locks. */
  readonly serverTimeoutMs: number;
  /** How long a statement may take where that is longer than a call: for migrations. The server sets no limit of its own then. */
  readonly statementLimitMs?: number;
  /**
   * PostgreSQL: statements reach a few hundred rows by key in tables of any size, so the planner is told to go by the
   * indexes. Left to itself it reads whole tables, whose size it does not know after a bulk load. Default: false.
   */
  readonly byKey?: boolean;
  /** SQLite: wait for the other databases of this process that do, on the same file. Default: false. */
  readonly takesTurns?: boolean;
  /** PostgreSQL: where unqualified names are looked up first. Default: as the role and the connection say. */
  readonly schema?: OwnSchema;
  /** SQLite: deterministic functions that statements may use. */
  readonly functions?: Readonly<Record<string, SqlFunction>>;
}

/** A schema that is named, with the tables that are ours there. */
interface OwnSchema {
  readonly name: string;
  readonly tables: readonly string[];
}

/** A function that SQLite calls. */
export type SqlFunction = (...values: (string | number | null)[]) => string | number | null;

const quietLog = {
  warn: () => undefined,
  error: () => undefined,
  deprecate: () => undefined,
  debug: () => undefined,
};

/**
 * The inner limits of getting a connection end first: the error of a connection that could not be made must reach the
 * call that waits for it, or the pool gives it to the next call.
 */
const marginMs = 100;

/** The configuration of Knex. */
export function knexConfig(options: DatabaseOptions): Knex.Config {
  return options.client === 'pg' ? pgConfig(options) : sqliteConfig(options);
}

function pgConfig(options: DatabaseOptions): Knex.Config {
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

function sqliteConfig(options: DatabaseOptions): Knex.Config {
  const { connection } = options;
  const settings = typeof connection === 'string' ? { filename: connection } : connection;
  return {
    client: 'better-sqlite3',
    connection: settings,
    useNullAsDefault: true,
    pool: {
      min: 0,
      max: 1,
      afterCreate: (
        connection: SqliteConnection,
        done: (error: Error | null, connection: unknown) => void,
      ) => {
        try {
          prepareSqlite(connection, options);
          done(null, connection);
        } catch (error) {
          done(error as Error, connection);
        }
      },
    },
    acquireConnectionTimeout: options.callTimeoutMs,
    log: quietLog,
  };
}

interface SqliteConnection {
  pragma(text: string): unknown;
  function(name: string, options: { deterministic: boolean }, implementation: SqlFunction): unknown;
}

const sqliteBusyTimeoutMs = 2000;

function prepareSqlite(connection: SqliteConnection, options: DatabaseOptions): void {
  connection.pragma(`busy_timeout = ${sqliteBusyTimeoutMs}`);
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  for (const [name, implementation] of Object.entries(options.functions ?? {})) {
    connection.function(name, { deterministic: true }, implementation);
  }
}
