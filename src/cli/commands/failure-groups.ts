import type { Command } from 'commander';
import type { FailureGroup } from '../../operator/contract/rows.js';
import { listLines, printJson, printLines } from '../output.js';
import { withOperator } from '../session.js';
import { countText, shortTableName } from '../labels.js';

const notes = `
"Now" counts the rows that stand in State 3; the other columns count what failed within
that time, put right since or not. With more than 10000 failed rows in a table only the
newest 10000 are counted, and each number has a +.

Example:
  bnet-sync failure-groups --config bnet-sync.yaml`;

/** Options and action of `failure-groups`. */
export function configure(command: Command): void {
  command
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (options: { json?: true }) => {
      await withOperator(command, async (operator) => {
        const groups = await operator.failureGroups();
        if (options.json === true) printJson(groups);
        else printLines(...(groups.length === 0 ? ['No failure within a week.'] : groupLines(groups)));
      });
    });
}

function groupLines(groups: readonly FailureGroup[]): readonly string[] {
  return listLines({
    columns: [
      { head: 'Table' },
      { head: 'Code' },
      { head: 'Meaning', shorten: 14 },
      { head: 'Now', right: true },
      { head: '1 h', right: true },
      { head: '24 h', right: true },
      { head: '7 d', right: true },
      { head: 'Newest', optional: true },
      { head: 'Failed at', optional: true },
    ],
    rows: groups.map((group) => [
      shortTableName(group.table),
      group.code ?? '(none)',
      group.text,
      countText(group.present),
      group.lastHour,
      group.lastDay,
      group.lastWeek,
      group.newest?.streamingNo ?? null,
      group.newest?.stateDate ?? null,
    ]),
  });
}
