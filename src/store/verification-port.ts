import type { ScheduledRun } from '../domain/verify-schedule.js';
import type { Lease } from './port.js';

/*
 * Runs of `verify` over the whole store, as they are kept in the product store: for the schedule, and for people. The
 * last ones are kept, and the last that finished, each with its first differences. Summaries and differences are JSON,
 * which the operator service reads and writes.
 */

/** The most differences that are kept of a run; all are counted. */
export const differencesKept = 1000;

/** How many runs are kept, besides the last that finished. */
export const runsKept = 30;

/** A run. */
export interface VerificationRun extends ScheduledRun {
  /** Grows with time; text, because it may pass 2^53. */
  readonly id: string;
  readonly via: 'schedule' | 'command';
  /** The worker's id, or user@host of a command. */
  readonly who: string;
  /** What was compared and found, in JSON; null unless it finished. */
  readonly summary: string | null;
  /** Why it did not finish; null where it did, or where nobody knows. */
  readonly error: string | null;
}

/** What a run that finished found. */
export interface FoundDifferences {
  readonly summary: string;
  /** In the order in which they were found; those above `differencesKept` are left out. */
  readonly differences: readonly string[];
}

/** How a run ended. */
export type RunResult =
  | ({ readonly state: 'finished' } & FoundDifferences)
  | { readonly state: 'failed' | 'cancelled'; readonly error: string };

/** A run as a command records it once it is over. */
export interface FinishedRun extends FoundDifferences {
  readonly who: string;
  /** ISO 8601, UTC, by the store's clock. */
  readonly startedAt: string;
}

/** The record of verifications. */
export interface VerificationRecords {
  /** The last runs, newest first, with the store's clock (ISO 8601, UTC). */
  runs(): Promise<{ readonly now: string; readonly runs: readonly VerificationRun[] }>;
  /** The last run that finished; null: none has. */
  lastFinished(): Promise<VerificationRun | null>;
  /** The differences of a run, in their order. */
  differences(id: string): Promise<readonly string[]>;
  /**
   * Begins a scheduled run of a worker that holds this lease; returns its id, or null where the lease is not held any
   * more. Runs that others have begun and not ended are abandoned.
   */
  begin(workerId: string, lease: Pick<Lease, 'shard' | 'term'>): Promise<string | null>;
  /** Ends a run; false where it is not running any more, because another worker has begun one. */
  end(id: string, result: RunResult): Promise<boolean>;
  /** Records a run that a command has finished. */
  add(run: FinishedRun): Promise<void>;
}
