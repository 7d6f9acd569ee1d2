import { alarmText } from '../../guard/alarm-text.js';
import { compareFinished, evidenceOf } from '../../guard/compare-finished.js';
import { missingOrigins } from '../../guard/origin.js';
import type { StoreAlarm } from '../../store/guard-port.js';
import type { Databases } from '../databases.js';
import type { Finding } from '../contract/checks.js';
import { fine } from './finding.js';

/** Configuration for the guard. */
export interface LossSettings {
  readonly shards: number;
  readonly productIds: readonly string[];
  readonly othersFinishRows: boolean;
}

const area = 'product store';
const runbook = 'docs/operations.md, "When the product store has lost something"';

const repairHint = `"bnet-sync repair --dry-run" shows what is lost, "bnet-sync repair" puts it right: see ${runbook}`;

/** Whether the store holds what the finished rows say it held: by open alarms, and by comparing. */
export async function lossFindings(
  { middle, store }: Databases,
  { shards, productIds, othersFinishRows }: LossSettings,
): Promise<Finding[]> {
  const sources = { middle: middle.finished, store: store.guard };
  const alarms = await sources.store.openAlarms();
  if (alarms.length > 0) return alarms.map(openAlarm);
  if ((await missingOrigins(sources, productIds)) === null) return [noOrigin];
  const { lost, byOthers } = await compareFinished(sources, { shards, of: 'all' });
  if (lost.length > 0 && !othersFinishRows) {
    const finding = `${alarmText(evidenceOf(lost))}; workers will raise the alarm when they take their shards`;
    return [{ area, level: 'error', finding, whatToDo: repairHint }];
  }
  const others = [...byOthers, ...(othersFinishRows ? lost : [])];
  if (others.length > 0) return [finishedByOthers(others.length, alarmText(evidenceOf(others)))];
  return [fine(area, 'knows the rows that were finished last')];
}

function openAlarm(alarm: StoreAlarm): Finding {
  const { raisedAt, worker, host } = alarm;
  return {
    area,
    level: 'error',
    finding: `${alarmText(alarm)}; no row is processed (alarm of ${raisedAt}, worker ${worker} on ${host})`,
    whatToDo: alarm.kind === 'noOrigin' ? noOrigin.whatToDo : repairHint,
  };
}

const noOrigin: Finding = {
  area,
  level: 'error',
  finding: 'is new, or was wiped, and the middle database holds finished rows: no worker will process a row',
  whatToDo:
    'to begin the store beside these rows, run "bnet-sync migrate --new-store"; if it was in use before, ' +
    `restore it, or fill it with "bnet-sync repair --all": ${runbook}`,
};

function finishedByOthers(rows: number, text: string): Finding {
  return {
    area,
    level: 'warning',
    finding: `${rows} finished rows were decided by others than its workers (${text})`,
    whatToDo: 'see who marks rows; if another program keeps doing so, set middle.othersFinishRows to true',
  };
}
