import type { JournalledOutcome } from '../domain/loss.js';
import type { Attempt, RowKey } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';

/*
 * The guard against a product store that has lost what it once held (P13), as workers and operators see it: alarms
 * (`sync_guard`), origins (`sync_origin`), and what finished rows are compared with. Part of the store's port, with the
 * same suite and the same deadlines.
 */

/** How a loss was found out. */
export type LossKind =
  /** The journal does not hold a commit that the store had acknowledged to this worker. */
  | 'ownCommits'
  /** The rows of a shard that were finished last are not in the journal. */
  | 'finishedRows'
  /** The store has no origin: it is new, or was wiped, beside rows that are finished. */
  | 'noOrigin';

/** One of the rows whose decisions the store does not hold any more. */
export interface LossExample extends RowKey {
  /** Null where it is not known or the row has none. */
  readonly custId: Cell;
  /** When the row was finished, or claimed in the case of `ownCommits`, by the middle database's clock. */
  readonly stateDate: string;
}

/** What shows that the store has lost something. */
export interface LossEvidence {
  readonly kind: LossKind;
  /** How many rows were found; there may be more. */
  readonly rows: number;
  /** The first of them. */
  readonly examples: readonly LossExample[];
}

/** An alarm: as long as one is open, no worker decides a row. */
export interface StoreAlarm extends LossEvidence {
  readonly alarmId: string;
  /** By the store's clock, ISO 8601, UTC. */
  readonly raisedAt: string;
  /** Worker that raised it. */
  readonly worker: string;
  readonly host: string;
}

/** Where a product's rows begin to be ours: rows finished until then were finished by others. */
export interface Origin {
  /** Null: of every product without an origin of its own. */
  readonly productId: string | null;
  /** The middle database's clock, `YYYY-MM-DD HH:MM:SS`. */
  readonly middleClock: string;
}

/** When the leases of shards were last renewed by a worker that had compared their rows. */
export interface HeldShards {
  /** The store's clock, ISO 8601, UTC. */
  readonly now: string;
  /** By shard, ISO 8601, UTC; null: never. */
  readonly heldUntil: ReadonlyMap<number, string | null>;
}

/** What a comparison of the finished rows reads from the store. */
export interface LossLookup {
  origins(): Promise<readonly Origin[]>;
  /** The current entries of these rows, by `rowId`. */
  outcomes(keys: readonly RowKey[]): Promise<ReadonlyMap<string, JournalledOutcome>>;
  /** All shards, or these. */
  heldShards(shards: readonly number[] | 'all'): Promise<HeldShards>;
  /** Alarms that are open, oldest first, at most 20. */
  openAlarms(): Promise<readonly StoreAlarm[]>;
}

/** What a worker does besides. */
export interface GuardStore extends LossLookup {
  /** Opens an alarm under this id; one that is there stays as it is. */
  raise(alarmId: string, evidence: LossEvidence): Promise<void>;
  /** Whether an operator has closed this alarm; false where it is open, or not there. */
  isClosed(alarmId: string): Promise<boolean>;
  /** Adds origins; products that have one keep it. */
  addOrigins(origins: readonly Origin[]): Promise<void>;
  /** What the store acknowledged so far proves nothing any more. */
  forgetCommits(): void;
}

/** The store does not hold a commit that it had acknowledged to this worker. Nothing was changed. */
export class StoreWentBackError extends Error {
  override readonly name = 'StoreWentBackError';

  constructor(readonly lost: readonly Attempt[]) {
    super('the product store has lost commits that it had acknowledged');
  }
}

/** An alarm is open in the store: nothing may be decided. Nothing was changed. */
export class AlarmOpenError extends Error {
  override readonly name = 'AlarmOpenError';

  constructor() {
    super('an alarm is open in sync_guard: no row is decided');
  }
}
