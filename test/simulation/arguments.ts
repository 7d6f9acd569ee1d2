import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { ablations } from './ablations.js';

/** What the command line asks for. */
export type Arguments =
  | { readonly what: 'help' }
  /** Plays seeds, one after the other, in so many processes. */
  | ({ readonly what: 'run'; readonly resume: string | null; readonly minutes: number } & SeedRange)
  /** Prints what happened with a seed, or with a scenario from a file. */
  | { readonly what: 'tell'; readonly scenario: ScenarioSource; readonly without: readonly string[] }
  /** Looks for the shortest scenario that breaks the same promise. */
  | { readonly what: 'shrink'; readonly seed: number; readonly without: readonly string[] }
  /** Switches off one guard after the other and plays seeds until one shows it. */
  | ({ readonly what: 'ablations'; readonly only: readonly string[] } & SeedRange);

/** Which seeds to play, and in how many processes. */
export interface SeedRange {
  readonly from: number;
  readonly seeds: number;
  readonly processes: number;
  readonly without: readonly string[];
}

/** Where a scenario comes from. */
export type ScenarioSource = { readonly seed: number } | { readonly file: string };

/** Reads a JSON file that the command line names; null where there is none. UsageError where it is no JSON. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    const text = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${file} cannot be read: ${text}`);
  }
}

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const helpText = `npm run test:simulation -- [options]

  --seeds N           play so many seeds (default 1000)
  --from SEED         the first of them (default 1)
  --minutes M         play no new seed after so many minutes
  --processes N       in so many processes (default: one for each core)
  --resume FILE       keep what is done in this file, and go on from there
  --tell SEED|FILE    print what happens with a seed, or with a scenario from a file of --shrink
  --shrink SEED       look for the shortest scenario that breaks the same promise; print it, and keep it in a file
  --ablations         switch off one guard after the other, and play seeds until one shows it
  --counterexamples   play the known scenarios that break something without a guard; --counterexamples --help says more
  --only NAME,…       with --ablations: these only
  --without NAME,…    play with these guards switched off

Exit code 1 where a promise was broken, or a guard that is off was not noticed. docs/simulation.md has more.`;

/** Reads the command line; UsageError where it is wrong. */
export function readArguments(args: readonly string[]): Arguments {
  const values = parse(args);
  const without = named(values.without);
  if (values.help === true) return { what: 'help' };
  if (values.tell !== undefined) return { what: 'tell', scenario: scenarioSource(values.tell), without };
  if (values.shrink !== undefined)
    return { what: 'shrink', seed: numberOf('shrink', values.shrink), without };
  const processes =
    values.processes === undefined ? availableParallelism() : numberOf('processes', values.processes);
  const from = values.from === undefined ? 1 : numberOf('from', values.from);
  const seeds = (fallback: number) =>
    values.seeds === undefined ? fallback : numberOf('seeds', values.seeds);
  if (values.ablations === true)
    return { what: 'ablations', only: named(values.only), from, seeds: seeds(10_000), processes, without };
  const minutes = values.minutes === undefined ? Infinity : numberOf('minutes', values.minutes);
  return {
    what: 'run',
    from,
    seeds: seeds(1000),
    processes,
    without,
    minutes,
    resume: values.resume ?? null,
  };
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    return parseArgs({
      args: [...args],
      options: {
        ...{
          seeds: text,
          from: text,
          minutes: text,
          processes: text,
          resume: text,
          tell: text,
          shrink: text,
        },
        ...{ only: text, without: text, ablations: flag, help: flag },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${helpText}`);
  }
}

function scenarioSource(text: string): ScenarioSource {
  return /^[0-9]+$/.test(text) ? { seed: Number(text) } : { file: text };
}

function numberOf(option: string, text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text))
    throw new UsageError(`--${option} takes a whole number above 0, not "${text}"`);
  return Number(text);
}

function named(text = ''): readonly string[] {
  const names = text === '' ? [] : text.split(',');
  const unknown = names.filter((name) => !ablations.some((ablation) => ablation.name === name));
  if (unknown.length === 0) return names;
  const known = ablations.map(({ name }) => `  ${name}`).join('\n');
  throw new UsageError(`no such guard: ${unknown.join(', ')}. There are:\n${known}`);
}
