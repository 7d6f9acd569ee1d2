import { Database } from '../../src/database/database.js';
import type { Fragment } from '../../src/database/dialects/dialect.js';
import type { DatabaseOptions } from '../../src/database/options.js';
import { DatabaseError } from '../../src/database/errors.js';
import { tableOf, attributeTableOf, type Source } from '../../src/domain/keys.js';
import type { MiddleDatabase } from '../../src/middle/port.js';
import { KnexProductStore } from '../../src/store/knex/product-store.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import {
  openOptions,
  createOracleMiddle,
  createPostgresMiddle,
  createSqliteMiddle,
  type ConnectionSetting,
  type KnexTestMiddle,
  type TestMiddle,
  type MiddleOptions,
  type OracleTestMiddle,
} from './middle-databases.js';
import { hasOracle, type TestOracle, type PlainOracle } from './test-oracle.js';
import { postgresDatabase, sqliteFile } from './pair-databases.js';
import { sqlOf, type PlainAccess, type PlainSql } from './plain-access.js';
import { hasPostgres } from './postgres.js';
import { scaled } from './time-factor.js';

/** The kinds of middle databases. */
export const pairKinds = ['SQLite', 'PostgreSQL', 'Oracle'] as const;
export type PairKind = (typeof pairKinds)[number];

/** Whether suites on this kind can run. */
export function isAvailable(kind: PairKind): boolean {
  return kind === 'SQLite' || (kind === 'PostgreSQL' ? hasPostgres : hasOracle);
}

/** A middle database and a product store, made for one test. */
export interface Pair {
  readonly kind: PairKind;
  /** What a configuration says of the two. */
  readonly connections: { readonly middle: ConnectionSetting; readonly store: ConnectionSetting };
  /** Plain access, for planting and reading. */
  readonly middle: PlainAccess;
  readonly store: Database;
  /** What is done to the middle database differently for each kind. */
  readonly testMiddle: Omit<TestMiddle, 'setting' | 'plain' | 'open' | 'close'>;
  openMiddle(options?: MiddleOptions): MiddleDatabase;
  openStore(leaseTtlMs?: number, options?: Partial<DatabaseOptions>): KnexProductStore;
  close(): Promise<void>;
}

/** A pair whose middle database is behind Knex. */
export interface KnexPair extends Pair {
  readonly middle: Database;
}

/** A pair whose middle database is Oracle. */
export interface OraclePair extends Pair {
  readonly middle: PlainOracle;
  readonly oracle: TestOracle;
}

/** Whether the middle database is Oracle. */
export function isOnOracle(pair: Pair): pair is OraclePair {
  return pair.kind === 'Oracle';
}

/** Databases with the interface tables and the migrated store. */
export async function openPair(kind: 'SQLite' | 'PostgreSQL', shards?: number): Promise<KnexPair>;
export async function openPair(kind: PairKind, shards?: number): Promise<Pair>;
export async function openPair(kind: PairKind, shards = 8): Promise<Pair> {
  if (kind === 'Oracle') return openOraclePair({}, shards);
  const end: KnexTestMiddle = await (kind === 'SQLite' ? createSqliteMiddle() : createPostgresMiddle());
  return { ...(await pairOf(kind, end, shards)), middle: end.plain };
}

/** Oracle, and a store that is on PostgreSQL where there is one. */
export async function openOraclePair(
  options: Parameters<typeof createOracleMiddle>[0] = {},
  shards = 8,
): Promise<OraclePair> {
  const end: OracleTestMiddle = await createOracleMiddle(options);
  return { ...(await pairOf('Oracle', end, shards)), middle: end.plain, oracle: end.oracle };
}

async function pairOf(kind: PairKind, end: TestMiddle, shards: number): Promise<Pair> {
  const made = await (kind === 'SQLite' || !hasPostgres ? sqliteFile('store') : postgresDatabase('store'));
  const storeOptions: DatabaseOptions = { ...openOptions, ...made.setting };
  const store = new Database(storeOptions);
  if (store.dialect.name === 'better-sqlite3')
    await store.execute({ sql: 'PRAGMA busy_timeout = 0', bindings: [] });
  await new KnexStoreAdmin(store).migrate(shards);
  const opened: { close(): Promise<void> }[] = [store];
  const remember = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.push(part);
    return part;
  };
  return {
    kind,
    connections: { middle: end.setting, store: made.setting },
    middle: end.plain,
    store,
    testMiddle: end,
    openMiddle: (options = {}) => remember(end.open(options)),
    openStore: (leaseTtlMs = scaled(5000), more = {}) =>
      remember(new KnexProductStore(new Database({ ...storeOptions, ...more }), leaseTtlMs)),
    close: async () => {
      await Promise.all(opened.map((part) => part.close()));
      await Promise.all([end.close(), made.drop()]);
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

/** Inserts an attribute row by itself. */
export async function plantAttribute(middle: PlainAccess, source: Source, columns: Planted): Promise<void> {
  await retryWhileBusy(() => middle.execute(insert(sqlOf(middle), attributeTableOf[source], columns)));
}

/** Inserts a row with its attributes in one transaction, as the platform does. */
export async function plant(
  middle: PlainAccess,
  source: Source,
  columns: Planted,
  attributes: readonly PlantedAttribute[] = [],
): Promise<void> {
  const row: Planted = { CreateDate: '2026-11-01 08:00:00', State: 0, ...columns };
  const idColumn = source === 'CUST' ? 'CustAttrID' : 'AccAttrID';
  const sql = sqlOf(middle);
  await retryWhileBusy(() =>
    middle.transaction(async (transaction) => {
      await transaction.execute(insert(sql, tableOf[source], row));
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
        await transaction.execute(insert(sql, attributeTableOf[source], values));
      }
    }),
  );
}

/** Runs a call again while the one writer of SQLite is busy: in one process, waiting inside the driver would wait for ever. */
export async function retryWhileBusy<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof DatabaseError && error.kind === 'conflict') || tries > 500) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

function insert({ date }: PlainSql, table: string, values: Planted): Fragment {
  const names = Object.keys(values);
  const placeholders = names.map((name) => (/date$/i.test(name) ? date : '?'));
  return {
    sql: `INSERT INTO ${table} (${names.join(', ')}) VALUES (${placeholders.join(', ')})`,
    bindings: Object.values(values),
  };
}

/** A main table's row as it stands. */
export interface StandingRow {
  readonly streamingNo: string;
  readonly state: number;
  readonly errContent: string | null;
  readonly stateDate: string | null;
}

/** Every row of both main tables by `table:StreamingNo`. */
export async function standing(middle: PlainAccess): Promise<Map<string, StandingRow>> {
  const { numberText, dateText } = sqlOf(middle);
  const rows = new Map<string, StandingRow>();
  for (const source of ['CUST', 'ACCOUNT'] as const) {
    const result = await middle.execute({
      sql: `SELECT ${numberText('StreamingNo')} AS no, State AS state, ErrContent AS err, ${dateText('StateDate')} AS at
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
export async function statesOf(middle: PlainAccess): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { state } of (await standing(middle)).values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** Reads values of one column. */
export async function column(
  database: Pick<PlainAccess, 'execute'>,
  sql: string,
  bindings: readonly unknown[] = [],
): Promise<unknown[]> {
  const { rows } = await database.execute({ sql, bindings });
  return rows.map((row) => Object.values(row)[0]);
}
