import type { Account, Customer, Identity } from '../domain/customer.js';
import type { RefusedPrivilege } from '../domain/refused-privilege.js';
import type { JournalEntry, JournalRecord } from '../domain/journal.js';
import type { Deferral } from '../domain/deferral.js';
import type { Attempt, RowKey, Source } from '../domain/keys.js';
import type { Pooler } from '../domain/pooler.js';
import type { DatedRecord } from '../domain/repair.js';
import type { HostState } from '../domain/host-state.js';
import type { Replication } from '../domain/replication.js';
import type { Cell } from '../domain/rows.js';
import type { Dependencies, Seen } from '../domain/waiting.js';
import type { Changes, Snapshot, SnapshotRequest, UserKey } from '../domain/working-set.js';
import type { LossLookup, Origin } from './guard-port.js';
import type { Pause, PauseTarget, WorkerDescription } from './port.js';
import type { StoreSetup } from './setup-port.js';
import type { VerificationRecords } from './verification-port.js';

/*
 * The product store as operators see it: counts, pauses, the record of actions, customers with their history, and all of
 * it page by page for a comparison. Part of the port, with the same suite and the same deadlines.
 */

/** A journal entry with everything that is recorded, for operators. */
export interface JournalLine extends JournalRecord {
  readonly superseded: boolean;
  readonly worker: string;
  readonly decidedAt: string;
}

/** Decided rows of a span of time, by what became of them. */
export interface Activity {
  /** Start of the span, ISO 8601, UTC. */
  readonly from: string;
  readonly source: Source;
  readonly outcome: 'applied' | 'failed';
  /** Of failures. */
  readonly code: string | null;
  readonly rows: number;
}

/** What concerns the safety of the HTTP server; `what` has the address and the result. */
type AccessAction = 'login' | 'login-refused' | 'logout' | 'action-refused' | 'wrong-host' | 'export';

/** An operator's action, as it is recorded. */
export interface AuditRecord {
  /** The login name, or user@host of a command. */
  readonly who: string;
  readonly via: 'console' | 'api' | 'command';
  readonly action:
    | 'requeue'
    | 'requeue-matching'
    | 'retry'
    | 'pause'
    | 'resume'
    | 'journal-purge'
    | 'repair'
    | 'repair-accept'
    | 'new-store'
    | AccessAction;
  /** What it was done to, in JSON: rows, filter, target or age. */
  readonly what: string;
  /** How many rows it changed; null where it changes none. */
  readonly rows: number | null;
  readonly reason: string | null;
}

/** A login, its refusal and the like, as it is recorded. */
export type AccessRecord = AuditRecord & { readonly action: AccessAction };

/** An action as it is recorded before it is taken, because no one transaction can hold it and its record. */
export type AuditIntent = Omit<AuditRecord, 'rows'>;

/** What became of an intended action. */
export interface AuditOutcome {
  /** In JSON. */
  readonly what: string;
  /** How many rows it changed. */
  readonly rows: number;
}

/** An action that was recorded. */
export interface AuditEntry extends AuditRecord {
  /** Grows with time; text, because it may pass 2^53. */
  readonly id: string;
  /** By the store's clock, ISO 8601, UTC. */
  readonly at: string;
  /** `open`: recorded before it was taken, and without an outcome: it is under way, or its process ended before. */
  readonly status: 'done' | 'open';
  /** Of an action that was recorded before it was taken; its rows stand in `rows`. */
  readonly outcome: { readonly at: string; readonly what: string } | null;
}

/** A deferred row, as operators see it. */
export interface DeferralRecord extends Deferral {
  /** Since when it has been deferred in this stage, and when it is tried again: ISO 8601, UTC, by the store's clock. */
  readonly since: string;
  readonly nextAt: string;
  /** Worker that tried it last. */
  readonly worker: string;
}

/** Rows by stage and cause. */
export interface DeferralCount {
  readonly stage: Deferral['stage'];
  readonly cause: Deferral['cause'];
  readonly rows: number;
}

/** A customer's product and its users, as the product store holds them. */
export interface CustomerRecord {
  readonly customer: Customer;
  /** In UserID order, at most as many as asked for. */
  readonly users: readonly Account[];
  /** Whether there are more users. */
  readonly more: boolean;
}

/** Pauses, the audit, deferrals, customers and the journal's upkeep. */
export interface StoreRecords {
  /**
   * Decided rows in spans of so many minutes (5, or a multiple of it; RangeError otherwise), from the span on that an
   * instant (ISO 8601) falls into, oldest first; spans without any are left out. They are kept for 35 days.
   */
  activity(since: string, spanMinutes: number): Promise<readonly Activity[]>;
  pauses(): Promise<readonly Pause[]>;
  /** Whether a customer of a product was ever stored. */
  knowsProduct(productId: string): Promise<boolean>;
  /** Pauses, with the action's record, in one transaction. False where it is paused already; then nothing is recorded. */
  pause(target: PauseTarget, action: AuditRecord): Promise<boolean>;
  /** Ends a pause, with the action's record, in one transaction. False where it is not paused; then nothing is recorded. */
  resume(target: PauseTarget, action: AuditRecord): Promise<boolean>;
  /** Deferred rows, those deferred longest first, at most `limit`. */
  deferrals(limit: number): Promise<readonly DeferralRecord[]>;
  /** How many rows are deferred, by stage and cause; only what there is. */
  deferralCounts(): Promise<readonly DeferralCount[]>;
  /** How many customers have deferred rows; rows without a CustID count as one customer's. */
  deferredCustomers(): Promise<number>;
  /** A row, where it is deferred, then those of a customer that are (null: of none), deferred longest first; at most `limit`. */
  deferralsAbout(key: RowKey, custId: string | null, limit: number): Promise<readonly DeferralRecord[]>;
  /**
   * Ends the deferring of a row, with the action's record, in one transaction: workers try it at their next check of the
   * leases. False where it is not deferred; then nothing is recorded.
   */
  retry(key: RowKey, action: AuditRecord): Promise<boolean>;
  /** Records what concerns the safety of the HTTP server. */
  recordAccess(record: AccessRecord): Promise<void>;
  /** Records an action before it is taken; returns its id. */
  intend(intent: AuditIntent): Promise<string>;
  /** Records what became of an intended action. */
  conclude(intentId: string, outcome: AuditOutcome): Promise<void>;
  /** An action with its outcome; null where none has this id. */
  action(id: string): Promise<AuditEntry | null>;
  /** Actions with their outcomes, newest first, those before `before` (an id; null: from the newest). */
  actions(page: { readonly before: string | null; readonly limit: number }): Promise<readonly AuditEntry[]>;
  /** The products of a customer, at most `limit`, each with at most `limit` users. */
  customerRecords(custId: string, limit: number): Promise<readonly CustomerRecord[]>;
  /** Journal entries of a customer's rows, newest first, current and superseded, at most `limit`. */
  journalOf(custId: string, limit: number): Promise<readonly JournalLine[]>;
  /** Owner of each shard in shard order; null: free. */
  shardOwners(): Promise<readonly (string | null)[]>;
  /**
   * Reads the next `scan` superseded failures that were decided before an instant (ISO 8601), the oldest first, and
   * returns those that `forgetSuperseded` deletes: all but the last one of a row that was applied in the end.
   */
  supersededBefore(
    before: string,
    page: { readonly after: SupersededPlace | null; readonly scan: number },
  ): Promise<SupersededPart>;
  /**
   * Deletes those of these entries that are superseded failures and no evidence of a requeue; returns how many. Each call
   * is a transaction of its own.
   */
  forgetSuperseded(entries: readonly Attempt[]): Promise<number>;
  /**
   * Reads the next `scan` current entries in the order of their keys and returns those decided before an instant: where
   * their row has left the middle database, they are candidates for `forget`.
   */
  currentBefore(
    before: string,
    page: { readonly after: RowKey | null; readonly scan: number },
  ): Promise<JournalPart>;
  /**
   * Deletes all entries of the rows whose current entry is one of these; returns how many entries. A row that was
   * decided anew since, or is just being decided, is left alone: its new entry is what makes it take effect once.
   */
  forget(current: readonly Attempt[]): Promise<number>;
}

/** A part of the journal. */
export interface JournalPart {
  readonly lines: readonly JournalLine[];
  /** Where to go on; null: nothing is left. A part may be empty and not the last. */
  readonly next: RowKey | null;
}

/** A superseded failure, and its place among all of them. */
export interface SupersededPlace extends Attempt {
  /** As the store writes an instant. */
  readonly decidedAt: string;
}

/** A part of the superseded failures. */
export interface SupersededPart {
  readonly entries: readonly Attempt[];
  /** Where to go on; null: nothing is left. A part may be empty and not the last. */
  readonly next: SupersededPlace | null;
}

/** Which part of the product store to read. */
export interface ScanScope {
  /** Only these products; empty: all. */
  readonly productIds: readonly string[];
  /** Only these customers; absent: all. */
  readonly custIds?: readonly string[];
}

/** A journal entry for a comparison; superseded failures have none here. */
export interface ScannedEntry extends JournalEntry {
  /** A current success whose row was refused before. Or one by a repair: whether it was may be lost. */
  readonly requeued: boolean;
  /** By a repair: its attempt and its time are those of the row's mark. */
  readonly repaired: boolean;
  readonly code: string | null;
  readonly custId: Cell;
  readonly decidedAt: string;
}

/** The whole product store, in pages by key. Each page is read in at most three statements. */
export interface StoreScan {
  /** Journal entries after one; those of failed rows that named no product are of every product. */
  journalPage(scope: ScanScope, after: Attempt | null, limit: number): Promise<readonly ScannedEntry[]>;
  customersPage(scope: ScanScope, after: Identity | null, limit: number): Promise<readonly Customer[]>;
  accountsPage(scope: ScanScope, after: UserKey | null, limit: number): Promise<readonly Account[]>;
}

/** What this user may not do in the product store. */
export interface MissingStorePrivileges {
  /** The connected user; null where there are no users. */
  readonly user: string | null;
  /**
   * `worker`: for `run`; `people`: for pause, resume, requeue, retry and repair, by command or in the console; `verify`: for
   * the record of verifications.
   */
  readonly refused: readonly (RefusedPrivilege & { readonly neededBy: 'worker' | 'people' | 'verify' })[];
}

/** How migrations are run. */
export interface MigrationOptions {
  /** Stands in the store's record beside each migration. Default: nothing. */
  readonly version?: string;
  /** Called when something is waited for, in words. */
  readonly onWait?: (what: string) => void;
}

/** What operators do with the product store. Its parts are opened with it and share its connections. */
export interface StoreAdmin {
  /** Pauses, the audit, deferrals, customers and the journal's upkeep. */
  readonly records: StoreRecords;
  /** The whole store, page by page, for a comparison. */
  readonly scan: StoreScan;
  /** The guard against losses. */
  readonly guard: GuardRecords;
  /** What was lost takes effect once more. */
  readonly repairs: StoreRepairs;
  readonly server: StoreServer;
  /** What verifications found. */
  readonly verifications: VerificationRecords;
  /** All journal entries of a row, newest attempt first. */
  history(key: RowKey): Promise<readonly JournalLine[]>;
  /**
   * Which of these customers' rows were applied after the given row's own entry was decided, newest first, at most
   * `limit`: a requeued row would take effect after them.
   */
  appliedSince(key: RowKey, custId: string, limit: number): Promise<readonly JournalLine[]>;
  /** What a worker would read to decide rows, without its leases and locks: for a preview. */
  journal(attempts: readonly Attempt[]): Promise<readonly JournalEntry[]>;
  snapshot(request: SnapshotRequest): Promise<Snapshot>;
  seen(dependencies: Dependencies): Promise<Seen>;
  /** Registered workers, those alive first. */
  workers(): Promise<readonly WorkerDescription[]>;
  /** How many shards the store was set up with; 0 before the first migration. */
  shards(): Promise<number>;
  /** Tries each privilege that workers and people need in a transaction that is rolled back; returns what is refused. */
  missingPrivileges(): Promise<MissingStorePrivileges>;
  /** Which migrations have run, and what is in the way of the others. */
  setup(): Promise<StoreSetup>;
  /**
   * Runs the migrations that have not run and creates the shards at the first time; returns the migrations' names. Waits
   * where others do the same. StoreNewerError, StoreUnfitError.
   */
  migrate(shards: number, options?: MigrationOptions): Promise<readonly string[]>;
  /** The store's clock, ISO 8601, UTC. */
  now(): Promise<string>;
  /** The level at which transactions begin by default, such as `read committed`; null where there is no choice. */
  isolation(): Promise<string | null>;
  /** The pooler that it is reached through; null: none. */
  pooler(): Promise<Pooler | null>;
}

/** The server of the store. */
export interface StoreServer {
  /** Its hosts, in the order in which they are tried; empty where the connection names one. */
  hosts(): Promise<readonly HostState[]>;
  /** How it keeps what is committed; null without a server. */
  replication(): Promise<Replication | null>;
  /** Writes pages of its own in a transaction that is rolled back; fails as a worker's transaction would. */
  tryWriting(): Promise<void>;
}

/** How the worker of an entry begins that a repair has made; the name of the person follows. */
export const repairedBy = 'repair:';

/** Repairs of a store that has lost decisions (P14). */
export interface StoreRepairs {
  /**
   * A transaction that locks the leases of these shards first, for as long as it lasts: no worker decides a row of them
   * meanwhile. Ends in nothing where `work` throws.
   */
  transaction<T>(shards: readonly number[], work: (transaction: RepairTransaction) => Promise<T>): Promise<T>;
}

/** What a repair does within its transaction. */
export interface RepairTransaction {
  /** When rows of these customers were decided last, ISO 8601, UTC; those without a decision are missing. */
  newestDecisions(scope: ScanScope): Promise<ReadonlyMap<string, string>>;
  /** Current entries of these rows, and the superseded ones of these attempts. */
  journal(attempts: readonly Attempt[]): Promise<readonly JournalEntry[]>;
  snapshot(request: SnapshotRequest): Promise<Snapshot>;
  write(changes: Changes): Promise<void>;
  /** Closes the current entries of rows and adds these, decided by `by`. AlreadyDecidedError. */
  record(records: readonly DatedRecord[], superseding: readonly RowKey[], by: string): Promise<void>;
}

/** The guard as operators use it. */
export interface GuardRecords extends LossLookup {
  /** Adds origins; products that have one keep it. */
  addOrigins(origins: readonly Origin[]): Promise<void>;
  /**
   * Takes the store as it is: sets these origins and closes all alarms, with the action's record, in one transaction.
   * Returns how many alarms were closed.
   */
  accept(origins: readonly Origin[], action: AuditRecord): Promise<number>;
  /** Closes all alarms, nothing being lost any more; returns how many. */
  close(who: string): Promise<number>;
}
