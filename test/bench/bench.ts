import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { showProgress, type Progress } from '../../src/cli/progress.js';
import { removeForgottenHomes } from '../support/postgres-home.js';
import { BenchServer } from './bench-server.js';
import { helpText, readArguments, UsageError, type Arguments } from './arguments.js';
import { machineOf, type Machine } from './report/machine.js';
import { asMarkdown, asText } from './report/print.js';
import { scenarios } from './scenarios/all.js';

/** What the JSON file holds. */
interface Results {
  readonly machine: Machine;
  readonly command: string;
  readonly results: readonly { readonly scenario: string; readonly data: unknown }[];
}

/** Runs the benchmark; resolves to the exit code: 1 where a contestant failed or did other work than the rest. */
export async function runBench(args: readonly string[]): Promise<number> {
  try {
    const asked = readArguments(args);
    if (asked.help) console.log(helpText());
    else await runOrReport(asked, args);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

async function runOrReport(asked: Arguments, args: readonly string[]): Promise<void> {
  const print = asked.markdown ? asMarkdown : asText;
  if (asked.from !== undefined) {
    console.log(print(tablesOf(JSON.parse(await readFile(asked.from, 'utf8')) as Results)));
    return;
  }
  const results = await measure(asked, args);
  console.log(`${print(tablesOf(results))}\n`);
  console.error(`Written to ${asked.json}`);
}

/** Plays the scenarios; the file is written after each, so that a failure loses nothing of those before. */
async function measure(asked: Arguments, args: readonly string[]): Promise<Results> {
  await removeForgottenHomes();
  const server = await BenchServer.start(asked.place);
  let shown: Progress | undefined;
  const bench = {
    ...asked,
    server,
    showProgress: (what: string, total: number) => (shown = showProgress(what, total)),
  };
  try {
    const machine = await machineOf(server, asked.place);
    const command = ['npm run bench --', ...args].join(' ');
    const results: Results['results'][number][] = [];
    for (const { name, run } of asked.scenarios) {
      results.push({ scenario: name, data: await run(bench) });
      await save(asked.json, { machine, command, results });
    }
    return { machine, command, results };
  } finally {
    shown?.end();
    await server.stop();
  }
}

async function save(file: string, results: Results): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
}

function tablesOf({ machine, command, results }: Results) {
  const measured = results.flatMap(({ scenario, data }) => {
    const found = scenarios.find(({ name }) => name === scenario);
    return found === undefined ? [] : found.tables(data);
  });
  const about = Object.entries({ ...machine, command }).map(([what, value]) => [what, value]);
  return [{ title: 'Where and how', head: ['', ''], rows: about, notes: [] }, ...measured];
}
