import { describe, expect, it } from 'vitest';
import { gentlePace } from '../../../../src/operator/verify/gentle-pace.js';

/** A clock that its sleepers move. */
function sleepingClock() {
  const rests: number[] = [];
  let now = 0;
  return {
    rests,
    work: (milliseconds: number) => (now += milliseconds),
    now: () => now,
    sleep: async (milliseconds: number) => {
      rests.push(milliseconds);
      now += milliseconds;
    },
  };
}

describe('the gentle pace', () => {
  const { signal } = new AbortController();

  it('rests three times as long as it worked, whatever the work was, and five seconds at most', async () => {
    const clock = sleepingClock();
    const pace = gentlePace(clock, signal, () => undefined);
    for (const busyMs of [40, 400, 4000]) {
      clock.work(busyMs);
      await pace.rest(0);
    }
    expect(clock.rests).toEqual([120, 1200, 5000]);
  });

  it('adds up work too short to rest for', async () => {
    const clock = sleepingClock();
    const pace = gentlePace(clock, signal, () => undefined);
    for (let slice = 0; slice < 9; slice += 1) {
      clock.work(3);
      await pace.rest(1000);
    }
    expect(clock.rests).toEqual([36, 36]);
  });

  it('asks before and after each rest whether it may go on', async () => {
    const clock = sleepingClock();
    let left = 3;
    const pace = gentlePace(clock, signal, () => {
      left -= 1;
      if (left < 0) throw new Error('no');
    });
    clock.work(100);
    await pace.rest(0);
    clock.work(1);
    await pace.rest(0);
    await expect(pace.rest(0)).rejects.toThrow('no');
    expect(clock.rests).toHaveLength(1);
  });
});
