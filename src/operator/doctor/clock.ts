import type { MiddleKind } from '../../middle/admin-port.js';
import { durationText } from '../duration.js';
import type { Finding } from '../contract/checks.js';
import { fine } from './finding.js';

/** Clocks read at about the same time, all as `YYYY-MM-DD HH:MM:SS`. */
export interface Clocks {
  readonly kind: MiddleKind;
  readonly middleNow: string;
  /** This machine's clock, in its own time zone. */
  readonly localTime: string;
  /** This machine's clock, in UTC. */
  readonly utcTime: string;
  /** The latest CreateDate among the pending rows. */
  readonly newestPending: string | null;
  readonly settleMs: number;
}

const toleranceSeconds = 5;
const zoneStepSeconds = 15 * 60;
const aheadSeconds = 60;

/**
 * Compares the middle database's clock with this machine's. Correctness does not depend on ours; but a CreateDate is
 * judged by the database's clock, and its writer may use another.
 */
export function clockFindings(clocks: Clocks): Finding[] {
  return [differenceFinding(clocks), ...aheadFindings(clocks)];
}

function differenceFinding({ kind, middleNow, localTime, utcTime, settleMs }: Clocks): Finding {
  // SQLite's clock is this machine's in UTC, by definition.
  const here = kind === 'sqlite' ? utcTime : localTime;
  const difference = secondsBetween(here, middleNow);
  const shown = `the middle database's clock shows ${middleNow}`;
  if (Math.abs(difference) <= toleranceSeconds) {
    return fine('clock', `${shown}, as this machine's does${kind === 'sqlite' ? ' in UTC' : ''}`);
  }
  const offZone = Math.abs(difference) % zoneStepSeconds;
  const isZone = Math.min(offZone, zoneStepSeconds - offZone) <= toleranceSeconds;
  const direction = difference > 0 ? 'ahead' : 'behind';
  return {
    area: 'clock',
    level: 'warning',
    finding: `${shown}, this machine's ${here}: ${durationText(difference)} ${direction}${isZone ? ', another time zone' : ''}`,
    whatToDo:
      `see that CreateDate is written by the database's clock: one written by a clock ahead of it keeps its row waiting ` +
      `that long; one written by a clock behind it is never too early: worker.settleMs (${settleMs}) and worker.dependencyGraceMs count from the first sight of a row`,
  };
}

function aheadFindings({ middleNow, newestPending, settleMs }: Clocks): Finding[] {
  if (newestPending === null || settleMs === 0) return [];
  const ahead = secondsBetween(middleNow, newestPending);
  if (ahead < aheadSeconds) return [];
  return [
    {
      area: 'clock',
      level: 'error',
      finding: `a pending row has the CreateDate ${newestPending}, ${durationText(ahead)} ahead of the database's clock`,
      whatToDo:
        'rows are skipped until their CreateDate has passed: have the platform write it by the clock of the database; ' +
        'worker.settleMs: 0 takes them at once',
    },
  ];
}

function secondsBetween(from: string, to: string): number {
  return (timeOf(to) - timeOf(from)) / 1000;
}

function timeOf(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`);
}
