import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCompiler } from '../../model/core-program.js';
import type { TraceProgram } from '../../model/trace-program.js';
import { openTraceProgram, type RejectedTrace } from '../../model/traces/check-windows.js';
import { everything, recorded, type Knowledge } from '../../model/traces/trace-event.js';
import { scaled } from '../../support/time-factor.js';
import { switchedOff } from '../ablations.js';
import { checkSeed } from './check-seeds.js';

const core = new URL('../../model/core', import.meta.url).pathname;

/** For so long seeds are played; a slow machine plays fewer. */
const playMs = 10_000;
const [fewestSeeds, mostSeeds] = [5, 30];

describe.skipIf(!hasCompiler)('traces of simulated workers', () => {
  let program: TraceProgram;
  beforeAll(async () => {
    program = await openTraceProgram(core);
  }, scaled(60_000));
  afterAll(() => program.close());

  it('are explained by the protocol model', { timeout: scaled(120_000) }, async () => {
    const end = performance.now() + playMs;
    let traces = 0;
    for (let seed = 1; seed <= mostSeeds && (seed <= fewestSeeds || performance.now() < end); seed += 1) {
      const result = await checkSeed(seed, program);
      expect(result.rejected, `seed ${seed}`).toEqual([]);
      traces += result.traces;
    }
    expect(traces).toBeGreaterThan(20);
  });

  it('are explained with no more than what is known of real processes', async () => {
    for (let seed = 1; seed <= fewestSeeds; seed += 1) {
      const { rejected } = await checkSeed(seed, program, { knowledge: recorded });
      expect(rejected, `seed ${seed}`).toEqual([]);
    }
  });

  it.each([
    ['term rises', everything, /^take/],
    ['poll is one snapshot', everything, /^(?:claim|decide)/],
    ['term rises', recorded, /^take/],
    ['poll order', recorded, /^decide/],
  ])('are rejected without the guard “%s”, of %o', { timeout: scaled(120_000) }, async (...rejected) => {
    const [guard, knowledge, event] = rejected;
    const { rejection } = await firstRejected(guard, knowledge);
    expect(rejection.event).toMatch(event);
  });

  async function firstRejected(guard: string, knowledge: Knowledge): Promise<RejectedTrace> {
    const { rules } = switchedOff([guard]);
    for (let seed = 1; ; seed += 1) {
      const [first] = (await checkSeed(seed, program, { without: rules, knowledge })).rejected;
      if (first !== undefined) return first;
    }
  }
});
