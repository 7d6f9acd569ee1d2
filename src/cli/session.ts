import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { createOperator } from '../app/create-operator.js';
import type { OperatorService } from '../operator/operator-service.js';
import { openDatabases, type OpenOptions } from '../app/open-databases.js';
import { printJson, printLines } from './output.js';
import { complain } from './standard-streams.js';

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

/** What a command needs of the databases. */
interface SessionOptions extends Pick<OpenOptions, 'byKey'> {
  /** `middle`, `store`: the command does without the other one. Default: both must be reached. */
  readonly needs?: 'middle' | 'store' | 'both';
}

/**
 * Runs an operator's command over the databases of its configuration, and closes them whatever comes. Fails where one of
 * those it needs cannot be reached, before anything is done in the other.
 */
export async function withOperator(
  command: Command,
  work: (operator: OperatorService) => Promise<void>,
  { needs = 'both', ...options }: SessionOptions = {},
): Promise<void> {
  const config = await configOf(command);
  const databases = await openDatabases(config, { applicationName: applicationNameOf(command), ...options });
  try {
    if (needs !== 'store') await databases.middle.database.ping();
    if (needs !== 'middle') await databases.store.ping();
    await work(createOperator(config, databases));
  } finally {
    await databases.close();
  }
}

/** Adds `--json` and the action of a command that reads something and prints it, as JSON or as lines. */
export function addReport<Options, Report>(
  command: Command,
  read: (operator: OperatorService, options: Options) => Promise<Report>,
  linesOf: (report: Report, options: Options) => readonly string[],
): void {
  command.option('--json', 'print JSON').action(async (options: Options & { readonly json?: true }) => {
    await withOperator(command, async (operator) => {
      const report = await read(operator, options);
      if (options.json === true) printJson(report);
      else printLines(...linesOf(report, options));
    });
  });
}
