import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allRuns } from '../../model/arguments.js';
import { hasCompiler } from '../../model/core-program.js';
import type { TraceProgram } from '../../model/trace-program.js';
import { openTraceProgram } from '../../model/traces/check-windows.js';
import { scaled } from '../../support/time-factor.js';
import { ablations } from '../ablations.js';
import { counterexamples } from './all.js';
import { guardsNotShown, notShown } from './not-shown.js';
import { isCode, play, problemsOf, roundsOf } from './counterexample.js';

/*
 * Guards that are rules of the databases are switched off here; those that are edits of the code by
 * `npm run test:simulation -- --counterexamples`, for each needs a process of its own.
 */

const core = new URL('../../model/core', import.meta.url).pathname;
let program: TraceProgram | null = null;
beforeAll(async () => {
  if (hasCompiler) program = await openTraceProgram(core);
}, scaled(60_000));
afterAll(() => program?.close());

describe('a counterexample of the protocol model', () => {
  it('has the name of its run, or says what it is about', () => {
    const names = counterexamples.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, about } of counterexamples)
      expect(about === undefined, name).toBe(allRuns.some((run) => run.name === name));
  });

  it('is there for each run of the model that breaks something, or why it is not', () => {
    const ablated = allRuns.filter(({ expected }) => expected.length > 0).map(({ name }) => name);
    const shown = counterexamples.flatMap(({ name, about }) => (about === undefined ? [name] : []));
    expect([...shown, ...Object.keys(notShown)].sort()).toEqual([...ablated].sort());
  });

  it('is there for each guard of the simulation, or why it is not', () => {
    const shown = new Set(counterexamples.flatMap(({ without }) => without));
    const missing = ablations.map(({ name }) => name).filter((name) => !shown.has(name));
    expect(Object.keys(guardsNotShown).sort()).toEqual(missing.sort());
  });

  it.each(counterexamples)(
    'breaks nothing with its guards, and a promise without them: $name',
    async (each) => {
      // What only the model notices is not looked for where it cannot be compiled.
      const isNoticed = !('event' in each.breaks) || hasCompiler;
      const rounds = roundsOf(each).filter((off) => !off.some(isCode) && (off.length === 0 || isNoticed));
      for (const off of rounds) {
        const played = await play(each, off, program);
        expect(problemsOf(each, off, played), played.story).toEqual([]);
      }
    },
  );
});

describe('a scenario that shows nothing', () => {
  const [first] = counterexamples;
  if (first === undefined) throw new Error('there are no counterexamples');

  it('is told where its moment does not come', async () => {
    const each = { ...first, moments: ['State 1 → 2', 'State 1 → 3'] };
    expect(problemsOf(each, [], await play(each, [], null))).toEqual(['it does not happen: State 1 → 3']);
  });

  it('is told where nothing breaks without the guard, or something else', async () => {
    const withGuard = await play(first, [], null);
    expect(problemsOf(first, first.without, withGuard).join()).toMatch(/expected answer, found nothing$/);
    const other = { ...first, breaks: { kind: 'order' } };
    const without = await play(other, other.without, null);
    expect(problemsOf(other, other.without, without).join()).toMatch(/expected order, found answer/);
  });

  it('is told where something breaks with the guard', async () => {
    const broken = await play(first, first.without, null);
    expect(problemsOf(first, [], broken).join()).toMatch(/broken although a guard is on: answer/);
  });
});
