import { judge } from './judge.js';
import { drawScenario, type Scenario } from './scenario.js';
import type { WorldOptions } from './system.js';
import { World, type Outcome } from './world.js';

/** What came of a seed. */
export interface SeedResult {
  readonly seed: number;
  /** Kinds of promises that were broken; empty: none. */
  readonly kinds: readonly string[];
  readonly events: number;
  readonly hash: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** Plays the scenario of a seed and judges it. */
export async function playSeed(seed: number, options: WorldOptions = {}): Promise<SeedResult> {
  const { outcome, kinds } = await playScenario(drawScenario(seed), options);
  const { events, hash, counts } = outcome;
  return { seed, kinds, events, hash, counts: Object.fromEntries(counts) };
}

/** Plays a scenario and judges it. */
export async function playScenario(
  scenario: Scenario,
  options: WorldOptions = {},
): Promise<{ readonly outcome: Outcome; readonly kinds: readonly string[]; readonly text: string }> {
  const outcome = await new World(scenario, options).play();
  return { outcome, ...judge(outcome) };
}
