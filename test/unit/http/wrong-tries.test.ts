import { describe, expect, it } from 'vitest';
import { WrongTries } from '../../../src/http/wrong-tries.js';

describe('wrong tries', () => {
  it('are counted in windows of a minute that begin with the first of them', () => {
    let now = 0;
    const tries = new WrongTries(() => now);
    tries.add('k');
    now = 59_000;
    tries.add('k');
    expect([tries.secondsToWait('k', 3), tries.secondsToWait('k', 2)]).toEqual([0, 1]);
    now = 60_000;
    expect(tries.secondsToWait('k', 1)).toBe(0);
    tries.add('k');
    expect([tries.secondsToWait('k', 2), tries.secondsToWait('k', 1)]).toEqual([0, 60]);
  });

  it('that are taken back do not count', () => {
    const tries = new WrongTries(() => 0);
    const undo = tries.add('k');
    expect(tries.secondsToWait('k', 1)).toBe(60);
    undo();
    expect(tries.secondsToWait('k', 1)).toBe(0);
  });

  it('of ten thousand other keys push out the oldest, so that they fill no memory', () => {
    const tries = new WrongTries(() => 0);
    tries.add('first');
    for (let n = 0; n < 9_999; n += 1) tries.add(`other ${n}`);
    expect(tries.secondsToWait('first', 1)).toBe(60);
    tries.add('one more');
    expect(tries.secondsToWait('first', 1)).toBe(0);
    expect(tries.secondsToWait('one more', 1)).toBe(60);
  });
});
