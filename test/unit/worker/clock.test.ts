import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Wakeup, backoffMs, systemClock } from '../../../src/worker/clock.js';
import { FakeClock } from '../../support/fake-clock.js';

/** Whether a promise has settled once everything that can run has run. */
async function settled(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe('an alarm', () => {
  it('lets its sleeper sleep for the time asked', async () => {
    const time = new FakeClock();
    const sleep = new Wakeup(time).sleep(1000);
    time.advance(999);
    expect(await settled(sleep)).toBe(false);
    time.advance(1);
    expect(await settled(sleep)).toBe(true);
  });

  it('ends the present sleep when it rings, and not the one after', async () => {
    const time = new FakeClock();
    const alarm = new Wakeup(time);
    const sleep = alarm.sleep(1000);
    alarm.wake();
    alarm.wake();
    expect(await settled(sleep)).toBe(true);
    expect(time.sleepers).toBe(0);
    expect(await settled(alarm.sleep(1000))).toBe(false);
  });

  it('ends the next sleep when it rings while nobody sleeps, and not the one after', async () => {
    const time = new FakeClock();
    const alarm = new Wakeup(time);
    alarm.wake();
    expect(await settled(alarm.sleep(1000))).toBe(true);
    expect(await settled(alarm.sleep(1000))).toBe(false);
  });

  it('lets go of the thread for 0 or less, too, and for no longer', async () => {
    const time = new FakeClock();
    for (const milliseconds of [0, -5]) {
      const sleep = new Wakeup(time).sleep(milliseconds);
      expect(await settled(sleep)).toBe(false);
      time.advance(0);
      expect(await settled(sleep)).toBe(true);
    }
  });

  it('works for many sleeps, one after another', async () => {
    const time = new FakeClock();
    const alarm = new Wakeup(time);
    for (let round = 0; round < 20; round += 1) {
      const sleep = alarm.sleep(1000);
      expect(await settled(sleep)).toBe(false);
      if (round % 2 === 0) alarm.wake();
      else time.advance(1000);
      expect(await settled(sleep)).toBe(true);
    }
  });
});

describe('the process’s own time', () => {
  it('sleeps until its time has come', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const sleep = systemClock.sleep(1000, new AbortController().signal);
      await vi.advanceTimersByTimeAsync(999);
      expect(vi.getTimerCount()).toBe(1);
      await vi.advanceTimersByTimeAsync(1);
      await sleep;
    } finally {
      vi.useRealTimers();
    }
  });

  it('sleeps until the signal is aborted, and keeps no timer then that would hold up the process', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const controller = new AbortController();
      const sleep = systemClock.sleep(3_600_000, controller.signal);
      controller.abort();
      await sleep;
      expect(vi.getTimerCount()).toBe(0);
      await systemClock.sleep(3_600_000, controller.signal);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('never goes backwards, and its chance is from 0 up to 1', () => {
    const moment = systemClock.now();
    expect(systemClock.now()).toBeGreaterThanOrEqual(moment);
    for (let draw = 0; draw < 100; draw += 1) {
      const chance = systemClock.random();
      expect(chance >= 0 && chance < 1).toBe(true);
    }
  });
});

describe('a back-off', () => {
  const limits = { minMs: 200, maxMs: 10_000 };

  it('doubles with each failure up to its limit', () => {
    const highest = [1, 2, 3, 4, 5, 6, 7, 8].map((failures) => backoffMs(failures, limits, 1));
    expect(highest).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  });

  it('is at least half of that, by chance', () => {
    expect([1, 2, 8].map((failures) => backoffMs(failures, limits, 0))).toEqual([100, 200, 5000]);
  });

  it('is never 0, endless or beyond its limit, however many failures there were', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), chance, (failures, random) => {
        const delayMs = backoffMs(failures, limits, random);
        expect(delayMs).toBeGreaterThanOrEqual(100);
        expect(delayMs).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});
