import type { DeferralCause, Stage } from '../domain/deferral.js';
import type { Cell } from '../domain/rows.js';
import type { DeferralCount } from '../store/admin-port.js';

/** All causes, the commonest first. */
export const deferralCauses: readonly DeferralCause[] = ['locked', 'refused', 'ignored'];

/** A deferred row, as `deferred --json` lists it. */
export interface DeferredRow {
  /** The specification's table name. */
  readonly table: string;
  readonly streamingNo: string;
  readonly custId: Cell;
  readonly stage: Stage;
  readonly cause: DeferralCause;
  /** The database's own words, or who holds the lock; foreign text. */
  readonly reason: string;
  /** How often it was tried in this stage. */
  readonly tries: number;
  /** Since when it has been deferred in this stage, and when it is tried again: ISO 8601, UTC, by the store's clock. */
  readonly since: string;
  readonly nextAt: string;
  /** Worker that tried it last. */
  readonly worker: string;
}

/** How many rows are deferred, and which of them longest. */
export interface DeferredSummary {
  readonly rows: number;
  /** Whose rows wait for them. */
  readonly customers: number;
  /** For how long the first of them has been deferred, by the store's clock; null: none is. */
  readonly oldestSeconds: number | null;
  /** Only what there is. */
  readonly byStage: readonly DeferralCount[];
  /** Those deferred longest first, at most ten. */
  readonly oldest: readonly DeferredRow[];
}

/** A row by the names that operators use. */
export interface NamedRow {
  readonly table: string;
  readonly streamingNo: string;
}

/** What became of rows that workers shall try at once. */
export interface RetryReport {
  /** Workers try them at their next check of the leases. */
  readonly retried: readonly NamedRow[];
  /** They are not deferred, so there was nothing to end. */
  readonly notDeferred: readonly NamedRow[];
}
