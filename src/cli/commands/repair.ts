import type { Command } from 'commander';
import type { AcceptReport } from '../../operator/contract/actions.js';
import { commandActor } from '../actor.js';
import { reasonArgument } from '../arguments.js';
import { printJson, printLines } from '../output.js';
import { withOperator } from '../session.js';

interface RepairOptions {
  readonly accept?: true;
  readonly reason?: string;
  readonly json?: true;
}

const notes = `
After a loss of the product store (a fail-over to an asynchronous standby, a restore, a
wipe) workers stop and "bnet-sync status" shows an alarm. --accept takes the store as it is:
alarms are closed, rows finished until now are not asked for any more, and workers go on at
their next check. Nothing that was lost comes back by it: first do what the runbook says
(docs/operations.md, "When the product store has lost something").

It is also the step before going back to bnet-sync after another program has finished rows
for a while. It is recorded in the audit.

Example:
  bnet-sync repair --accept --reason "rows put back by ticket 4711" --config bnet-sync.yaml`;

const notBuilt =
  'error: this version cannot put lost rows right by itself; docs/operations.md ("When the product store has lost ' +
  'something") says how to. Afterwards "bnet-sync repair --accept" takes the store as it is';

/** Options and action of `repair`. */
export function configure(command: Command): void {
  command
    .option('--accept', 'close the alarms; rows finished until now are not asked for any more')
    .option('--reason <text>', 'why, for the audit', reasonArgument)
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (options: RepairOptions) => {
      if (options.accept !== true) command.error(notBuilt);
      await withOperator(command, async (operator) => {
        const report = await operator.acceptStore(commandActor(), options.reason ?? null);
        if (options.json === true) printJson(report);
        else printLines(...acceptedLines(report));
      });
    });
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
