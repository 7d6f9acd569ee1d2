import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import oracledb from 'oracledb';
import { withDeadline } from '../../database/deadline.js';
import { connectLimits } from './addresses.js';
import { classifyOracle } from './errors.js';

/*
 * A session with an Oracle server, with what the driver lacks.
 *
 * A silent peer hangs a driver call for ever: `callTimeout` sends a break and waits for its answer, `close()` queues
 * behind the call, and nothing bounds the login. So every call, the login too, has our own deadline. Past it the
 * connection is dropped by destroying its sockets, known from Node's diagnostics channel: the driver does not expose
 * them. An abandoned login continues in the driver, through all its addresses and retries: sockets made for it from
 * then on never connect.
 */

/** How to open a session. */
export interface SessionOptions {
  /** The driver's connection attributes: `connectString`, `user`, `password`, wallet, … */
  readonly connection: Readonly<Record<string, unknown>>;
  /** Shown to DBAs as PROGRAM and MODULE of the sessions (V$SESSION). */
  readonly applicationName: string;
  /** Our deadline on every call; the server's limit is a little earlier. */
  readonly callTimeoutMs: number;
}

/** Limit on the goodbye of a closing connection. */
const goodbyeMs = 1000;

/** One connection of the driver. Its calls fail with a DatabaseError. */
export class OracleSession {
  /** Its settings were changed: it must not be reused. */
  spent = false;
  readonly #connection: oracledb.Connection;
  readonly #sockets: ReadonlySet<Socket>;
  readonly #callTimeoutMs: number;
  #thrownAway = false;

  private constructor(
    connection: oracledb.Connection,
    sockets: ReadonlySet<Socket>,
    { applicationName, callTimeoutMs }: SessionOptions,
  ) {
    connection.callTimeout = Math.ceil(0.8 * callTimeoutMs);
    connection.module = applicationName;
    this.#connection = connection;
    this.#sockets = sockets;
    this.#callTimeoutMs = callTimeoutMs;
  }

  static async open(options: SessionOptions): Promise<OracleSession> {
    noticeSockets();
    const login: Login = { sockets: new Set(), isAbandoned: false };
    const connecting = currentLogin.run(login, () => connect(options));
    connecting.then(
      (connection) => login.isAbandoned && void connection.close().catch(() => undefined),
      () => undefined,
    );
    try {
      const connection = await withDeadline(options.callTimeoutMs, connecting, () => {
        login.isAbandoned = true;
        cut(login.sockets);
      });
      return new OracleSession(connection, login.sockets, options);
    } catch (error) {
      throw classifyOracle(error);
    }
  }

  /** Whether another call may be made. */
  get usable(): boolean {
    return !this.#thrownAway && !this.spent && this.#connection.isHealthy();
  }

  /** Makes a driver call; past its deadline the session is dropped. */
  async call<T>(work: (connection: oracledb.Connection) => Promise<T>): Promise<T> {
    try {
      return await withDeadline(this.#callTimeoutMs, work(this.#connection), () => {
        this.throwAway();
      });
    } catch (error) {
      throw classifyOracle(error);
    }
  }

  async close(): Promise<void> {
    if (this.#thrownAway) return;
    await withDeadline(goodbyeMs, this.#connection.close(), () => {
      this.throwAway();
    }).catch(() => undefined);
  }

  /**
   * Cuts a connection whose peer is silent: nothing sent over it would be answered, not even a goodbye. The driver must
   * know too: it says goodbye to a connection collected as garbage before it was closed, and if that fails, nothing can
   * catch the error and the process ends.
   */
  throwAway(): void {
    this.#thrownAway = true;
    cut(this.#sockets);
    this.#connection.close().catch(() => undefined);
  }
}

/** A login in progress, and its session. */
interface Login {
  readonly sockets: Set<Socket>;
  isAbandoned: boolean;
}

const currentLogin = new AsyncLocalStorage<Login>();
let isNoticing = false;

async function connect({ applicationName, connection, callTimeoutMs }: SessionOptions) {
  // Thick mode sets the program name, and takes limits only from the descriptor.
  const own = oracledb.thin && {
    program: programOf(applicationName),
    ...(await connectLimits(connection, callTimeoutMs)),
  };
  return oracledb.getConnection({ ...own, ...connection });
}

/** From now on each login knows its sockets. */
function noticeSockets(): void {
  if (isNoticing) return;
  isNoticing = true;
  subscribe('net.client.socket', (message) => {
    const login = currentLogin.getStore();
    const { socket } = message as { socket: Socket };
    if (login?.isAbandoned === true) neverConnect(socket);
    else login?.sockets.add(socket);
  });
}

/**
 * Node announces a socket just before it connects: release 20 before `connect` is called, later ones within it. Either
 * way it connects at the next tick at the earliest, and this one runs first.
 */
function neverConnect(socket: Socket): void {
  process.nextTick(destroy, socket, 'the login was given up');
}

function cut(sockets: ReadonlySet<Socket>): void {
  for (const socket of sockets) destroy(socket, 'the deadline passed');
}

/** With an error if the driver listens for one: over a socket that only closes it would still say goodbye. */
function destroy(socket: Socket, why: string): void {
  if (socket.listenerCount('error') > 0) socket.destroy(new Error(why));
  else socket.destroy();
}

/** The server accepts no blanks and little else in a program name. */
function programOf(applicationName: string): string {
  return applicationName.replaceAll(/[^\w-]+/g, '-');
}
