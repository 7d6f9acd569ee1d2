import type { Command } from 'commander';
import { KnexStoreOperations } from '../../store/knex/store-operations.js';
import { ShardsDifferError } from '../../store/port.js';
import { openStoreDatabase } from '../../wiring.js';
import { printJson, printLines } from '../output.js';
import { applicationNameOf, configOf } from '../session.js';

/** Adds `migrate`. */
export function registerMigrate(program: Command): void {
  program
    .command('migrate')
    .description('create the tables of the product store, or bring them up to date')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bnet-sync migrate --config bnet-sync.yaml')
    .action(async (options: { json?: true }, command: Command) => {
      const config = await configOf(command);
      const { shards } = config.worker;
      const database = openStoreDatabase(config, {
        applicationName: applicationNameOf(command),
        createFile: true,
      });
      try {
        const operations = new KnexStoreOperations(database);
        const migrations = await operations.migrate(shards);
        if (options.json === true) printJson({ migrations });
        else if (migrations.length === 0) printLines('Nothing to do: all migrations have run.');
        else printLines(...migrations.map((name) => `Migrated: ${name}`));
        const present = await operations.shards();
        if (present !== shards) throw new ShardsDifferError(present, shards);
      } finally {
        await database.close();
      }
    });
}
