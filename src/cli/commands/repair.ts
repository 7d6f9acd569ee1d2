import type { Command } from 'commander';
import { requireDriver } from '../../app/require-driver.js';
import type { AcceptReport, RepairReport } from '../../operator/contract/actions.js';
import { commandActor } from '../actor.js';
import { numberArgument, reasonArgument } from '../arguments.js';
import { ExitCode } from '../exit-codes.js';
import { printJson, printLines } from '../output.js';
import { repairLines } from '../repair-text.js';
import { withOperator } from '../session.js';
import { untilStopped } from '../until-stopped.js';
import { phaseProgress } from '../verify/phase-progress.js';

interface RepairOptions {
  readonly accept?: true;
  readonly customer?: string;
  readonly product?: string;
  readonly all?: true;
  readonly takeBack?: true;
  readonly dryRun?: true;
  readonly reason?: string;
  readonly json?: true;
}

const notes = `
After a loss of the product store (a fail-over to an asynchronous standby, a restore, a
wipe) workers stop and "bnet-sync status" shows an alarm. "repair" finds the rows in State 2
whose decisions are lost and has them take effect once more, in the order of their marks;
rows in State 2 are never touched, and handlers are not called. Where nothing is lost any
more it closes the alarms, and workers go on at their next check. It may be ended at any time
and started again. Ends with 1 where customers were left as they are, or an alarm is still
open; docs/operations.md ("When the product store has lost something") says what to do.

--all takes every finished row that the journal does not know for one of ours: for a new,
empty store that is to be filled, and after a loss that was accepted.

--take-back is for a loss after which workers went on: rows may have been refused only
because of it. They take effect in their places and are put back to State 0, for a worker to
answer 2. Look first with --dry-run which they are, and whether the platform sent them again.

--accept takes the store as it is: alarms are closed, and rows finished until now are not
asked for any more. Nothing that was lost comes back by it. It is also the step before going
back to bnet-sync after another program has finished rows for a while.

Both are recorded in the audit.

Examples:
  bnet-sync repair --dry-run --config bnet-sync.yaml
  bnet-sync repair --reason "fail-over, ticket 4711"
  bnet-sync repair --accept --reason "another program ran until 08:00"`;

/** Options and action of `repair`. */
export function configure(command: Command): void {
  command
    .option('--dry-run', 'change nothing, show what would change')
    .option('--customer <id>', 'only this CustID; closes no alarm', numberArgument)
    .option('--product <id>', 'only this ProductID; closes no alarm', numberArgument)
    .option('--all', 'all finished rows that the journal does not know, whoever may have finished them')
    .option(
      '--take-back',
      'rows refused since, only because of the loss, take effect in their places and are answered 2',
    )
    .option(
      '--accept',
      'repair nothing: close the alarms; rows finished until now are not asked for any more',
    )
    .option('--reason <text>', 'why, for the audit', reasonArgument)
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (options: RepairOptions) => {
      if (options.accept === true) await accept(command, options);
      else await repair(command, options);
    });
}

async function accept(command: Command, options: RepairOptions): Promise<void> {
  const { customer, product, all, takeBack, dryRun } = options;
  if ([customer, product, all, takeBack, dryRun].some((option) => option !== undefined))
    command.error(
      'error: --accept is about the whole store: it takes no --customer, --product, --all, --take-back or --dry-run',
    );
  await withOperator(command, async (operator) => {
    const report = await operator.acceptStore(commandActor(), options.reason ?? null);
    if (options.json === true) printJson(report);
    else printLines(...acceptedLines(report));
  });
}

async function repair(command: Command, options: RepairOptions): Promise<void> {
  // The staging database is SQLite's.
  requireDriver('better-sqlite3', 'repair');
  await withOperator(
    command,
    async (operator) => {
      const progress = phaseProgress(options.json === true);
      let report: RepairReport;
      try {
        report = await untilStopped((signal) =>
          operator.repair(commandActor(), {
            custId: options.customer ?? null,
            productId: options.product ?? null,
            all: options.all === true,
            takeBack: options.takeBack === true,
            dryRun: options.dryRun === true,
            reason: options.reason ?? null,
            onProgress: progress.show,
            signal,
          }),
        );
      } finally {
        progress.end();
      }
      const isPartial = options.customer !== undefined || options.product !== undefined;
      if (options.json === true) printJson(report);
      else printLines(...repairLines(report, isPartial));
      const isOpen = !report.dryRun && !isPartial && report.alarmsOpen > 0;
      if (report.left.length > 0 || report.cancelled !== null || isOpen) process.exitCode = ExitCode.Failed;
    },
    { byKey: true },
  );
}

function acceptedLines({ finishedUntil, alarmsClosed, unknownRows }: AcceptReport): string[] {
  const alarms = alarmsClosed === 0 ? 'No alarm was open.' : `Alarms closed: ${alarmsClosed}.`;
  const unknown =
    unknownRows === 0
      ? []
      : [
          `Of the rows finished last, ${unknownRows} are not in the journal: their effect is not in the store.`,
        ];
  return [
    `The product store is taken as it is. Rows finished until ${finishedUntil} (the middle database's clock) are not asked for any more.`,
    ...unknown,
    `${alarms} Workers go on at their next check, within 4 seconds.`,
  ];
}
