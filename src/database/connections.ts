import { setImmediate as nextTurn } from 'node:timers/promises';
import knexBuilder, { type Knex } from 'knex';
import type PQueue from 'p-queue';
import type { HostState } from '../domain/host-state.js';
import { abandon, bounded } from './bounded.js';
import { classifyConnecting } from './classify.js';
import { ownDeadline, withDeadline } from './deadline.js';
import type { Dialect } from './dialects/dialect.js';
import { DatabaseError } from './errors.js';
import type { Executor } from './executor.js';
import type { DatabaseOptions } from './options.js';
import { poolUse, type PoolUse } from './pool-use.js';
import { isReadOnlyServer, ServerHosts } from './server-hosts.js';

/**
 * Looks at a new session of the server before anything else goes over it. When it fails, the connection is thrown away and
 * the call that wanted it fails with the same error. `retireOthers` closes all other connections that are open now, each as
 * soon as it is not in use.
 */
export type ConnectionCheck = (session: Executor, retireOthers: () => void) => Promise<void>;

/**
 * The connections of a database: made when they are needed, their sessions checked before the first use.
 *
 * A connection is one session of the server, except where a pooler stands between: then each transaction may have another
 * session, which the server names at its beginning, and which is checked within the transaction that meets it first.
 */
export class Connections {
  readonly #options: DatabaseOptions;
  readonly #dialect: Dialect;
  readonly #turns: PQueue | undefined;
  readonly #hosts: ServerHosts | undefined;
  #knex: Knex;
  #startupLimits = true;
  #check: ConnectionCheck | undefined;
  /** By connection: how many times others had been retired when it was checked. */
  readonly #generations = new WeakMap<object, number>();
  /** Sessions behind poolers that were checked since others were retired last, the latest at the end. */
  readonly #sessions = new Set<string>();
  #generation = 0;

  constructor(options: DatabaseOptions, dialect: Dialect) {
    this.#options = options;
    this.#dialect = dialect;
    this.#turns = dialect.turns?.(options);
    const { hosts, callTimeoutMs } = options;
    this.#hosts = hosts === undefined ? undefined : new ServerHosts(hosts, callTimeoutMs);
    this.#knex = this.#makeKnex();
  }

  #makeKnex(): Knex {
    const knex = knexBuilder(this.#dialect.config(this.#options, this.#startupLimits));
    this.#hosts?.attachTo(knex.client as Knex.Client);
    return knex;
  }

  get knex(): Knex {
    return this.#knex;
  }

  /** Whether sessions are checked. */
  get areChecked(): boolean {
    return this.#check !== undefined;
  }

  /** Whether connections ask for the server's limits: until a pooler has refused them. */
  get asksForLimits(): boolean {
    return this.#startupLimits;
  }

  /** Has each session that is met from now on checked before its first use. */
  checkWith(check: ConnectionCheck): void {
    this.#check = check;
  }

  pool(): PoolUse {
    return poolUse((this.#knex.client as { pool: Parameters<typeof poolUse>[0] }).pool);
  }

  /** The hosts and what each of them is; empty where there is one that may be anything. */
  async hosts(): Promise<readonly HostState[]> {
    return this.#hosts?.look() ?? [];
  }

  /** Waits for a call no longer than so many milliseconds; past them the connection is left. */
  async bounded<T>(milliseconds: number, connection: object, call: () => PromiseLike<T>): Promise<T> {
    try {
      return await bounded(milliseconds, connection, call);
    } catch (error) {
      if (error instanceof DatabaseError && error.code === ownDeadline) this.#hosts?.leave(connection);
      if (isReadOnlyServer(error)) this.#retireAll(connection);
      throw error;
    }
  }

  /** A server that takes no changes is no place for any connection: the next ones may lead to its successor. */
  #retireAll(connection: object): void {
    this.#generation += 1;
    this.#sessions.clear();
    this.#hosts?.leave(connection);
    // It has no generation.
    if (this.#dialect.pooled?.(connection)) abandon(connection);
  }

  /** Throws a connection away, and tries other hosts first from now on. */
  leave(connection: object): void {
    abandon(connection);
    this.#hosts?.leave(connection);
  }

  /** Closes all connections; waits no longer than a call may take. */
  async close(): Promise<void> {
    const limitMs = this.#options.callTimeoutMs;
    await withDeadline(limitMs, this.#knex.destroy(), () => undefined).catch(() => undefined);
  }

  /** Lends a connection; `executorOn` runs statements of the check on it. */
  async use<T>(
    work: (connection: object) => Promise<T>,
    executorOn: (connection: object) => Executor,
  ): Promise<T> {
    if (this.#turns === undefined) return this.#useOwn(work, executorOn);
    return this.#turns.add(() => this.#useOwn(work, executorOn));
  }

  /** Checks the session behind a pooler that a transaction has begun on, unless it was checked before. */
  async checkPooled(connection: object, session: string, executor: Executor): Promise<void> {
    if (this.#sessions.has(session)) return;
    const generation = await this.#runCheck(connection, executor);
    if (generation === this.#generation) this.#remember(session);
  }

  async #useOwn<T>(
    work: (connection: object) => Promise<T>,
    executorOn: (connection: object) => Executor,
  ): Promise<T> {
    // Never within a transaction, where another connection of the process to the same file would block it for good.
    if (this.#dialect.isSynchronous) await nextTurn();
    const { client, connection } = await this.#connect();
    try {
      await this.#checkOnce(connection, executorOn);
      return await work(connection);
    } catch (error) {
      throw this.#named(error);
    } finally {
      await client.releaseConnection(connection);
    }
  }

  /** A connection that was not retired: the pool closes those that are marked as disposed when they come up again. */
  async #connect(): Promise<{ readonly client: Knex.Client; readonly connection: object }> {
    for (;;) {
      const { client, connection } = await this.#acquire();
      if ((this.#generations.get(connection) ?? this.#generation) === this.#generation)
        return { client, connection };
      abandon(connection);
      await client.releaseConnection(connection);
    }
  }

  async #acquire(): Promise<{ readonly client: Knex.Client; readonly connection: object }> {
    for (;;) {
      const client = this.#knex.client as Knex.Client;
      try {
        return { client, connection: (await client.acquireConnection()) as object };
      } catch (error) {
        // Another call has met the refusal before: this one waited for the pool that was given up.
        if (this.#knex.client !== client) continue;
        const refused = this.#dialect.refusedParameter?.(error) ?? null;
        if (refused?.isLimit === true && this.#giveUpLimits()) continue;
        const known = refused && new DatabaseError('unreachable', refused.message, { cause: error });
        throw this.#named(known ?? classifyConnecting(error));
      }
    }
  }

  /** From now on connections ask for no limits; false where they did not ask for any, either. */
  #giveUpLimits(): boolean {
    if (!this.#startupLimits) return false;
    this.#startupLimits = false;
    const old = this.#knex;
    this.#knex = this.#makeKnex();
    old.destroy().catch(() => undefined);
    return true;
  }

  async #checkOnce(connection: object, executorOn: (connection: object) => Executor): Promise<void> {
    if (this.#generations.has(connection) || this.#dialect.pooled?.(connection)) return;
    const generation = await this.#runCheck(connection, executorOn(connection));
    this.#generations.set(connection, generation);
  }

  /**
   * Returns the generation that the session belongs to. It is that of the time of the check: where others were retired
   * meanwhile, this one was among them.
   */
  async #runCheck(connection: object, executor: Executor): Promise<number> {
    let generation = this.#generation;
    try {
      await this.#check?.(executor, () => {
        this.#generation += 1;
        generation = this.#generation;
        this.#sessions.clear();
      });
    } catch (error) {
      this.leave(connection);
      throw error;
    }
    return generation;
  }

  #remember(session: string): void {
    this.#sessions.add(session);
    if (this.#sessions.size <= mostSessions) return;
    const [oldest] = this.#sessions;
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }

  /** Says which database failed, unless the error came from another one that was called within a transaction. */
  #named(error: unknown): unknown {
    if (error instanceof DatabaseError) error.database ??= this.#options.name;
    return error;
  }
}

/** Poolers make new sessions all the time; one that is forgotten is checked once more. */
const mostSessions = 1000;
