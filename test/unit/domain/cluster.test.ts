import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fairShare,
  settingMismatches,
  sharedSettingsText,
  type SharedSettings,
} from '../../../src/domain/cluster.js';
import type { Rules } from '../../../src/domain/rules.js';
import { everyRules, rulesWith } from '../../support/builders.js';

const agreed: SharedSettings = { shards: 64, productIds: ['12', '7'], rules: rulesWith() };

function differences(ours: Partial<SharedSettings>, theirs: Partial<SharedSettings> = {}) {
  return settingMismatches({ ...agreed, ...ours }, sharedSettingsText({ ...agreed, ...theirs }));
}

describe('the settings that all workers share', () => {
  it('is the same text however its settings are ordered and its product ids are written', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 30n - 1n }).map(String);
    const written = fc.uniqueArray(digits, { maxLength: 10 }).chain((ids) =>
      fc.record({
        ids: fc.constant(ids),
        again: fc
          .shuffledSubarray(ids, { minLength: ids.length })
          .map((list) => list.map((id, index) => id.padStart(id.length + (index % 3), '0'))),
        rules: fc.shuffledSubarray(Object.entries(rulesWith()), { minLength: 5 }),
      }),
    );
    fc.assert(
      fc.property(written, ({ ids, again, rules }) => {
        const first = { ...agreed, productIds: ids };
        const second: SharedSettings = {
          rules: Object.fromEntries(rules) as unknown as Rules,
          productIds: [...again, ...again.slice(0, 2)],
          shards: 64,
        };
        expect(sharedSettingsText(second)).toBe(sharedSettingsText(first));
        expect(settingMismatches(second, sharedSettingsText(first))).toEqual([]);
      }),
    );
  });

  it('keeps ids apart that a number could not hold', () => {
    const [one, two] = ['123456789012345678901234567890', '123456789012345678901234567891'];
    expect(differences({ productIds: [one] }, { productIds: [two] })).toHaveLength(1);
  });

  it('does not agree with other products, some against all among them', () => {
    expect(differences({ productIds: ['7'] })).toEqual([
      { path: 'middle.productIds', ours: '["7"]', theirs: '["12","7"]' },
    ]);
    expect(differences({}, { productIds: [] })).toEqual([
      { path: 'middle.productIds', ours: '["12","7"]', theirs: '[]' },
    ]);
  });

  it('does not agree with another number of shards', () => {
    expect(differences({ shards: 8 })).toEqual([{ path: 'worker.shards', ours: '8', theirs: '64' }]);
  });

  it('agrees with no other setting of the rules, and names just those that differ', () => {
    for (const rules of everyRules('11')) {
      const names = Object.keys(rules) as (keyof Rules)[];
      const changed = names.filter((name) => rules[name] !== agreed.rules[name]).sort();
      expect(differences({ rules }).map(({ path }) => path)).toEqual(changed.map((name) => `rules.${name}`));
    }
  });

  it('takes a setting that the other does not know for one that is not set', () => {
    const older = JSON.parse(sharedSettingsText(agreed)) as Record<string, unknown>;
    delete older['rules.userLimitAttrSpecId'];
    expect(settingMismatches(agreed, JSON.stringify(older))).toEqual([]);
    const limited = { ...agreed, rules: rulesWith({ userLimitAttrSpecId: '11' }) };
    expect(settingMismatches(limited, JSON.stringify(older))).toEqual([
      { path: 'rules.userLimitAttrSpecId', ours: '"11"', theirs: 'null' },
    ]);
  });
});

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
