import type { Knex } from 'knex';
import type { Database, Transaction } from '../../database/database.js';
import type { JournalEntry, JournalRecord } from '../../domain/journal.js';
import type { Attempt, RowKey } from '../../domain/keys.js';
import type { Dependencies } from '../../domain/waiting.js';
import type { Changes, Snapshot, SnapshotRequest } from '../../domain/working-set.js';
import type { ApplyTransaction, PreClaimState, Lease, ProductStore } from '../port.js';
import { LeaseLostError } from '../port.js';
import { AlarmOpenError, StoreWentBackError } from '../guard-port.js';
import { AcknowledgedCommits, type AcknowledgedCommit } from './acknowledged-commits.js';
import { KnexGuardStore, requireCommits } from './guard.js';
import { insertRecords, readJournal, readAttempts, supersede } from './journal.js';
import { KnexLeaseStore, lockLeases } from './leases.js';
import { KnexDeferralStore } from './deferrals.js';
import { ServerCheck } from './server-check.js';
import { readSeen, readSnapshot } from './snapshot.js';
import { KnexCrashLog } from './crash-log.js';
import { writeChanges } from './write-changes.js';

/**
 * The product store behind Knex: PostgreSQL and SQLite.
 *
 * Statements per applied batch, whatever its size: BEGIN, fence 1, journal 1, snapshot 1 to 5, changes 0 to 7,
 * superseding 0 or 1, journal with its counts 1 (SQLite 2), COMMIT.
 */
export class KnexProductStore implements ProductStore {
  readonly leases: KnexLeaseStore;
  readonly crashLog: KnexCrashLog;
  readonly deferrals: KnexDeferralStore;
  readonly guard: KnexGuardStore;
  readonly #database: Database;
  readonly #leaseTtlMs: number;
  readonly #commits = new AcknowledgedCommits();
  readonly #server: ServerCheck;

  constructor(database: Database, leaseTtlMs: number) {
    this.#database = database;
    this.#leaseTtlMs = leaseTtlMs;
    this.#server = new ServerCheck(this.#commits);
    this.leases = new KnexLeaseStore(database, leaseTtlMs, this.#server);
    this.crashLog = new KnexCrashLog(database, () => this.leases.workerId);
    this.deferrals = new KnexDeferralStore(database, () => this.leases.workerId);
    this.guard = new KnexGuardStore(database, this.#commits, () => this.leases.worker);
    database.checkConnections((connection, retireOthers) => this.#server.check(connection, retireOthers));
  }

  async readBeforeClaim(keys: readonly RowKey[], dependencies: Dependencies): Promise<PreClaimState> {
    const attempts = await readAttempts(this.#database, keys);
    return { attempts, seen: await readSeen(this.#database, dependencies) };
  }

  async apply<T>(leases: readonly Lease[], work: (transaction: ApplyTransaction) => Promise<T>): Promise<T> {
    const { workerId } = this.leases;
    const { last: commits, lost } = this.#commits;
    if (lost.length > 0) throw new StoreWentBackError(lost);
    const { result, commit } = await this.#database.transaction(async (transaction) => {
      const leaseTtlMs = this.#leaseTtlMs;
      const request = { workerId, leases, leaseTtlMs, commits, server: this.#server.name };
      const fence = await lockLeases(transaction, request);
      if (fence === null) throw new LeaseLostError('a lease this batch relies on is not held any more');
      if (fence.alarmOpen) throw new AlarmOpenError();
      if (fence.known < commits.length) await requireCommits(transaction, this.#commits);
      const applying = new KnexApplyTransaction(transaction, workerId, fence.at);
      return { result: await work(applying), commit: applying.recorded };
    });
    if (commit !== null) this.#commits.acknowledge(commit, commits);
    return result;
  }

  async ping(): Promise<void> {
    await this.#database.ping();
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

class KnexApplyTransaction implements ApplyTransaction {
  readonly at: string;
  /** One of the recorded rows: its entry stands for the whole transaction. */
  recorded: AcknowledgedCommit | null = null;
  readonly #transaction: Transaction;
  readonly #workerId: string;

  constructor(transaction: Transaction, workerId: string, at: string) {
    this.#transaction = transaction;
    this.#workerId = workerId;
    this.at = at;
  }

  async journal(attempts: readonly Attempt[]): Promise<readonly JournalEntry[]> {
    return readJournal(this.#transaction, attempts);
  }

  async snapshot(request: SnapshotRequest): Promise<Snapshot> {
    return readSnapshot(this.#transaction, request);
  }

  async write(changes: Changes): Promise<void> {
    await writeChanges(this.#transaction, changes);
  }

  async record(records: readonly JournalRecord[], superseding: readonly RowKey[]): Promise<void> {
    await supersede(this.#transaction, superseding);
    await insertRecords(this.#transaction, records, { workerId: this.#workerId, at: this.at });
    const [first] = records;
    if (first === undefined) return;
    const { source, streamingNo, attempt } = first;
    this.recorded = { source, streamingNo, attempt, worker: this.#workerId, at: this.at };
  }

  async nested<T>(work: (knex: Knex.Transaction) => Promise<T>, limitMs?: number): Promise<T> {
    return this.#transaction.nested(work, limitMs);
  }
}
