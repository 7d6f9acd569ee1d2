import { bnetSyncContestant } from './bnet-sync.js';
import type { Contestant } from './contestant.js';
import { graphileWorker } from './graphile-worker.js';
import { pgBoss } from './pg-boss.js';
import { setLoop, setLoopLean } from './set-loop.js';

/** Who takes part. */
interface Asked {
  /** By name; absent: all. */
  readonly contestants: readonly string[] | undefined;
  /** Settings of the worker's that are not the default. */
  readonly worker: object;
}

/** The contestants of a mix, in the order in which they run. */
export function contestantsFor(mix: string, { contestants, worker }: Asked): readonly Contestant[] {
  return [bnetSyncContestant(worker), setLoop, setLoopLean, graphileWorker, pgBoss]
    .filter(({ mixes }) => mixes?.includes(mix) !== false)
    .filter(({ name }) => contestants?.includes(name) ?? true);
}
