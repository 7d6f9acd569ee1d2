import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { createOperatorService } from '../operator/create-operator-service.js';
import type { OperatorService } from '../operator/operator-service.js';
import type { GuardRecords, StoreAdmin, StoreRecords, StoreScan } from '../store/admin-port.js';
import { KnexGuardRecords } from '../store/knex/guard.js';
import { KnexStoreAdmin } from '../store/knex/store-admin.js';
import { KnexStoreRecords } from '../store/knex/store-records.js';
import { type OpenOptions, openMiddle, openStoreDatabase } from '../app/open-databases.js';
import type { OpenMiddle } from '../middle/open-middle.js';
import { complain } from './standard-streams.js';
import { KnexStoreScan } from '../store/knex/store-scan.js';

/** Reads the configuration that a command was given, by `--config`, BNET_SYNC_CONFIG or variables alone. */
export async function configOf(command: Command): Promise<Config> {
  const { config: file } = command.optsWithGlobals<{ config?: string }>();
  return loadConfig({
    ...{ file, env: process.env, cwd: process.cwd() },
    onNote: ({ path, message }) => {
      complain(`warning: ${path}: ${message}`);
    },
  });
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
  options: Pick<OpenOptions, 'byKey'> = {},
): Promise<void> {
  const config = await configOf(command);
  const middle = await openMiddle(config, { applicationName: applicationNameOf(command), ...options });
  try {
    await work({ config, middle });
  } finally {
    await middle.close();
  }
}

/** Both databases, open. */
export interface CommandSession extends MiddleSession {
  readonly store: StoreAdmin;
  readonly records: StoreRecords;
  readonly scan: StoreScan;
  readonly guard: GuardRecords;
}

/** The same with both databases; fails where one cannot be reached, before anything was done in the other. */
export async function withDatabases(
  command: Command,
  work: (session: CommandSession) => Promise<void>,
  options: Pick<OpenOptions, 'byKey'> = {},
): Promise<void> {
  const withStore = async ({ config, middle }: MiddleSession): Promise<void> => {
    const database = openStoreDatabase(config, { applicationName: applicationNameOf(command), ...options });
    try {
      const store = new KnexStoreAdmin(database);
      await middle.database.ping();
      await store.now();
      const records = new KnexStoreRecords(database);
      const guard = new KnexGuardRecords(database);
      await work({ config, middle, store, records, scan: new KnexStoreScan(database), guard });
    } finally {
      await database.close();
    }
  };
  await withMiddle(command, withStore, options);
}

/** The same with what operators see and do over both. */
export async function withOperator(
  command: Command,
  work: (operator: OperatorService) => Promise<void>,
): Promise<void> {
  await withDatabases(command, async ({ middle, store, records, guard }) => {
    const { operations, search } = middle;
    const clocks = { wallClock: () => Date.now(), clock: () => performance.now() };
    await work(createOperatorService({ middle: operations, search, store, records, guard, ...clocks }));
  });
}
