import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { KnexStoreOperations } from '../store/knex/store-operations.js';
import type { StoreOperations } from '../store/port.js';
import { openMiddle, openStoreDatabase, type OpenMiddle } from '../wiring.js';

/** Reads the configuration that a command was given, by `--config` or BNET_SYNC_CONFIG. */
export async function configOf(command: Command): Promise<Config> {
  const { config: file } = command.optsWithGlobals<{ config?: string }>();
  return loadConfig({ file, env: process.env, cwd: process.cwd() });
}

/** How a command names itself to the servers. */
export function applicationNameOf(command: Command): string {
  return `bnet-sync ${command.name()}`;
}

/** The middle database, open. */
export interface MiddleSession {
  readonly config: Config;
  readonly middle: OpenMiddle;
}

/** Opens the middle database for an operator's command, and closes it whatever comes. */
export async function withMiddle(
  command: Command,
  work: (session: MiddleSession) => Promise<void>,
): Promise<void> {
  const config = await configOf(command);
  const middle = await openMiddle(config, { applicationName: applicationNameOf(command) });
  try {
    await work({ config, middle });
  } finally {
    await middle.close();
  }
}

/** Both databases, open. */
export interface Session extends MiddleSession {
  readonly store: StoreOperations;
}

/** The same with both databases; fails where one cannot be reached, before anything was done in the other. */
export async function withDatabases(
  command: Command,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  await withMiddle(command, async ({ config, middle }) => {
    const database = openStoreDatabase(config, { applicationName: applicationNameOf(command) });
    try {
      const store = new KnexStoreOperations(database);
      await middle.database.ping();
      await store.now();
      await work({ config, middle, store });
    } finally {
      await database.close();
    }
  });
}
