import type { Command } from 'commander';
import type { DeferredRow } from '../../operator/contract/rows.js';
import { limitArgument } from '../arguments.js';
import { deferredListLines } from '../deferred-text.js';
import { printJson, printLines } from '../output.js';
import { withOperator } from '../session.js';

interface DeferredOptions {
  readonly limit: number;
  readonly json?: true;
}

const notes = `
A row is deferred where its claim, apply or mark does not go through: another session has
locked it, the database refuses it, or a trigger undoes it (ignored). Its customer's rows wait with it;
the rows of all others go on. Workers try it again by themselves, with pauses of 45 s at most;
"bnet-sync retry" makes them try it at once.

Example:
  bnet-sync deferred --config bnet-sync.yaml`;

/** Options and action of `deferred`. */
export function configure(command: Command): void {
  command
    .option('--limit <rows>', 'at most so many rows', limitArgument, 50)
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async ({ limit, json }: DeferredOptions) => {
      await withOperator(command, async (operator) => {
        const rows = await operator.deferred(limit);
        if (json === true) printJson(rows);
        else printLines(...listLines(rows, limit));
      });
    });
}

function listLines(rows: readonly DeferredRow[], limit: number): string[] {
  if (rows.length === 0) return ['No row is deferred.'];
  const more = rows.length === limit ? [`The first ${limit}; --limit shows more.`] : [];
  return [...deferredListLines(rows), ...more];
}
