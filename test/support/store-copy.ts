import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import type { ConnectionSetting } from './middle-databases.js';
import type { PostgresAccess } from './postgres.js';

/** A copy of a product store as it stood at a moment, to be put back later: the store has then lost what came after. */
export interface StoreCopy {
  /** The store becomes what it was. Connections that are open break on PostgreSQL, and go on on SQLite. */
  putBack(): Promise<void>;
}

/** Copies a whole product store. */
export async function copyStore(setting: ConnectionSetting): Promise<StoreCopy> {
  return setting.client === 'pg'
    ? copyPostgres(setting.connection as unknown as PostgresAccess)
    : copySqlite((setting.connection as { filename: string }).filename);
}

/** SQLite's own backup, which writes into the file that others have open, as `.restore` does. */
async function copySqlite(filename: string): Promise<StoreCopy> {
  const copy = join(dirname(filename), `copy-${Date.now()}.sqlite`);
  const backup = async (from: string, to: string): Promise<void> => {
    const source = new Sqlite(from);
    try {
      await source.backup(to);
    } finally {
      source.close();
    }
  };
  await backup(filename, copy);
  return {
    putBack: async () => {
      await backup(copy, filename);
      await rm(copy, { force: true });
    },
  };
}

/** A database made after the pattern of another one, which must have no sessions at that moment. */
async function copyPostgres(access: PostgresAccess): Promise<StoreCopy> {
  const { database } = access;
  const copy = `${database}_copy`;
  const run = async (...statements: readonly string[]): Promise<void> => {
    const client = new pg.Client({ ...access, database: 'postgres' });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  };
  const alone = (name: string): string =>
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${name}'`;
  const closed = (name: string, allowed: boolean): string =>
    `ALTER DATABASE "${name}" WITH ALLOW_CONNECTIONS ${String(allowed)}`;
  await run(
    closed(database, false),
    alone(database),
    `CREATE DATABASE "${copy}" TEMPLATE "${database}"`,
    closed(database, true),
  );
  return {
    putBack: () =>
      run(
        closed(database, false),
        alone(database),
        `ALTER DATABASE "${database}" RENAME TO "${database}_lost"`,
        `ALTER DATABASE "${copy}" RENAME TO "${database}"`,
        `DROP DATABASE "${database}_lost"`,
      ),
  };
}
