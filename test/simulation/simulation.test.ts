import { describe, expect, it } from 'vitest';
import { scaled } from '../support/time-factor.js';
import { switchedOff } from './ablations.js';
import { drawScenario } from './scenario.js';
import { playScenario, playSeed } from './seeds.js';
import { shrink } from './shrink.js';
import { storyOf } from './story.js';

/** For so long seeds are played; a slow machine plays fewer, never less than those that are played twice. */
const playMs = 25_000;
const playedTwice = 100;

describe('simulated workers', () => {
  it(
    `keep all promises, seed after seed, and do the same again: every event of ${playedTwice} seeds`,
    { timeout: scaled(300_000) },
    async () => {
      const end = performance.now() + playMs;
      for (let seed = 1; seed <= playedTwice || performance.now() < end; seed += 1) {
        const play = () => playScenario(drawScenario(seed), { keepFacts: true });
        const { kinds, text, outcome } = await play();
        expect(kinds, `seed ${seed}: ${text}`).toEqual([]);
        if (seed > playedTwice) continue;
        const { hash, facts } = (await play()).outcome;
        expect(hash, `seed ${seed}`).toBe(outcome.hash);
        expect(facts).toEqual(outcome.facts);
      }
    },
  );
});

describe('a guard that is switched off', () => {
  it('is noticed, and the scenario that shows it becomes shorter', { timeout: scaled(120_000) }, async () => {
    const { rules } = switchedOff(['attribute rows follow']);
    const scenario = drawScenario(await firstBroken(rules));
    const shortest = await shrink(scenario, { without: rules });
    expect(shortest.steps.map(({ kind }) => kind)).toEqual(['write']);
    const { kinds, text, outcome } = await playScenario(shortest, { without: rules, keepFacts: true });
    expect(kinds).toEqual(['attributes']);
    expect(text).toMatch(/attributes: (?:CUST|ACCOUNT):[0-9]+: attribute [0-9]+ is in State 0/);
    expect(storyOf(outcome.facts)).toMatch(
      /worker 1 +starts[\s\S]*the platform +writes[\s\S]*State 1 → [23]/,
    );
  });
});

async function firstBroken(rules: ReturnType<typeof switchedOff>['rules']): Promise<number> {
  for (let seed = 1; ; seed += 1) {
    const { kinds } = await playSeed(seed, { without: rules });
    if (kinds.includes('attributes')) return seed;
  }
}
