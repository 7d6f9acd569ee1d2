import { performance } from 'node:perf_hooks';
import type { Knex } from 'knex';
import type { HostState } from '../domain/host-state.js';
import { classify, classifyConnecting } from './classify.js';
import { withDeadline } from './deadline.js';
import { DatabaseError } from './errors.js';
import type { ServerHost } from './options.js';

/*
 * Several hosts of one PostgreSQL database, of which one accepts writes. Each new connection tries them in turn, the one
 * that was used last first, and each has its share of the deadline: one that accepts connections and says nothing leaves
 * time for the others. A host that does not accept writes is left out, because both databases are written to.
 */

/** What pg has of a connection, as far as it matters here. */
interface RawConnection {
  query(sql: string): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
  end(): Promise<void>;
  readonly connection: { readonly stream: { destroy(): void } };
}

/** A host that did answer, and a connection to it. */
interface Opened {
  readonly connection: RawConnection;
  readonly state: 'writable' | 'standby' | 'readOnly';
}

const sessionState = `
  SELECT pg_catalog.pg_is_in_recovery() AS standby,
         pg_catalog.current_setting('transaction_read_only') = 'on' AS read_only`;

const goodbyeMs = 1000;

const stateWords = {
  writable: 'accepts writes',
  standby: 'is a standby',
  readOnly: 'is read-only (default_transaction_read_only)',
} as const;

/** Whether a server answered that it takes no changes: it became a standby, or was set to read-only. */
export function isReadOnlyServer(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '25006';
}

/** What a Knex client connects with. */
interface Attached {
  readonly settings: Record<string, unknown>;
  /** The connection's own limit, if it has one. */
  readonly limitMs: number;
  connect(): Promise<RawConnection>;
}

/** Makes the connections of a Knex client for PostgreSQL, in place of its own way. */
export class ServerHosts {
  readonly #hosts: readonly ServerHost[];
  readonly #deadlineMs: number;
  readonly #leadingTo = new WeakMap<object, number>();
  /** Which of them is tried first. */
  #first = 0;
  #client: Attached | undefined;

  constructor(hosts: readonly ServerHost[], deadlineMs: number) {
    this.#hosts = hosts;
    this.#deadlineMs = deadlineMs;
  }

  /** From now on the client's pool gets its connections here. */
  attachTo(client: Knex.Client): void {
    const settings = client.connectionSettings as Record<string, unknown>;
    const own = Number(settings['connectionTimeoutMillis']);
    const connect = client.acquireRawConnection.bind(client) as Attached['connect'];
    this.#client = { settings, limitMs: own > 0 ? own : Infinity, connect };
    client.acquireRawConnection = () => this.#connect();
  }

  /** A connection turned out to be of no use: new ones try the other hosts first. */
  leave(connection: object): void {
    const index = this.#leadingTo.get(connection);
    if (index === this.#first) this.#first = (index + 1) % this.#hosts.length;
  }

  /** Looks at all of them. */
  async look(): Promise<readonly HostState[]> {
    const shareMs = this.#deadlineMs / this.#hosts.length;
    return Promise.all(this.#hosts.map((host, index) => this.#lookAt(host, index, shareMs)));
  }

  async #lookAt({ name }: ServerHost, index: number, limitMs: number): Promise<HostState> {
    try {
      const { connection, state } = await this.#open(index, limitMs);
      end(connection);
      return { name, state, words: stateWords[state], inUse: state === 'writable' && index === this.#first };
    } catch (error) {
      return { name, state: 'unreachable', words: failureWords(error, limitMs), inUse: false };
    }
  }

  async #connect(): Promise<RawConnection> {
    const endMs = performance.now() + this.#deadlineMs;
    const order = this.#hosts.map((_host, position) => (this.#first + position) % this.#hosts.length);
    const why: string[] = [];
    for (const [tried, index] of order.entries()) {
      const limitMs = Math.max(1, (endMs - performance.now()) / (order.length - tried));
      const name = this.#hosts[index]?.name ?? '';
      try {
        const { connection, state } = await this.#open(index, limitMs);
        if (state === 'writable') {
          this.#first = index;
          return connection;
        }
        end(connection);
        why.push(`${name} ${stateWords[state]}`);
      } catch (error) {
        if (error instanceof DatabaseError && endsTheSearch(error)) throw named(error, name);
        if (!(error instanceof DatabaseError)) throw error;
        why.push(`${name} ${failureWords(error, limitMs)}`);
      }
    }
    throw new DatabaseError('unreachable', `no host accepts writes: ${why.join(', ')}`);
  }

  /** Connects to one of them; fails with a DatabaseError, but where the driver or this program is at fault. */
  async #open(index: number, limitMs: number): Promise<Opened> {
    const client = this.#client;
    if (client === undefined) throw new TypeError('no client was attached');
    const ownMs = Math.min(limitMs, client.limitMs);
    const endMs = performance.now() + ownMs;
    // The driver reads the settings before it waits for anything.
    Object.assign(client.settings, this.#hosts[index]?.settings, {
      connectionTimeoutMillis: Math.ceil(ownMs),
    });
    const connection = await client.connect().catch((error: unknown) => {
      throw classifyConnecting(error);
    });
    this.#leadingTo.set(connection, index);
    try {
      const limit = Math.max(1, endMs - performance.now());
      const { rows } = await withDeadline(limit, connection.query(sessionState), () => {
        cut(connection);
      });
      const { standby, read_only: readOnly } = rows[0] ?? {};
      return {
        connection,
        state: standby === true ? 'standby' : readOnly === true ? 'readOnly' : 'writable',
      };
    } catch (error) {
      cut(connection);
      throw classify(error);
    }
  }
}

function cut({ connection }: RawConnection): void {
  connection.stream.destroy();
}

/** Says goodbye; a host that is gone by then must not keep the process. */
function end(connection: RawConnection): void {
  withDeadline(goodbyeMs, connection.end(), () => {
    cut(connection);
  }).catch(() => undefined);
}

/**
 * What the next host would answer as well. Credentials that are refused, as in libpq: they would be refused once more. And a
 * pooler that refuses a parameter of the connection.
 */
function endsTheSearch({ kind, code }: DatabaseError): boolean {
  return kind === 'credentials' || code === '08P01';
}

function named(error: DatabaseError, host: string): DatabaseError {
  return new DatabaseError(error.kind, `${host}: ${error.message}`, { code: error.code, cause: error });
}

const knownFailures: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'broke the connection',
  ENOTFOUND: 'is no known host',
  EAI_AGAIN: 'is a name that cannot be resolved at present',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
};

function failureWords(error: unknown, limitMs: number): string {
  if (!(error instanceof DatabaseError)) return `failed: ${String(error)}`;
  const known = knownFailures[error.code ?? ''];
  if (known !== undefined) return known;
  const isSilent = error.kind === 'timeout' || error.message === 'timeout expired';
  return isSilent ? `did not answer within ${Math.round(limitMs)} ms` : `failed: ${error.message}`;
}
