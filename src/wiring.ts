import { existsSync } from 'node:fs';
import { ConfigError } from './config/config-error.js';
import { sqliteFilename } from './config/connection.js';
import type { Config } from './config/schema.js';
import { Database } from './database/database.js';
import { DatabaseError } from './database/errors.js';
import { initMiddle } from './middle/knex/init.js';
import { KnexMiddleDatabase } from './middle/knex/middle-database.js';
import { KnexMiddleOperations } from './middle/knex/middle-operations.js';
import { pgMiddle } from './middle/knex/pg.js';
import { sqliteFunctions, sqliteMiddle } from './middle/knex/sqlite.js';
import type { MiddleTables } from './middle/knex/tables.js';
import type { OracleDatabase } from './middle/oracle/database.js';
import type { OracleTables } from './middle/oracle/tables.js';
import type { MiddleDatabase, MiddleOperations } from './middle/port.js';

/*
 * From a configuration to open adapters. Nothing connects before the first call. A database must be there: a SQLite
 * file that is missing is a database that cannot be reached, not an empty one.
 */

/** How a process opens a database. */
export interface OpenOptions {
  /** How it names itself to the server. */
  readonly applicationName: string;
  /** Set by the worker, whose statements reach rows by key. Default: false. */
  readonly byKey?: boolean;
  /** SQLite: make the file when it is missing. Default: fail. */
  readonly createFile?: boolean;
}

/** The middle database, for the worker and for operators. */
export interface OpenMiddle {
  readonly database: MiddleDatabase;
  readonly operations: MiddleOperations;
  close(): Promise<void>;
}

const maxConnections = 5;

/** Opens the middle database. */
export async function openMiddle(config: Config, options: OpenOptions): Promise<OpenMiddle> {
  const { schema, markAttributes } = config.middle;
  const productIds = config.middle.productIds.map(canonicalNumber);
  if (config.middle.client === 'oracledb') {
    return openOracleMiddle(config, options, { schema, productIds, markAttributes });
  }
  const database = openMiddleDatabase(config, options);
  const dialect = database.dialect.name === 'pg' ? pgMiddle : sqliteMiddle;
  const tables: MiddleTables = { dialect, schema, productIds, markAttributes };
  return {
    database: new KnexMiddleDatabase(database, tables),
    operations: new KnexMiddleOperations(database, tables),
    close: () => database.close(),
  };
}

async function openOracleMiddle(
  config: Config,
  options: OpenOptions,
  tables: OracleTables,
): Promise<OpenMiddle> {
  const { openOracle } = await import('./middle/oracle/open.js');
  return openOracle(await openOracleDatabase(config, options), tables);
}

/** The driver is loaded only where it is needed. */
async function openOracleDatabase(config: Config, { applicationName }: OpenOptions): Promise<OracleDatabase> {
  const { openOracleDatabase: open, ThickModeError } = await import('./middle/oracle/open.js');
  const { connection, oracle: settings = {} } = config.middle;
  const { callTimeoutMs } = config.worker;
  const name = 'middle database';
  try {
    return open({ name, connection, settings, applicationName, maxConnections, callTimeoutMs });
  } catch (error) {
    if (!(error instanceof ThickModeError)) throw error;
    throw new ConfigError([{ path: 'middle.oracle.thick', message: error.message }]);
  }
}

/** Creates the four interface tables, for tests and trials; returns their names. */
export async function createMiddleTables(config: Config, options: OpenOptions): Promise<readonly string[]> {
  const { client, schema } = config.middle;
  if (client === 'oracledb') {
    const { initMiddleOnOracle } = await import('./middle/oracle/init.js');
    const database = await openOracleDatabase(config, options);
    return closing(database, () => initMiddleOnOracle(database, schema));
  }
  const database = openMiddleDatabase(config, { ...options, createFile: true });
  return closing(database, () => initMiddle(database, database.dialect.name, schema));
}

async function closing<T>(database: { close(): Promise<void> }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await database.close();
  }
}

/** Opens the middle database where Knex reaches it, for statements of one's own. */
export function openMiddleDatabase(config: Config, options: OpenOptions): Database {
  const { client, connection, schema } = config.middle;
  if (client === 'oracledb') {
    const message = 'must be pg or better-sqlite3 here: made-up rows are never written to an Oracle database';
    throw new ConfigError([{ path: 'middle.client', message }]);
  }
  if (client === 'better-sqlite3' && schema !== undefined) {
    throw new ConfigError([{ path: 'middle.schema', message: 'SQLite has no schemas: leave it out' }]);
  }
  const name = 'middle database';
  requireFile(config.middle, options, { name, maker: 'init-middle' });
  const { callTimeoutMs } = config.worker;
  return new Database({
    ...{ name, client, connection, maxConnections, callTimeoutMs },
    applicationName: options.applicationName,
    byKey: options.byKey ?? false,
    serverTimeoutMs: callTimeoutMs,
    functions: sqliteFunctions,
  });
}

/**
 * Opens the product store. The server ends long statements and idle transactions well within the lease time, so that
 * the locks of a worker that hangs do not outlive its lease; our own deadline is below the lease time as well.
 */
export function openStoreDatabase(config: Config, options: OpenOptions): Database {
  const { client, connection } = config.store;
  const { callTimeoutMs, leaseTtlMs } = config.worker;
  const name = 'product store';
  requireFile(config.store, options, { name, maker: 'migrate' });
  return new Database({
    ...{ name, client, connection, maxConnections },
    applicationName: options.applicationName,
    byKey: options.byKey ?? false,
    callTimeoutMs: Math.min(callTimeoutMs, Math.floor(0.8 * leaseTtlMs)),
    serverTimeoutMs: Math.min(callTimeoutMs, Math.floor(0.6 * leaseTtlMs)),
  });
}

/** Fails where a SQLite file is missing: the driver would make an empty one. */
function requireFile(
  end: Config['middle'] | Config['store'],
  options: OpenOptions,
  { name, maker }: { readonly name: string; readonly maker: string },
): void {
  if (end.client !== 'better-sqlite3' || options.createFile === true) return;
  const filename = sqliteFilename(end.connection);
  if (filename === undefined || existsSync(filename)) return;
  const error = new DatabaseError(
    'unreachable',
    `there is no file ${filename}; "bnet-sync ${maker}" makes it`,
  );
  error.database = name;
  throw error;
}

/** A number of the configuration as databases write it: without leading zeros. */
function canonicalNumber(digits: string): string {
  return BigInt(digits).toString();
}
