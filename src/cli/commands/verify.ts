import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Config } from '../../config/schema.js';
import type { Since } from '../../operator/since.js';
import type { StoreAdmin } from '../../store/admin-port.js';
import type { Pace } from '../../operator/verify/load.js';
import type { StagingDatabase } from '../../operator/verify/staging.js';
import { verify } from '../../operator/verify/verify.js';
import { requireDriver } from '../../app/require-driver.js';
import { limitArgument, numberArgument, sinceArgument } from '../arguments.js';
import { ExitCode } from '../exit-codes.js';
import { withDatabases } from '../session.js';
import { jsonReport, textReport } from '../verify/report.js';
import { phaseProgress } from '../verify/phase-progress.js';

interface VerifyOptions {
  readonly customer?: string;
  readonly product?: string;
  readonly journalSince?: Since;
  readonly limit: number;
  readonly json?: true;
}

const help = `
Folds the rows in State 2 by the worker's own rules, in the journal's order, and compares what they lead to with the
product store. A row that took effect after a later one of its customer is told where that changes values; rows
that were requeued, have no CreateDate or waited for their open or bind are only counted.
Nothing is changed. Workers may go on: what seems to differ is read a second time before it is told.
Ends with 1 where anything differs. docs/verify.md says what is compared, and what is not.

Examples:
  bnet-sync verify --config bnet-sync.yaml
  bnet-sync verify --customer 200003 --json
  bnet-sync verify --journal-since 365d    # where "journal purge --older-than 365d" runs`;

/** Options and action of `verify`. */
export function configure(command: Command): void {
  command
    .option('--customer <id>', 'only this CustID', numberArgument)
    .option('--product <id>', 'only this ProductID', numberArgument)
    .option(
      '--journal-since <when>',
      'the journal was purged before this (a date in UTC, or 365d): records that have not changed since are not judged',
      sinceArgument,
    )
    .option('--limit <number>', 'print at most so many differences; all are counted', limitArgument, 100)
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (options: VerifyOptions) => {
      // The staging database is SQLite's.
      requireDriver('better-sqlite3', 'verify');
      await withDatabases(
        command,
        async ({ config, middle, store, scan }) => {
          const { custId, productId, productIds } = scopeOf(options, config, command);
          const report = options.json === true ? jsonReport(options.limit) : textReport(options.limit);
          const progress = phaseProgress(options.json === true);
          const startedAt = performance.now();
          try {
            const summary = await verify(
              { finished: middle.finished, middle: middle.operations, store: scan, openStaging },
              {
                custId,
                productId,
                productIds,
                attributes: config.rules.attributes,
                journalSince: await instantOf(options.journalSince, store),
                pageRows,
                pace,
                onProgress: progress.show,
                onDifference: (difference) => report.difference(difference),
              },
            );
            progress.end();
            await report.end(summary, Math.round((performance.now() - startedAt) / 100) / 10);
            if (summary.differences > 0) process.exitCode = ExitCode.Failed;
          } catch (error) {
            progress.end();
            await report.broken();
            throw error;
          }
        },
        { byKey: true },
      );
    });
}

/** Loaded here only: the driver is an optional dependency. */
async function openStaging(): Promise<StagingDatabase> {
  const { SqliteStagingDatabase } = await import('../../staging/sqlite-staging.js');
  return new SqliteStagingDatabase();
}

/** Rows in one page of either database. */
const pageRows = 500;

const pace: Pace = {
  now: () => performance.now(),
  rest: (milliseconds) => (milliseconds > 0 ? sleep(milliseconds) : setImmediate()),
};

function scopeOf({ customer, product }: VerifyOptions, config: Config, command: Command) {
  const productIds = config.middle.productIds.map((id) => BigInt(id).toString());
  if (product !== undefined && productIds.length > 0 && !productIds.includes(product)) {
    command.error(`error: ${product} is none of middle.productIds: its rows are not ours`, {
      exitCode: ExitCode.Usage,
    });
  }
  return { custId: customer ?? null, productId: product ?? null, productIds };
}

async function instantOf(since: Since | undefined, store: StoreAdmin): Promise<string | null> {
  if (since === undefined) return null;
  if ('date' in since) return `${since.date.replace(' ', 'T')}.000Z`;
  return new Date(Date.parse(await store.now()) - since.agoMs).toISOString();
}
