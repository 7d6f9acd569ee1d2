import { describe, expect, it } from 'vitest';
import { deferralLimits, isWorthLogging, stages } from '../../../src/domain/deferral.js';

const weekMs = 7 * 24 * 3600 * 1000;

describe('the pause before a deferred row is tried again', () => {
  it('is 45 s at most in the middle database, so that what can end is seen to end within a minute', () => {
    for (const stage of ['claim', 'mark'] as const)
      expect(deferralLimits(stage, 'refused')).toEqual({ minMs: 5_000, maxMs: 45_000 });
  });

  it('begins with half a second in the product store, whose fault may be one of the moment', () => {
    for (const cause of ['refused', 'ignored'] as const)
      expect(deferralLimits('apply', cause)).toEqual({ minMs: 500, maxMs: 30_000 });
  });

  it('is that of the middle database for a lock, in whatever stage: a person holds it', () => {
    for (const stage of stages)
      expect(deferralLimits(stage, 'locked')).toEqual({ minMs: 5_000, maxMs: 45_000 });
  });
});

describe('a deferred row in the log', () => {
  const logged = (most: number) =>
    Array.from({ length: most }, (_, index) => index + 1).filter(isWorthLogging);

  it('has a line for its first try, and for one of four times as many tries each time', () => {
    expect(logged(300)).toEqual([1, 4, 16, 64, 256]);
  });

  it('has no more than ten lines in a week of tries', () => {
    const shortestMs = Math.min(...stages.map((stage) => deferralLimits(stage, 'refused').maxMs));
    expect(logged(weekMs / shortestMs).length).toBeLessThanOrEqual(10);
  });
});
