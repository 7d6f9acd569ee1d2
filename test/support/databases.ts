import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../../src/database/database.js';
import type { DatabaseOptions } from '../../src/database/knex-config.js';
import { DatabaseError } from '../../src/database/errors.js';
import { tableOf, attributeTableOf, type Source } from '../../src/domain/keys.js';
import { initMiddle } from '../../src/middle/knex/init.js';
import { KnexMiddleDatabase } from '../../src/middle/knex/middle-database.js';
import { pgMiddle } from '../../src/middle/knex/pg.js';
import { sqliteFunctions, sqliteMiddle } from '../../src/middle/knex/sqlite.js';
import { KnexProductStore } from '../../src/store/knex/product-store.js';
import { KnexStoreOperations } from '../../src/store/knex/store-operations.js';
import { createDatabase } from './postgres.js';

/** A middle database and a product store, made for one test. */
export interface Pair {
  readonly kind: 'SQLite' | 'PostgreSQL';
  /** What a configuration says of the two. */
  readonly connections: { readonly middle: ConnectionSetting; readonly store: ConnectionSetting };
  /** Plain access, for planting and reading. */
  readonly middle: Database;
  readonly store: Database;
  openMiddle(options?: { productIds?: readonly string[]; markAttributes?: boolean }): KnexMiddleDatabase;
  openStore(leaseTtlMs?: number, options?: Partial<DatabaseOptions>): KnexProductStore;
  close(): Promise<void>;
}

/** `client` and `connection` of a configuration's section. */
export interface ConnectionSetting {
  readonly client: 'pg' | 'better-sqlite3';
  readonly connection: Record<string, unknown>;
}

const options = {
  applicationName: 'bnet-sync test',
  maxConnections: 5,
  callTimeoutMs: 5000,
  serverTimeoutMs: 4000,
};

/** Databases with the interface tables and the migrated store. */
export async function openPair(kind: Pair['kind'], shards = 8): Promise<Pair> {
  const { connections, drop } = kind === 'SQLite' ? await sqliteFiles() : await postgresDatabases();
  const middleOptions: DatabaseOptions = { ...options, ...connections.middle, functions: sqliteFunctions };
  const storeOptions: DatabaseOptions = { ...options, ...connections.store };
  const middle = new Database(middleOptions);
  const store = new Database(storeOptions);
  if (kind === 'SQLite')
    await Promise.all(
      [middle, store].map((database) => database.execute({ sql: 'PRAGMA busy_timeout = 0', bindings: [] })),
    );
  await initMiddle(middle, middle.dialect.name);
  await new KnexStoreOperations(store).migrate(shards);
  const opened: { close(): Promise<void> }[] = [middle, store];
  const remember = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.push(part);
    return part;
  };
  return {
    kind,
    connections,
    middle,
    store,
    openMiddle: ({ productIds = [], markAttributes = true } = {}) => {
      const dialect = kind === 'SQLite' ? sqliteMiddle : pgMiddle;
      const tables = { dialect, schema: undefined, productIds, markAttributes };
      return remember(new KnexMiddleDatabase(new Database(middleOptions), tables));
    },
    openStore: (leaseTtlMs = 5000, more = {}) =>
      remember(new KnexProductStore(new Database({ ...storeOptions, ...more }), leaseTtlMs)),
    close: async () => {
      await Promise.all(opened.map((part) => part.close()));
      await drop();
    },
  };
}

async function sqliteFiles() {
  const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-test-'));
  const setting = (file: string): ConnectionSetting => ({
    client: 'better-sqlite3',
    connection: { filename: join(folder, file) },
  });
  const connections = { middle: setting('middle.sqlite'), store: setting('store.sqlite') };
  return { connections, drop: () => rm(folder, { recursive: true, force: true }) };
}

async function postgresDatabases() {
  const [middle, store] = await Promise.all([createDatabase('middle'), createDatabase('store')]);
  const setting = (connection: object): ConnectionSetting => ({
    client: 'pg',
    connection: { ...connection },
  });
  const connections = { middle: setting(middle.connection), store: setting(store.connection) };
  return {
    connections,
    drop: async () => {
      await Promise.all([middle.drop(), store.drop()]);
    },
  };
}

/** Columns of a row to plant; what is left out is NULL, State is 0, CreateDate a while ago. */
export type Planted = Readonly<Record<string, string | number | null>>;

/** An attribute to plant: id, spec, value. */
export type PlantedAttribute = readonly [
  attrId: string | null,
  attrSpecId: string | null,
  attrValue: string | null,
];

/** Inserts a row with its attributes in one transaction, as the platform does. */
export async function plant(
  middle: Database,
  source: Source,
  columns: Planted,
  attributes: readonly PlantedAttribute[] = [],
): Promise<void> {
  const row: Planted = { CreateDate: '2026-11-01 08:00:00', State: 0, ...columns };
  const idColumn = source === 'CUST' ? 'CustAttrID' : 'AccAttrID';
  await insist(() =>
    middle.transaction(async (transaction) => {
      await transaction.execute(insert(tableOf[source], row));
      for (const [attrId, attrSpecId, attrValue] of attributes) {
        const { StreamingNo = null, CustID = null } = row;
        const values = {
          [idColumn]: attrId,
          StreamingNo,
          CustID,
          AttrSpecID: attrSpecId,
          AttrValue: attrValue,
          State: 0,
        };
        await transaction.execute(insert(attributeTableOf[source], values));
      }
    }),
  );
}

/** Runs a call again while the one writer of SQLite is busy: in one process, waiting inside the driver would wait for ever. */
export async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof DatabaseError && error.kind === 'conflict') || tries > 500) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function insert(table: string, values: Planted) {
  const names = Object.keys(values);
  const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  return { sql, bindings: Object.values(values) };
}

/** A main table's row as it stands. */
export interface StandingRow {
  readonly streamingNo: string;
  readonly state: number;
  readonly errContent: string | null;
  readonly stateDate: string | null;
}

/** Every row of both main tables by `table:StreamingNo`. */
export async function standing(middle: Database): Promise<Map<string, StandingRow>> {
  const rows = new Map<string, StandingRow>();
  for (const source of ['CUST', 'ACCOUNT'] as const) {
    const result = await middle.execute({
      sql: `SELECT CAST(StreamingNo AS TEXT) AS no, State AS state, ErrContent AS err, CAST(StateDate AS TEXT) AS at
            FROM ${tableOf[source]}`,
      bindings: [],
    });
    for (const row of result.rows) {
      const streamingNo = String(row['no']);
      const errContent = row['err'] === null ? null : String(row['err']);
      const stateDate = row['at'] === null ? null : String(row['at']);
      rows.set(`${source}:${streamingNo}`, {
        streamingNo,
        state: Number(row['state']),
        errContent,
        stateDate,
      });
    }
  }
  return rows;
}

/** How many rows stand in each State, both tables together. */
export async function statesOf(middle: Database): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { state } of (await standing(middle)).values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** Reads values of one column. */
export async function column(
  database: Database,
  sql: string,
  bindings: readonly unknown[] = [],
): Promise<unknown[]> {
  const { rows } = await database.execute({ sql, bindings });
  return rows.map((row) => Object.values(row)[0]);
}
