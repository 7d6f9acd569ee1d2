import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCompiler } from '../../model/core-program.js';
import type { TraceProgram } from '../../model/trace-program.js';
import { openTraceProgram, type RejectedTrace } from '../../model/traces/check-windows.js';
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

  it.each([
    ['term rises', /^take/],
    ['poll is one snapshot', /^(?:claim|decide)/],
  ])('are rejected without the guard “%s”', { timeout: scaled(120_000) }, async (guard, event) => {
    const { rejection } = await firstRejected(guard);
    expect(rejection.event).toMatch(event);
  });

  async function firstRejected(guard: string): Promise<RejectedTrace> {
    const { rules } = switchedOff([guard]);
    for (let seed = 1; ; seed += 1) {
      const [first] = (await checkSeed(seed, program, { without: rules })).rejected;
      if (first !== undefined) return first;
    }
  }
});
