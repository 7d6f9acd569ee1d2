import type { Knex } from 'knex';
import type { HostState } from '../domain/host-state.js';
import type { Pooler } from '../domain/pooler.js';
import { abandon, isAbandoned } from './bounded.js';
import { Connections, type ConnectionCheck } from './connections.js';
import { ownDeadline } from './deadline.js';
import type { Dialect, Fragment, PooledConnection } from './dialects/dialect.js';
import { dialects } from './dialects/dialects.js';
import { DatabaseError, HandlerTimeoutError } from './errors.js';
import { rawQuery, resultOf, type Executor, type Result } from './executor.js';
import { begunTransaction } from './begun.js';
import type { DatabaseOptions } from './options.js';
import { NestedWork } from './nested.js';
import type { PoolUse } from './pool-use.js';

/*
 * A database behind Knex, with what Knex leaves out: a deadline of our own on every call, because a silent peer can
 * hang a driver for ever (past it the connection is thrown away), a commit whose failure is seen (Knex's own promise of
 * `commit()` resolves even then), and errors translated to kinds.
 */

export type { ConnectionCheck } from './connections.js';
export type { Executor, Result } from './executor.js';

/** A transaction in progress. */
export interface Transaction extends Executor {
  /**
   * Runs a product's own statements in a nested transaction (a savepoint): undone when `work` throws, whatever; it cannot
   * end the transaction itself (TransactionEndedError). `limitMs` is for the whole, by default that of a call; past it the
   * transaction is lost: HandlerTimeoutError where no statement was on its way, so the database is not the cause.
   */
  nested<T>(work: (knex: Knex.Transaction) => Promise<T>, limitMs?: number): Promise<T>;
}

/** An open database: a pool of connections that are made when they are needed. */
export class Database implements Executor {
  readonly dialect: Dialect;
  /** PostgreSQL: the schema that was asked for, where one was. */
  readonly schema: string | undefined;
  readonly #connections: Connections;
  readonly #callTimeoutMs: number;

  constructor(options: DatabaseOptions) {
    this.dialect = dialects[options.client];
    this.schema = options.schema?.name;
    this.#callTimeoutMs = options.statementLimitMs ?? options.callTimeoutMs;
    this.#connections = new Connections(options, this.dialect);
  }

  /** Has each session of the server that is met from now on checked before its first use. */
  checkConnections(check: ConnectionCheck): void {
    this.#connections.checkWith(check);
  }

  /** Runs one statement outside any transaction. */
  async execute(statement: Fragment): Promise<Result> {
    return this.#withConnection(async (connection) => {
      const pooled = this.#pooled(connection);
      return pooled === null
        ? this.#executeOn(connection, statement)
        : this.#executePooled(pooled, connection, statement);
    });
  }

  async #executeOn(connection: object, statement: Fragment): Promise<Result> {
    const query = rawQuery(this.#connections.knex, statement).connection(connection);
    return resultOf(await this.#bounded(connection, () => query));
  }

  /** A transaction of its own, in one round trip; in two where the session must be known before. */
  async #executePooled(pooled: PooledConnection, connection: object, statement: Fragment): Promise<Result> {
    const native = rawQuery(this.#connections.knex, statement).toSQL().toNative();
    const { areChecked } = this.#connections;
    if (areChecked) await this.#beginPooled(pooled, connection);
    try {
      return resultOf(
        await this.#bounded(connection, () =>
          areChecked ? pooled.executeLast(native) : pooled.executeAlone(native),
        ),
      );
    } catch (error) {
      await this.#rollBackPooled(pooled, connection);
      throw error;
    }
  }

  /** Runs `work` in a transaction and commits it; rolls back when `work` throws. */
  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#withConnection(async (connection) => {
      const trx = await this.#begin(connection);
      const ended = trx.executionPromise;
      ended.catch(() => undefined);
      let result: T;
      try {
        result = await work(this.#transactionOn(trx, connection));
      } catch (error) {
        await this.#bounded(connection, () => trx.rollback(error)).catch(() => undefined);
        throw error;
      }
      await this.#commit(trx, connection, ended);
      return result;
    });
  }

  async #begin(connection: object): Promise<Knex.Transaction> {
    const { knex } = this.#connections;
    const pooled = this.#pooled(connection);
    if (pooled !== null) {
      await this.#beginPooled(pooled, connection);
      return begunTransaction(knex, connection);
    }
    return this.#bounded(connection, async () => {
      const begun = await knex.transaction({ connection } as Knex.TransactionConfig);
      // Knex hands out a transaction whose BEGIN failed, too.
      if (begun.isCompleted()) await begun.executionPromise;
      return begun;
    });
  }

  /**
   * Begins a transaction, and has the session checked that it has got. Where one of the two fails the connection is cut, and
   * the pooler ends the session with it: the next transaction gets another one.
   */
  async #beginPooled(pooled: PooledConnection, connection: object): Promise<void> {
    try {
      const session = await this.#bounded(connection, () => pooled.begin());
      const execute = (statement: Fragment) => this.#executeTried(pooled, connection, statement);
      await this.#connections.checkPooled(connection, session, { dialect: this.dialect, execute });
    } catch (error) {
      this.#connections.leave(connection);
      throw error;
    }
  }

  /** A statement whose failure leaves the transaction as it was. */
  async #executeTried(pooled: PooledConnection, connection: object, statement: Fragment): Promise<Result> {
    const run = (command: string) => this.#bounded(connection, () => pooled.run(command));
    await run('SAVEPOINT tried');
    try {
      const result = await this.#executeOn(connection, statement);
      await run('RELEASE SAVEPOINT tried');
      return result;
    } catch (error) {
      if (!isAbandoned(connection)) await run('ROLLBACK TO SAVEPOINT tried');
      throw error;
    }
  }

  async #rollBackPooled(pooled: PooledConnection, connection: object): Promise<void> {
    if (isAbandoned(connection)) return;
    await this.#bounded(connection, () => pooled.run('ROLLBACK')).catch(() => {
      abandon(connection);
    });
  }

  /** Fails where the database does not answer. */
  async ping(): Promise<void> {
    await this.execute({ sql: 'SELECT 1', bindings: [] });
  }

  /**
   * The level at which the server begins transactions by itself, as server, database and role say, such as
   * `repeatable read`; null where there are no levels. Our own sessions do not go by it.
   */
  async defaultIsolation(): Promise<string | null> {
    const sql = this.dialect.defaultIsolation;
    const level = sql === null ? null : (await this.execute({ sql, bindings: [] })).rows[0]?.['level'];
    return typeof level === 'string' ? level : null;
  }

  /** The pooler that it is reached through; null where connections have sessions of their own. */
  async pooler(): Promise<Pooler | null> {
    const sql = this.dialect.pooledSession;
    if (sql === undefined) return null;
    return this.#withConnection(async (connection) => {
      const pooled = this.#pooled(connection);
      if (pooled === null) return null;
      const { rows } = await this.#executePooled(pooled, connection, { sql, bindings: [] });
      return {
        refusesLimits: !this.#connections.asksForLimits,
        keepsTransactions: await this.#keepsTransactions(pooled, connection),
        role: String(rows[0]?.['role']),
        idleLimitMs: Number(rows[0]?.['idle_limit']),
        roleIdleLimitMs: Number(rows[0]?.['role_idle_limit']),
      };
    });
  }

  async #keepsTransactions(pooled: PooledConnection, connection: object): Promise<boolean> {
    try {
      await this.#bounded(connection, () => pooled.begin());
      await this.#rollBackPooled(pooled, connection);
      return true;
    } catch (error) {
      abandon(connection);
      if (error instanceof DatabaseError && error.code === refusedByPooler) return false;
      throw error;
    }
  }

  /** Its hosts and what each of them is; empty where it has one that may be anything. */
  async hosts(): Promise<readonly HostState[]> {
    return this.#connections.hosts();
  }

  /** How its connections are used at this moment. */
  pool(): PoolUse {
    return this.#connections.pool();
  }

  /** Closes all connections; waits no longer than a call may take. */
  async close(): Promise<void> {
    await this.#connections.close();
  }

  #transactionOn(trx: Knex.Transaction, connection: object): Transaction {
    const execute = async (statement: Fragment) =>
      resultOf(await this.#bounded(connection, () => rawQuery(trx, statement)));
    const nested = <T>(
      work: (knex: Knex.Transaction) => Promise<T>,
      limitMs = this.#callTimeoutMs,
    ): Promise<T> => this.#nested({ trx, connection }, work, limitMs);
    return { dialect: this.dialect, execute, nested };
  }

  async #nested<T>(
    { trx, connection }: { trx: Knex.Transaction; connection: object },
    work: (knex: Knex.Transaction) => Promise<T>,
    limitMs: number,
  ): Promise<T> {
    const nested = new NestedWork(trx);
    try {
      return await this.#bounded(connection, () => nested.run(work, limitMs));
    } catch (error) {
      const isDeadline =
        error instanceof DatabaseError && error.kind === 'timeout' && error.code === ownDeadline;
      if (isDeadline && !nested.isWaiting)
        throw new HandlerTimeoutError(`not finished within ${this.#callTimeoutMs} ms`);
      throw error;
    }
  }

  async #commit(trx: Knex.Transaction, connection: object, ended: Promise<unknown>): Promise<void> {
    try {
      await this.#bounded(connection, async () => {
        const answer = (await trx.commit()) as unknown as CommitAnswer | undefined;
        await ended;
        if (answer?.response?.command === 'ROLLBACK') throw new DatabaseError('other', swallowedFailure);
      });
    } catch (error) {
      if (!(error instanceof DatabaseError) || !losesTheAnswer.has(error.kind)) throw error;
      throw new DatabaseError('commitUnknown', `the answer to a commit was lost: ${error.message}`, {
        cause: error,
      });
    }
  }

  async #withConnection<T>(work: (connection: object) => Promise<T>): Promise<T> {
    const { dialect } = this;
    return this.#connections.use(work, (connection) => ({
      dialect,
      execute: (statement) => this.#executeOn(connection, statement),
    }));
  }

  #pooled(connection: object): PooledConnection | null {
    return this.dialect.pooled?.(connection) ?? null;
  }

  async #bounded<T>(connection: object, call: () => PromiseLike<T>): Promise<T> {
    return this.#connections.bounded(this.#callTimeoutMs, connection, call);
  }
}

/** PostgreSQL answers so to the COMMIT of a transaction in which a statement failed. */
interface CommitAnswer {
  readonly response?: { readonly command?: string };
}

/** A pooler's own errors have the code of a broken protocol. */
const refusedByPooler = '08P01';

const swallowedFailure = 'a statement of the transaction failed unnoticed: nothing was committed';

const losesTheAnswer = new Set(['connectionLost', 'timeout', 'unavailable']);
