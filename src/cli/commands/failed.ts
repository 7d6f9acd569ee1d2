import type { Command } from 'commander';
import { failed, type FailedQuery, type FailedRow, type Since } from '../../operator/failed.js';
import { codeArgument, limitArgument, numberArgument, sinceArgument } from '../arguments.js';
import { listText, printJson, printLines } from '../output.js';
import { shortTableName } from '../words.js';
import { withMiddle } from '../session.js';

interface FailedOptions {
  readonly code?: string;
  readonly product?: string;
  readonly customer?: string;
  readonly since?: Since;
  readonly limit: number;
  readonly json?: true;
}

const examples = `
Examples:
  bnet-sync failed --config bnet-sync.yaml --since 24h
  bnet-sync failed --code 00402 --customer 200003 --json`;

/** Adds `failed`. */
export function registerFailed(program: Command): void {
  program
    .command('failed')
    .description('list the rows in State 3, those that failed last first')
    .option('--code <code>', 'only this result code, such as 00402', codeArgument)
    .option('--product <id>', 'only this ProductID', numberArgument)
    .option('--customer <id>', 'only this CustID', numberArgument)
    .option(
      '--since <when>',
      'failed since a date by the database\'s clock (2026-11-21, "2026-11-21 08:00:00") or for 30m, 24h, 7d',
      sinceArgument,
    )
    .option('--limit <rows>', 'at most so many rows', limitArgument, 50)
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(async (options: FailedOptions, command: Command) => {
      await withMiddle(command, async ({ middle }) => {
        const rows = await failed(middle.operations, queryOf(options));
        if (options.json === true) printJson(rows);
        else printLines(...failedLines(rows, options.limit));
      });
    });
}

function queryOf({ code, product, customer, since, limit }: FailedOptions): FailedQuery {
  return {
    limit,
    ...(code === undefined ? {} : { code }),
    ...(product === undefined ? {} : { productId: product }),
    ...(customer === undefined ? {} : { custId: customer }),
    ...(since === undefined ? {} : { since }),
  };
}

function failedLines(rows: readonly FailedRow[], limit: number): string[] {
  if (rows.length === 0) return ['No failed row.'];
  const list = listText({
    columns: [
      { head: 'Table' },
      { head: 'StreamingNo' },
      { head: 'OPFlag' },
      { head: 'ProductID', optional: true },
      { head: 'CustID' },
      { head: 'BizID', optional: true },
      { head: 'UserID', shorten: 14, optional: true },
      { head: 'StateDate', optional: true },
      { head: 'ErrContent', shorten: 50 },
    ],
    rows: rows.map((row) => [
      shortTableName(row.table),
      row.streamingNo,
      row.opFlag,
      row.productId,
      row.custId,
      row.bizId,
      row.userId,
      row.stateDate,
      row.errContent,
    ]),
  });
  const more = rows.length === limit ? [`The newest ${limit}; --limit shows more.`] : [];
  return [list, ...more];
}
