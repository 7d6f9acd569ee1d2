import { bnetSyncContestant } from './bnet-sync.js';
import type { Contestant } from './contestant.js';
import { graphileWorker } from './graphile-worker.js';
import { pgBoss } from './pg-boss.js';
import { setLoop, setLoopByLock } from './set-loop.js';

/** Who takes part. */
interface Asked {
  /** By name; absent: all that need not be asked. */
  readonly contestants: readonly string[] | undefined;
  /** Settings of the worker's that are not the default. */
  readonly worker: object;
}

/** The contestants of a mix, in the order in which they run. */
export function contestantsFor(mix: string, { contestants, worker }: Asked): readonly Contestant[] {
  return [bnetSyncContestant(worker), setLoop, setLoopByLock, graphileWorker, pgBoss]
    .filter(({ mixes }) => mixes?.includes(mix) !== false)
    .filter(({ name, onlyAsked }) => contestants?.includes(name) ?? onlyAsked !== true);
}
