import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import oracledb from 'oracledb';
import { Pool, TimeoutError } from 'tarn';
import { withDeadline } from '../../database/deadline.js';
import { DatabaseError } from '../../database/errors.js';
import { classifyOracle } from './errors.js';

/*
 * Connections to Oracle, with what the driver leaves out.
 *
 * A peer that falls silent hangs a call of the driver for ever: its `callTimeout` sends a break and waits for the
 * answer to it, `close()` queues behind the call, and nothing bounds the login. So every call, the login too, has a
 * deadline of our own. Past it the connection is thrown away by destroying its sockets, which we know from Node's
 * diagnostics channel: the driver itself does not tell of them.
 *
 * The pool is not the driver's either. There a hung call keeps its place for good, a hung login stops it from making
 * any further connection, and with `poolMin` above 0 it connects without a pause to a server that is down
 * (docs/decisions/0007). This one makes a connection when somebody waits for it, and tells him when that fails: when to
 * try again is the worker's to say.
 */

/** How to reach the database. */
export interface OracleOptions {
  /** What people call it. */
  readonly name: string;
  /** The driver's attributes of a connection: `connectString`, `user`, `password`, wallet, … */
  readonly connection: Readonly<Record<string, unknown>>;
  /** Shown to DBAs as PROGRAM and MODULE of the sessions (V$SESSION). */
  readonly applicationName: string;
  readonly maxConnections: number;
  /** Our deadline on every call; the server is asked to end its work a little earlier. */
  readonly callTimeoutMs: number;
}

/** Values of a statement's binds by name. */
export type Binds = Readonly<Record<string, string | number | null>>;

/** A query with its values. */
export interface Query {
  readonly sql: string;
  readonly binds: Binds;
  /** How many rows are expected: as many come with the first answer. More are fetched, less cost nothing. */
  readonly expected: number;
}

/** A change that is executed once for each row of values, in one round trip. */
export interface Batch {
  readonly sql: string;
  /** What is bound: `number`, or a text of so many bytes at most. */
  readonly columns: Readonly<Record<string, 'number' | number>>;
  readonly rows: readonly Binds[];
}

/** A row that was read; numbers are text. */
export type OracleRow = Readonly<Record<string, unknown>>;

interface Session {
  readonly connection: oracledb.Connection;
  readonly sockets: ReadonlySet<Socket>;
  lost: boolean;
  /** Its session's settings were changed: nobody else may have it. */
  spent?: true;
}

const idleMs = 60_000;
const marginMs = 1000;
/** A closing connection says goodbye; a peer that does not answer is not waited for. */
const goodbyeMs = 1000;

/** An Oracle database: a pool of connections that are made when they are needed. */
export class OracleDatabase {
  readonly #options: OracleOptions;
  readonly #pool: Pool<Session>;

  constructor(options: OracleOptions) {
    noticeSockets();
    this.#options = options;
    const { callTimeoutMs, maxConnections } = options;
    this.#pool = new Pool<Session>({
      create: () => this.#connect(),
      validate: ({ connection, lost, spent }) => !lost && spent === undefined && connection.isHealthy(),
      destroy: (session) => this.#disconnect(session),
      min: 0,
      max: maxConnections,
      propagateCreateError: true,
      createTimeoutMillis: callTimeoutMs + marginMs,
      acquireTimeoutMillis: callTimeoutMs + 2 * marginMs,
      idleTimeoutMillis: idleMs,
    });
  }

  /** Runs a query and returns all of its rows. */
  async query({ sql, binds, expected }: Query): Promise<readonly OracleRow[]> {
    const rowsAtOnce = Math.max(2, expected + 1);
    const options: oracledb.ExecuteOptions = {
      outFormat: oracledb.OUT_FORMAT_OBJECT,
      fetchTypeHandler: numbersAsText,
      prefetchRows: rowsAtOnce,
      fetchArraySize: rowsAtOnce,
      maxRows: 0,
    };
    return this.#withSession(async (session) => {
      const result = await this.#bounded(session, () =>
        session.connection.execute<OracleRow>(sql, { ...binds }, options),
      );
      return result.rows ?? [];
    });
  }

  /**
   * Executes a batch and commits it; returns how many rows each of its rows changed. `follow` may add a batch to the
   * same transaction, or null: nothing was changed that is worth a commit. Two round trips with `follow`, else one.
   */
  async change(
    batch: Batch,
    follow?: (counts: readonly number[]) => Batch | null,
  ): Promise<readonly number[]> {
    return this.#withSession(async (session) => {
      if (follow === undefined) return this.#commit(session, batch);
      const counts = await this.#execute(session, batch, false);
      const next = follow(counts);
      if (next === null) await this.#bounded(session, () => session.connection.rollback());
      else await this.#commit(session, next);
      return counts;
    });
  }

  /** Executes a statement that changes no row, or one of data definition, which commits by itself. */
  async command(sql: string): Promise<void> {
    await this.#withSession(async (session) => {
      await this.#bounded(session, () => session.connection.execute(sql));
      await this.#bounded(session, () => session.connection.rollback());
    });
  }

  /**
   * Executes such statements one after another on one connection, which is closed then, so that what they set for the
   * session ends with it. `done` is told of each.
   */
  async commands(statements: readonly string[], done: (sql: string) => void): Promise<void> {
    await this.#withSession(async (session) => {
      try {
        for (const sql of statements) {
          await this.#bounded(session, () => session.connection.execute(sql));
          done(sql);
        }
      } finally {
        session.spent = true;
      }
    });
  }

  /** Closes all connections; waits no longer than a call may take. */
  async close(): Promise<void> {
    await withDeadline(this.#options.callTimeoutMs, this.#pool.destroy(), () => undefined).catch(
      () => undefined,
    );
  }

  async #execute(session: Session, { sql, columns, rows }: Batch, commit: boolean): Promise<number[]> {
    const bindDefs = Object.fromEntries(
      Object.entries(columns).map(([name, type]) => [
        name,
        type === 'number'
          ? { type: oracledb.DB_TYPE_NUMBER }
          : { type: oracledb.DB_TYPE_VARCHAR, maxSize: type },
      ]),
    );
    // A statement out of the cache is executed again by its number, and then the driver does not ask for row counts.
    const options: oracledb.ExecuteManyOptions = {
      autoCommit: commit,
      dmlRowCounts: true,
      bindDefs,
      keepInStmtCache: false,
    };
    const { dmlRowCounts } = await this.#bounded(session, () =>
      session.connection.executeMany(
        sql,
        rows.map((row) => ({ ...row })),
        options,
      ),
    );
    if (dmlRowCounts?.length !== rows.length)
      throw new DatabaseError('other', 'the server did not say how many rows each change changed');
    return dmlRowCounts;
  }

  async #commit(session: Session, batch: Batch): Promise<number[]> {
    try {
      return await this.#execute(session, batch, true);
    } catch (error) {
      if (!(error instanceof DatabaseError) || !losesTheAnswer.has(error.kind)) throw error;
      throw new DatabaseError('commitUnknown', `the answer to a commit was lost: ${error.message}`, {
        code: error.code,
        cause: error,
      });
    }
  }

  async #withSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#acquire();
    try {
      return await work(session);
    } catch (error) {
      await this.#undo(session);
      throw this.#named(error);
    } finally {
      if (session.lost || !session.connection.isHealthy()) session.lost = true;
      this.#pool.release(session);
    }
  }

  async #acquire(): Promise<Session> {
    try {
      return await this.#pool.acquire().promise;
    } catch (error) {
      throw this.#named(unreachable(error));
    }
  }

  /** What a failed call left open must not wait for the next one: its locks keep others waiting. */
  async #undo(session: Session): Promise<void> {
    if (session.lost || !session.connection.isHealthy()) return;
    await this.#bounded(session, () => session.connection.rollback()).catch(() => {
      throwAway(session);
    });
  }

  async #connect(): Promise<Session> {
    const { connection: attributes, applicationName, callTimeoutMs } = this.#options;
    const sockets = new Set<Socket>();
    let late = false;
    const login = socketsOfLogin.run(sockets, () =>
      // Thick mode names the program itself.
      oracledb.getConnection({
        ...(oracledb.thin && { program: programOf(applicationName) }),
        ...attributes,
      }),
    );
    login.then(
      (connection) => late && void connection.close().catch(() => undefined),
      () => undefined,
    );
    try {
      const connection = await withDeadline(callTimeoutMs, login, () => {
        late = true;
        cut(sockets);
      });
      connection.callTimeout = Math.ceil(0.8 * callTimeoutMs);
      connection.module = applicationName;
      return { connection, sockets, lost: false };
    } catch (error) {
      throw classifyOracle(error);
    }
  }

  async #disconnect(session: Session): Promise<void> {
    if (session.lost) {
      throwAway(session);
      return;
    }
    await withDeadline(goodbyeMs, session.connection.close(), () => {
      throwAway(session);
    }).catch(() => undefined);
  }

  async #bounded<T>(session: Session, call: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(this.#options.callTimeoutMs, call(), () => {
        throwAway(session);
      });
    } catch (error) {
      throw classifyOracle(error);
    }
  }

  #named(error: unknown): unknown {
    if (error instanceof DatabaseError) error.database ??= this.#options.name;
    return error;
  }
}

const losesTheAnswer = new Set(['connectionLost', 'timeout', 'unavailable']);

const socketsOfLogin = new AsyncLocalStorage<Set<Socket>>();
let isNoticing = false;

/** From now on each login knows the sockets that are made for it. */
function noticeSockets(): void {
  if (isNoticing) return;
  isNoticing = true;
  subscribe('net.client.socket', (message) => {
    socketsOfLogin.getStore()?.add((message as { socket: Socket }).socket);
  });
}

/**
 * Cuts a connection whose peer is silent: nothing sent over it would be answered, a goodbye included. The driver must be
 * told as well: it says goodbye to a connection that is collected as garbage before it was closed, and where that fails
 * nobody can catch it: the process ends.
 */
function throwAway(session: Session): void {
  session.lost = true;
  cut(session.sockets);
  session.connection.close().catch(() => undefined);
}

/** With an error where the driver listens for one: a socket that only closes is one it would still send goodbye over. */
function cut(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) {
    if (socket.listenerCount('error') > 0) socket.destroy(new Error('the deadline passed'));
    else socket.destroy();
  }
}

function numbersAsText(column: oracledb.Metadata<unknown>): oracledb.FetchTypeResponse | undefined {
  return column.dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.STRING } : undefined;
}

/** The server takes no blanks and little else in a program's name. */
function programOf(applicationName: string): string {
  return applicationName.replaceAll(/[^\w-]+/g, '-');
}

/** A failure to get a connection is never a lost connection: nothing was sent. */
function unreachable(error: unknown): unknown {
  if (error instanceof TimeoutError)
    return new DatabaseError('unreachable', 'no connection could be made in time', { cause: error });
  // The system's own words, on a port that cannot be for instance.
  if (error instanceof Error && !(error instanceof DatabaseError) && 'code' in error)
    return new DatabaseError('unreachable', error.message, { code: String(error.code), cause: error });
  if (!(error instanceof DatabaseError)) return error;
  const { kind, code, message } = error;
  if (kind === 'credentials' || kind === 'unreachable') return error;
  return new DatabaseError('unreachable', message, { code, cause: error });
}
