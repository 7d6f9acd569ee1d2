import type { Command } from 'commander';
import type { RecordedAction } from '../../operator/contract/actions.js';
import { actionArgument, limitArgument } from '../arguments.js';
import { listLines, printJson, printLines } from '../output.js';
import { withOperator } from '../session.js';

interface AuditOptions {
  readonly limit: number;
  readonly before?: string;
  readonly json?: true;
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
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(async ({ limit, before, json }: AuditOptions) => {
      await withOperator(command, async (operator) => {
        const actions = await operator.audit({ limit, ...(before === undefined ? {} : { before }) });
        if (json === true) printJson(actions);
        else printLines(...auditLines(actions, limit));
      });
    });
}

function auditLines(actions: readonly RecordedAction[], limit: number): string[] {
  if (actions.length === 0) return ['No action.'];
  const list = listLines({
    columns: [
      { head: 'ID', right: true, optional: true },
      { head: 'When' },
      { head: 'Who', shorten: 14 },
      { head: 'Via', optional: true },
      { head: 'Action' },
      { head: 'Rows', right: true },
      { head: 'Status' },
      { head: 'What', shorten: 30 },
      { head: 'Reason', shorten: 14 },
    ],
    rows: actions.map((each) => [
      each.id,
      each.at,
      each.who,
      each.via,
      each.action,
      each.rows,
      each.status,
      each.outcome === null ? each.what : `${each.what} → ${each.outcome.what}`,
      each.reason,
    ]),
  });
  const last = actions.at(-1)?.id ?? '';
  const more = `The newest ${limit}; --before ${last} shows those before.`;
  const hasOpen = actions.some(({ status }) => status === 'open');
  return [...list, ...(hasOpen ? openNotes : []), ...(actions.length === limit ? [more] : [])];
}

const openNotes = [
  'open: no outcome is on record. The action is under way, or its process ended before that; rows may have been changed.',
  'A requeue-matching can be gone on with: "bnet-sync requeue --continue ID".',
];
