import { execa } from 'execa';
import { join } from 'node:path';
import process from 'node:process';
import { showProgress } from '../../../src/cli/progress.js';
import { asText } from '../../bench/report/print.js';
import { openTraceProgram, rejectionText } from '../../model/traces/check-windows.js';
import { everything, recorded } from '../../model/traces/trace-event.js';
import { workersInTrace } from '../../model/traces/trace-text.js';
import { ablations, switchedOff } from '../ablations.js';
import { readArguments, UsageError, type Arguments, type SeedRange } from '../arguments.js';
import { checkSeed, type SeedTraces } from './check-seeds.js';

const helpText = `npm run test:traces -- [options]

  --seeds N           play so many seeds (default 1000)
  --from SEED         the first of them (default 1)
  --minutes M         play no new seed after so many minutes
  --tell SEED         print the traces of a seed that the model rejects, whole
  --ablations         switch off one guard after the other, and play seeds (default 300) until a trace is rejected
  --only NAME,…       with --ablations: these only
  --without NAME,…    play with these guards switched off
  --as-recorded       judge what the fault suite would know: no polls, and the order of events that are close together

Exit code 1 where a trace is rejected; with --ablations never. docs/simulation.md has more.`;

/** Ends a run at the first rejected trace, and prints it as JSON: for --ablations, which starts such runs. */
const firstOnly = '--first-rejected';
const asRecorded = '--as-recorded';

/** Does what the command line asks for; `root` is the project's folder. Resolves to the exit code. */
export async function checkTraces(args: readonly string[], root: string): Promise<number> {
  Error.stackTraceLimit = 0;
  try {
    const flags = args.filter((arg) => arg === asRecorded);
    const asked = readArguments(args.filter((arg) => arg !== firstOnly && arg !== asRecorded));
    const withCheck = (work: (check: Check) => Promise<number>) => withProgram(root, flags.length > 0, work);
    switch (asked.what) {
      case 'run':
        return await withCheck((check) =>
          args.includes(firstOnly) ? printFirst(asked, check) : run(asked, check),
        );
      case 'tell':
        return await withCheck((check) => tell(asked, check));
      case 'ablations':
        return await tryAblations(asked, args.includes('--seeds') ? asked.seeds : 300, flags);
      case 'help':
      case 'shrink':
        console.log(helpText);
        return 0;
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

/** Plays a seed without these guards, and has its traces judged. */
type Check = (seed: number, without: readonly string[]) => Promise<SeedTraces>;

async function withProgram(
  root: string,
  isAsRecorded: boolean,
  work: (check: Check) => Promise<number>,
): Promise<number> {
  const program = await openTraceProgram(join(root, 'test/model/core'));
  const knowledge = isAsRecorded ? recorded : everything;
  try {
    return await work((seed, without) =>
      checkSeed(seed, program, { without: switchedOff(without).rules, knowledge }),
    );
  } finally {
    await program.close();
  }
}

/** Plays seed after seed until `take` says false. */
async function play(
  { from, seeds, without, minutes = Infinity }: SeedRange & { readonly minutes?: number },
  check: Check,
  take: (result: SeedTraces) => boolean,
): Promise<void> {
  const end = performance.now() + minutes * 60_000;
  for (let seed = from; seed < from + seeds && performance.now() < end; seed += 1)
    if (!take(await check(seed, without))) return;
}

const mostShown = 10;

async function run(asked: Asked<'run'>, check: Check): Promise<number> {
  const total = { seeds: 0, traces: 0, events: 0, states: 0, tooManyWorkers: 0, undecided: 0, rejected: 0 };
  const progress = showProgress('seeds', asked.seeds);
  const start = performance.now();
  const shown: string[] = [];
  const rate = () => (total.traces / (performance.now() - start)) * 1000;
  await play(asked, check, ({ seed, rejected, ...counts }) => {
    total.seeds += 1;
    total.rejected += rejected.length;
    for (const [name, count] of Object.entries(counts)) total[name as keyof typeof counts] += count;
    shown.push(...rejected.map((trace) => `seed ${seed}: ${rejectionText(trace)}`));
    progress.show(total.seeds, `${rate().toFixed(0)} traces a second, ${total.rejected} rejected`);
    return true;
  });
  progress.end();
  for (const text of shown.slice(0, mostShown)) console.log(text);
  if (shown.length > mostShown) console.log(`and ${shown.length - mostShown} more`);
  const count = (number: number) => number.toLocaleString('en');
  console.log(
    `${count(total.seeds)} seeds, ${count(total.traces)} traces of ${count(total.events)} events, ` +
      `${count(total.states)} states of the model, ${rate().toFixed(0)} traces a second; ` +
      `${count(total.rejected)} rejected, ${count(total.undecided)} undecided, ` +
      `${count(total.tooManyWorkers)} with more than ${workersInTrace} workers left out`,
  );
  return total.rejected === 0 ? 0 : 1;
}

async function tell({ scenario, without }: Asked<'tell'>, check: Check): Promise<number> {
  if (!('seed' in scenario)) throw new UsageError('--tell takes a seed here');
  const { rejected } = await check(scenario.seed, without);
  for (const trace of rejected) console.log(`${trace.trace.join('\n')}\n${rejectionText(trace)}\n`);
  if (rejected.length === 0) console.log('The model explains all traces.');
  return rejected.length === 0 ? 0 : 1;
}

interface FirstRejected {
  readonly seed: number;
  readonly event: string;
  readonly details: readonly string[];
}

async function printFirst(asked: Asked<'run'>, check: Check): Promise<number> {
  let first: FirstRejected | null = null;
  await play(asked, check, ({ seed, rejected: [trace] }) => {
    if (trace === undefined) return true;
    const { event, details } = trace.rejection;
    first = { seed, event, details };
    return false;
  });
  console.log(JSON.stringify(first));
  return 0;
}

/** Each guard is switched off in a process of its own: its code is another one. */
async function tryAblations(
  { only, from }: Asked<'ablations'>,
  seeds: number,
  flags: readonly string[],
): Promise<number> {
  const chosen = ablations.filter(({ name }) => only.length === 0 || only.includes(name));
  const [, program = ''] = process.argv;
  const rows: string[][] = [];
  const progress = showProgress('guards switched off', chosen.length);
  for (const { name } of chosen) {
    const range = ['--from', String(from), '--seeds', String(seeds)];
    const args = ['--traces', firstOnly, ...flags, '--without', name, ...range];
    const { stdout } = await execa(process.execPath, [program, ...args]);
    const first = JSON.parse(stdout.split('\n').at(-1) ?? 'null') as FirstRejected | null;
    const breaks = first?.details.find((line) => line.startsWith('breaks ')) ?? '';
    rows.push(
      first === null
        ? [name, '-', `accepted in ${seeds} seeds`, '']
        : [name, String(first.seed), first.event, breaks],
    );
    progress.show(rows.length, rows.at(-1)?.join(' ') ?? '');
  }
  progress.end();
  const head = ['guard', 'first seed', 'event that is not explained', 'because it'];
  console.log(asText([{ title: 'Traces with a guard switched off', head, rows, notes: [] }]));
  return 0;
}

type Asked<What extends Arguments['what']> = Extract<Arguments, { what: What }>;
