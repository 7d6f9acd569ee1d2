import type { Command } from 'commander';
import type { DeferredRow } from '../../operator/contract/rows.js';
import { limitArgument, type Limited } from '../arguments.js';
import { deferredListLines } from '../deferred-text.js';
import { addReport } from '../session.js';

const notes = `
A row is deferred where its claim, apply or mark does not go through: another session has
locked it, the database refuses it, or a trigger undoes it (ignored). Its customer's rows wait with it;
the rows of all others go on. Workers try it again by themselves, with pauses of 45 s at most;
"bnet-sync retry" makes them try it at once.

Example:
  bnet-sync deferred --config bnet-sync.yaml`;

/** Options and action of `deferred`. */
export function configure(command: Command): void {
  command.option('--limit <rows>', 'at most so many rows', limitArgument, 50).addHelpText('after', notes);
  addReport(command, (operator, { limit }: Limited) => operator.deferred(limit), reportLines);
}

function reportLines(rows: readonly DeferredRow[], { limit }: Limited): string[] {
  if (rows.length === 0) return ['No row is deferred.'];
  const more = rows.length === limit ? [`The first ${limit}; --limit shows more.`] : [];
  return [...deferredListLines(rows), ...more];
}
