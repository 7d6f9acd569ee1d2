import type { Command } from 'commander';
import type { RecordedAction } from '../../operator/contract/actions.js';
import { actionArgument, limitArgument, type Limited } from '../arguments.js';
import { tableLines } from '../output.js';
import { addReport } from '../session.js';

interface AuditOptions extends Limited {
  readonly before?: string;
}

const examples = `
Examples:
  bnet-sync audit --config bnet-sync.yaml
  bnet-sync audit --before 1200 --limit 100 --json`;

/** Options and action of `audit`. */
export function configure(command: Command): void {
  command
    .option('--before <id>', 'only actions before this one', actionArgument)
    .option('--limit <actions>', 'at most so many actions', limitArgument, 50)
    .addHelpText('after', examples);
  addReport(
    command,
    (operator, { limit, before }: AuditOptions) =>
      operator.audit({ limit, ...(before === undefined ? {} : { before }) }),
    reportLines,
  );
}

function reportLines(actions: readonly RecordedAction[], { limit }: AuditOptions): string[] {
  if (actions.length === 0) return ['No action.'];
  const list = tableLines(actions, [
    { head: 'ID', right: true, optional: true, of: (each) => each.id },
    { head: 'When', of: (each) => each.at },
    { head: 'Who', shorten: 14, of: (each) => each.who },
    { head: 'Via', optional: true, of: (each) => each.via },
    { head: 'Action', of: (each) => each.action },
    { head: 'Rows', right: true, of: (each) => each.rows },
    { head: 'Status', of: (each) => each.status },
    {
      head: 'What',
      shorten: 30,
      of: (each) => (each.outcome === null ? each.what : `${each.what} → ${each.outcome.what}`),
    },
    { head: 'Reason', shorten: 14, of: (each) => each.reason },
  ]);
  const last = actions.at(-1)?.id ?? '';
  const more = `The newest ${limit}; --before ${last} shows those before.`;
  const hasOpen = actions.some(({ status }) => status === 'open');
  return [...list, ...(hasOpen ? openNotes : []), ...(actions.length === limit ? [more] : [])];
}

const openNotes = [
  'open: no outcome is on record. The action is under way, or its process ended before that; rows may have been changed.',
  'A requeue-matching can be continued: "bnet-sync requeue --continue ID".',
];
