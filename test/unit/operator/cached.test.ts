import { describe, expect, it } from 'vitest';
import { cached } from '../../../src/operator/cached.js';

interface Reading {
  resolve(value: string): void;
  reject(error: Error): void;
}

/** A reading that a test ends, one at a time, and a clock that it sets. */
function scene() {
  const readings: Reading[] = [];
  let now = 0;
  const value = cached(() => new Promise<string>((resolve, reject) => readings.push({ resolve, reject })), {
    forMs: 10_000,
    clock: () => now,
  });
  return { readings, value, pass: (ms: number) => (now += ms) };
}

describe('a cached value', () => {
  it('is read once for all who ask while it is being read', async () => {
    const { readings, value } = scene();
    const asked = [value(), value(), value()];
    readings[0]?.resolve('first');
    expect(await Promise.all(asked)).toEqual(['first', 'first', 'first']);
    expect(readings).toHaveLength(1);
  });

  it('is kept for its time, counted from the end of the reading, and not longer', async () => {
    const { readings, value, pass } = scene();
    const first = value();
    pass(60_000);
    readings[0]?.resolve('first');
    await first;
    pass(9999);
    expect(await value()).toBe('first');
    pass(1);
    const second = value();
    readings[1]?.resolve('second');
    expect(await second).toBe('second');
    expect(readings).toHaveLength(2);
  });

  it('is read anew after a failure, which all who waited are told', async () => {
    const { readings, value } = scene();
    const asked = Promise.allSettled([value(), value()]);
    readings[0]?.reject(new Error('down'));
    expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const again = value();
    readings[1]?.resolve('well');
    expect(await again).toBe('well');
  });

  it('is read anew once it is forgotten, also while the old one is still being read', async () => {
    const { readings, value } = scene();
    const old = value();
    value.forget();
    const fresh = value();
    readings[1]?.resolve('new');
    expect(await fresh).toBe('new');
    readings[0]?.resolve('old');
    expect(await old).toBe('old');
    expect(await value()).toBe('new');
    value.forget();
    void value();
    expect(readings).toHaveLength(3);
  });
});
