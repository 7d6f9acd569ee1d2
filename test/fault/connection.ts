import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresAccess } from '../support/postgres-database.js';
import { scaled } from '../support/time-factor.js';

/** A row as the driver gives it. */
export type DriverRow = Readonly<Record<string, unknown>>;

/** A connection of the test's own, past every proxy, that is made again whenever it breaks. */
export class Connection {
  #client: pg.Client | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #access: PostgresAccess;
  readonly #name: string;

  /** @param name - its application_name */
  constructor(access: PostgresAccess, name: string) {
    this.#access = access;
    this.#name = name;
  }

  /** Runs statements, one call after another; a broken connection is an error, and the next call makes another one. */
  run<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => this.#run(work));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #run<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const client = (this.#client ??= await this.#connect());
    try {
      return await work(async (sql, values) => (await client.query<DriverRow>(sql, values)).rows);
    } catch (error) {
      this.#client = undefined;
      client.end().catch(() => undefined);
      throw error;
    }
  }

  /** Runs statements again and again until they go through; they must bear being carried out twice. */
  async retry<T>(work: (query: Query) => Promise<T>, limitMs = scaled(90_000)): Promise<T> {
    const end = Date.now() + limitMs;
    for (;;) {
      try {
        return await this.run(work);
      } catch (error) {
        const code = error instanceof pg.DatabaseError ? (error.code ?? '') : '';
        if (Date.now() > end || /^(22|23|42)/.test(code)) throw error;
        await pause(100);
      }
    }
  }

  async close(): Promise<void> {
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<pg.Client> {
    const settings = {
      connectionTimeoutMillis: scaled(5000),
      query_timeout: scaled(20_000),
      application_name: this.#name,
    };
    const client = new pg.Client({ ...this.#access, ...settings });
    client.on('error', () => {
      if (this.#client === client) this.#client = undefined;
    });
    await client.connect();
    return client;
  }
}

/** Runs one statement. */
export type Query = (sql: string, values?: unknown[]) => Promise<readonly DriverRow[]>;
