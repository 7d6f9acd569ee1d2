import type { Command } from 'commander';
import type { FailureGroup } from '../../operator/contract/rows.js';
import { tableLines } from '../output.js';
import { addReport } from '../session.js';
import { countText, shortTableName } from '../labels.js';

const notes = `
"Now" counts the rows that stand in State 3; the other columns count what failed within
that time, put right since or not. With more than 10000 failed rows in a table only the
newest 10000 are counted, and each number has a +.

Example:
  bnet-sync failure-groups --config bnet-sync.yaml`;

/** Options and action of `failure-groups`. */
export function configure(command: Command): void {
  command.addHelpText('after', notes);
  addReport(command, (operator) => operator.failureGroups(), reportLines);
}

function reportLines(groups: readonly FailureGroup[]): readonly string[] {
  if (groups.length === 0) return ['No failure within a week.'];
  return tableLines(groups, [
    { head: 'Table', of: (group) => shortTableName(group.table) },
    { head: 'Code', of: (group) => group.code ?? '(none)' },
    { head: 'Meaning', shorten: 14, of: (group) => group.text },
    { head: 'Now', right: true, of: (group) => countText(group.present) },
    { head: '1 h', right: true, of: (group) => group.lastHour },
    { head: '24 h', right: true, of: (group) => group.lastDay },
    { head: '7 d', right: true, of: (group) => group.lastWeek },
    { head: 'Newest', optional: true, of: (group) => group.newest?.streamingNo ?? null },
    { head: 'Failed at', optional: true, of: (group) => group.newest?.stateDate ?? null },
  ]);
}
