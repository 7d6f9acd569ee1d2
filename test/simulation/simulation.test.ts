import { describe, expect, it } from 'vitest';
import { scaled } from '../support/time-factor.js';
import { switchedOff } from './ablations.js';
import { drawScenario } from './scenario.js';
import { playScenario, playSeed } from './seeds.js';
import { shrink } from './shrink.js';
import { storyOf } from './story.js';
import { World } from './world.js';

/** For so long seeds are played; a slow machine plays fewer, never less than `fewest`. */
const playMs = 25_000;
const fewest = 40;

describe('simulated workers', () => {
  it('keep all promises, seed after seed', { timeout: scaled(300_000) }, async () => {
    const end = performance.now() + playMs;
    for (let seed = 1; seed <= fewest || performance.now() < end; seed += 1) {
      const { kinds, text } = await playScenario(drawScenario(seed));
      expect(kinds, `seed ${seed}: ${text}`).toEqual([]);
    }
  });

  it('do the same with the same seed: every event of 100 seeds', { timeout: scaled(300_000) }, async () => {
    for (let seed = 1001; seed <= 1100; seed += 1) {
      const play = () => new World(drawScenario(seed), { keepFacts: true }).play();
      const [first, second] = [await play(), await play()];
      expect(second.hash, `seed ${seed}`).toBe(first.hash);
      expect(second.facts).toEqual(first.facts);
    }
  });
});

describe('a guard that is switched off', () => {
  it('is noticed, and the scenario that shows it becomes shorter', { timeout: scaled(300_000) }, async () => {
    const { rules } = switchedOff(['journal key', 'fence', 'fence locks']);
    const seed = await firstBroken(rules);
    const scenario = drawScenario(seed);
    const shortest = await shrink(scenario, { without: rules });
    expect(shortest.steps.length).toBeLessThan(scenario.steps.length);
    const { kinds, outcome } = await playScenario(shortest, { without: rules, keepFacts: true });
    expect(kinds).not.toEqual([]);
    expect(storyOf(outcome.facts)).toContain('State 1 → 2');
  });
});

async function firstBroken(rules: ReturnType<typeof switchedOff>['rules']): Promise<number> {
  for (let seed = 1; ; seed += 1) {
    const { kinds } = await playSeed(seed, { without: rules });
    if (kinds.length > 0) return seed;
  }
}
