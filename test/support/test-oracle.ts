import oracledb from 'oracledb';
import type { Fragment } from '../../src/database/dialects/dialect.js';
import type { Result } from '../../src/database/database.js';
import { classifyOracle } from '../../src/middle/oracle/errors.js';
import { attributeTableOf, sources, tableOf } from '../../src/domain/keys.js';
import { createOracle, type CreatedOracle } from './oracle/create-oracle.js';
import { hasPostgres } from './postgres.js';
import { openSession } from './postgres-session.js';
import { statementsIn } from './sql-files.js';

/*
 * An Oracle for a suite: the stand-in, or the real one that the environment names. There the suites take turns in one
 * schema, whose four tables each of them makes anew, so they must not run side by side (docs/oracle-tests.md).
 */

const { TEST_ORACLE_CONNECT_STRING, TEST_ORACLE_USER, TEST_ORACLE_PASSWORD } = process.env;

/** Whether a real Oracle was named. */
export const isRealOracle = (TEST_ORACLE_CONNECT_STRING ?? '') !== '';

/** Whether suites on Oracle can run. */
export const hasOracle = isRealOracle || hasPostgres;

/** What the driver needs to connect. */
export interface OracleConnection {
  readonly connectString: string;
  readonly user: string;
  readonly password: string;
}

/** A database with empty interface tables. */
export interface TestOracle {
  /** The worker's user. */
  readonly connection: OracleConnection;
  /** Plain access as the owner of the tables: names without a schema lead to them. */
  readonly owner: PlainOracle;
  /** Null where the Oracle is real. */
  readonly created: CreatedOracle | null;
  /** Takes away the primary keys of the main tables. */
  dropKeys(): Promise<void>;
  /** Changes the definition of a table: `change` is what stands behind ALTER TABLE and its name. */
  alter(table: string, change: string): Promise<void>;
  remove(): Promise<void>;
}

/** Opens an Oracle with empty tables and the recommended indexes. */
export async function openTestOracle(options: Parameters<typeof createOracle>[0] = {}): Promise<TestOracle> {
  return isRealOracle ? openReal(options.columnTypes) : openStandInOracle(options);
}

/** The same on a stand-in, whatever the environment names. */
export async function openStandInOracle(
  options: Parameters<typeof createOracle>[0] = {},
): Promise<TestOracle & { readonly created: CreatedOracle }> {
  const created = await createOracle(options);
  const { connectString, user, password, owner: credentials } = created.standIn;
  const owner = new PlainOracle({ connectString, ...credentials });
  await runFile(owner, 'indexes.sql');
  return {
    connection: { connectString, user, password },
    owner,
    created,
    dropKeys: async () => {
      const session = await openSession(created.database.connection);
      for (const source of sources) {
        const table = `ismp.${tableOf[source]}`;
        await session.query(`ALTER TABLE ${table} DROP CONSTRAINT ${tableOf[source]}_pk`);
        await session.query(`ALTER TABLE ${table} ALTER COLUMN StreamingNo DROP NOT NULL`);
      }
      await session.close();
    },
    alter: async (table, change) => {
      const session = await openSession(created.database.connection);
      await session.query(`ALTER TABLE ismp.${table} ${change}`);
      await session.close();
    },
    remove: async () => {
      await owner.close();
      await created.remove();
    },
  };
}

async function openReal(columnTypes: Readonly<Record<string, string>> = {}): Promise<TestOracle> {
  const connection = {
    connectString: TEST_ORACLE_CONNECT_STRING ?? '',
    user: TEST_ORACLE_USER ?? '',
    password: TEST_ORACLE_PASSWORD ?? '',
  };
  const owner = new PlainOracle(connection);
  for (const table of sources.flatMap((source) => [tableOf[source], attributeTableOf[source]])) {
    await owner.execute({ sql: `DROP TABLE ${table} PURGE`, bindings: [] }).catch((error: unknown) => {
      if ((error as { code?: string }).code !== 'ORA-00942') throw error;
    });
  }
  await runFile(owner, 'tables.sql');
  await changeTypes(owner, columnTypes);
  await runFile(owner, 'indexes.sql');
  return {
    connection,
    owner,
    created: null,
    dropKeys: async () => {
      for (const source of sources)
        await owner.execute({ sql: `ALTER TABLE ${tableOf[source]} DROP PRIMARY KEY`, bindings: [] });
    },
    alter: async (table, change) => {
      await owner.execute({ sql: `ALTER TABLE ${table} ${change}`, bindings: [] });
    },
    remove: () => owner.close(),
  };
}

/** Gives the columns of all four tables other types. */
async function changeTypes(owner: PlainOracle, columnTypes: Readonly<Record<string, string>>): Promise<void> {
  for (const [column, type] of Object.entries(columnTypes)) {
    const { rows } = await owner.execute({
      sql: `SELECT c.TABLE_NAME AS name FROM USER_TAB_COLUMNS c WHERE c.TABLE_NAME LIKE 'IF\\_BNET\\_%' ESCAPE '\\' AND c.COLUMN_NAME = ?`,
      bindings: [column],
    });
    for (const row of rows)
      await owner.execute({
        sql: `ALTER TABLE ${String(row['name'])} MODIFY (${column} ${type})`,
        bindings: [],
      });
  }
}

async function runFile(owner: PlainOracle, file: string): Promise<void> {
  for (const { sql } of await statementsIn(`oracle/${file}`)) await owner.execute({ sql, bindings: [] });
}

/**
 * Plain access past the adapter, with `?` as placeholders, for statements that are Oracle's. Names of columns in
 * results are in lower case; numbers are text, dates are not asked for.
 */
export class PlainOracle {
  readonly #connection: OracleConnection;
  #opened: Promise<oracledb.Connection> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(connection: OracleConnection) {
    this.#connection = connection;
  }

  /** Runs a statement and commits it. */
  execute(statement: Fragment): Promise<Result> {
    return this.#inTurn(() => this.#run(statement, true));
  }

  /** Executes each statement once for every row of its values, all in one transaction. */
  insert(batches: readonly { readonly sql: string; readonly rows: readonly unknown[][] }[]): Promise<void> {
    return this.#inTurn(async () => {
      const connection = await this.#open();
      try {
        for (const { sql, rows } of batches)
          if (rows.length > 0) await connection.executeMany(numbered(sql), [...rows]);
        await connection.commit();
      } catch (error) {
        await connection.rollback().catch(() => undefined);
        throw classifyOracle(error);
      }
    });
  }

  /** Runs statements in one transaction. */
  transaction<T>(work: (transaction: Pick<PlainOracle, 'execute'>) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const connection = await this.#open();
      try {
        const result = await work({ execute: (statement) => this.#run(statement, false) });
        await connection.commit();
        return result;
      } catch (error) {
        await connection.rollback().catch(() => undefined);
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    const connection = await this.#opened?.catch(() => undefined);
    await connection?.close().catch(() => undefined);
  }

  async #run({ sql, bindings }: Fragment, autoCommit: boolean): Promise<Result> {
    const connection = await this.#open();
    try {
      const result = await connection.execute<Record<string, unknown>>(
        numbered(sql),
        [...bindings] as unknown[],
        {
          autoCommit,
          outFormat: oracledb.OUT_FORMAT_OBJECT,
          fetchTypeHandler: ({ dbType }) =>
            dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.STRING } : undefined,
        },
      );
      const rows = (result.rows ?? []).map((row) =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value])),
      );
      return { rows, changed: result.rowsAffected ?? 0 };
    } catch (error) {
      throw classifyOracle(error);
    }
  }

  /** A connection that was cut is replaced. */
  async #open(): Promise<oracledb.Connection> {
    const opened = await this.#opened?.catch(() => undefined);
    if (opened?.isHealthy() !== true) {
      opened?.close().catch(() => undefined);
      this.#opened = oracledb.getConnection(this.#connection);
    }
    return this.#opened!;
  }

  /** One connection: a transaction must not be interrupted. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** `?` as `:1`, `:2`, … outside of texts. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll(/\?|'[^']*'/g, (token) => (token === '?' ? `:${(count += 1)}` : token));
}
