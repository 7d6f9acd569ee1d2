import type { Knex } from 'knex';
import type { Database, Transaction } from '../../database/database.js';
import type { JournalEntry, JournalRecord } from '../../domain/journal.js';
import type { Attempt, RowKey } from '../../domain/keys.js';
import type { Dependencies } from '../../domain/waiting.js';
import type { Changes, Snapshot, SnapshotRequest } from '../../domain/working-set.js';
import {
  LeaseLostError,
  type ApplyTransaction,
  type Foreknowledge,
  type Lease,
  type ProductStore,
} from '../port.js';
import { insertRecords, readJournal, readNewestAttempts, supersede } from './journal.js';
import { KnexLeaseStore, lockLeases } from './leases.js';
import { readSeen, readSnapshot } from './snapshot.js';
import { KnexTrialStore } from './trials.js';
import { writeChanges } from './write-changes.js';

/**
 * The product store behind Knex: PostgreSQL and SQLite.
 *
 * Statements per applied batch, whatever its size: BEGIN, fence 1, journal 1, snapshot 1 to 5, changes 0 to 7,
 * superseding 0 or 1, journal with its counts 1 (SQLite 2), COMMIT.
 */
export class KnexProductStore implements ProductStore {
  readonly leases: KnexLeaseStore;
  readonly trials: KnexTrialStore;
  readonly #database: Database;
  readonly #leaseTtlMs: number;

  constructor(database: Database, leaseTtlMs: number) {
    this.#database = database;
    this.#leaseTtlMs = leaseTtlMs;
    this.leases = new KnexLeaseStore(database, leaseTtlMs);
    this.trials = new KnexTrialStore(database, () => this.leases.workerId);
  }

  async foresee(keys: readonly RowKey[], dependencies: Dependencies): Promise<Foreknowledge> {
    const newestAttempts = await readNewestAttempts(this.#database, keys);
    return { newestAttempts, seen: await readSeen(this.#database, dependencies) };
  }

  async apply<T>(leases: readonly Lease[], work: (transaction: ApplyTransaction) => Promise<T>): Promise<T> {
    const { workerId } = this.leases;
    return this.#database.transaction(async (transaction) => {
      const at = await lockLeases(transaction, workerId, leases, this.#leaseTtlMs);
      if (at === null) throw new LeaseLostError('a lease this batch relies on is held by another worker now');
      return work(new KnexApplyTransaction(transaction, workerId, at));
    });
  }

  async ping(): Promise<void> {
    await this.#database.execute({ sql: 'SELECT 1', bindings: [] });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

class KnexApplyTransaction implements ApplyTransaction {
  readonly at: string;
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
    await writeChanges(this.#transaction, changes, this.at);
  }

  async record(records: readonly JournalRecord[], superseding: readonly RowKey[]): Promise<void> {
    await supersede(this.#transaction, superseding);
    await insertRecords(this.#transaction, records, { workerId: this.#workerId, at: this.at });
  }

  async nested<T>(work: (knex: Knex.Transaction) => Promise<T>): Promise<T> {
    return this.#transaction.nested(work);
  }
}
