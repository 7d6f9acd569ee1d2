import type { Command } from 'commander';
import type { RowInHand } from '../../operator/desk.js';
import { durationText } from '../../operator/duration.js';
import { limitArgument } from '../arguments.js';
import { listLines, printJson, printLines } from '../output.js';
import { withDesk } from '../session.js';
import { shortTableName } from '../words.js';

interface InHandOptions {
  readonly limit: number;
  readonly json?: true;
}

const notes = `
A row that nobody holds needs no hand: the next worker takes it over.

Example:
  bnet-sync in-hand --config bnet-sync.yaml`;

/** Adds `in-hand`. */
export function registerInHand(program: Command): void {
  program
    .command('in-hand')
    .description('list the rows in State 1, oldest first, with the worker that holds them and their age')
    .option('--limit <rows>', 'at most so many rows', limitArgument, 50)
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (options: InHandOptions, command: Command) => {
      await withDesk(command, async (desk) => {
        const rows = await desk.inHand(options.limit);
        if (options.json === true) printJson(rows);
        else printLines(...inHandLines(rows, options.limit));
      });
    });
}

function inHandLines(rows: readonly RowInHand[], limit: number): string[] {
  if (rows.length === 0) return ['No row in hand.'];
  const list = listLines({
    columns: [
      { head: 'Table' },
      { head: 'StreamingNo' },
      { head: 'OPFlag', optional: true },
      { head: 'ProductID', optional: true },
      { head: 'CustID' },
      { head: 'UserID', shorten: 14, optional: true },
      { head: 'StateDate', optional: true },
      { head: 'Age', right: true },
      { head: 'Shard', right: true, optional: true },
      { head: 'Holder', shorten: 12 },
      { head: 'Host', shorten: 12 },
    ],
    rows: rows.map((row) => [
      shortTableName(row.table),
      row.streamingNo,
      row.opFlag,
      row.productId,
      row.custId,
      row.userId,
      row.stateDate,
      row.ageSeconds === null ? null : durationText(row.ageSeconds),
      row.shard,
      row.holder ?? 'nobody',
      row.host,
    ]),
  });
  return [...list, ...(rows.length === limit ? [`The oldest ${limit}; --limit shows more.`] : [])];
}
