import type { Command } from 'commander';
import { createMiddleTables } from '../../app/open-databases.js';
import { printJson, printLines } from '../output.js';
import { applicationNameOf, configOf } from '../session.js';

/** Adds `init-middle`. */
export function registerInitMiddle(program: Command): void {
  program
    .command('init-middle')
    .description('create the four interface tables, for tests and trials: a real platform has them already')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bnet-sync init-middle --config config/example.sqlite.yaml')
    .action(async (options: { json?: true }, command: Command) => {
      const config = await configOf(command);
      const tables = await createMiddleTables(config, { applicationName: applicationNameOf(command) });
      if (options.json === true) printJson({ tables });
      else printLines(...tables.map((table) => `Created: ${table}`));
    });
}
