import type { Command } from 'commander';
import { requireDriver } from '../../app/require-driver.js';
import type { OperatorService } from '../../operator/operator-service.js';
import { commandActor } from '../actor.js';
import { limitArgument, numberArgument, momentArgument } from '../arguments.js';
import { ExitCode } from '../exit-codes.js';
import { withOperator } from '../session.js';
import { jsonReport, textReport } from '../verify/report.js';
import { printLast, printLastJson } from '../verify/last-report.js';
import { phaseProgress } from '../verify/phase-progress.js';

interface VerifyOptions {
  readonly customer?: string;
  readonly product?: string;
  readonly journalSince?: string;
  readonly limit: number;
  readonly last?: true;
  readonly json?: true;
}

const help = `
Replays the rows in State 2 by the worker's own rules, in the journal's order, and compares the result with the
product store. A row that took effect after a later one of its customer is reported if that changes values; rows
that were requeued, have no CreateDate or waited for their open or bind are only counted.
Changes nothing. Workers may keep running: apparent differences are read again before they are reported.
Ends with 1 if anything differs. One of everything is recorded in the product store, where this user may write there:
--last shows the last one on record, also of the schedule (verify.every). docs/verify.md says what is compared, and what is not.

Examples:
  bnet-sync verify --config bnet-sync.yaml
  bnet-sync verify --customer 200003 --json
  bnet-sync verify --last
  bnet-sync verify --journal-since 365d    # where "journal purge --older-than 365d" runs`;

/** Options and action of `verify`. */
export function configure(command: Command): void {
  command
    .option('--customer <id>', 'only this CustID', numberArgument)
    .option('--product <id>', 'only this ProductID', numberArgument)
    .option(
      '--journal-since <when>',
      'the journal was purged before this (a date in UTC, or 365d): records unchanged since are not judged',
      momentArgument,
    )
    .option('--limit <number>', 'print at most so many differences; all are counted', limitArgument, 100)
    .option('--last', 'verify nothing: show the last verification on record')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (options: VerifyOptions) => {
      if (options.last === true) {
        await showLast(command, options);
        return;
      }
      // The staging database is SQLite's.
      requireDriver('better-sqlite3', 'verify');
      await withOperator(
        command,
        async (operator) => {
          const report = options.json === true ? jsonReport(options.limit) : textReport(options.limit);
          const progress = phaseProgress(options.json === true);
          const startedAt = performance.now();
          try {
            const summary = await operator.verify({
              custId: options.customer ?? null,
              productId: options.product ?? null,
              journalSince: options.journalSince ?? null,
              recordedBy: commandActor().name,
              onProgress: progress.show,
              onDifference: (difference) => report.difference(difference),
            });
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

async function showLast(command: Command, options: VerifyOptions): Promise<void> {
  const { customer, product, journalSince, limit, json } = options;
  if ((customer ?? product ?? journalSince) !== undefined)
    command.error(
      'error: --last shows what is on record, and cannot be narrowed: leave the other options out',
    );
  const work = async (operator: OperatorService): Promise<void> => {
    const verification = await operator.verification();
    if (json === true) printLastJson(verification, limit);
    else await printLast(verification, limit);
    const found = verification.last?.summary.differences ?? null;
    if (found !== 0) process.exitCode = ExitCode.Failed;
  };
  await withOperator(command, work, { needs: 'store' });
}
