import type { Command } from 'commander';
import { State } from '../../domain/states.js';
import { durationText } from '../../operator/duration.js';
import { status, type Status } from '../../operator/status.js';
import { workerLines } from '../workers-text.js';
import { deferredLines } from '../deferred-text.js';
import { alarmText } from '../../guard/alarm-text.js';
import type { StoreAlarm } from '../../store/guard-port.js';
import { listLines, printJson, printLines, shown } from '../output.js';
import { stateText } from '../labels.js';
import { withDatabases } from '../session.js';

/** Options and action of `status`. */
export function configure(command: Command): void {
  command
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bnet-sync status --config bnet-sync.yaml --json')
    .action(async (options: { json?: true }) => {
      await withDatabases(command, async ({ middle, store, records, guard }) => {
        const answer = await status({ middle: middle.operations, store, records, guard });
        if (options.json === true) printJson(answer);
        else printLines(...statusLines(answer));
      });
    });
}

const states = Object.values(State);

function statusLines(answer: Status): string[] {
  const { tables, workers, alarms, deferred } = answer;
  const hasOther = Object.values(tables).some(({ other }) => other !== undefined);
  const counts = listLines({
    columns: [
      { head: 'Table' },
      ...states.map((state) => ({ head: stateText(state), right: true as const })),
      ...(hasOther ? [{ head: 'other', right: true as const }] : []),
    ],
    rows: Object.entries(tables).map(([table, count]) => [
      table,
      ...states.map((state) => count[`${state}`]),
      ...(hasOther ? [count.other ?? 0] : []),
    ]),
  });
  const others = hasOther
    ? ['Rows in a State that is none of these are taken by no worker; "bnet-sync doctor" names them.']
    : [];
  const workersText = workers.length === 0 ? ['No worker is running.'] : workerLines(workers);
  return [
    ...alarms.map(alarmLine),
    ...counts,
    ...others,
    ...pendingLines(answer),
    ...deferredLines(deferred),
    ...workersText,
  ];
}

function pendingLines({ tables, oldestPendingSeconds, createdAhead: ahead }: Status): string[] {
  const pending = Object.values(tables).reduce((sum, count) => sum + count['0'], 0);
  const age =
    oldestPendingSeconds === null ? 'age unknown, it has no date.' : `${durationText(oldestPendingSeconds)}.`;
  const oldest =
    pending === 0 && oldestPendingSeconds === null ? 'No pending row.' : `Oldest pending row: ${age}`;
  if (ahead === undefined) return [oldest];
  const rows =
    ahead.rows === 1 ? '1 pending row has a CreateDate' : `${ahead.rows} pending rows have a CreateDate`;
  const upTo = ahead.newest === null ? '' : `, up to ${ahead.newest}: ${durationText(ahead.seconds)}`;
  return [oldest, `${rows} ahead of the database's clock${upTo}. They are left alone until then.`];
}

function alarmLine(alarm: StoreAlarm): string {
  const since = `since ${alarm.raisedAt}, found by worker ${alarm.worker} on ${alarm.host}`;
  return shown(
    `ALARM: ${alarmText(alarm)}. No row is processed (${since}); "bnet-sync doctor" says what to do.`,
  );
}
