import { existsSync } from 'node:fs';
import { ConfigError } from '../config/config-error.js';
import { sqliteFilename } from '../config/connection.js';
import { postgresHosts } from '../config/postgres-hosts.js';
import type { Config } from '../config/schema.js';
import { Database } from '../database/database.js';
import { DatabaseError } from '../database/errors.js';
import type { DatabaseOptions } from '../database/options.js';
import type { PoolUse } from '../database/pool-use.js';
import { initMiddle } from '../middle/knex/init.js';
import { knexClients } from '../domain/clients.js';
import { leaseShares } from '../domain/lease-shares.js';
import { openKnex } from '../middle/knex/open.js';
import { sqliteFunctions } from '../middle/knex/sqlite.js';
import type { OracleDatabase } from '../middle/oracle/database.js';
import type { OpenMiddle } from '../middle/open-middle.js';
import type { MiddleTables } from '../middle/tables.js';
import type { Databases } from '../operator/databases.js';
import type { StoreAdmin } from '../store/admin-port.js';
import { storeTables } from '../store/knex/migrations.js';
import { KnexStoreAdmin } from '../store/knex/store-admin.js';
import { requireDriver } from './require-driver.js';

/*
 * From a configuration to open adapters. Nothing connects before the first call. A database must be there: a SQLite
 * file that is missing is a database that cannot be reached, not an empty one.
 */

/** How a process opens a database. */
export interface OpenOptions {
  /** How it names itself to the server. */
  readonly applicationName: string;
  /** Set by the worker and by `verify`, whose statements reach rows by key. Default: false, but for the search. */
  readonly byKey?: boolean;
  /** SQLite: take turns with the other databases of this process that do. Default: false. */
  readonly takesTurns?: boolean;
  /** SQLite: make the file when it is missing. Default: fail. */
  readonly createFile?: boolean;
  /** The most connections to each database. Default: 5. */
  readonly maxConnections?: number;
  /** Ends calls earlier than `worker.callTimeoutMs`. Default: not. */
  readonly callLimitMs?: number;
  /** Product store: statements may take as long as tables of any size need. Set to migrate. Default: false. */
  readonly migrates?: boolean;
}

/** The product store, for operators. */
export interface OpenStore {
  readonly admin: StoreAdmin;
  ping(): Promise<void>;
  pool(): PoolUse;
  close(): Promise<void>;
}

/** Both databases, for operators. */
export interface OpenDatabases {
  readonly middle: OpenMiddle;
  readonly store: OpenStore;
  /** Both as the operator service takes them. */
  readonly admin: Databases;
  pools(): { readonly middle: PoolUse; readonly store: PoolUse };
  close(): Promise<void>;
}

const defaultConnections = 5;

function limitsOf(config: Config, options: OpenOptions): { maxConnections: number; callTimeoutMs: number } {
  const { maxConnections = defaultConnections, callLimitMs = Infinity } = options;
  return { maxConnections, callTimeoutMs: Math.min(config.worker.callTimeoutMs, callLimitMs) };
}

/** Opens the middle database. */
export async function openMiddle(config: Config, options: OpenOptions): Promise<OpenMiddle> {
  const { schema, markAttributes } = config.middle;
  const { maxAttributes } = config.worker;
  const productIds = config.middle.productIds.map(canonicalNumber);
  const tables: MiddleTables = { schema, productIds, markAttributes, maxAttributes };
  if (config.middle.client === 'oracledb') {
    return openOracleMiddle(config, options, tables);
  }
  const database = openMiddleDatabase(config, options);
  // A search goes by indexes, whatever the planner thinks, and operators' other statements do not: sessions of its own.
  const byIndex = database.dialect.hasPlanner && options.byKey !== true;
  const searched = byIndex ? openMiddleDatabase(config, { ...options, byKey: true }) : database;
  return openKnex(database, searched, tables);
}

/** Opens the product store for operators. */
export function openStore(config: Config, options: OpenOptions): OpenStore {
  const database = openStoreDatabase(config, options);
  return {
    admin: new KnexStoreAdmin(database),
    ping: () => database.ping(),
    pool: () => database.pool(),
    close: () => database.close(),
  };
}

/** Opens both databases for operators: the product store at its first use, so that what needs none of it does without. */
export async function openDatabases(config: Config, options: OpenOptions): Promise<OpenDatabases> {
  const middle = await openMiddle(config, options);
  let opened: OpenStore | null = null;
  const store = (): OpenStore => (opened ??= openStore(config, options));
  return {
    middle,
    get store() {
      return store();
    },
    admin: {
      middle: middle.admin,
      get store() {
        return store().admin;
      },
    },
    pools: () => ({ middle: middle.pool(), store: store().pool() }),
    close: async () => {
      await Promise.all([middle.close(), opened?.close()]);
    },
  };
}

async function openOracleMiddle(
  config: Config,
  options: OpenOptions,
  tables: MiddleTables,
): Promise<OpenMiddle> {
  requireDriver('oracledb', 'middle.client');
  const { openOracle } = await import('../middle/oracle/open.js');
  return openOracle(await openOracleDatabase(config, options), tables);
}

/** The driver is loaded only where it is needed. */
async function openOracleDatabase(config: Config, options: OpenOptions): Promise<OracleDatabase> {
  const { openOracleDatabase: open, ThickModeError } = await import('../middle/oracle/open.js');
  const { connection, oracle: settings = {} } = config.middle;
  const { applicationName } = options;
  const name = 'middle database';
  try {
    return open({ name, connection, settings, applicationName, ...limitsOf(config, options) });
  } catch (error) {
    if (!(error instanceof ThickModeError)) throw error;
    throw new ConfigError([{ path: 'middle.oracle.thick', message: error.message }]);
  }
}

/** Creates the four interface tables, for tests and trials; returns their names. */
export async function createMiddleTables(config: Config, options: OpenOptions): Promise<readonly string[]> {
  const { client, schema } = config.middle;
  if (client === 'oracledb') {
    requireDriver(client, 'middle.client');
    const { initMiddle: initOracle } = await import('../middle/oracle/init.js');
    const database = await openOracleDatabase(config, options);
    return closing(database, () => initOracle(database, schema));
  }
  const database = openMiddleDatabase(config, { ...options, createFile: true });
  return closing(database, () => initMiddle(database, schema));
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
    const message = `must be ${knexClients.join(' or ')} here: made-up rows are never written to an Oracle database`;
    throw new ConfigError([{ path: 'middle.client', message }]);
  }
  refuseSchema('middle', client, schema);
  requireDriver(client, 'middle.client');
  const name = 'middle database';
  requireFile(config.middle, options, { name, maker: 'init-middle' });
  const { maxConnections, callTimeoutMs } = limitsOf(config, options);
  return new Database({
    ...{ name, client, connection, maxConnections, callTimeoutMs, ...hostsIn(config.middle) },
    applicationName: options.applicationName,
    byKey: options.byKey ?? false,
    takesTurns: options.takesTurns ?? false,
    serverTimeoutMs: callTimeoutMs,
    functions: sqliteFunctions,
  });
}

/**
 * Opens the product store. The server ends long statements and idle transactions well within the lease time, so that
 * the locks of a worker that hangs do not outlive its lease; our own deadline is below the lease time as well.
 */
export function openStoreDatabase(config: Config, options: OpenOptions): Database {
  const { client, connection, schema } = config.store;
  const { leaseTtlMs } = config.worker;
  const { maxConnections, callTimeoutMs } = limitsOf(config, options);
  refuseSchema('store', client, schema);
  requireDriver(client, 'store.client');
  // Migrating needs no lease, and nothing waits for it.
  const underLease = (part: number) =>
    options.migrates === true ? callTimeoutMs : Math.min(callTimeoutMs, Math.floor(part * leaseTtlMs));
  const name = 'product store';
  requireFile(config.store, options, { name, maker: 'migrate' });
  return new Database({
    ...{ name, client, connection, maxConnections, ...hostsIn(config.store) },
    applicationName: options.applicationName,
    byKey: options.byKey ?? false,
    takesTurns: options.takesTurns ?? false,
    callTimeoutMs: underLease(leaseShares.call),
    serverTimeoutMs: underLease(leaseShares.server),
    ...(schema === undefined ? {} : { schema: { name: schema, tables: storeTables } }),
    ...(options.migrates === true ? { statementLimitMs: longestMigrationMs } : {}),
  });
}

function hostsIn({ client, connection }: Config['middle'] | Config['store']): Pick<DatabaseOptions, 'hosts'> {
  const hosts = client === 'pg' ? postgresHosts(connection) : undefined;
  return hosts === undefined ? {} : { hosts };
}

const longestMigrationMs = 24 * 3600 * 1000;

function refuseSchema(end: 'middle' | 'store', client: string, schema: string | undefined): void {
  if (client !== 'better-sqlite3' || schema === undefined) return;
  throw new ConfigError([{ path: `${end}.schema`, message: 'SQLite has no schemas: leave it out' }]);
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
