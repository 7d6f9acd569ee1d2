import type { Command } from 'commander';
import type { PreviewedRow } from '../../operator/contract/rows.js';
import { limitArgument, type Limited } from '../arguments.js';
import { tableLines } from '../output.js';
import { shortTableName } from '../labels.js';
import { addReport } from '../session.js';

const notes = `
Rows are decided in order, each on the outcome of those before it. Changes nothing, and
does not call the product's handlers.

Example:
  bnet-sync preview --limit 200 --config bnet-sync.yaml`;

/** Options and action of `preview`. */
export function configure(command: Command): void {
  command
    .option('--limit <rows>', 'so many rows from the head of both tables', limitArgument, 50)
    .addHelpText('after', notes);
  addReport(command, (operator, { limit }: Limited) => operator.preview(limit), reportLines);
}

function reportLines(rows: readonly PreviewedRow[], { limit }: Limited): string[] {
  if (rows.length === 0) return ['No pending row.'];
  const list = tableLines(rows, [
    { head: 'Table', of: (row) => shortTableName(row.table) },
    { head: 'StreamingNo', of: (row) => row.streamingNo },
    { head: 'OPFlag', of: (row) => row.opFlag },
    { head: 'CustID', of: (row) => row.custId },
    { head: 'BizID', optional: true, of: (row) => row.bizId },
    { head: 'UserID', shorten: 14, optional: true, of: (row) => row.userId },
    { head: 'Outcome', of: (row) => row.outcome },
    {
      head: 'Why',
      shorten: 50,
      of: (row) => [row.errContent, row.note].filter((text) => text !== null).join(' — '),
    },
  ]);
  const count = (outcome: PreviewedRow['outcome']) => rows.filter((row) => row.outcome === outcome).length;
  const sum = `${count('applied')} would be applied, ${count('failed')} would fail, ${count('waits')} would wait.`;
  const more = rows.length === limit ? ` The first ${limit}; --limit shows more.` : '';
  return [...list, sum + more];
}
