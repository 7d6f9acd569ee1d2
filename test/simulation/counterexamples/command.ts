import { execa } from 'execa';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import PQueue from 'p-queue';
import { showProgress } from '../../../src/cli/progress.js';
import { asText } from '../../bench/report/print.js';
import { hasCompiler } from '../../model/core-program.js';
import type { TraceProgram } from '../../model/trace-program.js';
import { openTraceProgram } from '../../model/traces/check-windows.js';
import { counterexamples } from './all.js';
import { isCode, play, problemsOf, roundsOf, type Counterexample, type Played } from './counterexample.js';

const helpText = `npm run test:simulation -- --counterexamples [NAME…] [options]

  NAME     these only; all without a name
  --tell   print what happens, with the guards and without them

Exit code 1 where a guard that is off breaks nothing, or something else. docs/simulation.md has more.`;

/**
 * Plays counterexamples, each with its guards and without them; `root` is the project's folder. Resolves to the exit code.
 * Code is edited where a process is started, so that `without`, in one that was, are the guards that its code lacks.
 */
export async function checkCounterexamples(
  args: readonly string[],
  { root, without }: { readonly root: string; readonly without: readonly string[] },
): Promise<number> {
  Error.stackTraceLimit = 0;
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { tell: { type: 'boolean' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !counterexamples.some((each) => each.name === name));
  if (values.help === true || unknown.length > 0) {
    console.log(unknown.length > 0 ? `no such counterexample: ${unknown.join(', ')}` : helpText);
    return unknown.length > 0 ? 2 : 0;
  }
  const chosen = counterexamples.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const asksModel = hasCompiler && (without.length === 0 || chosen.some(({ breaks }) => 'event' in breaks));
  const program = asksModel ? await openTraceProgram(join(root, 'test/model/core')) : null;
  try {
    if (without.length > 0) return await printPlayed(chosen, without, program);
    return await check(chosen, program, values.tell === true);
  } finally {
    await program?.close();
  }
}

/** For the process that started this one. */
async function printPlayed(
  chosen: readonly Counterexample[],
  without: readonly string[],
  program: TraceProgram | null,
): Promise<number> {
  for (const each of chosen) console.log(JSON.stringify(await play(each, without, program)));
  return 0;
}

/** What came of a counterexample: its row of the table, what is wrong with it, and its stories. */
interface Checked {
  readonly row: readonly string[];
  readonly problems: readonly string[];
  readonly stories: readonly string[];
}

async function check(
  chosen: readonly Counterexample[],
  program: TraceProgram | null,
  tells: boolean,
): Promise<number> {
  const progress = showProgress('counterexamples', chosen.length);
  const queue = new PQueue({ concurrency: availableParallelism() });
  let done = 0;
  const checked = await queue.addAll(
    chosen.map((each) => async () => {
      const result = await checkOne(each, program);
      done += 1;
      progress.show(done, each.name);
      return result;
    }),
  );
  progress.end();
  if (tells) for (const { stories } of checked) console.log(stories.join('\n'));
  const head = ['counterexample', 'without', 'what breaks'];
  const rows = checked.map(({ row }) => row);
  console.log(asText([{ title: 'Counterexamples', head, rows, notes: [] }]));
  const problems = checked.flatMap((each) => each.problems);
  for (const problem of problems) console.log(problem);
  return problems.length === 0 ? 0 : 1;
}

async function checkOne(each: Counterexample, program: TraceProgram | null): Promise<Checked> {
  const { name, without } = each;
  let broken = '';
  const problems: string[] = [];
  const stories: string[] = [];
  for (const off of roundsOf(each)) {
    const played = off.some(isCode) ? await playElsewhere(each, off) : await play(each, off, program);
    problems.push(...problemsOf(each, off, played).map((problem) => `${name}: ${problem}`));
    broken = [...played.kinds, ...played.events].join(', ');
    const how = off.length === 0 ? 'with all guards' : `without ${off.join(', ')}`;
    stories.push(`${name}, ${how}:\n${played.story}\n`);
  }
  return { row: [name, without.join(' and '), broken], problems, stories };
}

async function playElsewhere({ name }: Counterexample, without: readonly string[]): Promise<Played> {
  const [, program = ''] = process.argv;
  const { stdout } = await execa(process.execPath, [program, '--counterexamples', name], {
    env: { SIMULATION_WITHOUT: without.join(',') },
  });
  return JSON.parse(stdout.split('\n').at(-1) ?? '') as Played;
}
