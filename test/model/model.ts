import { showProgress } from '../../src/cli/progress.js';
import { asText } from '../bench/report/print.js';
import { helpText, readArguments, UsageError } from './arguments.js';
import { CoreProgram, hasCompiler } from './core-program.js';
import { meetsExpectation, type Run, type RunResult } from './run.js';

interface Done {
  readonly run: Run;
  readonly result: RunResult;
  readonly seconds: number;
}

/** Runs the model; resolves to the exit code: 1 where a run did not come to what it was expected to. */
export async function runModel(args: readonly string[]): Promise<number> {
  try {
    const { help, list, trace, runs } = readArguments(args);
    if (help) return print(helpText);
    if (list) return print(listOf(runs));
    if (!hasCompiler) throw new UsageError('the model needs a C++ compiler: g++, or what CXX names');
    const done = await runAll(runs);
    if (trace) print(done.map(schedulesOf).join(''));
    print(tableOf(done));
    return done.every(({ run, result }) => meetsExpectation(run, result)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

function print(text: string): 0 {
  console.log(text);
  return 0;
}

async function runAll(runs: readonly Run[]): Promise<Done[]> {
  const core = await CoreProgram.open();
  const progress = showProgress('model', runs.length);
  const done: Done[] = [];
  try {
    for (const run of runs) {
      const start = performance.now();
      const show = (states: number): void => progress.show(done.length, `${run.name}, ${states} states`);
      show(0);
      const result = await runOne(run, core, show);
      done.push({ run, result, seconds: (performance.now() - start) / 1000 });
    }
    progress.show(done.length, '');
    return done;
  } finally {
    progress.end();
    await core.close();
  }
}

/** One run, of the core or of a small model. */
export async function runOne(
  { model, expected }: Run,
  core: CoreProgram,
  onStates: (states: number) => void = () => undefined,
): Promise<RunResult> {
  if ('explore' in model) return model.explore();
  return core.run(model, { expectsViolation: expected.length > 0, onStates });
}

function tableOf(done: readonly Done[]): string {
  const rows = done.map(({ run, result, seconds }) => [
    run.name,
    run.bounds,
    result.states.toLocaleString('en'),
    String(result.depth),
    seconds.toFixed(1),
    resultText(result),
    meetsExpectation(run, result) ? 'yes' : `NO: ${run.expected.join(', ') || 'no violation'}`,
  ]);
  const head = ['run', 'bounds', 'states', 'depth', 'seconds', 'verdict', 'as expected'];
  const notes = ['A run that is to find a violation ends with the first: its states are not all there are.'];
  return asText([{ title: 'Protocol model', head, rows, notes }]);
}

function resultText({ complete, violations }: RunResult): string {
  if (violations.length > 0) return violations.map(({ text }) => text.split(':')[0]).join(', ');
  return complete ? 'no violation' : 'too many states';
}

function schedulesOf({ run, result }: Done): string {
  return result.violations
    .map(({ text, schedule }) => {
      let number = 0;
      const steps = schedule.map((line) => `  ${line.startsWith('final') ? '' : `${++number}. `}${line}\n`);
      return `${run.name}: ${run.about}\n${text}\n${steps.join('')}\n`;
    })
    .join('');
}

function listOf(runs: readonly Run[]): string {
  return runs
    .map(({ name, about, bounds, expected }) => {
      const outcome = expected.length === 0 ? 'no violation' : expected.join(', ');
      return `${name}\n  ${about}\n  ${bounds}; expected: ${outcome}`;
    })
    .join('\n');
}
