import type { Cell } from '../../../src/domain/rows.js';

/*
 * Dates as the simulated tables hold them: text, `YYYY-MM-DD HH:MM:SS` in UTC, or what PostgreSQL writes for a moment that
 * no clock shows, such as `infinity`.
 */

const dayMs = 24 * 3600 * 1000;
const wholeSeconds = /^(?!0000)\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/** A moment, cut to its second. */
export function dateText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ');
}

/** A StateDate where it can be the name of an attempt. */
export function attemptOf(date: Cell): Cell {
  return date !== null && wholeSeconds.test(date) ? date : null;
}

/** A date in milliseconds since 1970; one that no clock shows is before, or after, all others. */
export function timeOf(date: string): number {
  if (wholeSeconds.test(date)) return Date.parse(`${date.replace(' ', 'T')}Z`);
  return date.startsWith('-') || date.endsWith(' BC') ? -Infinity : Infinity;
}

/** What `to_char` makes of a date. */
export function writtenDate(date: Cell): Cell {
  if (date === null || wholeSeconds.test(date)) return date;
  return date.endsWith('infinity') ? null : date.replace(' BC', '');
}

/**
 * The StateDate of a new attempt: later than the row's StateDate, unless that is more than a day ahead, and than `after`,
 * and not before now.
 */
export function newAttempt(stateDate: Cell, after: string | null, nowMs: number): string {
  const former = attemptOf(stateDate);
  const formerMs = former === null ? -Infinity : timeOf(former);
  const [second, ...bounds] = [
    wholeSecond(nowMs),
    formerMs <= wholeSecond(nowMs) + dayMs ? formerMs + 1000 : -Infinity,
    after === null ? -Infinity : timeOf(after) + 1000,
  ];
  return dateText(Math.max(second, ...bounds));
}

/** The later of now and a date; now where it is more than a day ahead. */
export function laterOfNowAnd(date: string, nowMs: number): string {
  const [now, time] = [wholeSecond(nowMs), timeOf(date)];
  return dateText(time <= now + dayMs ? Math.max(now, time) : now);
}

function wholeSecond(milliseconds: number): number {
  return Math.floor(milliseconds / 1000) * 1000;
}
