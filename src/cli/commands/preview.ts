import type { Command } from 'commander';
import type { PreviewedRow } from '../../operator/contract/rows.js';
import { limitArgument } from '../arguments.js';
import { listLines, printJson, printLines } from '../output.js';
import { shortTableName } from '../labels.js';
import { withOperator } from '../session.js';

interface PreviewOptions {
  readonly limit: number;
  readonly json?: true;
}

const notes = `
Rows are decided in order, each over what those before it would have done. Nothing is
changed, and a product's own handlers are not asked.

Example:
  bnet-sync preview --limit 200 --config bnet-sync.yaml`;

/** Options and action of `preview`. */
export function configure(command: Command): void {
  command
    .option('--limit <rows>', 'so many rows from the head of both tables', limitArgument, 50)
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (options: PreviewOptions) => {
      await withOperator(command, async (operator) => {
        const rows = await operator.preview(options.limit);
        if (options.json === true) printJson(rows);
        else printLines(...previewLines(rows, options.limit));
      });
    });
}

function previewLines(rows: readonly PreviewedRow[], limit: number): string[] {
  if (rows.length === 0) return ['No pending row.'];
  const list = listLines({
    columns: [
      { head: 'Table' },
      { head: 'StreamingNo' },
      { head: 'OPFlag' },
      { head: 'CustID' },
      { head: 'BizID', optional: true },
      { head: 'UserID', shorten: 14, optional: true },
      { head: 'Outcome' },
      { head: 'Why', shorten: 50 },
    ],
    rows: rows.map((row) => [
      shortTableName(row.table),
      row.streamingNo,
      row.opFlag,
      row.custId,
      row.bizId,
      row.userId,
      row.outcome,
      [row.errContent, row.note].filter((text) => text !== null).join(' — '),
    ]),
  });
  const count = (outcome: PreviewedRow['outcome']) => rows.filter((row) => row.outcome === outcome).length;
  const sum = `${count('applied')} would be applied, ${count('failed')} would fail, ${count('waits')} would wait.`;
  const more = rows.length === limit ? ` The first ${limit}; --limit shows more.` : '';
  return [...list, sum + more];
}
