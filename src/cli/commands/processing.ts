import type { Command } from 'commander';
import type { RowInProcessing } from '../../operator/contract/rows.js';
import { durationText } from '../../operator/duration.js';
import { limitArgument, type Limited } from '../arguments.js';
import { tableLines } from '../output.js';
import { addReport } from '../session.js';
import { shortTableName } from '../labels.js';

const notes = `
A row without a holder needs no action: the next worker takes it over.

Example:
  bnet-sync processing --config bnet-sync.yaml`;

/** Options and action of `processing`. */
export function configure(command: Command): void {
  command.option('--limit <rows>', 'at most so many rows', limitArgument, 50).addHelpText('after', notes);
  addReport(command, (operator, { limit }: Limited) => operator.processing(limit), reportLines);
}

function reportLines(rows: readonly RowInProcessing[], { limit }: Limited): string[] {
  if (rows.length === 0) return ['No row in State 1.'];
  const list = tableLines(rows, [
    { head: 'Table', of: (row) => shortTableName(row.table) },
    { head: 'StreamingNo', of: (row) => row.streamingNo },
    { head: 'OPFlag', optional: true, of: (row) => row.opFlag },
    { head: 'ProductID', optional: true, of: (row) => row.productId },
    { head: 'CustID', of: (row) => row.custId },
    { head: 'UserID', shorten: 14, optional: true, of: (row) => row.userId },
    { head: 'StateDate', optional: true, of: (row) => row.stateDate },
    {
      head: 'Age',
      right: true,
      of: (row) => (row.ageSeconds === null ? null : durationText(row.ageSeconds)),
    },
    { head: 'Shard', right: true, optional: true, of: (row) => row.shard },
    { head: 'Holder', shorten: 12, of: (row) => row.holder ?? 'none' },
    { head: 'Host', shorten: 12, of: (row) => row.host },
  ]);
  return [...list, ...(rows.length === limit ? [`The oldest ${limit}; --limit shows more.`] : [])];
}
