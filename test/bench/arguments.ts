import { parseArgs } from 'node:util';
import { scenarios } from './scenarios/all.js';
import type { DataStorage } from '../support/postgres-home.js';
import type { BenchOptions, Scenario } from './scenarios/scenario.js';

/** What the command line asks for. */
export interface Arguments extends BenchOptions {
  readonly help: boolean;
  /** Where the server keeps its data. */
  readonly place: DataStorage;
  readonly scenarios: readonly Scenario[];
  /** Where the results go. */
  readonly json: string;
  readonly markdown: boolean;
  /** Prints the report of an earlier run instead of measuring. */
  readonly from: string | undefined;
}

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const fullRounds = 5;

/** Reads the command line; UsageError where it is wrong. */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parse(args);
  const quick = values.quick ?? false;
  const only = values.only?.split(',');
  const unknown = only?.filter((name) => !scenarios.some((scenario) => scenario.name === name)) ?? [];
  if (unknown.length > 0) throw new UsageError(`no such measurement: ${unknown.join(', ')}\n\n${helpText()}`);
  return {
    help: values.help ?? false,
    quick,
    place: placeOf(values.storage, quick),
    scenarios: scenarios.filter((scenario) =>
      only === undefined ? isMade(scenario, quick) : only.includes(scenario.name),
    ),
    rows: values.rows === undefined ? undefined : wholeNumber('--rows', values.rows),
    rounds: values.rounds === undefined ? (quick ? 1 : fullRounds) : wholeNumber('--rounds', values.rounds),
    worker: settingsOf(values.worker ?? []),
    contestants: values.contestants?.split(','),
    json: values.json ?? `bench-results/${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.json`,
    markdown: values.markdown ?? false,
    from: values.from,
  };
}

function isMade({ when }: Scenario, quick: boolean): boolean {
  return quick ? when === 'quick' : when !== 'asked';
}

/** What `--help` prints. */
export function helpText(): string {
  const names = scenarios.map(({ name, about }) => `  ${name.padEnd(10)} ${about}`);
  return `npm run bench -- [options]

  --only NAME,…          measure only this (default: everything but waste, whose figures the first ones have as well):
${names.map((line) => `  ${line}`).join('\n')}
  --quick                about a minute, few rows, one round: whether everything works and all do the same work
  --rows N               rows of each measurement, instead of its own number
  --rounds N             rounds, interleaved (default ${fullRounds})
  --contestants NAME,…   bnet-sync, set-loop, set-loop-lean, graphile-worker, pg-boss (default: all that can do the rows)
  --storage disk|memory  where the server keeps its data: on the disk, where a commit waits for it (default), or in
                         memory, where nothing waits (default with --quick)
  --worker NAME=NUMBER   a setting of the worker's that is not its default; may be repeated
  --json FILE            where the results go (default: a new file in bench-results/)
  --markdown             print Markdown
  --from FILE            print the report of an earlier run's file instead of measuring`;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        only: { type: 'string' },
        quick: { type: 'boolean' },
        storage: { type: 'string' },
        rows: { type: 'string' },
        rounds: { type: 'string' },
        contestants: { type: 'string' },
        worker: { type: 'string', multiple: true },
        json: { type: 'string' },
        markdown: { type: 'boolean' },
        from: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${helpText()}`);
  }
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`${option} must be a whole number above 0`);
  return Number(text);
}

function placeOf(storage: string | undefined, quick: boolean): DataStorage {
  if (storage === undefined) return quick ? 'fastest' : 'disk';
  if (storage === 'memory') return 'fastest';
  if (storage !== 'disk') throw new UsageError('--storage must be disk or memory');
  return 'disk';
}

function settingsOf(texts: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, number] = /^(\w+)=(\d+)$/.exec(text) ?? [];
      if (name === undefined) throw new UsageError('--worker must be NAME=NUMBER, as in batchSize=1000');
      return [name, Number(number)];
    }),
  );
}
