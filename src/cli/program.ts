import { Command } from 'commander';
import { packageVersion } from '../package-version.js';
import { linesText } from './output.js';
import { registerAudit } from './commands/audit.js';
import { registerConsole } from './commands/console.js';
import { registerDeferred } from './commands/deferred.js';
import { registerDemo } from './commands/demo.js';
import { registerDoctor } from './commands/doctor.js';
import { registerFailed } from './commands/failed.js';
import { registerFailureGroups } from './commands/failure-groups.js';
import { registerHashPassword } from './commands/hash-password.js';
import { registerProcessing } from './commands/processing.js';
import { registerInitMiddle } from './commands/init-middle.js';
import { registerJournal } from './commands/journal.js';
import { registerMigrate } from './commands/migrate.js';
import { registerPause } from './commands/pause.js';
import { registerPreview } from './commands/preview.js';
import { registerRepair } from './commands/repair.js';
import { registerRequeue } from './commands/requeue.js';
import { registerResume } from './commands/resume.js';
import { registerRetry } from './commands/retry.js';
import { registerRun } from './commands/run.js';
import { registerShow } from './commands/show.js';
import { registerSimulate } from './commands/simulate.js';
import { registerStatus } from './commands/status.js';
import { registerWorkers } from './commands/workers.js';
import { registerVerify } from './commands/verify.js';

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
    .configureOutput({ outputError: (text, write) => write(linesText(text.replace(/\n$/, '').split('\n'))) })
    .showHelpAfterError('(--help shows how it is used)');
  for (const register of commands) register(program);
  return program;
}

const commands: readonly ((program: Command) => void)[] = [
  registerRun,
  registerConsole,
  registerHashPassword,
  registerStatus,
  registerFailed,
  registerFailureGroups,
  registerProcessing,
  registerDeferred,
  registerShow,
  registerRequeue,
  registerRetry,
  registerPause,
  registerResume,
  registerWorkers,
  registerAudit,
  registerJournal,
  registerPreview,
  registerDoctor,
  registerVerify,
  registerRepair,
  registerMigrate,
  registerInitMiddle,
  registerSimulate,
  registerDemo,
];
