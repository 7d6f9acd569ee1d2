import type { Command } from 'commander';
import type { FailedRow } from '../../operator/contract/rows.js';
import type { OperatorService } from '../../operator/operator-service.js';
import { limitArgument } from '../arguments.js';
import { failedLines } from '../failed-text.js';
import { addFilterOptions, filterGiven, type FilterOptions } from '../filter-options.js';
import { printJson, printLines } from '../output.js';
import { showLateProgress } from '../progress.js';
import { withOperator } from '../session.js';

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
      const search = async (operator: OperatorService): Promise<void> => {
        const rows = await searchVisibly(operator, options);
        if (options.json === true) printJson(rows);
        else printLines(...reportLines(rows, options.limit));
      };
      await withOperator(command, search, { needs: 'middle' });
    });
}

async function searchVisibly(
  operator: OperatorService,
  options: FailedOptions,
): Promise<readonly FailedRow[]> {
  const progress = showLateProgress('found');
  try {
    return await operator.findFailed(filterGiven(options), options.limit, ({ found, position }) => {
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
