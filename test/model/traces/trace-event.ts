import type { RowKey } from '../../../src/domain/keys.js';
import type { Decision, StateChange } from '../../fault/observations.js';

/** What one of the two databases saw, and when it was committed. */
export type TraceEvent = {
  /** The worker's process that did it; null: it was none's. */
  readonly process: string | null;
  /** By one clock for both databases, in microseconds. */
  readonly at: number;
} & (
  | { readonly kind: 'changes'; readonly changes: readonly StateChange[] }
  /** What a poll returned. */
  | { readonly kind: 'poll'; readonly rows: readonly RowKey[] }
  | { readonly kind: 'decisions'; readonly decisions: readonly Decision[] }
  /** A lease was taken, by its present owner or by another one. */
  | { readonly kind: 'take'; readonly shard: number; readonly term: number }
  /** A lease was given back. */
  | { readonly kind: 'release'; readonly shard: number }
  /** The store becomes an older one. */
  | { readonly kind: 'fail over' }
);

/** How much of what happened events tell. */
export interface Knowledge {
  /** What polls returned is among them. */
  readonly polls: boolean;
  /**
   * Two events that are no more microseconds apart may have come in the other order, unless a lock or a process makes it
   * certain. 0: all came in the order in which they are listed.
   */
  readonly tolerance: number;
}

/** All that there is to know. */
export const everything: Knowledge = { polls: true, tolerance: 0 };

/** What the recorders of real processes tell: they do not see polls, and see commits by their times. */
export const recorded: Knowledge = { polls: false, tolerance: 250_000 };
