import type { RowKey } from './keys.js';
import type { Cell } from './rows.js';

/** Where a row did not go through: its claim in the middle database, its apply in the product store, its mark in the middle database. */
export type Stage = 'claim' | 'apply' | 'mark';

/** All stages, in the order of a row's way. */
export const stages: readonly Stage[] = ['claim', 'apply', 'mark'];

/**
 * Why a row is deferred:
 * - `locked`: another session holds a lock on it, on one of its attribute rows, or on what it changes;
 * - `refused`: the database refuses the statement for this row, with an error of its own;
 * - `ignored`: the statement went through and the row did not change: a trigger of the database undoes it.
 */
export type DeferralCause = 'locked' | 'refused' | 'ignored';

/** All causes, the commonest first. */
export const deferralCauses: readonly DeferralCause[] = ['locked', 'refused', 'ignored'];

/** A deferred row, and with it the rows of its customer (P12). */
export interface Deferral extends RowKey {
  readonly custId: Cell;
  readonly stage: Stage;
  readonly cause: DeferralCause;
  /** The database's own words, or who holds the lock; one line. */
  readonly reason: string;
  /** How often it was tried in this stage. */
  readonly tries: number;
}

interface Limits {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * The pause after a failed try, in milliseconds, doubling from `minMs` to `maxMs`. A refusal or a lock in the middle
 * database lasts as long as a person or a rule makes it; below a minute, so that what can end ends within one. An apply
 * that fails may just have met a fault of the moment.
 */
const limitsOf: Readonly<Record<Stage, Limits>> = {
  claim: { minMs: 5_000, maxMs: 45_000 },
  apply: { minMs: 500, maxMs: 30_000 },
  mark: { minMs: 5_000, maxMs: 45_000 },
};

/** The limits of the pause before a row is tried again. */
export function deferralLimits(stage: Stage, cause: DeferralCause): Limits {
  return cause === 'locked' ? limitsOf.mark : limitsOf[stage];
}

/** Whether a try is worth a line of the log: the first, then ever fewer, so that no row has more than ten in a week. */
export function isWorthLogging(tries: number): boolean {
  return Number.isInteger(Math.log2(tries) / 2);
}
