import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laterThan } from '../../../src/domain/attempts.js';

const now = '2026-11-28 12:00:00';

/** So many seconds after another moment. */
function after(moment: string, seconds: number): string {
  const time = Date.parse(`${moment.replace(' ', 'T')}Z`) + seconds * 1000;
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

const [minute, hour, day] = [60, 3600, 86_400];

/** The StateDate that a claim gives: by the clock, later than this and than what the row had. */
function claimed(later: string | null, clock: string, stateDate: string | null): string {
  const candidates = [clock];
  if (later !== null) candidates.push(after(later, 1));
  if (stateDate !== null && stateDate <= after(clock, day)) candidates.push(after(stateDate, 1));
  return candidates.sort().at(-1)!;
}

describe('what a new attempt is later than', () => {
  it('is nothing where no attempt is known', () => {
    expect(laterThan([], now)).toBeNull();
  });

  it('is the newest attempt known, in whatever order they come, up to a day ahead of the claim, which may come an hour later', () => {
    for (const newest of [after(now, -day), after(now, -1), now, after(now, hour), after(now, day + hour)])
      for (const attempts of [
        [newest, '2026-01-01 00:00:00'],
        ['2026-01-01 00:00:00', newest],
      ])
        expect(laterThan(attempts, now)).toBe(newest);
  });

  it('is none that lies further ahead: the clock decides', () => {
    expect(laterThan([after(now, day + hour + 1)], now)).toBeNull();
    expect(laterThan(['9999-12-31 23:59:59'], now)).toBeNull();
  });

  it('is the newest of those before that, with an hour between that no attempt is in', () => {
    const far = '2099-01-01 00:00:00';
    const before = after(now, -5 * minute);
    expect(laterThan([far, before], now)).toBe(before);
    const soon = after(now, 10 * minute);
    expect(laterThan([soon, far, before], now)).toBe(soon);
    // The row was claimed every half an hour, from now on: the new attempt comes after all of them.
    const series = Array.from({ length: 60 }, (_, index) => after(now, index * 30 * minute));
    expect(laterThan([...series, far], now)).toBe(series.at(-1));
    expect(laterThan([after(now, hour), far], now)).toBe(after(now, hour));
    expect(laterThan([after(now, hour + 1), far], now)).toBeNull();
  });

  const moments = fc.oneof(
    fc.integer({ min: -2 * day, max: 3 * day }),
    fc.integer({ min: -2 * hour, max: 4 * hour }),
    fc.integer({ min: 0, max: 10_000 * day }),
    fc.constantFrom(day - 1, day, day + 1, hour - 1, hour, hour + 1, 2 * hour, -1, 0, 1),
  );
  const delays = fc.integer({ min: 0, max: hour - 1 });

  it('never leads to an attempt that is known, or to one beyond the calendar, where the claim happens within an hour', () => {
    fc.assert(
      fc.property(fc.array(moments, { maxLength: 30 }), delays, (offsets, delay) => {
        const attempts = offsets.map((offset) => after(now, offset));
        const clock = after(now, delay);
        const attempt = claimed(laterThan(attempts, now), clock, null);
        expect(attempts).not.toContain(attempt);
        expect(attempt >= clock).toBe(true);
        expect(attempt.length).toBe(19);
      }),
      { numRuns: 2000, examples: [[[2 * hour, 3 * hour, 10 * day], 0]] },
    );
  });

  it('never does so either with the StateDate that the row has, which the claim exceeds as well', () => {
    fc.assert(
      fc.property(
        fc.array(moments, { minLength: 1, maxLength: 30 }),
        delays,
        fc.nat(),
        (offsets, delay, standing) => {
          const attempts = offsets.map((offset) => after(now, offset));
          const stateDate = attempts[standing % attempts.length]!;
          const attempt = claimed(laterThan(attempts, now, stateDate), after(now, delay), stateDate);
          expect(attempts).not.toContain(attempt);
        },
      ),
      { numRuns: 2000, examples: [[[day, day + 1], 0, 0]] },
    );
  });

  it('does not drift: row after row claimed within a second stays by the clock and its number of claims', () => {
    const attempts = ['9999-12-31 23:59:59'];
    for (let claim = 0; claim < 200; claim += 1) {
      const attempt = claimed(laterThan(attempts, now, attempts.at(-1)), now, attempts.at(-1)!);
      expect(attempts).not.toContain(attempt);
      attempts.push(attempt);
    }
    expect(attempts.at(-1)! <= after(now, 200)).toBe(true);
  });
});
