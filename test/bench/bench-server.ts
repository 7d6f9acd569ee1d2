import pg from 'pg';
import type { PostgresAccess } from '../support/postgres-database.js';
import type { DataStorage } from '../support/postgres-home.js';
import { PostgresServer, type PostgresSettings } from '../support/postgres-server.js';

/*
 * The server of a benchmark: the embedded PostgreSQL, as durable as it comes. All contestants of a run
 * share it, one after another. Every run gets databases of its own, copied from a template that was loaded,
 * vacuumed and analysed, so that what one run leaves behind does not reach the next.
 */

/** What differs from PostgreSQL's defaults; the first three only take back what the tests' server switches off. */
export const serverSettings: PostgresSettings = {
  fsync: 'on',
  full_page_writes: 'on',
  max_wal_size: '1GB',
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  track_commit_timestamp: 'on',
};

/** The server, with a session of ours in its own database. */
export class BenchServer {
  readonly #server: PostgresServer;
  readonly #admin: pg.Client;
  readonly #templates = new Set<string>();
  #copies = 0;

  private constructor(server: PostgresServer, admin: pg.Client) {
    this.#server = server;
    this.#admin = admin;
  }

  static async start(place: DataStorage): Promise<BenchServer> {
    const server = new PostgresServer(serverSettings, { place });
    await server.start();
    const admin = new pg.Client({ ...server.access });
    await admin.connect();
    await admin.query('CREATE EXTENSION pg_stat_statements');
    return new BenchServer(server, admin);
  }

  async stop(): Promise<void> {
    await this.#admin.end();
    await this.#server.remove();
  }

  access(database: string): PostgresAccess {
    return { ...this.#server.access, database };
  }

  /** Runs a statement beside what is measured, in a database of ours. */
  async query(sql: string, values: unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    return (await this.#admin.query<Record<string, unknown>>(sql, values)).rows;
  }

  /** Makes a template once: `from` another one or empty, filled by `build`, then vacuumed and analysed. */
  async template(name: string, build: Build, from = 'template0'): Promise<string> {
    if (this.#templates.has(name)) return name;
    await this.#copy(from, name);
    await build(this.access(name));
    await this.inDatabase(name, (client) => client.query('VACUUM (FREEZE, ANALYZE)'));
    this.#templates.add(name);
    return name;
  }

  /** Copies a template; returns the copy's name. */
  async copyOf(template: string): Promise<string> {
    const name = `${template}_${(this.#copies += 1)}`;
    await this.#copy(template, name);
    return name;
  }

  async drop(databases: readonly string[]): Promise<void> {
    for (const name of databases) {
      await this.#admin.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      this.#templates.delete(name);
    }
  }

  /** Runs statements in a session of its own. */
  async inDatabase<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ ...this.access(database) });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  async #copy(template: string, name: string): Promise<void> {
    const plain = template === 'template0' ? ` ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'` : '';
    await this.#admin.query(`CREATE DATABASE "${name}" TEMPLATE "${template}" STRATEGY file_copy${plain}`);
  }
}

/** Fills a database. */
export type Build = (access: PostgresAccess) => Promise<void>;
