import type { Command } from 'commander';
import { State } from '../../domain/states.js';
import { durationText } from '../../operator/duration.js';
import { status, type Status } from '../../operator/status.js';
import { crewLines } from '../crew-text.js';
import { deferredLines } from '../deferred-text.js';
import { alarmText } from '../../guard/alarm-text.js';
import type { StoreAlarm } from '../../store/guard-port.js';
import { listLines, printJson, printLines, shown } from '../output.js';
import { stateText } from '../words.js';
import { withDatabases } from '../session.js';

/** Adds `status`. */
export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('show how many rows are pending, in hand, succeeded and failed, and who works on them')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bnet-sync status --config bnet-sync.yaml --json')
    .action(async (options: { json?: true }, command: Command) => {
      await withDatabases(command, async ({ middle, store, records, guard }) => {
        const answer = await status({ middle: middle.operations, store, records, guard });
        if (options.json === true) printJson(answer);
        else printLines(...statusLines(answer));
      });
    });
}

const states = Object.values(State);

function statusLines({ tables, oldestPendingSeconds, workers, alarms, deferred }: Status): string[] {
  const counts = listLines({
    columns: [
      { head: 'Table' },
      ...states.map((state) => ({ head: stateText(state), right: true as const })),
    ],
    rows: Object.entries(tables).map(([table, count]) => [
      table,
      ...states.map((state) => count[`${state}`]),
    ]),
  });
  const oldest =
    oldestPendingSeconds === null
      ? 'No pending row.'
      : `Oldest pending row: ${durationText(oldestPendingSeconds)}.`;
  const crew = workers.length === 0 ? ['No worker is running.'] : crewLines(workers);
  return [...alarms.map(alarmLine), ...counts, oldest, ...deferredLines(deferred), ...crew];
}

function alarmLine(alarm: StoreAlarm): string {
  const since = `since ${alarm.raisedAt}, found by worker ${alarm.worker} on ${alarm.host}`;
  return shown(
    `ALARM: ${alarmText(alarm)}. No row is processed (${since}); "bnet-sync doctor" says what to do.`,
  );
}
