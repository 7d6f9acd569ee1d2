import { attributeTableOf, sources, tableOf } from '../../../src/domain/keys.js';
import {
  OracleDatabase,
  type OracleTransaction,
  type OracleOptions,
  type OracleRow,
  type Query,
} from '../../../src/middle/oracle/database.js';
import { OracleFinishedRows } from '../../../src/middle/oracle/finished-rows.js';
import { OracleMiddleDatabase } from '../../../src/middle/oracle/middle-database.js';
import { oracleBoundedQueries } from '../../../src/middle/oracle/bounded-queries.js';
import type { MiddleTables } from '../../../src/middle/tables.js';
import type { MiddleDatabase } from '../../../src/middle/port.js';
import { openTestOracle, type OracleConnection, type TestOracle } from '../../support/test-oracle.js';
import type { MiddleFixture, MiddleSettings } from '../middle.js';
import { changeRow, plantRows, readRows } from './oracle-rows.js';
import { sortedRows } from './rows.js';
import { scaled } from '../../support/time-factor.js';

/** Limits that a test can wait for; a busy machine does not reach them. */
const testOptions = {
  name: 'middle database',
  applicationName: 'bnet-sync conformance',
  maxConnections: 3,
  callTimeoutMs: scaled(10_000),
} as const;

/** What to open an Oracle database with in a test. */
export function oracleOptions(
  connection: OracleConnection,
  more: Partial<OracleOptions> = {},
): OracleOptions {
  return { ...testOptions, connection: { ...connection }, ...more };
}

/** The adapter over a database; without a schema names lead to synonyms, or to the user's own tables. */
export function oracleAdapterOver(database: OracleDatabase, settings: OracleSettings = {}): MiddleDatabase {
  return new OracleMiddleDatabase(database, tablesOf(settings));
}

type OracleSettings = MiddleSettings & { readonly schema?: string };

function tablesOf(settings: OracleSettings): MiddleTables {
  const { productIds = [], markAttributes = true, maxAttributes = 10_000, schema } = settings;
  return { schema, productIds, markAttributes, maxAttributes };
}

/**
 * An Oracle database that counts the statements and rollbacks it sends, and whose only session has settings that no
 * statement of ours may depend on.
 */
class HostileOracle extends OracleDatabase {
  sent = 0;
  #prepared: Promise<void> | undefined;

  constructor(options: OracleOptions) {
    super({ ...options, maxConnections: 1 });
  }

  override async query(query: Query): Promise<readonly OracleRow[]> {
    await this.#prepare();
    this.sent += 1;
    return super.query(query);
  }

  override async transaction<T>(work: (transaction: OracleTransaction) => Promise<T>): Promise<T> {
    await this.#prepare();
    return super.transaction((transaction) =>
      work({
        query: (query) => this.#counted(() => transaction.query(query)),
        execute: (batch, options) => this.#counted(() => transaction.execute(batch, options)),
        commit: () => this.#counted(() => transaction.commit()),
      }),
    );
  }

  #counted<R>(call: () => Promise<R>): Promise<R> {
    this.sent += 1;
    return call();
  }

  #prepare(): Promise<void> {
    this.#prepared ??= this.command(
      `ALTER SESSION SET NLS_DATE_FORMAT = 'DD-MON-YY' NLS_NUMERIC_CHARACTERS = ',.' TIME_ZONE = '-11:00'`,
    );
    return this.#prepared;
  }
}

/** A fixture on an Oracle: the one given, which it removes at the end, or one of its own. */
export async function oracleMiddleFixture(given?: TestOracle): Promise<MiddleFixture> {
  const oracle = given ?? (await openTestOracle());
  const { connection, created, owner } = oracle;
  const ownSchema = created === null ? {} : { schema: created.standIn.schema };
  const tables = sources.flatMap((source) => [tableOf[source], attributeTableOf[source]]);
  const opened: HostileOracle[] = [];
  const connect = (to: OracleConnection) => {
    const database = new HostileOracle(oracleOptions(to));
    opened.push(database);
    return database;
  };
  const open = (to: OracleConnection, settings: OracleSettings) => oracleAdapterOver(connect(to), settings);
  const sent = () => opened.reduce((sum, database) => sum + database.sent, 0);
  const clear = async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    for (const table of tables) await owner.execute({ sql: `DELETE FROM ${table}`, bindings: [] });
  };
  return {
    open: (settings) => open(connection, { ...settings, ...ownSchema }),
    openSearch: (settings) =>
      oracleBoundedQueries(connect(connection), tablesOf({ ...settings, ...ownSchema })),
    finished: (settings) =>
      new OracleFinishedRows(connect(connection), tablesOf({ ...settings, ...ownSchema })),
    openUnreachable: () => open({ ...connection, connectString: '127.0.0.1:1/MIDDLE' }, ownSchema),
    openWithoutTables: () => open(connection, { schema: 'NO_SUCH_SCHEMA' }),
    statementsDuring: async (work) => {
      const before = sent();
      await work();
      return sent() - before;
    },
    now: async () => {
      const sql = `SELECT TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS') AS now FROM DUAL`;
      return String((await owner.execute({ sql, bindings: [] })).rows[0]!['now']);
    },
    plant: (rows) => plantRows(owner, rows),
    change: (key, columns) => changeRow(owner, key, columns),
    remove: async ({ source, streamingNo }) => {
      const sql = `DELETE FROM ${tableOf[source]} WHERE StreamingNo = TO_NUMBER(?)`;
      await owner.execute({ sql, bindings: [streamingNo] });
    },
    rows: async () => sortedRows(await readRows(owner)),
    dropKeys: () => oracle.dropKeys(),
    dropPollIndexes: async () => {
      for (const table of ['cust', 'account'])
        await owner.execute({ sql: `DROP INDEX if_bnet_${table}_poll`, bindings: [] });
    },
    clear,
    close: async () => {
      await clear();
      await oracle.remove();
    },
  };
}
