import { parseArgs } from 'node:util';
import { guardAblations } from './runs/guard-ablations.js';
import { guardRuns } from './runs/guard-runs.js';
import { protocolRuns } from './runs/protocol-runs.js';
import { repairRuns } from './runs/repair-runs.js';
import { refusalAblations } from './runs/refusal-ablations.js';
import { refusalRuns } from './runs/refusal-runs.js';
import { smallRuns } from './runs/small-runs.js';
import type { Run } from './run.js';

/** What the command line asks for. */
export interface Arguments {
  readonly help: boolean;
  readonly list: boolean;
  readonly trace: boolean;
  readonly runs: readonly Run[];
}

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const allRuns: readonly Run[] = [
  ...protocolRuns,
  ...refusalRuns,
  ...refusalAblations,
  ...guardRuns,
  ...guardAblations,
  ...repairRuns,
  ...smallRuns,
];

export const helpText = `npm run model -- [options]

  --only NAME,…  these runs only
  --full         the long runs too: up to 60 million states and 6 GB in one run, about an hour in all
  --trace        prints a shortest schedule of every violation
  --list         prints what each run tries, and runs nothing

Exit code 1 where a run does not come to what it was expected to. docs/protocol.md says what is modelled.`;

/** Reads the command line; UsageError where it is wrong. */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parse(args);
  const only = values.only?.split(',');
  const unknown = only?.filter((name) => !allRuns.some((run) => run.name === name)) ?? [];
  if (unknown.length > 0) throw new UsageError(`no such run: ${unknown.join(', ')}\n\n${helpText}`);
  const full = values.full ?? false;
  return {
    help: values.help ?? false,
    list: values.list ?? false,
    trace: values.trace ?? false,
    runs: allRuns.filter(({ name, when }) =>
      only === undefined ? full || when !== 'full' : only.includes(name),
    ),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        only: { type: 'string' },
        full: { type: 'boolean' },
        trace: { type: 'boolean' },
        list: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${helpText}`);
  }
}
