import type { Command } from 'commander';
import { State } from '../../domain/states.js';
import { durationText } from '../../operator/duration.js';
import type { OpenAlarm, Status } from '../../operator/contract/state.js';
import { workerLines } from '../workers-text.js';
import { deferredLines } from '../deferred-text.js';
import { alarmText } from '../../guard/alarm-text.js';
import { listLines, shown } from '../output.js';
import { countText, stateText } from '../labels.js';
import { addReport } from '../session.js';

/** Options and action of `status`. */
export function configure(command: Command): void {
  command.addHelpText('after', '\nExample:\n  bnet-sync status --config bnet-sync.yaml --json');
  addReport(command, (operator) => operator.status(), statusLines);
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
      ...states.map((state) => cellOf(count, `${state}`)),
      ...(hasOther ? [cellOf(count, 'other')] : []),
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

type Counts = Status['tables'][keyof Status['tables']];

function cellOf(counts: Counts, state: '0' | '1' | '2' | '3' | 'other'): string {
  return countText({ rows: counts[state] ?? 0, atLeast: counts.atLeast?.includes(state) === true });
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

function alarmLine(alarm: OpenAlarm): string {
  const since = `since ${alarm.raisedAt}, found by worker ${alarm.worker} on ${alarm.host}`;
  return shown(
    `ALARM: ${alarmText(alarm)}. No row is processed (${since}); "bnet-sync doctor" says what to do.`,
  );
}
