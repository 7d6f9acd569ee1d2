import type { Command } from 'commander';
import type { RowKey, Source } from '../../domain/keys.js';
import type { MatchReport, NotRequeued, Requeued, RequeueReport } from '../../operator/contract/actions.js';
import type { OperatorService } from '../../operator/operator-service.js';
import { commandActor } from '../actor.js';
import { actionArgument, numberArguments, reasonArgument, tableArgument } from '../arguments.js';
import { ExitCode } from '../exit-codes.js';
import { failedLines } from '../failed-text.js';
import { addFilterOptions, filterGiven, isFiltered, type FilterOptions } from '../filter-options.js';
import { printJson, printLines } from '../output.js';
import { showProgress } from '../progress.js';
import { withOperator } from '../session.js';
import { untilStopped } from '../until-stopped.js';
import { countText, operationText, stateText } from '../labels.js';

interface RequeueOptions extends FilterOptions {
  readonly matching?: true;
  readonly all?: true;
  readonly continue?: string;
  readonly dryRun?: true;
  readonly reason?: string;
  readonly json?: true;
}

const examples = `
Rows in another State than 3 are left alone. A requeued row takes its place among the rows
still open; rows of its customer that were applied since stay applied.
--matching requeues the rows that failed until it began, in sets, latest failures first; rows
that fail again meanwhile are left. Ctrl-C ends it after the set in flight; --continue resumes
it, also after a crash. The audit has the IDs.

Examples:
  bnet-sync requeue IF_BNET_CUST 1141 1142 --dry-run --config bnet-sync.yaml
  bnet-sync requeue IF_BNET_CUST 1141 1142 --reason "names corrected"
  bnet-sync requeue --matching --code 00402 --since 24h --dry-run
  bnet-sync requeue --continue 1234`;

/** Options and action of `requeue`. */
export function configure(command: Command): void {
  addFilterOptions(
    command
      .usage(
        '[options] <table> <streamingNo...>\n       bnet-sync requeue [options] --matching\n' +
          '       bnet-sync requeue [options] --continue <id>',
      )
      .argument('[table]', 'IF_BNET_CUST or IF_BNET_ACCOUNT', tableArgument)
      .argument('[streamingNo...]', 'their StreamingNos', numberArguments)
      .option('--matching', 'all rows that match the conditions below'),
  )
    .option('--all', 'with --matching: without any condition')
    .option(
      '--continue <id>',
      'resume a requeue by --matching that ended early, by its ID in the audit',
      actionArgument,
    )
    .option('--dry-run', 'only say what would be done')
    .option('--reason <text>', 'why, for the audit', reasonArgument)
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(
      async (
        source: Source | undefined,
        streamingNos: readonly string[] | undefined,
        options: RequeueOptions,
      ) => {
        const keys = keysOf(source, streamingNos ?? []);
        const mistake = mistakeOf(keys, options);
        if (mistake !== null) command.error(`error: ${mistake}`);
        await withOperator(command, async (operator) => {
          if (isByFilter(options)) await requeueByFilter(operator, options);
          else await requeueKeys(operator, keys, options);
        });
      },
    );
}

function keysOf(source: Source | undefined, streamingNos: readonly string[]): readonly RowKey[] {
  return source === undefined ? [] : streamingNos.map((streamingNo) => ({ source, streamingNo }));
}

function isByFilter({ matching, continue: continues }: RequeueOptions): boolean {
  return matching === true || continues !== undefined;
}

function mistakeOf(keys: readonly RowKey[], options: RequeueOptions): string | null {
  if (!isByFilter(options)) return mistakeOfKeys(keys, options);
  if (options.continue === undefined) return mistakeOfMatching(keys, options);
  const isAlone =
    keys.length === 0 && !isFiltered(options) && options.matching !== true && options.all !== true;
  return isAlone ? null : '--continue allows no rows, conditions, --matching or --all';
}

function mistakeOfKeys(keys: readonly RowKey[], options: RequeueOptions): string | null {
  if (isFiltered(options) || options.all === true) return 'conditions and --all need --matching';
  return keys.length === 0 ? 'a table and StreamingNos are needed, or --matching' : null;
}

function mistakeOfMatching(keys: readonly RowKey[], options: RequeueOptions): string | null {
  if (keys.length > 0) return 'rows are either named or chosen by --matching';
  if (isFiltered(options)) return options.all === true ? '--all allows no condition' : null;
  return options.all === true ? null : '--matching needs a condition, or --all';
}

async function requeueKeys(
  operator: OperatorService,
  keys: readonly RowKey[],
  options: RequeueOptions,
): Promise<void> {
  const report = await operator.requeue(commandActor(), keys, {
    dryRun: options.dryRun === true,
    reason: options.reason ?? null,
  });
  if (options.json === true) printJson(report);
  else printLines(...reportLines(report));
  if (report.notRequeued.length > 0) process.exitCode = ExitCode.Failed;
}

async function requeueByFilter(operator: OperatorService, options: RequeueOptions): Promise<void> {
  const target =
    options.continue === undefined ? { filter: filterGiven(options) } : { continues: options.continue };
  const progress = showProgress('matching', Infinity, options.json === true);
  try {
    const report = await untilStopped((signal) =>
      operator.requeueMatching(commandActor(), target, {
        dryRun: options.dryRun === true,
        reason: options.reason ?? null,
        isOver: () => signal.aborted,
        onStep: ({ matched, requeued }) => {
          progress.show(matched, `${requeued} put back`);
        },
      }),
    );
    progress.end();
    if (options.json === true) printJson(report);
    else printLines(...matchLines(report));
    const isLeft = !report.dryRun && report.matched.atLeast;
    if (report.notRequeued > 0 || isLeft) process.exitCode = ExitCode.Failed;
  } finally {
    progress.end();
  }
}

function matchLines(report: MatchReport): string[] {
  const { dryRun, matched, requeued, notRequeued, before, examples: rows } = report;
  if (matched.rows === 0 && !matched.atLeast) return ['No failed row matches.'];
  if (dryRun) {
    const first = rows.length < matched.rows ? [`The first ${rows.length}:`] : [];
    return [`${countText(matched)} would be put back.`, ...first, ...failedLines(rows)];
  }
  const left =
    notRequeued === 0
      ? []
      : ['Left alone: rows that changed meanwhile, and rows that share their StreamingNo with another.'];
  const sofar = before === 0 ? [] : [`With the actions it continues: ${before + requeued} put back.`];
  return [`${requeued} put back, ${notRequeued} left alone.`, ...left, ...sofar, ...goOnLines(report)];
}

function goOnLines({ matched, action, failedUntil }: MatchReport): string[] {
  if (!matched.atLeast) return [];
  return [
    `Ended before checking all rows that failed until ${failedUntil} (the middle database's clock).`,
    `To continue: bnet-sync requeue --continue ${action ?? ''}`,
  ];
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
    'several rows': 'several rows share this StreamingNo, see "bnet-sync doctor"',
    'not failed': `it is in State ${stateText(state)}`,
  }[reason];
  return `${table} ${streamingNo}: left alone, ${why}`;
}
