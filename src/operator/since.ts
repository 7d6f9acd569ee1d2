import type { MiddleAdmin } from '../middle/admin-port.js';

/** A point in time: a date by the middle database's clock, or so long before now. */
export type Since = { readonly date: string } | { readonly agoMs: number };

/** The date by the middle database's clock, `YYYY-MM-DD HH:MM:SS`. */
export async function dateOf(middle: Pick<MiddleAdmin, 'now'>, since: Since): Promise<string> {
  if ('date' in since) return since.date;
  const now = Date.parse(`${(await middle.now()).replace(' ', 'T')}Z`);
  return new Date(now - since.agoMs).toISOString().slice(0, 19).replace('T', ' ');
}

const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `30m`, `24h` or `7d`, in milliseconds; null where it is none of them. */
export function parseAge(text: string): number | null {
  const age = /^(\d{1,6})([mhd])$/.exec(text);
  return age === null ? null : Number(age[1]) * (unitsMs[age[2] ?? ''] ?? NaN);
}

/** Reads `2026-11-21`, `2026-11-21 08:00`, `2026-11-21 08:00:00`, `30m`, `24h` or `7d`; null where it is none of them. */
export function parseSince(text: string): Since | null {
  const agoMs = parseAge(text);
  if (agoMs !== null) return { agoMs };
  const date = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?)?$/.exec(text);
  if (date === null) return null;
  const whole = `${date[1] ?? ''} ${date[2] ?? '00:00'}${date[3] ?? ':00'}`;
  return isDate(whole) ? { date: whole } : null;
}

/** Whether a date of the right form exists: not the 31st of June. */
function isDate(text: string): boolean {
  const time = Date.parse(`${text.replace(' ', 'T')}Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text.replace(' ', 'T'));
}
