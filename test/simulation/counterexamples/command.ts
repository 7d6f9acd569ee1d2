import { execa } from 'execa';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { showProgress } from '../../../src/cli/progress.js';
import { asText } from '../../bench/report/print.js';
import { hasCompiler } from '../../model/core-program.js';
import { TraceProgram } from '../../model/trace-program.js';
import { workersInTrace } from '../traces/trace-text.js';
import { rowsInWindow } from '../traces/windows.js';
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
  const program = hasCompiler
    ? await TraceProgram.open({
        core: join(root, 'test/model/core'),
        rows: rowsInWindow,
        workers: workersInTrace,
      })
    : null;
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

async function check(
  chosen: readonly Counterexample[],
  program: TraceProgram | null,
  tells: boolean,
): Promise<number> {
  const rows: string[][] = [];
  const problems: string[] = [];
  const progress = tells ? null : showProgress('counterexamples', chosen.length);
  for (const each of chosen) {
    let broken = '';
    for (const off of roundsOf(each)) {
      const played = off.some(isCode) ? await playElsewhere(each, off) : await play(each, off, program);
      problems.push(...problemsOf(each, off, played).map((problem) => `${each.name}: ${problem}`));
      broken = [...played.kinds, ...played.events].join(', ');
      if (tells)
        console.log(
          `${each.name}, ${off.length === 0 ? 'with all guards' : `without ${off.join(', ')}`}:\n${played.story}\n`,
        );
    }
    rows.push([each.name, each.without.join(' and '), broken]);
    progress?.show(rows.length, each.name);
  }
  progress?.end();
  console.log(
    asText([
      { title: 'Counterexamples', head: ['counterexample', 'without', 'what breaks'], rows, notes: [] },
    ]),
  );
  for (const problem of problems) console.log(problem);
  return problems.length === 0 ? 0 : 1;
}

async function playElsewhere({ name }: Counterexample, without: readonly string[]): Promise<Played> {
  const [, program = ''] = process.argv;
  const { stdout } = await execa(process.execPath, [program, '--counterexamples', name], {
    env: { SIMULATION_WITHOUT: without.join(',') },
  });
  return JSON.parse(stdout.split('\n').at(-1) ?? '') as Played;
}
