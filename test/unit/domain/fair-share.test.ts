import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fairShare } from '../../../src/domain/fair-share.js';

const counts = fc.integer({ min: 0, max: 1024 });
const workers = fc.uniqueArray(fc.uuid(), { minLength: 1, maxLength: 40 });

describe('the shares of all workers alive', () => {
  it('sum up to the shards, differ by at most one, and are greater for those that come first', () => {
    fc.assert(
      fc.property(counts, workers, (shards, alive) => {
        const shares = alive.map((worker) => fairShare(shards, alive, worker));
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(shards);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        expect(shares).toEqual([...shares].sort((a, b) => b - a));
      }),
    );
  });

  it('go by place, not by name', () => {
    fc.assert(
      fc.property(counts, workers, (shards, alive) => {
        const names = [...alive].sort();
        const byPlace = (list: readonly string[]) => list.map((worker) => fairShare(shards, list, worker));
        expect(byPlace(alive)).toEqual(byPlace(names));
      }),
    );
  });

  it.each([
    [8, 1, [8]],
    [8, 3, [3, 3, 2]],
    [2, 3, [1, 1, 0]],
    [64, 5, [13, 13, 13, 13, 12]],
  ])('of %i shards for %i workers are %j', (shards, count, expected) => {
    const alive = Array.from({ length: count }, (_, index) => `worker ${index}`);
    expect(alive.map((worker) => fairShare(shards, alive, worker))).toEqual(expected);
  });

  it('leave nothing to a worker that is not among them', () => {
    expect(fairShare(8, ['a', 'b'], 'c')).toBe(0);
    expect(fairShare(8, [], 'c')).toBe(0);
  });
});
