import type { Pace } from './load.js';

/** A clock that waits. */
export interface RestClock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Resolves after so many milliseconds, or at once when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** Work shorter than this goes on without a rest: it delays nobody. */
const sliceMs = 10;
/** How much longer than the work before it a rest is: a verification takes a quarter of the time, of thread and databases alike. */
const restFactor = 3;
const longestRestMs = 5000;

/**
 * The pace of a verification in a worker's process, whose thread and databases are the rows' first: after each slice of
 * work it rests for three times as long. `mayGoOn` throws where the run is to end; it is asked before and after each rest.
 */
export function gentlePace(clock: RestClock, signal: AbortSignal, mayGoOn: () => void): Pace {
  let restedAt = clock.now();
  return {
    now: () => clock.now(),
    rest: async () => {
      mayGoOn();
      const busyMs = clock.now() - restedAt;
      if (busyMs < sliceMs) return;
      await clock.sleep(Math.min(longestRestMs, restFactor * busyMs), signal);
      mayGoOn();
      restedAt = clock.now();
    },
  };
}
