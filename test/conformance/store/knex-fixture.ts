import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Database } from '../../../src/database/database.js';
import type { DatabaseOptions } from '../../../src/database/options.js';
import type { ProductStore } from '../../../src/store/port.js';
import { KnexGuardRecords } from '../../../src/store/knex/guard.js';
import { KnexProductStore } from '../../../src/store/knex/product-store.js';
import { KnexStoreAdmin } from '../../../src/store/knex/store-admin.js';
import { KnexStoreRecords } from '../../../src/store/knex/store-records.js';
import { CountingDatabase } from '../../support/observed-database.js';
import { createDatabase, type PostgresAccess, type TestDatabase } from '../../support/postgres.js';
import type { StoreFixture, StoreSettings, TextRow, Values } from '../store.js';
import { otherTables, productTables, shardCount } from './data.js';
import { scaled } from '../../support/time-factor.js';

type Connection = Pick<DatabaseOptions, 'client' | 'connection'>;

interface Place {
  readonly connection: Connection;
  readonly unreachable: Connection;
  readonly empty: Connection;
  remove(): Promise<void>;
}

/** Limits that a test can wait for; a busy machine does not reach them. */
export const testOptions = {
  applicationName: 'bnet-sync conformance',
  maxConnections: 3,
  callTimeoutMs: scaled(10_000),
  serverTimeoutMs: scaled(8000),
  byKey: true,
} as const;

/** A fixture on a SQLite file: the one named, or one of its own. */
export async function sqliteStoreFixture(filename?: string): Promise<StoreFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-store-'));
  const file = (name: string): Connection => ({
    client: 'better-sqlite3',
    connection: { filename: resolve(folder, name) },
  });
  return openFixture({
    connection: file(filename ?? 'store.sqlite'),
    unreachable: file('no such folder/store.sqlite'),
    empty: file('empty.sqlite'),
    remove: () => rm(folder, { recursive: true, force: true }),
  });
}

/** A fixture on a PostgreSQL database: the one given, which it drops at the end, or one of its own. */
export async function postgresStoreFixture(given?: TestDatabase): Promise<StoreFixture> {
  const [database, empty] = await Promise.all([given ?? createDatabase('store'), createDatabase('empty')]);
  const at = (connection: PostgresAccess): Connection => ({ client: 'pg', connection: { ...connection } });
  return openFixture({
    connection: at(database.connection),
    unreachable: at({ ...database.connection, port: 1 }),
    empty: at(empty.connection),
    remove: async () => {
      await Promise.all([database.drop(), empty.drop()]);
    },
  });
}

async function openFixture(place: Place): Promise<StoreFixture> {
  const plain = new Database({ ...testOptions, ...place.connection });
  const opened: { readonly database: CountingDatabase; readonly store: ProductStore }[] = [];
  const open = (connection: Connection, settings: StoreSettings = {}) => {
    const { leaseTtlMs = 60_000, ...limits } = settings;
    const database = new CountingDatabase({ ...testOptions, ...connection, ...limits });
    const store = new KnexProductStore(database, leaseTtlMs);
    opened.push({ database, store });
    return store;
  };
  const run = (sql: string, bindings: readonly unknown[] = []) => plain.execute({ sql, bindings });
  const clear = async () => {
    await Promise.all(opened.splice(0).map(({ store }) => store.close()));
    for (const table of [...productTables, ...otherTables]) await run(`DELETE FROM ${table}`);
    await run(
      'UPDATE sync_shard SET owner = NULL, term = 0, expires_at = NULL, compared_term = NULL, compared_on = NULL, held_until = NULL',
    );
  };
  const recording = new CountingDatabase({ ...testOptions, ...place.connection, maxConnections: 1 });
  const sent = () =>
    opened.reduce((sum, { database }) => sum + database.statements.length, recording.statements.length);
  const operations = new KnexStoreAdmin(plain);
  await operations.migrate(shardCount);

  return {
    open: (settings) => open(place.connection, settings),
    openUnreachable: () => open(place.unreachable),
    openEmpty: () => open(place.empty),
    records: new KnexStoreRecords(recording),
    guard: new KnexGuardRecords(recording),
    verifications: operations.verifications,
    statementsDuring: async (work) => {
      const before = sent();
      await work();
      return sent() - before;
    },
    rows: (table) => readTexts(plain, table),
    leases: async () => {
      const now = Date.parse(await operations.now());
      const rows = await readTexts(plain, 'sync_shard');
      return rows
        .map(({ shard, owner = null, term, expires_at: expiresAt = null }) => ({
          shard: Number(shard),
          owner,
          term: Number(term),
          remainingMs: expiresAt === null ? null : Date.parse(expiresAt) - now,
        }))
        .sort((a, b) => a.shard - b.shard);
    },
    run: async (sql, bindings) => {
      await run(sql, bindings);
    },
    update: async (table, values, where = {}) => {
      const [set, chosen] = [assignments(values, ', '), conditions(where)];
      await run(`UPDATE ${table} SET ${set.sql} WHERE ${chosen.sql}`, [...set.bindings, ...chosen.bindings]);
    },
    remove: async (table, where = {}) => {
      const chosen = conditions(where);
      await run(`DELETE FROM ${table} WHERE ${chosen.sql}`, chosen.bindings);
    },
    shift: async (table, column, milliseconds, where = {}) => {
      const by = `${milliseconds / 1000} seconds`;
      const shifted =
        plain.dialect.name === 'pg'
          ? `${column} + interval '${by}'`
          : `strftime('%Y-%m-%dT%H:%M:%fZ', ${column}, '${by}')`;
      const chosen = conditions(where);
      await run(`UPDATE ${table} SET ${column} = ${shifted} WHERE ${chosen.sql}`, chosen.bindings);
    },
    now: () => operations.now(),
    clear,
    close: async () => {
      await clear();
      await Promise.all([plain.close(), recording.close()]);
      await place.remove();
    },
  };
}

/** Columns and values of a statement. */
function assignments(values: Values, between: string) {
  const columns = Object.keys(values).map((column) => `${column} = ?`);
  return { sql: columns.join(between), bindings: Object.values(values) };
}

/** The rows that have these values; all where there are none. */
function conditions(values: Values) {
  return Object.keys(values).length === 0 ? { sql: 'TRUE', bindings: [] } : assignments(values, ' AND ');
}

/** A whole table, each value as text and instants in ISO 8601, in the order of its rows' texts. */
async function readTexts(database: Database, table: string): Promise<readonly TextRow[]> {
  const { rows: columns } = await database.execute(
    database.dialect.name === 'pg'
      ? {
          sql: `SELECT column_name AS name, data_type AS type FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name = ?`,
          bindings: [table],
        }
      : { sql: 'SELECT name, type FROM pragma_table_info(?)', bindings: [table] },
  );
  const list = columns.map(({ name, type }) => {
    const column = String(name);
    const text =
      type === 'timestamp with time zone' ? database.dialect.instantText(column) : `CAST(${column} AS TEXT)`;
    return `${text} AS ${column}`;
  });
  const { rows } = await database.execute({ sql: `SELECT ${list.join(', ')} FROM ${table}`, bindings: [] });
  const texts = rows as readonly TextRow[];
  return texts
    .map((row) => [JSON.stringify(row), row] as const)
    .sort(byText)
    .map(([, row]) => row);
}

function byText(a: readonly [string, TextRow], b: readonly [string, TextRow]): number {
  return a[0] < b[0] ? -1 : 1;
}
