import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from './postgres.js';

/** `client` and `connection` of a configuration's section. */
export interface KnexSetting {
  readonly client: 'pg' | 'better-sqlite3';
  readonly connection: Record<string, unknown>;
}

/** Databases made for one test, and how to delete them. */
export interface Made<Setting> {
  readonly setting: Setting;
  drop(): Promise<void>;
}

/** An empty PostgreSQL database. */
export async function postgresDatabase(name: string): Promise<Made<KnexSetting>> {
  const { connection, drop } = await createDatabase(name);
  return { setting: { client: 'pg', connection: { ...connection } }, drop };
}

/** The place of a SQLite file in a folder of its own. */
export async function sqliteFile(name: string): Promise<Made<KnexSetting>> {
  const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-test-'));
  return {
    setting: { client: 'better-sqlite3', connection: { filename: join(folder, `${name}.sqlite`) } },
    drop: () => rm(folder, { recursive: true, force: true }),
  };
}
