import type { Activity } from '../store/admin-port.js';
import type { ActivityBar } from './contract/state.js';

/** A length of time, divided into spans, the last of which is not over. */
export interface Window {
  readonly spanMinutes: number;
  readonly spans: number;
}

/** The windows for operators. */
export const windows = {
  lastHour: { spanMinutes: 5, spans: 12 },
  lastDay: { spanMinutes: 60, spans: 24 },
  lastWeek: { spanMinutes: 60, spans: 7 * 24 },
} as const satisfies Record<string, Window>;

/** When a window begins: the start of its first span, ISO 8601, UTC. `now` is the store's clock. */
export function beginOf(window: Window, now: string): string {
  return new Date(firstSpan(window, now)).toISOString();
}

/** What was decided in each span of a window, gaps filled, oldest first. */
export function barsOf(activity: readonly Activity[], window: Window, now: string): readonly ActivityBar[] {
  const first = firstSpan(window, now);
  const spanMs = window.spanMinutes * 60_000;
  const bars = Array.from({ length: window.spans }, (_, span) => ({
    from: new Date(first + span * spanMs).toISOString(),
    applied: 0,
    failed: 0,
  }));
  for (const { from, outcome, rows } of activity) {
    const bar = bars[Math.floor((Date.parse(from) - first) / spanMs)];
    if (bar !== undefined) bar[outcome] += rows;
  }
  return bars;
}

function firstSpan({ spanMinutes, spans }: Window, now: string): number {
  const spanMs = spanMinutes * 60_000;
  return (Math.floor(Date.parse(now) / spanMs) - spans + 1) * spanMs;
}
