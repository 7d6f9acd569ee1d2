import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Database, DatabaseOptions } from '../../../src/database/database.js';
import type { Columns, ColumnType, Value } from '../../../src/database/dialect.js';
import { attributeTableOf, sources, tableOf, type RowKey, type Source } from '../../../src/domain/keys.js';
import { initMiddle } from '../../../src/middle/knex/init.js';
import { KnexMiddleDatabase } from '../../../src/middle/knex/middle-database.js';
import { pgMiddle } from '../../../src/middle/knex/pg.js';
import { sqliteFunctions, sqliteMiddle } from '../../../src/middle/knex/sqlite.js';
import type { MiddleDatabase } from '../../../src/middle/port.js';
import { CountingDatabase } from '../../support/observed-database.js';
import { createDatabase, type PostgresAccess, type TestDatabase } from '../../support/postgres.js';
import type { MiddleFixture, MiddleSettings } from '../middle.js';
import {
  sortedRows,
  type PlantedAttribute,
  type PlantedColumns,
  type PlantedRow,
  type StandingRow,
} from './rows.js';

type Connection = Pick<DatabaseOptions, 'client' | 'connection'>;

/** Where the two kinds of database stand, made for one fixture. */
interface Place {
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
  callTimeoutMs: 10_000,
  serverTimeoutMs: 8000,
  byKey: true,
  functions: sqliteFunctions,
} as const;

/** A folder that is there while the tests of a group run. */
export function temporaryFolder(): () => string {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bnet-sync-conformance-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return () => folder;
}

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
  const { productIds = [], markAttributes = true } = settings;
  const dialect = database.dialect.name === 'pg' ? pgMiddle : sqliteMiddle;
  return new KnexMiddleDatabase(database, { dialect, schema: undefined, productIds, markAttributes });
}

export function pgConnection({ connection }: { connection: TestDatabase['connection'] }): Connection {
  return { client: 'pg', connection: { ...connection } };
}

async function openFixture(place: Place): Promise<MiddleFixture> {
  const platform = new CountingDatabase({ ...testOptions, ...place.connection });
  const tables = sources.flatMap((source) => [tableOf[source], attributeTableOf[source]]);
  const opened: { readonly database: CountingDatabase; readonly adapter: MiddleDatabase }[] = [];
  const open = (connection: Connection, settings?: MiddleSettings) => {
    const database = new CountingDatabase({ ...testOptions, ...connection });
    const adapter = adapterOver(database, settings);
    opened.push({ database, adapter });
    return adapter;
  };
  const sent = () => opened.reduce((sum, { database }) => sum + database.statements.length, 0);
  const run = (sql: string, bindings: readonly unknown[] = []) => platform.execute({ sql, bindings });
  const clear = async () => {
    await Promise.all(opened.splice(0).map(({ adapter }) => adapter.close()));
    for (const table of tables) await run(`DELETE FROM ${table}`);
  };

  await initMiddle(platform, platform.dialect.name);
  return {
    open: (settings) => open(place.connection, settings),
    openUnreachable: () => open(place.unreachable),
    openWithoutTables: () => open(place.empty),
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
    plant: (rows) => plant(platform, rows),
    change: async (key, columns) => {
      const changed = mainColumns(key.source).flatMap(([name, , field]) => {
        const value = columns[field as keyof PlantedColumns];
        return value === undefined ? [] : [{ name, value }];
      });
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
      for (const statement of place.dropKeys) await run(statement);
    },
    clear,
    close: async () => {
      await clear();
      await platform.close();
      await place.remove();
    },
  };
}

/** A column: its name in the specification, its type, and its name in a planted row. */
type MainColumn = readonly [name: string, type: ColumnType, field: keyof PlantedRow];

function mainColumns(source: Source): readonly MainColumn[] {
  const own: readonly MainColumn[] =
    source === 'CUST'
      ? [
          ['CustAccount', 'text', 'custAccount'],
          ['CustName', 'text', 'custName'],
        ]
      : [
          ['UserID', 'text', 'userId'],
          ['AccType', 'integer', 'accType'],
          ['AccName', 'text', 'accName'],
        ];
  return [
    ['StreamingNo', 'number', 'streamingNo'],
    ['ProductID', 'number', 'productId'],
    ['BizID', 'text', 'bizId'],
    ['AreaCode', 'text', 'areaCode'],
    ['CustID', 'number', 'custId'],
    ...own,
    ['OPFlag', 'text', 'opFlag'],
    ['CreateDate', 'date', 'createDate'],
    ['State', 'integer', 'state'],
    ['ErrContent', 'text', 'errContent'],
    ['StateDate', 'date', 'stateDate'],
    ['Remark', 'text', 'remark'],
  ];
}

function attributeColumns(source: Source): Columns {
  const id = source === 'CUST' ? 'CustAttrID' : 'AccAttrID';
  return {
    [id]: 'number',
    StreamingNo: 'number',
    CustID: 'number',
    AttrSpecID: 'number',
    AttrValue: 'text',
    CreateDate: 'date',
    State: 'integer',
    StateDate: 'date',
  };
}

async function plant(platform: Database, rows: readonly PlantedRow[]): Promise<void> {
  await platform.transaction(async (transaction) => {
    const insert = async (table: string, columns: Columns, values: readonly (readonly Value[])[]) => {
      if (values.length === 0) return;
      const names = Object.keys(columns).join(', ');
      const { sql, bindings } = transaction.dialect.recordset(columns, values, 'r');
      await transaction.execute({
        sql: `INSERT INTO ${table} (${names}) SELECT ${names} FROM ${sql}`,
        bindings,
      });
    };
    for (const source of sources) {
      const ofTable = rows.filter((row) => row.source === source);
      const columns = mainColumns(source);
      await insert(
        tableOf[source],
        Object.fromEntries(columns.map(([name, type]) => [name, type])),
        ofTable.map((row) => columns.map(([, , field]) => (row[field] ?? null) as Value)),
      );
      const attributes = ofTable.flatMap((row) =>
        (row.attributes ?? []).map((attribute) => ({ row, attribute })),
      );
      await insert(
        attributeTableOf[source],
        attributeColumns(source),
        attributes.map(({ row, attribute }) => attributeValues(row, attribute)),
      );
    }
  });
}

function attributeValues(row: PlantedRow, attribute: PlantedAttribute): Value[] {
  const { attrId, attrSpecId = '1', attrValue = null } = attribute;
  const { state = row.state, stateDate = row.stateDate } = attribute;
  const owner = [row.streamingNo, row.custId ?? null];
  return [attrId, ...owner, attrSpecId, attrValue, row.createDate ?? null, state ?? null, stateDate ?? null];
}

async function readRows(platform: Database, source: Source): Promise<StandingRow[]> {
  const names = mainColumns(source).map(([name]) => name);
  const attributeNames = Object.keys(attributeColumns(source));
  const rows = await readTexts(platform, tableOf[source], names);
  const attributes = await readTexts(platform, attributeTableOf[source], attributeNames);
  const fields = mainColumns(source);
  const attributesOf = new Map<string | null, Required<PlantedAttribute>[]>();
  for (const attribute of attributes) {
    const owner = attribute['StreamingNo'] ?? null;
    attributesOf.set(owner, [...(attributesOf.get(owner) ?? []), attributeOf(attribute)]);
  }
  return rows.map((row) => {
    const texts = Object.fromEntries(fields.map(([name, , field]) => [field, row[name]]));
    const own = attributesOf.get(row['StreamingNo'] ?? null) ?? [];
    return { ...noColumns, ...texts, source, state: numberOf(row['State']), attributes: own };
  });
}

const noColumns: Omit<StandingRow, 'source' | 'attributes'> = {
  streamingNo: null,
  productId: null,
  bizId: null,
  areaCode: null,
  custId: null,
  custAccount: null,
  custName: null,
  userId: null,
  accType: null,
  accName: null,
  opFlag: null,
  createDate: null,
  state: null,
  stateDate: null,
  errContent: null,
  remark: null,
};

function attributeOf(row: Record<string, string | null>): Required<PlantedAttribute> {
  const { AttrSpecID: attrSpecId = null, AttrValue: attrValue = null, StateDate: stateDate = null } = row;
  const attrId = String(row['CustAttrID'] ?? row['AccAttrID']);
  return { attrId, attrSpecId, attrValue, state: numberOf(row['State']), stateDate };
}

function numberOf(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text);
}

/** A table with every column as text, in the order of its first column. */
async function readTexts(platform: Database, table: string, names: readonly string[]) {
  const list = names.map((name) => `CAST(${name} AS TEXT) AS "${name}"`).join(', ');
  const order = `length("${names[0]!}"), "${names[0]!}"`;
  const { rows } = await platform.execute({
    sql: `SELECT * FROM (SELECT ${list} FROM ${table}) AS t ORDER BY ${order}`,
    bindings: [],
  });
  return rows as readonly Record<string, string | null>[];
}
