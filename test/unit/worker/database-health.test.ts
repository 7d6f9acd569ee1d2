import { beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError, type DatabaseErrorKind } from '../../../src/database/errors.js';
import type { DatabaseRole, Emit } from '../../../src/worker/events.js';
import { CredentialsRefusedError, DatabaseHealth } from '../../../src/worker/database-health.js';
import { FakeClock } from '../../support/fake-clock.js';

const kinds: Readonly<Record<'retry' | 'rowError' | 'repair', readonly DatabaseErrorKind[]>> = {
  retry: ['unreachable', 'connectionLost', 'timeout', 'conflict', 'unavailable', 'commitUnknown'],
  rowError: ['constraint', 'data', 'other'],
  repair: ['schema'],
};

let time: FakeClock;
let told: [string, unknown][];
let outages: DatabaseHealth;
beforeEach(() => {
  time = new FakeClock();
  told = [];
  const emit: Emit = (name, event) => {
    told.push([name, event]);
  };
  outages = new DatabaseHealth(time, emit);
});

const errorOf = (kind: DatabaseErrorKind) => new DatabaseError(kind, 'it does not answer');

async function fail(database: DatabaseRole, error: Error = errorOf('timeout')): Promise<unknown> {
  return outages.track(database, () => Promise.reject(error)).catch((thrown: unknown) => thrown);
}

describe('a watched call', () => {
  it('gives back what the call gives back, and tells nothing', async () => {
    expect(await outages.track('middle', async () => 42)).toBe(42);
    expect(told).toEqual([]);
    expect([outages.remainingMs(), outages.durationMs()]).toEqual([0, 0]);
  });

  it.each(kinds.retry)('passes an outage on, told and counted: %s', async (kind) => {
    const error = errorOf(kind);
    expect(await fail('store', error)).toBe(error);
    expect(outages.isOutage(error)).toBe(true);
    expect(told).toEqual([
      ['outage', { database: 'store', error: 'it does not answer', failures: 1, delayMs: 150 }],
    ]);
    expect(outages.remainingMs()).toBe(150);
  });

  it.each([...kinds.rowError, ...kinds.repair])(
    'passes on what time does not heal, and counts nothing: %s',
    async (kind) => {
      const error = errorOf(kind);
      expect(await fail('store', error)).toBe(error);
      expect(outages.isOutage(error)).toBe(false);
      expect([told, outages.remainingMs(), outages.durationMs()]).toEqual([[], 0, 0]);
    },
  );

  it('passes on errors that are no database’s', async () => {
    const error = new Error('a bug');
    expect(await fail('middle', error)).toBe(error);
    expect([outages.isOutage(error), told]).toEqual([false, []]);
  });

  it.each([
    ['middle', 'the middle database'],
    ['store', 'the product store'],
  ] as const)('makes refused credentials an error that is never tried again: %s', async (database, name) => {
    const error = await fail(database, errorOf('credentials'));
    expect(error).toBeInstanceOf(CredentialsRefusedError);
    expect(error).toHaveProperty('message', `${name} refuses the credentials: it does not answer`);
    expect(outages.isOutage(error)).toBe(false);
    expect(told).toEqual([]);
  });
});

describe('an outage', () => {
  it('is tried again after a back-off that grows with each failure up to ten seconds', async () => {
    const delays: number[] = [];
    for (let failure = 1; failure <= 9; failure += 1) {
      await fail('middle');
      delays.push(outages.remainingMs());
      time.advance(outages.remainingMs());
      expect(outages.remainingMs()).toBe(0);
    }
    expect(delays).toEqual([150, 300, 600, 1200, 2400, 4800, 7500, 7500, 7500]);
    time.chance = 0.999999;
    await fail('middle');
    expect(outages.remainingMs()).toBeLessThanOrEqual(10_000);
  });

  it('of one database does not shorten or lengthen the back-off of the other; the longer one counts', async () => {
    for (let failure = 1; failure <= 3; failure += 1) await fail('middle');
    expect(outages.remainingMs()).toBe(600);
    await fail('store');
    expect(told.at(-1)).toMatchObject(['outage', { database: 'store', failures: 1, delayMs: 150 }]);
    expect(outages.remainingMs()).toBe(600);
    outages.markHealthy('middle');
    expect(outages.remainingMs()).toBe(150);
  });

  it('ends when a whole piece of work went through, which is told once', async () => {
    await fail('middle');
    await fail('middle');
    outages.markHealthy('middle');
    outages.markHealthy('middle');
    outages.markHealthy('store');
    expect(told.slice(2)).toEqual([['recovered', { database: 'middle' }]]);
    expect(outages.remainingMs()).toBe(0);
    await fail('middle');
    expect(told.at(-1)).toMatchObject(['outage', { failures: 1, delayMs: 150 }]);
  });

  it('does not end because a single call went through', async () => {
    await fail('store');
    await outages.track('store', async () => 1);
    await fail('store');
    expect(told.at(-1)).toMatchObject(['outage', { failures: 2 }]);
  });

  it('lasts from the first failure until both databases work', async () => {
    await fail('middle');
    time.advance(1000);
    await fail('store');
    time.advance(1000);
    expect(outages.durationMs()).toBe(2000);
    outages.markHealthy('middle');
    expect(outages.durationMs()).toBe(2000);
    outages.markHealthy('store');
    expect(outages.durationMs()).toBe(0);
    time.advance(1000);
    await fail('store');
    expect(outages.durationMs()).toBe(0);
  });
});
