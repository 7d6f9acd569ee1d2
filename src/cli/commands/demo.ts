import { Option, type Command } from 'commander';
import { portArgument } from '../arguments.js';
import { serveDemoConsole } from '../../demo/demo-console.js';
import { makeDemoFolder, type DemoFolder } from '../../demo/demo-folder.js';
import { findOut, type Findings } from '../../demo/findings.js';
import { play, type DemoRun, type DemoPlan } from '../../demo/play.js';
import { isFine, reportLines } from '../../demo/report.js';
import { ExitCode } from '../exit-codes.js';
import { printJson, printLines } from '../output.js';
import { showProgress } from '../progress.js';

/** About ten seconds: enough to see it work. */
const programme: DemoPlan = {
  rows: 1000,
  customers: 120,
  badShare: 0.08,
  ratePerSecond: 200,
  seed: 20261121,
  limitMs: 45_000,
};

const help = `
Needs no configuration and no server: two SQLite files in a new folder, a worker on them, and the platform, which is
simulated. It sends the specification's examples and a random history, some rows of it wrong on purpose, and corrects
what is refused. Ends by itself; exit code 1 if anything differs from what was to be expected. With --console it then
serves the console over these databases, on 127.0.0.1 alone, until Ctrl-C.

Examples:
  bnet-sync demo --dir .demo
  bnet-sync demo --console`;

interface DemoOptions {
  readonly dir?: string;
  readonly console?: true;
  readonly port: number;
  readonly json?: true;
}

/** Options and action of `demo`. */
export function configure(command: Command): void {
  command
    .option('--dir <folder>', 'folder for the databases (default: a new one for temporary files)')
    .option('--console', 'afterwards, serve the console over the databases')
    .option('--port <port>', 'its port; 0 for any that is free', portArgument, 9464)
    .addOption(new Option('--json', 'print JSON').conflicts('console'))
    .addHelpText('after', help)
    .action(async (options: DemoOptions) => {
      const folder = await makeDemoFolder(options.dir);
      const progress = showProgress('demo', programme.rows, options.json === true);
      let demoRun: DemoRun;
      try {
        demoRun = await play(folder, programme, progress);
      } finally {
        progress.end();
      }
      const findings = await findOut(folder, demoRun);
      if (options.json === true) printJson(jsonOf(folder, demoRun, findings));
      else printLines(...reportLines(folder, demoRun, findings));
      if (!isFine(demoRun, findings)) process.exitCode = ExitCode.Failed;
      if (options.console === true) await serveDemoConsole(folder, options.port);
    });
}

function jsonOf(folder: DemoFolder, demoRun: DemoRun, findings: Findings): Record<string, unknown> {
  const { settleMs, dependencyGraceMs } = folder.config.worker;
  const { summary, ...rest } = demoRun;
  return {
    ok: isFine(demoRun, findings),
    folder: folder.path,
    config: folder.configFile,
    settings: { settleMs, dependencyGraceMs },
    rows: summary.rows,
    seed: summary.seed,
    ...rest,
    ...findings,
  };
}
