import type { Command } from 'commander';
import { tableOf } from '../../domain/keys.js';
import type { OperatorService } from '../../operator/operator-service.js';
import type { PurgeReport } from '../../operator/contract/actions.js';
import type { PurgeProgress } from '../../operator/purge.js';
import { commandActor } from '../actor.js';
import { ageArgument } from '../arguments.js';
import { ExitCode } from '../exit-codes.js';
import { printJson, printLines } from '../output.js';
import { showProgress } from '../progress.js';
import { withOperator } from '../session.js';
import { untilStopped } from '../until-stopped.js';

interface PurgeOptions {
  readonly olderThan: number;
  readonly gone?: true;
  readonly fromStart?: true;
  readonly underAYear?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

const dayMs = 86_400_000;
const yearMs = 365 * dayMs;
/** Entries of late may still keep a worker that was frozen from answering a later attempt. */
const leastMs = 30 * dayMs;

const notes = `
Deletes failures superseded by a later attempt of their row, except the last one of a row
that was applied in the end: "verify" needs it as evidence that the row was requeued, and so
took effect late on purpose. With --gone also all entries of rows no longer in the middle
database. The journal is the evidence of what was decided and why: entries younger than a
year are only deleted with --under-a-year, those younger than 30 days never.

It may be ended at any time, or killed: the same command typed again goes on. With --gone it
looks up every row of the journal in the middle database, and goes on after the last one that
is on record as done (within seven days; --from-start begins with the first).

Examples:
  bnet-sync journal purge --older-than 400d --dry-run --config bnet-sync.yaml
  bnet-sync journal purge --older-than 400d --gone`;

/** Help of `journal`, and `journal purge` with its options and action. */
export function configure(journal: Command): void {
  journal.addHelpText('after', '\nExample:\n  bnet-sync journal purge --older-than 400d --dry-run');
  const command = journal.command('purge');
  command
    .description('delete old entries of the journal')
    .requiredOption('--older-than <age>', 'decided longer ago than this, such as 400d', ageArgument)
    .option('--gone', 'also entries of rows that have left the middle database')
    .option('--from-start', 'with --gone: begin with the first row, also where a purge was interrupted')
    .option('--under-a-year', 'allow an age of less than 365d')
    .option('--dry-run', 'only say how many')
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (options: PurgeOptions) => {
      const mistake = mistakeOf(options);
      if (mistake !== null) command.error(`error: ${mistake}`);
      await withOperator(command, async (operator) => {
        const report = await purgeVisibly(operator, options);
        if (options.json === true) printJson(report);
        else printLines(...reportLines(report));
        if (!report.ended) process.exitCode = ExitCode.Failed;
      });
    });
}

function mistakeOf({ olderThan, underAYear, gone, fromStart }: PurgeOptions): string | null {
  if (fromStart === true && gone !== true) return '--from-start is only for --gone';
  if (olderThan < leastMs) return 'entries younger than 30d are never deleted';
  if (olderThan >= yearMs || underAYear === true) return null;
  return 'the journal is evidence and kept for a year: less than 365d needs --under-a-year';
}

async function purgeVisibly(operator: OperatorService, options: PurgeOptions): Promise<PurgeReport> {
  const progress = showProgress('superseded', Infinity, options.json === true);
  const request = {
    olderThanMs: options.olderThan,
    gone: options.gone === true,
    dryRun: options.dryRun === true,
    fromStart: options.fromStart === true,
    onStep: ({ superseded, looked, goneRows, at }: PurgeProgress) => {
      const place = at === null ? '' : `, at ${tableOf[at.source]} ${at.streamingNo}`;
      progress.show(superseded, `${looked} rows looked for, ${goneRows} gone${place}`);
    },
  };
  try {
    return await untilStopped((signal) =>
      operator.purgeJournal(commandActor(), { ...request, isOver: () => signal.aborted }),
    );
  } finally {
    progress.end();
  }
}

function reportLines(report: PurgeReport): string[] {
  const { dryRun, before, superseded, gone, ended, continues, after } = report;
  const early = ended ? [] : ['It ended before all were checked: the same command goes on with the rest.'];
  const lines = deletedLines({ dryRun, before, superseded, gone });
  if (continues === null) return [...lines, ...early];
  const goesOn = `Went on with action ${continues}, after ${after ?? ''}; --from-start begins with the first row.`;
  return [goesOn, ...lines, ...early];
}

function deletedLines({
  dryRun,
  before,
  superseded,
  gone,
}: Pick<PurgeReport, 'dryRun' | 'before' | 'superseded' | 'gone'>): string[] {
  const done = dryRun ? 'would be deleted' : 'deleted';
  const first = `Superseded failures decided before ${before}: ${superseded} ${done}.`;
  if (gone === null) return [first];
  const entries = gone.entries === null ? '' : ` with ${gone.entries} entries`;
  return [first, `Rows that have left the middle database: ${gone.rows}${entries} ${done}.`];
}
