import type { CoreModel, Run } from '../run.js';

/** How often what may go wrong, or what else happens in the environment. */
const countedOptions = [
  'crashes',
  'steals',
  'resets',
  'lostReplies',
  'giveBacks',
  'failOvers',
  'handMarks',
  'refusals',
  'restores',
  'repairs',
  'takeBacks',
] as const;

type CountedOption = (typeof countedOptions)[number];

export interface CoreRun extends Pick<Run, 'name' | 'about' | 'when'> {
  readonly rows?: CoreModel['rows'];
  readonly shards?: CoreModel['shards'];
  readonly expected?: readonly string[];
  readonly options: CoreModel['options'];
}

/** What may happen in a run: a budget left out is 0. */
export function budgets(counts: Partial<Record<CountedOption, number>>): Record<CountedOption, number> {
  const none = Object.fromEntries(countedOptions.map((name) => [name, 0])) as Record<CountedOption, number>;
  return { ...none, ...counts };
}

/** A run of the core, with its bounds in words. */
export function coreRun({ rows = 2, shards = 1, expected = [], options, ...run }: CoreRun): Run {
  const counts = countedOptions.flatMap((name) => {
    const count = options[name] ?? 0;
    return count > 0 ? [`${name} ${count}`] : [];
  });
  const size = `${rows} rows, ${shards} shard${shards === 1 ? '' : 's'}`;
  return { ...run, expected, bounds: [size, ...counts].join(', '), model: { rows, shards, options } };
}
