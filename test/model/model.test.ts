import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allRuns, readArguments, UsageError } from './arguments.js';
import { CoreProgram, hasCompiler, parseResult } from './core-program.js';
import { runOne } from './model.js';
import { meetsExpectation, type Run } from './run.js';
import { scaled } from '../support/time-factor.js';

const short = allRuns.filter(({ when }) => when === 'short');
const ofCore = short.filter(({ model }) => !('explore' in model));
const small = short.filter(({ model }) => 'explore' in model);

describe.skipIf(!hasCompiler)('protocol model, compiled with g++', () => {
  let core: CoreProgram;
  beforeAll(async () => {
    core = await CoreProgram.open();
  });
  afterAll(() => core.close());

  it.each(ofCore)('$name: $about', { timeout: scaled(120_000) }, async (run) => {
    expectAsExpected(run, await runOne(run, core));
  });
});

describe('small protocol models', () => {
  it.each(small)('$name: $about', async (run) => {
    if (!('explore' in run.model)) throw new Error('a run of the core');
    expectAsExpected(run, run.model.explore());
  });
});

describe('runs of the model', () => {
  it('have names of their own', () => {
    expect(new Set(allRuns.map(({ name }) => name)).size).toBe(allRuns.length);
  });

  it('are chosen by --only, and an unknown name is refused', () => {
    expect(readArguments(['--only', 'poll,locks']).runs.map(({ name }) => name)).toEqual(['poll', 'locks']);
    expect(() => readArguments(['--only', 'pol'])).toThrow(UsageError);
  });

  it('without --full leave the long ones out', () => {
    expect(readArguments([]).runs.filter(({ when }) => when === 'full')).toEqual([]);
    expect(readArguments(['--full']).runs).toEqual(allRuns);
  });

  it('a violation that was not expected, a missing one, and an unfinished search are not as expected', () => {
    const run = { ...small[0]!, expected: ['ORDER'] };
    const result = { states: 1, depth: 1, complete: true, violations: [] };
    const order = { text: 'ORDER: b before a', schedule: [] };
    const twice = { text: 'EFFECT TWICE', schedule: [] };
    expect(meetsExpectation(run, { ...result, violations: [order] })).toBe(true);
    expect(meetsExpectation(run, result)).toBe(false);
    expect(meetsExpectation(run, { ...result, violations: [order, twice] })).toBe(false);
    expect(meetsExpectation({ ...run, expected: [] }, result)).toBe(true);
    expect(meetsExpectation({ ...run, expected: [] }, { ...result, complete: false })).toBe(false);
  });

  it('the output of the core is read with its schedules', () => {
    const lines = [
      'result states=12 transitions=30 depth=4 complete=0 stuck=0',
      'violation depth=3 count=1 ORDER: b before a',
      '   1. W1: polls {a,b}',
    ];
    expect(parseResult(lines)).toEqual({
      states: 12,
      depth: 4,
      complete: false,
      violations: [{ text: 'ORDER: b before a', schedule: ['W1: polls {a,b}'] }],
    });
  });
});

function expectAsExpected(run: Run, result: Awaited<ReturnType<typeof runOne>>): void {
  const found = result.violations.map(({ text, schedule }) => [text, ...schedule].join('\n'));
  expect(meetsExpectation(run, result), `${result.states} states, found: ${found.join('\n')}`).toBe(true);
}
