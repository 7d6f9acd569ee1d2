import type { Command } from 'commander';
import type { RowInProcessing } from '../../operator/contract/rows.js';
import { durationText } from '../../operator/duration.js';
import { limitArgument } from '../arguments.js';
import { listLines, printJson, printLines } from '../output.js';
import { withOperator } from '../session.js';
import { shortTableName } from '../labels.js';

interface ProcessingOptions {
  readonly limit: number;
  readonly json?: true;
}

const notes = `
A row that nobody holds needs no hand: the next worker takes it over.

Example:
  bnet-sync processing --config bnet-sync.yaml`;

/** Options and action of `processing`. */
export function configure(command: Command): void {
  command
    .option('--limit <rows>', 'at most so many rows', limitArgument, 50)
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (options: ProcessingOptions) => {
      await withOperator(command, async (operator) => {
        const rows = await operator.processing(options.limit);
        if (options.json === true) printJson(rows);
        else printLines(...processingLines(rows, options.limit));
      });
    });
}

function processingLines(rows: readonly RowInProcessing[], limit: number): string[] {
  if (rows.length === 0) return ['No row in State 1.'];
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
