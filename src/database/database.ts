import { setImmediate as nextTurn } from 'node:timers/promises';
import knexBuilder, { type Knex } from 'knex';
import { classify, classifyConnecting } from './classify.js';
import { ownDeadline, withDeadline } from './deadline.js';
import type { Dialect, Fragment } from './dialects/dialect.js';
import { dialects } from './dialects/dialects.js';
import { DatabaseError, HandlerTimeoutError } from './errors.js';
import type { DatabaseOptions } from './options.js';
import type PQueue from 'p-queue';
import { NestedWork } from './nested.js';
import { poolUse, type PoolUse } from './pool-use.js';

/*
 * A database behind Knex, with what Knex leaves out: a deadline of our own on every call, because a silent peer can
 * hang a driver for ever (past it the connection is thrown away), a commit whose failure is seen (Knex's own promise of
 * `commit()` resolves even then), and errors translated to kinds.
 */

/** The rows a statement returned and how many it changed. */
export interface Result {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly changed: number;
}

/** Runs statements, alone or within a transaction. */
export interface Executor {
  readonly dialect: Dialect;
  execute(statement: Fragment): Promise<Result>;
}

/** A transaction in progress. */
export interface Transaction extends Executor {
  /**
   * Runs a product's own statements in a nested transaction (a savepoint): undone when `work` throws, whatever; it cannot
   * end the transaction itself (TransactionEndedError). `limitMs` is for the whole, by default that of a call; past it the
   * transaction is lost: HandlerTimeoutError where no statement was on its way, so the database is not the cause.
   */
  nested<T>(work: (knex: Knex.Transaction) => Promise<T>, limitMs?: number): Promise<T>;
}

/**
 * Looks at a new connection before anything else goes over it. When it fails, the connection is thrown away and the call
 * that wanted it fails with the same error. `retireOthers` closes all other connections that are open now, each as soon
 * as it is not in use.
 */
export type ConnectionCheck = (connection: Executor, retireOthers: () => void) => Promise<void>;

/** An open database: a pool of connections that are made when they are needed. */
export class Database implements Executor {
  readonly dialect: Dialect;
  /** PostgreSQL: the schema that was asked for, where one was. */
  readonly schema: string | undefined;
  readonly #name: string | undefined;
  readonly #knex: Knex;
  readonly #callTimeoutMs: number;
  readonly #closeTimeoutMs: number;
  readonly #turns: PQueue | undefined;
  #check: ConnectionCheck | undefined;
  /** By connection: how many times others had been retired when it was checked. */
  readonly #generations = new WeakMap<object, number>();
  #generation = 0;

  constructor(options: DatabaseOptions) {
    this.#name = options.name;
    this.dialect = dialects[options.client];
    this.schema = options.schema?.name;
    this.#callTimeoutMs = options.statementLimitMs ?? options.callTimeoutMs;
    this.#closeTimeoutMs = options.callTimeoutMs;
    this.#turns = this.dialect.turns?.(options);
    this.#knex = knexBuilder(this.dialect.config(options));
  }

  /** Has each connection that is made from now on checked before its first use. */
  checkConnections(check: ConnectionCheck): void {
    this.#check = check;
  }

  /** Runs one statement outside any transaction. */
  async execute(statement: Fragment): Promise<Result> {
    return this.#withConnection((connection) => this.#executeOn(connection, statement));
  }

  async #executeOn(connection: unknown, statement: Fragment): Promise<Result> {
    return this.#bounded(connection, () =>
      runRaw(rawQuery(this.#knex, statement).connection(connection as never)),
    );
  }

  /** Runs `work` in a transaction and commits it; rolls back when `work` throws. */
  async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#withConnection(async (connection) => {
      const trx = await this.#bounded(connection, async () => {
        const begun = await this.#knex.transaction({ connection } as Knex.TransactionConfig);
        // Knex hands out a transaction whose BEGIN failed, too.
        if (begun.isCompleted()) await begun.executionPromise;
        return begun;
      });
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

  /** How its connections are used at this moment. */
  pool(): PoolUse {
    return poolUse((this.#knex.client as { pool: Parameters<typeof poolUse>[0] }).pool);
  }

  /** Closes all connections; waits no longer than a call may take. */
  async close(): Promise<void> {
    await withDeadline(this.#closeTimeoutMs, this.#knex.destroy(), () => undefined).catch(() => undefined);
  }

  #transactionOn(trx: Knex.Transaction, connection: unknown): Transaction {
    const execute = (statement: Fragment) =>
      this.#bounded(connection, () => runRaw(rawQuery(trx, statement)));
    const nested = <T>(
      work: (knex: Knex.Transaction) => Promise<T>,
      limitMs = this.#callTimeoutMs,
    ): Promise<T> => this.#nested({ trx, connection }, work, limitMs);
    return { dialect: this.dialect, execute, nested };
  }

  async #nested<T>(
    { trx, connection }: { trx: Knex.Transaction; connection: unknown },
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

  async #commit(trx: Knex.Transaction, connection: unknown, ended: Promise<unknown>): Promise<void> {
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

  async #withConnection<T>(work: (connection: unknown) => Promise<T>): Promise<T> {
    if (this.#turns === undefined) return this.#withOwnConnection(work);
    return this.#turns.add(() => this.#withOwnConnection(work));
  }

  async #withOwnConnection<T>(work: (connection: unknown) => Promise<T>): Promise<T> {
    // Never within a transaction, where another connection of the process to the same file would block it for good.
    if (this.dialect.isSynchronous) await nextTurn();
    const client = this.#knex.client as Knex.Client;
    const connection = await this.#connect(client);
    try {
      await this.#checkOnce(connection);
      return await work(connection);
    } catch (error) {
      throw this.#named(error);
    } finally {
      await client.releaseConnection(connection);
    }
  }

  /** A connection that was not retired: the pool closes those that are marked as disposed when they come up again. */
  async #connect(client: Knex.Client): Promise<object> {
    for (;;) {
      let connection: object;
      try {
        connection = (await client.acquireConnection()) as object;
      } catch (error) {
        throw this.#named(classifyConnecting(error));
      }
      if ((this.#generations.get(connection) ?? this.#generation) === this.#generation) return connection;
      abandon(connection);
      await client.releaseConnection(connection);
    }
  }

  async #checkOnce(connection: object): Promise<void> {
    if (this.#check === undefined || this.#generations.has(connection)) return;
    const { dialect } = this;
    const execute = (statement: Fragment) => this.#executeOn(connection, statement);
    try {
      await this.#check({ dialect, execute }, () => (this.#generation += 1));
      this.#generations.set(connection, this.#generation);
    } catch (error) {
      abandon(connection);
      throw error;
    }
  }

  /** Says which database failed, unless the error came from another one that was called within a transaction. */
  #named(error: unknown): unknown {
    if (error instanceof DatabaseError) error.database ??= this.#name;
    return error;
  }

  async #bounded<T>(connection: unknown, call: () => PromiseLike<T>): Promise<T> {
    try {
      return await withDeadline(this.#callTimeoutMs, call(), () => {
        abandon(connection);
      });
    } catch (error) {
      throw classify(error);
    }
  }
}

/** PostgreSQL answers so to the COMMIT of a transaction in which a statement failed. */
interface CommitAnswer {
  readonly response?: { readonly command?: string };
}

const swallowedFailure = 'a statement of the transaction failed unnoticed: nothing was committed';

const losesTheAnswer = new Set(['connectionLost', 'timeout', 'unavailable']);

function rawQuery(knex: Knex, statement: Fragment): Knex.Raw {
  return knex.raw(statement.sql, statement.bindings as Knex.RawBinding[]);
}

async function runRaw(query: Knex.Raw): Promise<Result> {
  const response = (await query) as unknown;
  if (Array.isArray(response)) return { rows: response as Result['rows'], changed: response.length };
  const { rows, rowCount, changes } = response as {
    rows?: Result['rows'];
    rowCount?: number | null;
    changes?: number;
  };
  return { rows: rows ?? [], changed: rowCount ?? changes ?? 0 };
}

/** Cuts a connection whose peer is silent: nothing sent over it would be answered, a goodbye included. */
function abandon(connection: unknown): void {
  const held = connection as { __knex__disposed?: unknown; connection?: { stream?: { destroy(): void } } };
  held.__knex__disposed = 'deadline passed';
  held.connection?.stream?.destroy();
}
