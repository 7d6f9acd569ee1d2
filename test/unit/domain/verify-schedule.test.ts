import { describe, expect, it } from 'vitest';
import { untilNextRunMs, type ScheduledRun } from '../../../src/domain/verify-schedule.js';

const everyMs = 6 * 3_600_000;
const now = '2026-11-29T12:00:00.000Z';
const run = (
  state: ScheduledRun['state'],
  startedAt: string,
  endedAt: string | null = null,
): ScheduledRun => ({
  state,
  startedAt: `2026-11-29T${startedAt}:00.000Z`,
  endedAt: endedAt === null ? null : `2026-11-29T${endedAt}:00.000Z`,
});
const minutes = (...runs: readonly ScheduledRun[]) => untilNextRunMs(everyMs, { now, runs }) / 60_000;

describe('the next scheduled verification', () => {
  it('is due at once where none is on record', () => {
    expect(minutes()).toBe(0);
  });

  it('is due one interval after the end of the last that finished, or failed', () => {
    expect(minutes(run('finished', '06:00', '08:00'))).toBe(120);
    expect(minutes(run('failed', '06:00', '06:30'))).toBe(30);
    expect(minutes(run('finished', '04:00', '06:00'))).toBe(0);
    expect(minutes(run('finished', '01:00', '02:00'))).toBe(0);
  });

  it('counts from the newest run alone', () => {
    expect(minutes(run('failed', '10:00', '11:00'), run('finished', '01:00', '02:00'))).toBe(300);
  });

  it('is due as before where the last one was cancelled', () => {
    const cancelled = run('cancelled', '11:00', '11:01');
    expect(minutes(cancelled, run('finished', '06:00', '08:00'))).toBe(120);
    expect(minutes(cancelled, cancelled, run('finished', '01:00', '02:00'))).toBe(0);
    expect(minutes(cancelled)).toBe(0);
  });

  it('is due one interval after the start of one whose process ended, or that another worker has not given up yet', () => {
    expect(minutes(run('abandoned', '10:00', '11:30'), run('finished', '01:00', '02:00'))).toBe(240);
    expect(minutes(run('running', '10:00'))).toBe(240);
    expect(minutes(run('running', '05:59'))).toBe(0);
  });

  it('is due at once where the last one lies ahead of the clock, which was set back', () => {
    expect(minutes(run('finished', '12:00', '12:01'))).toBe(0);
    expect(minutes(run('finished', '11:00', '12:00'))).toBe(360);
  });
});
