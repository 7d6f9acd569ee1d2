import type { Knex } from 'knex';
import type { SharedSettings, SettingMismatch } from '../domain/cluster.js';
import type { Deferral } from '../domain/deferral.js';
import type { JournalEntry, JournalRecord } from '../domain/journal.js';
import type { Attempt, RowKey, Source } from '../domain/keys.js';
import type { Dependencies, Seen } from '../domain/waiting.js';
import type { Changes, Snapshot, SnapshotRequest } from '../domain/working-set.js';
import type { GuardStore, StoreAlarm } from './guard-port.js';

/*
 * The product store as the worker sees it: the product's customers and users, the journal, and the leases. The
 * conformance suite (test/conformance/store.ts) is the definition of this port. Every call has a deadline and fails
 * with a DatabaseError.
 */

/** A shard held by a worker. Every acquisition raises the term, so that a lost lease can be distinguished from a held one. */
export interface Lease {
  readonly shard: number;
  readonly term: number;
  /** The name of the server it was read on; empty where servers have none. What happened on another one says nothing of it. */
  readonly server: string;
  /**
   * The shard's finished rows were compared for this batch alone, and are to be compared again: rows of it stand in State 1
   * that their last holder may still mark.
   */
  readonly provisional?: true;
}

/** What the journal and the store know of rows before they are claimed. */
export interface PreClaimState {
  /** The attempts recorded for a row, superseded or not, by `rowId`; rows without any are left out. */
  readonly attempts: ReadonlyMap<string, readonly string[]>;
  /** Which of the products and users asked for exist, whatever their status. */
  readonly seen: Seen;
}

/** The transaction in which a batch is decided and applied. The leases it relies on are locked and were found held. */
export interface ApplyTransaction {
  /** The store's clock, ISO 8601, UTC: the time of everything this transaction writes. */
  readonly at: string;
  /** The current journal entries of these rows, and the superseded ones of these very attempts. */
  journal(attempts: readonly Attempt[]): Promise<readonly JournalEntry[]>;
  snapshot(request: SnapshotRequest): Promise<Snapshot>;
  /** Writes what changed, in a fixed number of statements. */
  write(changes: Changes): Promise<void>;
  /** Records decided attempts; the current entries of the rows in `superseding` are closed first. */
  record(records: readonly JournalRecord[], superseding: readonly RowKey[]): Promise<void>;
  /**
   * Runs a product's own code with a nested transaction: what it wrote is undone when it throws, and it cannot end the
   * transaction (TransactionEndedError). It may take `limitMs`, by default as long as a call; past it: HandlerTimeoutError.
   */
  nested<T>(work: (knex: Knex.Transaction) => Promise<T>, limitMs?: number): Promise<T>;
}

/** A lease that the transaction relies on is not held any more (P7). Nothing was changed. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** Another worker decided the attempt between the read of the journal and the write: read again. */
export class AlreadyDecidedError extends Error {
  override readonly name = 'AlreadyDecidedError';
}

/** The store was set up with another number of shards than the configuration's. */
export class ShardsDifferError extends Error {
  override readonly name = 'ShardsDifferError';

  constructor(present: number, configured: number) {
    super(
      `the product store was set up with ${present} shards, not ${configured}: set worker.shards to ${present}, ` +
        'the number is fixed at the first migration',
    );
  }
}

/** Live workers have other settings than the configuration's, in what all must have in common. */
export class SettingsDifferError extends Error {
  override readonly name = 'SettingsDifferError';

  constructor(worker: WorkerIdentity, differences: readonly SettingMismatch[]) {
    const list = differences.map(({ path, ours, theirs }) => `${path} is ${ours} here and ${theirs} there`);
    super(
      `another worker is at work (process ${worker.pid} on ${worker.host}) with other settings: ${list.join('; ')}. ` +
        'Give all workers of this store the same, or stop the others first',
    );
  }
}

/** The lease store was used before `register`: a fault of the program. */
export class WorkerUnregisteredError extends Error {
  override readonly name = 'WorkerUnregisteredError';
}

/** What the worker needs of the product store. */
export interface ProductStore {
  readBeforeClaim(keys: readonly RowKey[], dependencies: Dependencies): Promise<PreClaimState>;
  /**
   * Locks the leases exclusively, in shard order, and renews them where owner, term and server are the ones given and the
   * shard was compared under this term, or for this batch (LeaseLostError otherwise); runs `work` and commits. The same statement looks for an open alarm (AlarmOpenError) and
   * for the commits that were acknowledged before (StoreWentBackError).
   */
  apply<T>(leases: readonly Lease[], work: (transaction: ApplyTransaction) => Promise<T>): Promise<T>;
  readonly leases: LeaseStore;
  readonly crashLog: CrashLog;
  readonly deferrals: DeferralStore;
  readonly guard: GuardStore;
  /** Fails when the database cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A worker as it registers itself. */
export interface WorkerIdentity {
  /** New at each start. */
  readonly workerId: string;
  readonly host: string;
  readonly pid: number;
}

/** What is paused: the rows of a main table, or those of a product. */
export type PauseTarget = { readonly source: Source } | { readonly productId: string };

/** A pause in force. */
export interface Pause {
  readonly target: PauseTarget;
  readonly since: string;
  readonly who: string;
  readonly reason: string | null;
}

/** A registered worker as operators see it. */
export interface WorkerDescription extends WorkerIdentity {
  readonly startedAt: string;
  readonly heartbeatAt: string;
  /** Whether its heartbeat is younger than its lease time. */
  readonly alive: boolean;
  readonly shards: readonly number[];
}

/** What a worker holds, and what it must know of what others wish. */
export interface LeaseSnapshot {
  readonly leases: readonly Lease[];
  /** Shards among them whose finished rows were not compared under this term yet (`compared`): no row of them is decided. */
  readonly uncompared: readonly number[];
  /** How many it may hold, so that the workers alive share them evenly. What is above it is to be given back. */
  readonly share: number;
  /** How many workers are alive. */
  readonly workers: number;
  /** What is to be left alone. */
  readonly pauses: readonly Pause[];
  /** Alarms that are open: nothing is to be decided. */
  readonly alarms: readonly StoreAlarm[];
  /** Deferred rows, of all shards, those that are due first; at most `deferralsRead`. Read after the leases. */
  readonly deferrals: readonly PendingDeferral[];
}

/** A deferred row, as the store holds it. */
export interface PendingDeferral extends Deferral {
  /** How long it is still deferred, in milliseconds by the store's clock; 0 or less: it is due. */
  readonly remainingMs: number;
}

/** The most rows that are read at a check of the leases: with more deferred rows than that the breaker is open. */
export const deferralsRead = 5000;

/** A row to defer. */
export interface DeferralRequest extends Deferral {
  /** The shard of its customer: nothing is written where another worker holds it. */
  readonly shard: number;
  readonly delayMs: number;
}

/** Deferred rows, in `sync_deferral`, so that a worker that takes a shard over knows them (P12). */
export interface DeferralStore {
  /** Defers rows, each once; rows whose shard another worker holds are left out. Since when is kept while the stage stays. */
  put(requests: readonly DeferralRequest[]): Promise<void>;
  /** The rows have ended, or are not to be deferred any more. */
  end(keys: readonly RowKey[]): Promise<void>;
}

/** Leases of shards, all by the store's clock. */
export interface LeaseStore {
  /**
   * Registers the worker. StoreNotMigratedError; StoreNewerError; ShardsDifferError where the store has another number of shards;
   * SettingsDifferError where a live worker has other settings.
   */
  register(worker: WorkerIdentity, sharedSettings: SharedSettings): Promise<void>;
  /**
   * Heartbeat; renews the worker's leases and takes shards that are free, or whose lease has run out, up to its share;
   * reads the pauses and the open alarms.
   */
  renewAndAcquire(): Promise<LeaseSnapshot>;
  /**
   * The finished rows of these shards were compared with the journal: rows of them may be decided under these terms, and
   * from now on each renewal of these leases says that the store holds everything until then.
   */
  compared(leases: readonly Lease[]): Promise<void>;
  /** Gives leases back; their terms stay. */
  releaseShards(shards: readonly number[]): Promise<void>;
  /** Gives all leases back (the terms stay) and takes the worker off the register. */
  release(): Promise<void>;
}

/**
 * Rows that are tried alone because the process that had claimed them ended (P8). A try is noted before it begins, and the
 * process that noted it clears the note: one that is left means that a process ended while it tried this row alone.
 */
export interface CrashLog {
  /** How many processes ended while they tried these attempts, by `rowId`; attempts without any are left out. */
  crashCounts(attempts: readonly Attempt[]): Promise<ReadonlyMap<string, number>>;
  begin(attempt: Attempt): Promise<void>;
  /** The process lives on: the note of this try goes. */
  clear(attempt: Attempt): Promise<void>;
  /** The row was decided: all notes about it go. */
  forget(key: RowKey): Promise<void>;
}
