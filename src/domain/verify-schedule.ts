/*
 * When a scheduled verification is due. The store keeps the runs, so neither a restart nor a takeover changes the time
 * of the next one.
 */

/**
 * What became of a run. `cancelled`: its worker stopped, or lost the lease of shard 0; `abandoned`: its process ended
 * without a word.
 */
export type RunState = 'running' | 'finished' | 'failed' | 'cancelled' | 'abandoned';

/** A run as far as the schedule goes. Instants are ISO 8601, UTC, by the store's clock. */
export interface ScheduledRun {
  readonly state: RunState;
  readonly startedAt: string;
  /** Null while it runs. */
  readonly endedAt: string | null;
}

/**
 * How many milliseconds until the next run; 0: now. `runs` are the last ones, newest first, `now` is the store's clock.
 *
 * The interval is counted from the end of the last run that finished or failed, and from the start of one whose process
 * ended meanwhile, since the run may have been the cause. One that was cancelled does not count: it is due again. After
 * the clock was set back, the last run may lie ahead of it: then one is due now, instead of after an unknown time.
 */
export function untilNextRunMs(
  everyMs: number,
  { now, runs }: { readonly now: string; readonly runs: readonly ScheduledRun[] },
): number {
  const last = runs.find(({ state }) => state !== 'cancelled');
  if (last === undefined) return 0;
  const elapsedMs = Date.parse(now) - Date.parse(countedFrom(last));
  return elapsedMs < 0 ? 0 : Math.max(0, everyMs - elapsedMs);
}

function countedFrom({ state, startedAt, endedAt }: ScheduledRun): string {
  const hasEnded = state === 'finished' || state === 'failed';
  return hasEnded && endedAt !== null ? endedAt : startedAt;
}
