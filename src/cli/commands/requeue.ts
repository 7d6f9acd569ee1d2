import type { Command } from 'commander';
import type { Source } from '../../domain/keys.js';
import { requeue, type NotRequeued, type Requeued, type RequeueReport } from '../../operator/requeue.js';
import { numberArguments, tableArgument } from '../arguments.js';
import { ExitCode } from '../exit-codes.js';
import { printJson, printLines } from '../output.js';
import { withDatabases } from '../session.js';
import { operationText, stateText } from '../words.js';

interface RequeueOptions {
  readonly dryRun?: true;
  readonly json?: true;
}

const examples = `
Rows in another State than 3 are left alone. A row that is put back takes its place among
the rows that are still open; rows of its customer that were applied since stay applied.

Examples:
  bnet-sync requeue IF_BNET_CUST 1141 1142 --dry-run --config bnet-sync.yaml
  bnet-sync requeue IF_BNET_CUST 1141 1142 --config bnet-sync.yaml`;

/** Adds `requeue`. */
export function registerRequeue(program: Command): void {
  program
    .command('requeue')
    .description('put failed rows back to State 0, to be processed again')
    .argument('<table>', 'IF_BNET_CUST or IF_BNET_ACCOUNT', tableArgument)
    .argument('<streamingNo...>', 'their StreamingNos', numberArguments)
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(
      async (source: Source, streamingNos: readonly string[], options: RequeueOptions, command: Command) => {
        await withDatabases(command, async ({ middle, store }) => {
          const keys = streamingNos.map((streamingNo) => ({ source, streamingNo }));
          const report = await requeue(middle.operations, store, keys, { dryRun: options.dryRun === true });
          if (options.json === true) printJson(report);
          else printLines(...reportLines(report));
          if (report.notRequeued.length > 0) process.exitCode = ExitCode.Failed;
        });
      },
    );
}

function reportLines({ dryRun, requeued, notRequeued }: RequeueReport): string[] {
  return [
    ...requeued.flatMap((row) => requeuedLines(row, dryRun)),
    ...notRequeued.map(notRequeuedLine),
    `${requeued.length} ${dryRun ? 'would be put back' : 'put back'}, ${notRequeued.length} left alone.`,
  ];
}

function requeuedLines({ table, streamingNo, appliedSince }: Requeued, dryRun: boolean): string[] {
  const first = `${table} ${streamingNo}: ${dryRun ? 'would be put back' : 'put back'} to State 0`;
  if (appliedSince.length === 0) return [first];
  const verb = dryRun ? 'would' : 'will';
  return [
    first,
    `  warning: it ${verb} take effect after these rows of its customer, which were applied since it failed:`,
    ...appliedSince.map(
      (row) => `    ${row.table} ${row.streamingNo}, ${operationText(row.opFlag)}, applied ${row.decidedAt}`,
    ),
  ];
}

function notRequeuedLine({ table, streamingNo, reason, state }: NotRequeued): string {
  const why = {
    missing: 'there is no such row',
    'several rows': 'several rows share this StreamingNo, "bnet-sync doctor" tells more',
    'not failed': `it is in State ${stateText(state)}`,
  }[reason];
  return `${table} ${streamingNo}: left alone, ${why}`;
}
