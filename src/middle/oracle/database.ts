import oracledb from 'oracledb';
import { Pool, TimeoutError } from 'tarn';
import { cannotConnect } from '../../database/classify.js';
import { withDeadline } from '../../database/deadline.js';
import { DatabaseError } from '../../database/errors.js';
import { poolUse, type PoolUse } from '../../database/pool-use.js';
import { OracleSession, type SessionOptions } from './session.js';

/*
 * Statements on Oracle, over a pool of sessions.
 *
 * The pool is not the driver's: there a hung call keeps its slot for good, a hung login blocks all further connections,
 * and with `poolMin` above 0 it reconnects without a pause to a server that is down (docs/decisions/0007). This one
 * connects when a caller waits, and fails that caller if it cannot: when to retry is up to the worker.
 */

/** How to reach the database. */
export interface OracleOptions extends SessionOptions {
  /** Name in messages. */
  readonly name: string;
  readonly maxConnections: number;
}

/** Values of a statement's binds by name. */
export type Binds = Readonly<Record<string, string | number | null>>;

/** A query with its values. */
export interface Query {
  readonly sql: string;
  readonly binds: Binds;
  /** Expected number of rows: as many come with the first answer. More are fetched, fewer cost nothing. */
  readonly expected: number;
}

/** A change executed once per row of values, in one round trip. */
export interface BatchStatement {
  readonly sql: string;
  /** What is bound: `number`, or a text of at most so many bytes. */
  readonly columns: Readonly<Record<string, 'number' | number>>;
  readonly rows: readonly Binds[];
}

/** A transaction in progress. */
export interface OracleTransaction {
  query(query: Query): Promise<readonly OracleRow[]>;
  /** Executes a batch, and commits with it if asked; returns how many rows each of its rows changed. */
  execute(batch: BatchStatement, options: { readonly commit: boolean }): Promise<readonly number[]>;
  commit(): Promise<void>;
}

/** A row that was read; numbers are text. */
export type OracleRow = Readonly<Record<string, unknown>>;

const idleMs = 60_000;
const marginMs = 1000;
/** An Oracle database: a pool of connections made on demand. */
export class OracleDatabase {
  readonly #options: OracleOptions;
  readonly #pool: Pool<OracleSession>;

  constructor(options: OracleOptions) {
    this.#options = options;
    const { callTimeoutMs, maxConnections } = options;
    this.#pool = new Pool<OracleSession>({
      create: () => OracleSession.open(options),
      validate: (session) => session.usable,
      destroy: (session) => session.close(),
      min: 0,
      max: maxConnections,
      propagateCreateError: true,
      createTimeoutMillis: callTimeoutMs + marginMs,
      acquireTimeoutMillis: callTimeoutMs + 2 * marginMs,
      idleTimeoutMillis: idleMs,
    });
  }

  /** Runs a query and returns all of its rows. */
  async query(query: Query): Promise<readonly OracleRow[]> {
    return this.#withSession((session) => this.#query(session, query));
  }

  /** Runs `work` in a transaction; what is uncommitted when it ends is rolled back. */
  async transaction<T>(work: (transaction: OracleTransaction) => Promise<T>): Promise<T> {
    return this.#withSession(async (session) => {
      const state = { isOpen: false };
      const result = await work({
        query: async (query) => {
          state.isOpen = true;
          return this.#query(session, query);
        },
        execute: async (batch, { commit }) => {
          state.isOpen = !commit;
          return commit
            ? this.#committing(() => this.#execute(session, batch, true))
            : this.#execute(session, batch, false);
        },
        commit: async () => {
          state.isOpen = false;
          await this.#committing(() => session.call((connection) => connection.commit()));
        },
      });
      if (state.isOpen) await session.call((connection) => connection.rollback());
      return result;
    });
  }

  /** Executes a statement that changes no row, or a data definition, which commits implicitly. */
  async command(sql: string): Promise<void> {
    await this.#withSession(async (session) => {
      await session.call((connection) => connection.execute(sql));
      await session.call((connection) => connection.rollback());
    });
  }

  /**
   * Executes such statements in order on one connection and then closes it, which ends their session settings. `done`
   * is called for each.
   */
  async commands(statements: readonly string[], done: (sql: string) => void): Promise<void> {
    await this.#withSession(async (session) => {
      try {
        for (const sql of statements) {
          await session.call((connection) => connection.execute(sql));
          done(sql);
        }
      } finally {
        session.spent = true;
      }
    });
  }

  /** How its connections are used at this moment. */
  pool(): PoolUse {
    return poolUse(this.#pool);
  }

  /** Closes all connections, within the time of a call. */
  async close(): Promise<void> {
    await withDeadline(this.#options.callTimeoutMs, this.#pool.destroy(), () => undefined).catch(
      () => undefined,
    );
  }

  async #query(session: OracleSession, { sql, binds, expected }: Query): Promise<readonly OracleRow[]> {
    const rowsAtOnce = Math.max(2, expected + 1);
    const options: oracledb.ExecuteOptions = {
      outFormat: oracledb.OUT_FORMAT_OBJECT,
      fetchTypeHandler: numbersAsText,
      prefetchRows: rowsAtOnce,
      fetchArraySize: rowsAtOnce,
      maxRows: 0,
    };
    const result = await session.call((connection) =>
      connection.execute<OracleRow>(sql, { ...binds }, options),
    );
    return result.rows ?? [];
  }

  async #execute(
    session: OracleSession,
    { sql, columns, rows }: BatchStatement,
    commit: boolean,
  ): Promise<number[]> {
    const bindDefs = Object.fromEntries(
      Object.entries(columns).map(([name, type]) => [
        name,
        type === 'number'
          ? { type: oracledb.DB_TYPE_NUMBER }
          : { type: oracledb.DB_TYPE_VARCHAR, maxSize: type },
      ]),
    );
    // A cached statement is executed again by its number; then the driver does not request row counts.
    const options: oracledb.ExecuteManyOptions = {
      autoCommit: commit,
      dmlRowCounts: true,
      bindDefs,
      keepInStmtCache: false,
    };
    const { dmlRowCounts } = await session.call((connection) =>
      connection.executeMany(
        sql,
        rows.map((row) => ({ ...row })),
        options,
      ),
    );
    if (dmlRowCounts?.length !== rows.length)
      throw new DatabaseError('other', 'the server did not return row counts');
    return dmlRowCounts;
  }

  async #committing<T>(commit: () => Promise<T>): Promise<T> {
    try {
      return await commit();
    } catch (error) {
      if (!(error instanceof DatabaseError) || !losesTheAnswer.has(error.kind)) throw error;
      throw new DatabaseError('commitUnknown', `the answer to a commit was lost: ${error.message}`, {
        code: error.code,
        cause: error,
      });
    }
  }

  async #withSession<T>(work: (session: OracleSession) => Promise<T>): Promise<T> {
    const session = await this.#acquire();
    try {
      return await work(session);
    } catch (error) {
      await this.#undo(session);
      throw this.#named(error);
    } finally {
      this.#pool.release(session);
    }
  }

  async #acquire(): Promise<OracleSession> {
    try {
      return await this.#pool.acquire().promise;
    } catch (error) {
      if (error instanceof TimeoutError)
        throw this.#named(
          new DatabaseError('unreachable', 'no connection could be made in time', { cause: error }),
        );
      throw this.#named(error instanceof Error ? cannotConnect(error) : error);
    }
  }

  /** Ends what a failed call left open: its locks keep others waiting. */
  async #undo(session: OracleSession): Promise<void> {
    if (!session.usable) return;
    await session
      .call((connection) => connection.rollback())
      .catch(() => {
        session.throwAway();
      });
  }

  #named(error: unknown): unknown {
    if (error instanceof DatabaseError) error.database ??= this.#options.name;
    return error;
  }
}

const losesTheAnswer = new Set(['connectionLost', 'timeout', 'unavailable']);

function numbersAsText(column: oracledb.Metadata<unknown>): oracledb.FetchTypeResponse | undefined {
  return column.dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.STRING } : undefined;
}
