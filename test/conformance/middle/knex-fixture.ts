import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Database } from '../../../src/database/database.js';
import type { DatabaseOptions } from '../../../src/database/options.js';
import { attributeTableOf, sources, tableOf, type RowKey } from '../../../src/domain/keys.js';
import { initMiddle } from '../../../src/middle/knex/init.js';
import { KnexFinishedRows } from '../../../src/middle/knex/finished-rows.js';
import { KnexMiddleDatabase } from '../../../src/middle/knex/middle-database.js';
import { knexBoundedQueries } from '../../../src/middle/knex/bounded-queries.js';
import type { BoundedQueries } from '../../../src/middle/admin-port.js';
import { pgMiddle } from '../../../src/middle/knex/postgresql.js';
import { sqliteFunctions, sqliteMiddle } from '../../../src/middle/knex/sqlite.js';
import type { KnexTables } from '../../../src/middle/knex/tables.js';
import { CountingDatabase } from '../../support/observed-database.js';
import { createDatabase, type TestDatabase } from '../../support/postgres.js';
import type { MiddleFixture, MiddleSettings } from '../middle.js';
import { changedColumns, mainColumns } from './columns.js';
import { plantRows, readRows } from './knex-rows.js';
import { sortedRows } from './rows.js';
import { scaled } from '../../support/time-factor.js';

type Connection = Pick<DatabaseOptions, 'client' | 'connection'>;

/** Where the two kinds of database stand, made for one fixture. */
interface Connections {
  readonly connection: Connection;
  readonly unreachable: Connection;
  readonly empty: Connection;
  /** Statements that take away the primary keys of the main tables. */
  readonly dropKeys: readonly string[];
  remove(): Promise<void>;
}

/** Limits that a test can wait for; a busy machine does not reach them. */
export const testOptions = {
  applicationName: 'bnet-sync conformance',
  maxConnections: 3,
  callTimeoutMs: scaled(10_000),
  serverTimeoutMs: scaled(8000),
  byKey: true,
  functions: sqliteFunctions,
} as const;

/** A fixture on a SQLite file: the one named, or one of its own. */
export async function sqliteMiddleFixture(filename?: string): Promise<MiddleFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-middle-'));
  const file = (name: string): Connection => ({
    client: 'better-sqlite3',
    connection: { filename: resolve(folder, name) },
  });
  return openFixture({
    connection: file(filename ?? 'middle.sqlite'),
    unreachable: file('no such folder/middle.sqlite'),
    empty: file('empty.sqlite'),
    dropKeys: sources.flatMap((source) => {
      const table = tableOf[source];
      return [
        `ALTER TABLE ${table} RENAME TO old`,
        `CREATE TABLE ${table} (${mainColumns(source)
          .map(([name]) => `${name} ${name === 'State' || name === 'AccType' ? 'INTEGER' : 'TEXT'}`)
          .join(', ')})`,
        'DROP TABLE old',
      ];
    }),
    remove: () => rm(folder, { recursive: true, force: true }),
  });
}

/** A fixture on a PostgreSQL database: the one given, which it drops at the end, or one of its own. */
export async function postgresMiddleFixture(given?: TestDatabase): Promise<MiddleFixture> {
  const [database, empty] = await Promise.all([given ?? createDatabase('middle'), createDatabase('empty')]);
  return openFixture({
    connection: pgConnection(database),
    unreachable: pgConnection({ connection: { ...database.connection, port: 1 } }),
    empty: pgConnection(empty),
    dropKeys: sources.flatMap((source) => [
      `ALTER TABLE ${tableOf[source]} DROP CONSTRAINT ${tableOf[source]}_pkey`,
      `ALTER TABLE ${tableOf[source]} ALTER COLUMN StreamingNo DROP NOT NULL`,
    ]),
    remove: async () => {
      await Promise.all([database.drop(), empty.drop()]);
    },
  });
}

/** The adapter over a database. */
export function adapterOver(database: Database, settings: MiddleSettings = {}): KnexMiddleDatabase {
  return new KnexMiddleDatabase(database, tablesOf(database, settings));
}

/** The search over a database. */
export function searchOver(database: Database, settings: MiddleSettings = {}): BoundedQueries {
  return knexBoundedQueries(database, tablesOf(database, settings));
}

function tablesOf(database: Database, settings: MiddleSettings): KnexTables {
  const { productIds = [], markAttributes = true, maxAttributes = 10_000 } = settings;
  const dialect = database.dialect.name === 'pg' ? pgMiddle : sqliteMiddle;
  return { dialect, schema: undefined, productIds, markAttributes, maxAttributes };
}

export function pgConnection({ connection }: { connection: TestDatabase['connection'] }): Connection {
  return { client: 'pg', connection: { ...connection } };
}

async function openFixture(connections: Connections): Promise<MiddleFixture> {
  const platform = new CountingDatabase({ ...testOptions, ...connections.connection });
  const tables = sources.flatMap((source) => [tableOf[source], attributeTableOf[source]]);
  const opened: CountingDatabase[] = [];
  const connect = (connection: Connection) => {
    const database = new CountingDatabase({ ...testOptions, ...connection });
    opened.push(database);
    return database;
  };
  const open = (connection: Connection, settings?: MiddleSettings) =>
    adapterOver(connect(connection), settings);
  const sent = () => opened.reduce((sum, { statements }) => sum + statements.length, 0);
  const run = (sql: string, bindings: readonly unknown[] = []) => platform.execute({ sql, bindings });
  const clear = async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    for (const table of tables) await run(`DELETE FROM ${table}`);
  };

  await initMiddle(platform);
  return {
    open: (settings) => open(connections.connection, settings),
    openSearch: (settings) => searchOver(connect(connections.connection), settings),
    finished: (settings = {}) => new KnexFinishedRows(platform, tablesOf(platform, settings)),
    openUnreachable: () => open(connections.unreachable),
    openWithoutTables: () => open(connections.empty),
    statementsDuring: async (work) => {
      const before = sent();
      await work();
      return sent() - before;
    },
    now: async () => {
      const now =
        platform.dialect.name === 'pg'
          ? `CAST(date_trunc('second', localtimestamp) AS TEXT)`
          : `datetime('now')`;
      return String((await run(`SELECT ${now} AS now`)).rows[0]!['now']);
    },
    plant: (rows) => plantRows(platform, rows),
    change: async (key, columns) => {
      const changed = changedColumns(key.source, columns);
      const assignments = changed.map(({ name }) => `${name} = ?`).join(', ');
      const values = changed.map(({ value }) => value);
      await run(`UPDATE ${tableOf[key.source]} SET ${assignments} WHERE StreamingNo = ?`, [
        ...values,
        key.streamingNo,
      ]);
    },
    remove: async (key: RowKey) => {
      await run(`DELETE FROM ${tableOf[key.source]} WHERE StreamingNo = ?`, [key.streamingNo]);
    },
    rows: async () =>
      sortedRows((await Promise.all(sources.map((source) => readRows(platform, source)))).flat()),
    dropKeys: async () => {
      for (const statement of connections.dropKeys) await run(statement);
    },
    dropPollIndexes: async () => {
      for (const table of ['cust', 'account']) await run(`DROP INDEX if_bnet_${table}_poll`);
    },
    clear,
    close: async () => {
      await clear();
      await platform.close();
      await connections.remove();
    },
  };
}
