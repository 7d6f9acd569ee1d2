import type { Command } from 'commander';
import type { BoundedQueries, RowFilter } from '../../middle/admin-port.js';
import type { FailedRow } from '../../operator/failed-row.js';
import { searchFailedRows } from '../../operator/failed.js';
import { limitArgument } from '../arguments.js';
import { failedLines } from '../failed-text.js';
import { addFilterOptions, filterOf, type FilterOptions } from '../filter-options.js';
import { printJson, printLines } from '../output.js';
import { showLateProgress } from '../progress.js';
import { withMiddle } from '../session.js';

interface FailedOptions extends FilterOptions {
  readonly limit: number;
  readonly json?: true;
}

const examples = `
Conditions hold together. Rows are read from the newest failure back until enough match.

Examples:
  bnet-sync failed --config bnet-sync.yaml --since 24h
  bnet-sync failed --code 00402 --customer 200003 --json
  bnet-sync failed --table IF_BNET_ACCOUNT --text "超过 5 位" --until 2026-11-21`;

/** Options and action of `failed`. */
export function configure(command: Command): void {
  addFilterOptions(command)
    .option('--limit <rows>', 'at most so many rows', limitArgument, 50)
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(async (options: FailedOptions) => {
      await withMiddle(command, async ({ middle }) => {
        const filter = await filterOf(options, middle.operations);
        const rows = await searchVisibly(middle.search, { filter, limit: options.limit });
        if (options.json === true) printJson(rows);
        else printLines(...reportLines(rows, options.limit));
      });
    });
}

async function searchVisibly(
  search: BoundedQueries,
  request: { readonly filter: RowFilter; readonly limit: number },
): Promise<readonly FailedRow[]> {
  const progress = showLateProgress('found');
  try {
    return await searchFailedRows(search, request, ({ found, position }) => {
      progress.show(found, `searched back to ${position.stateDate ?? 'rows without a StateDate'}`);
    });
  } finally {
    progress.end();
  }
}

function reportLines(rows: readonly FailedRow[], limit: number): string[] {
  if (rows.length === 0) return ['No failed row.'];
  const more = rows.length === limit ? [`The newest ${limit}; --limit shows more.`] : [];
  return [...failedLines(rows), ...more];
}
