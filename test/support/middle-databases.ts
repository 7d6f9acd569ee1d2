import { Database } from '../../src/database/database.js';
import type { DatabaseOptions } from '../../src/database/options.js';
import { initMiddle } from '../../src/middle/knex/init.js';
import { KnexMiddleDatabase } from '../../src/middle/knex/middle-database.js';
import { pgMiddle } from '../../src/middle/knex/postgresql.js';
import { sqliteFunctions, sqliteMiddle } from '../../src/middle/knex/sqlite.js';
import { OracleDatabase } from '../../src/middle/oracle/database.js';
import { OracleMiddleDatabase } from '../../src/middle/oracle/middle-database.js';
import { OracleMiddleAdmin } from '../../src/middle/oracle/middle-admin.js';
import type { MiddleDatabase } from '../../src/middle/port.js';
import type { MiddleAdmin } from '../../src/middle/admin-port.js';
import { type OperationsOptions, operationsOn } from './operators.js';
import type { MiddleTables } from '../../src/middle/tables.js';
import { openTestOracle, type TestOracle, type PlainOracle } from './test-oracle.js';
import { postgresDatabase, sqliteFile, type KnexSetting } from './pair-databases.js';
import type { PlainAccess } from './plain-access.js';
import { scaled } from './time-factor.js';

/*
 * Middle databases with the interface tables, one for each kind, and what is done to them differently.
 */

/** Settings of an adapter that a test opens. */
export interface MiddleOptions {
  readonly productIds?: readonly string[];
  readonly markAttributes?: boolean;
  readonly callTimeoutMs?: number;
}

/** `client` and `connection` of a configuration's section. */
export interface ConnectionSetting {
  readonly client: KnexSetting['client'] | 'oracledb';
  readonly connection: Record<string, unknown>;
}

/** A middle database made for one test. */
export interface TestMiddle {
  readonly setting: ConnectionSetting;
  readonly plain: PlainAccess;
  open(options: MiddleOptions): MiddleDatabase;
  /** What operators do with it. */
  operations(options?: OperationsOptions): MiddleAdmin;
  /** Takes away the primary key of IF_BNET_CUST. */
  dropCustomerKey(): Promise<void>;
  /** From now on IF_BNET_CUST refuses rows in State 2. */
  refuseSuccess(): Promise<void>;
  /** And takes them again. */
  allowSuccess(): Promise<void>;
  close(): Promise<void>;
}

/** A middle database behind Knex. */
export interface KnexTestMiddle extends TestMiddle {
  readonly setting: KnexSetting;
  readonly plain: Database;
}

/** A middle database on Oracle. */
export interface OracleTestMiddle extends TestMiddle {
  readonly plain: PlainOracle;
  readonly oracle: TestOracle;
}

/** How databases are opened unless a test says otherwise. */
export const openOptions = {
  applicationName: 'bnet-sync test',
  maxConnections: 5,
  callTimeoutMs: scaled(5000),
  serverTimeoutMs: scaled(4000),
};

interface Changes {
  readonly dropCustomerKey: readonly string[];
  readonly refuseSuccess: readonly string[];
  readonly allowSuccess: readonly string[];
}

const sqliteChanges: Changes = {
  dropCustomerKey: [
    'CREATE TABLE copy AS SELECT * FROM IF_BNET_CUST',
    'DROP TABLE IF_BNET_CUST',
    'ALTER TABLE copy RENAME TO IF_BNET_CUST',
  ],
  refuseSuccess: [
    `CREATE TRIGGER nomark BEFORE UPDATE ON IF_BNET_CUST WHEN NEW.State = 2 BEGIN SELECT RAISE(ABORT, 'no'); END`,
  ],
  allowSuccess: ['DROP TRIGGER nomark'],
};

const postgresChanges: Changes = {
  dropCustomerKey: ['ALTER TABLE IF_BNET_CUST DROP CONSTRAINT if_bnet_cust_pkey'],
  refuseSuccess: [
    `CREATE FUNCTION nomark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.State = 2 THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$`,
    `CREATE TRIGGER nomark BEFORE UPDATE ON IF_BNET_CUST FOR EACH ROW EXECUTE FUNCTION nomark()`,
  ],
  allowSuccess: ['DROP TRIGGER nomark ON IF_BNET_CUST'],
};

/** A SQLite file. */
export async function createSqliteMiddle(): Promise<KnexTestMiddle> {
  const end = await createKnexMiddle(await sqliteFile('middle'), sqliteChanges);
  await end.plain.execute({ sql: 'PRAGMA busy_timeout = 0', bindings: [] });
  return end;
}

/** A PostgreSQL database. */
export async function createPostgresMiddle(): Promise<KnexTestMiddle> {
  return createKnexMiddle(await postgresDatabase('middle'), postgresChanges);
}

async function createKnexMiddle(
  { setting, drop }: { setting: KnexSetting; drop(): Promise<void> },
  changes: Changes,
): Promise<KnexTestMiddle> {
  const options: DatabaseOptions = { ...openOptions, ...setting, functions: sqliteFunctions };
  const plain = new Database(options);
  await initMiddle(plain);
  const run = (statements: readonly string[]) => async () => {
    for (const sql of statements) await plain.execute({ sql, bindings: [] });
  };
  return {
    setting,
    plain,
    open: ({ productIds = [], markAttributes = true, callTimeoutMs = openOptions.callTimeoutMs }) => {
      const dialect = setting.client === 'pg' ? pgMiddle : sqliteMiddle;
      const tables = { dialect, schema: undefined, productIds, markAttributes, maxAttributes: 10_000 };
      return new KnexMiddleDatabase(new Database({ ...options, callTimeoutMs }), tables);
    },
    operations: (options) => operationsOn(plain, options),
    dropCustomerKey: run(changes.dropCustomerKey),
    refuseSuccess: run(changes.refuseSuccess),
    allowSuccess: run(changes.allowSuccess),
    close: async () => {
      await plain.close();
      await drop();
    },
  };
}

/** An Oracle: the stand-in with these options, or the real one. */
export async function createOracleMiddle(
  options?: Parameters<typeof openTestOracle>[0],
): Promise<OracleTestMiddle> {
  const oracle = await openTestOracle(options);
  const connection = { ...oracle.connection };
  const newDatabase = (callTimeoutMs: number) =>
    new OracleDatabase({ ...openOptions, name: 'middle database', connection, callTimeoutMs });
  const tablesOf = (options: OperationsOptions): MiddleTables => {
    const { schema, productIds = [], markAttributes = true, maxAttributes = 10_000 } = options;
    return { schema, productIds, markAttributes, maxAttributes };
  };
  const operators = newDatabase(openOptions.callTimeoutMs);
  return {
    setting: { client: 'oracledb', connection },
    plain: oracle.owner,
    oracle: oracle,
    open: ({ callTimeoutMs = openOptions.callTimeoutMs, ...options }) =>
      new OracleMiddleDatabase(newDatabase(callTimeoutMs), tablesOf(options)),
    operations: (options = {}) => new OracleMiddleAdmin(operators, tablesOf(options)),
    dropCustomerKey: () => oracle.dropKeys(),
    refuseSuccess: () => oracle.alter('IF_BNET_CUST', 'ADD CONSTRAINT nomark CHECK (State <> 2)'),
    allowSuccess: () => oracle.alter('IF_BNET_CUST', 'DROP CONSTRAINT nomark'),
    close: async () => {
      await operators.close();
      await oracle.remove();
    },
  };
}
