import { describe, expect, it } from 'vitest';
import { playSeed } from '../simulation/seeds.js';

/*
 * What a mutant of the worker breaks that no unit test sees: seeds are played until one breaks a promise. Each has few
 * rows, so that many take a second; the counterexamples of docs/simulation.md take longer and are not played here.
 */

const seedsAtOnce = 10;
const blocks = 8;

describe('a simulated worker', () => {
  it.each(Array.from({ length: blocks }, (_, block) => 1 + block * seedsAtOnce))(
    `keeps all promises, ${seedsAtOnce} seeds from %i on`,
    async (from) => {
      for (let seed = from; seed < from + seedsAtOnce; seed += 1)
        expect((await playSeed(seed)).kinds, `seed ${seed}`).toEqual([]);
    },
  );
});
