import type { Command } from 'commander';
import type { Source } from '../../domain/keys.js';
import type { RetryReport } from '../../operator/contract/actions.js';
import { commandActor } from '../actor.js';
import { numberArguments, tableArgument, reasonArgument } from '../arguments.js';
import { ExitCode } from '../exit-codes.js';
import { printJson, printLines } from '../output.js';
import { withOperator } from '../session.js';

interface RetryOptions {
  readonly reason?: string;
  readonly json?: true;
}

const notes = `
For rows that "bnet-sync deferred" lists, once the cause is fixed. Optional: they are retried
within 45 seconds anyway. For failed rows (State 3) use "bnet-sync requeue". The retry is
recorded in the audit. Ends with 1 if a row is not deferred.

Example:
  bnet-sync retry IF_BNET_CUST 1141 1142 --reason "trigger disabled" --config bnet-sync.yaml`;

/** Options and action of `retry`. */
export function configure(command: Command): void {
  command
    .argument('<table>', 'IF_BNET_CUST or IF_BNET_ACCOUNT', tableArgument)
    .argument('<streamingNo...>', 'their StreamingNos', numberArguments)
    .option('--reason <text>', 'why, for the audit', reasonArgument)
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (source: Source, streamingNos: readonly string[], options: RetryOptions) => {
      const keys = streamingNos.map((streamingNo) => ({ source, streamingNo }));
      await withOperator(command, async (operator) => {
        const report = await operator.retry(commandActor(), keys, options.reason ?? null);
        if (options.json === true) printJson(report);
        else printLines(...reportLines(report));
        if (report.notDeferred.length > 0) process.exitCode = ExitCode.Failed;
      });
    });
}

function reportLines({ retried, notDeferred }: RetryReport): string[] {
  return [
    ...retried.map(
      ({ table, streamingNo }) => `${table} ${streamingNo}: tried at the next check, within 4 s`,
    ),
    ...notDeferred.map(
      ({ table, streamingNo }) =>
        `${table} ${streamingNo}: not deferred; see "bnet-sync show ${table} ${streamingNo}"`,
    ),
  ];
}
