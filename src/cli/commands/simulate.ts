import { randomInt } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import type { Config } from '../../config/schema.js';
import type { KnexClient } from '../../domain/clients.js';
import { badRowKinds } from '../../demo/platform/bad-row.js';
import { Platform } from '../../demo/platform/platform.js';
import { simulate, type SimulateOptions, type SimulationSummary } from '../../demo/platform/simulate.js';
import { openMiddleDatabase } from '../../app/open-databases.js';
import { tableLines, printJson, printLines } from '../output.js';
import { showProgress } from '../progress.js';
import { applicationNameOf, configOf } from '../session.js';
import { untilStopped } from '../until-stopped.js';
import { operationText } from '../labels.js';

interface Options {
  readonly customers?: number;
  readonly rows?: number;
  readonly badShare: number;
  readonly rate?: number;
  readonly duration?: number;
  readonly seed?: number;
  readonly batch: number;
  readonly correct: boolean;
  readonly wait?: number;
  readonly json?: true;
}

const help = `
Customers open, change and cancel products and bind, change and unbind users, in a legal order. A share of the rows is
wrong on purpose: their Remark says how, and with which code they must be refused. Rows that were refused so are
corrected and sent again, those of earlier runs included, while a worker is at work.

Only for trial databases with tables made by init-middle. The same seed on the same tables gives the same rows.

Examples:
  bnet-sync simulate --rows 10000 --customers 500
  bnet-sync simulate --rate 50 --duration 600    # ten minutes
  bnet-sync simulate --rows 0                    # only correct what was refused`;

/** Options and action of `simulate`. */
export function configure(command: Command): void {
  command
    .option(
      '--rows <number>',
      'rows to insert (default: 1000; with --duration, no limit)',
      wholeNumber(0, 100_000_000),
    )
    .option(
      '--customers <number>',
      'customers that take part (default: one for eight rows)',
      wholeNumber(1, 10_000_000),
    )
    .option('--bad-share <share>', 'share of rows that are wrong on purpose, 0 to 1', share, 0.05)
    .option('--rate <rows>', 'rows per second (default: as fast as possible)', wholeNumber(1, 1_000_000))
    .option('--duration <seconds>', 'end after this time', wholeNumber(1, 10_000_000))
    .option('--seed <number>', 'repeats a history (default: a new one)', wholeNumber(0, 4_294_967_295))
    .option('--batch <rows>', 'rows in one transaction', wholeNumber(1, 10_000), 1000)
    .option('--no-correct', 'do not correct refused rows')
    .option(
      '--wait <seconds>',
      'how long to wait for the worker to refuse the wrong rows',
      wholeNumber(0, 86_400),
    )
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (options: Options) => {
      const config = await configOf(command);
      const database = openMiddleDatabase(config, { applicationName: applicationNameOf(command) });
      try {
        const platform = new Platform(database, config.middle.schema);
        const missing = await platform.missingTables();
        if (missing.length > 0) throw new TablesMissingError(missing);
        const asked = simulateOptions(options, config, database.dialect.name);
        const summary = await simulateVisibly(platform, asked, options.json === true);
        if (options.json === true) printJson(jsonOf(summary));
        else printLines(...summaryLines(summary));
      } finally {
        await database.close();
      }
    });
}

/** The interface tables are not there. */
class TablesMissingError extends Error {
  override readonly name = 'TablesMissingError';

  constructor(tables: readonly string[]) {
    super(
      `the middle database has no ${tables.join(', ')}: "bnet-sync init-middle" creates the tables for trials`,
    );
  }
}

function simulateOptions(options: Options, config: Config, dialect: KnexClient): SimulateOptions {
  const { settleMs, dependencyGraceMs, idlePollMaxMs } = config.worker;
  const waitMs = options.wait === undefined ? undefined : options.wait * 1000;
  const workerNeedsMs = settleMs + idlePollMaxMs + 1000;
  return {
    seed: options.seed ?? randomInt(2 ** 32),
    rows: options.rows ?? (options.duration === undefined ? 1000 : Infinity),
    badShare: options.badShare,
    faults: badRowKinds(dialect, config.rules),
    userLimitAttrSpecId: config.rules.userLimitAttrSpecId,
    productIds: config.middle.productIds,
    batchSize: options.batch,
    correct: options.correct,
    patience: { toBeginMs: waitMs ?? workerNeedsMs, toGoOnMs: waitMs ?? workerNeedsMs + dependencyGraceMs },
    ...(options.customers === undefined ? {} : { customers: options.customers }),
    ...(options.rate === undefined ? {} : { ratePerSecond: options.rate }),
    ...(options.duration === undefined ? {} : { durationSeconds: options.duration }),
  };
}

/** The first signal ends the simulation after the batch in flight. */
async function simulateVisibly(
  platform: Platform,
  options: SimulateOptions,
  json: boolean,
): Promise<SimulationSummary> {
  const progress = showProgress('rows', options.rows, json);
  try {
    return await untilStopped((signal) =>
      simulate(platform, { ...options, signal }, ({ sent, bad, corrected, toCorrect }) => {
        progress.show(sent, `${bad} wrong on purpose, ${corrected} corrected, ${toCorrect} to correct`);
      }),
    );
  } finally {
    progress.end();
  }
}

function jsonOf({ faults, corrections, ...summary }: SimulationSummary): Record<string, unknown> {
  return { ...summary, bad: faults.length, corrected: corrections.length };
}

function summaryLines(summary: SimulationSummary): string[] {
  const { rows, attributes, seed, seconds, faults, corrections, toCorrect } = summary;
  const list = tableLines(Object.entries(summary.byOpFlag), [
    { head: 'OPFlag', of: ([opFlag]) => operationText(opFlag) || '(none)' },
    { head: 'Rows', right: true, of: ([, count]) => count },
  ]);
  const inserted = `Inserted: ${rows} rows with ${attributes} attributes in ${seconds} s, seed ${seed}.`;
  const range = `StreamingNo ${summary.firstStreamingNo ?? ''} to ${summary.lastStreamingNo ?? ''}.`;
  const byCode = Object.entries(summary.badByCode).map(([code, count]) => `${count} for ${code}`);
  const wrong = `Wrong on purpose: ${faults.length}${byCode.length === 0 ? '' : ` (${byCode.join(', ')})`}.`;
  const later = `${toCorrect} are not refused yet: "simulate --rows 0" corrects them after a worker has run`;
  const corrected = `Corrected and sent again: ${corrections.length}${toCorrect === 0 ? '' : `; ${later}`}.`;
  return rows === 0 ? [corrected] : [...list, inserted, range, wrong, corrected];
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
  };
}

function share(text: string): number {
  const number = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
  if (number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError('It is a number from 0 to 1.');
}
