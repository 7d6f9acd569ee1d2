import { describe, expect, it } from 'vitest';
import { CheckQueue } from '../../../src/http/check-queue.js';
import { BusyError } from '../../../src/http/errors.js';
import { gate, until } from '../../support/until.js';

/** A queue whose checks wait at a gate, and in which order they began. */
function slowChecks() {
  const queue = new CheckQueue();
  const [begun, door] = [[] as string[], gate()];
  const ask = (name: string, { address = name, known = false } = {}) =>
    queue.run({ address, known }, async () => {
      begun.push(name);
      await door.passed;
      return name;
    });
  return { ask, begun, open: () => door.open() };
}

const named = (count: number, prefix: string) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

describe('the queue of password checks', () => {
  it('runs one at a time, keeps eight waiting, and refuses the rest at once with when to come back', async () => {
    const { ask, begun, open } = slowChecks();
    const accepted = named(9, 's').map((name) => ask(name));
    await expect(ask('late')).rejects.toThrow(BusyError);
    await expect(ask('late')).rejects.toMatchObject({ status: 503, code: 'busy', retryAfterSeconds: 4 });
    expect(begun).toEqual(['s0']);
    open();
    expect(await Promise.all(accepted)).toEqual(named(9, 's'));
    expect(await ask('later')).toBe('later');
  });

  it('begins a check of a known address at once, whatever waits of others', async () => {
    const { ask, begun, open } = slowChecks();
    const strangers = named(9, 's').map((name) => ask(name));
    const operators = ['o0', 'o1'].map((name) => ask(name, { known: true }));
    await until('a check of each kind has begun', async () => begun.length >= 2);
    expect(begun).toEqual(['s0', 'o0']);
    open();
    await Promise.all([...strangers, ...operators]);
  });

  it('has an end for known addresses, too', async () => {
    const { ask, open } = slowChecks();
    const accepted = named(17, 'k').map((name) => ask(name, { known: true }));
    await expect(ask('late', { known: true })).rejects.toThrow(BusyError);
    open();
    await Promise.all(accepted);
  });

  it('gives no unknown address more than two places', async () => {
    const { ask, open } = slowChecks();
    const accepted = [ask('a', { address: 'x' }), ask('b', { address: 'x' })];
    await expect(ask('c', { address: 'x' })).rejects.toThrow(BusyError);
    accepted.push(ask('d', { address: 'y' }));
    open();
    expect(await Promise.all(accepted)).toEqual(['a', 'b', 'd']);
    expect(await ask('c', { address: 'x' })).toBe('c');
  });

  it('gives back the place of a check that fails', async () => {
    const queue = new CheckQueue();
    const failing = () => queue.run({ address: 'x', known: false }, () => Promise.reject(new Error('no')));
    for (let n = 0; n < 5; n += 1) await expect(failing()).rejects.toThrow('no');
    expect(await queue.run({ address: 'x', known: false }, async () => 'yes')).toBe('yes');
  });
});
