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

/** Both databases, open. */
export interface Session {
  readonly config: Config;
  readonly middle: OpenMiddle;
  readonly store: StoreOperations;
}

/** Opens both databases for an operator's command, and closes them whatever comes. */
export async function withDatabases(
  command: Command,
  work: (session: Session) => Promise<void>,
): Promise<void> {
  const config = await configOf(command);
  const applicationName = applicationNameOf(command);
  const middle = await openMiddle(config, { applicationName });
  try {
    const database = openStoreDatabase(config, { applicationName });
    try {
      await work({ config, middle, store: new KnexStoreOperations(database) });
    } finally {
      await database.close();
    }
  } finally {
    await middle.close();
  }
}
