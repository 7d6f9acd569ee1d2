import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { registerDemo } from './commands/demo.js';
import { registerDoctor } from './commands/doctor.js';
import { registerFailed } from './commands/failed.js';
import { registerInitMiddle } from './commands/init-middle.js';
import { registerMigrate } from './commands/migrate.js';
import { registerPreview } from './commands/preview.js';
import { registerRequeue } from './commands/requeue.js';
import { registerRun } from './commands/run.js';
import { registerShow } from './commands/show.js';
import { registerSimulate } from './commands/simulate.js';
import { registerStatus } from './commands/status.js';

/** The command line: one file per command. Errors are thrown, see exit-codes.ts. */
export function createProgram(): Command {
  const program = new Command('bnet-sync')
    .description(
      'Brings the rows of IF_BNET_CUST and IF_BNET_ACCOUNT (ISMP-B) to the product store, once and in order.',
    )
    .version(packageVersion())
    .option('-c, --config <file>', 'configuration, YAML or JSON; default: the variable BNET_SYNC_CONFIG')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .showHelpAfterError('(--help shows how it is used)');
  for (const register of commands) register(program);
  return program;
}

const commands: readonly ((program: Command) => void)[] = [
  registerRun,
  registerStatus,
  registerFailed,
  registerShow,
  registerRequeue,
  registerPreview,
  registerDoctor,
  registerMigrate,
  registerInitMiddle,
  registerSimulate,
  registerDemo,
];

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
