import type { Command } from 'commander';
import { createMiddleTables } from '../../app/open-databases.js';
import { printJson, printLines } from '../output.js';
import { applicationNameOf, configOf } from '../session.js';

/** Options and action of `init-middle`. */
export function configure(command: Command): void {
  command
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bnet-sync init-middle --config config/example.sqlite.yaml')
    .action(async (options: { json?: true }) => {
      const config = await configOf(command);
      const tables = await createMiddleTables(config, { applicationName: applicationNameOf(command) });
      if (options.json === true) printJson({ tables });
      else printLines(...tables.map((table) => `Created: ${table}`));
    });
}
