import type { Database, Transaction } from '../../database/database.js';
import type { JournalEntry } from '../../domain/journal.js';
import type { Attempt, RowKey } from '../../domain/keys.js';
import type { DatedRecord } from '../../domain/repair.js';
import type { Changes, Snapshot, SnapshotRequest } from '../../domain/working-set.js';
import type { RepairTransaction, ScanScope, StoreRepairs } from '../admin-port.js';
import { insertDatedRecords, readJournal, supersede } from './journal.js';
import { readSnapshot } from './snapshot.js';
import { writeChanges } from './write-changes.js';

/**
 * Repairs in a product store behind Knex: PostgreSQL and SQLite. Statements for a set of customers, whatever its size: BEGIN,
 * leases 1, newest decisions 1, journal 1, snapshot 1 to 5, changes 0 to 7, superseding 0 or 1, journal 1, COMMIT.
 */
export class KnexStoreRepairs implements StoreRepairs {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async transaction<T>(
    shards: readonly number[],
    work: (transaction: RepairTransaction) => Promise<T>,
  ): Promise<T> {
    return this.#database.transaction(async (transaction) => {
      const { dialect } = transaction;
      await transaction.execute({
        sql: `SELECT s.shard FROM sync_shard AS s WHERE s.shard IN (${shards.map(Number).join(', ')})
              ORDER BY s.shard ${dialect.lockRows('s')}`,
        bindings: [],
      });
      return work(new KnexRepairTransaction(transaction));
    });
  }
}

class KnexRepairTransaction implements RepairTransaction {
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  async newestDecisions({ productIds, custIds = [] }: ScanScope): Promise<ReadonlyMap<string, string>> {
    const { dialect } = this.#transaction;
    const ofCustomers = dialect.numberIn('j.cust_id', custIds);
    const ofProducts = dialect.numberIn('j.product_id', productIds);
    const isOurs = productIds.length === 0 ? '' : `AND (j.product_id IS NULL OR ${ofProducts.sql})`;
    const { rows } = await this.#transaction.execute({
      sql: `SELECT CAST(j.cust_id AS TEXT) AS cust_id, ${dialect.instantText('max(j.decided_at)')} AS newest
            FROM sync_journal AS j WHERE ${ofCustomers.sql} AND NOT j.superseded ${isOurs} GROUP BY j.cust_id`,
      bindings: [...ofCustomers.bindings, ...(productIds.length === 0 ? [] : ofProducts.bindings)],
    });
    return new Map(rows.map((row) => [String(row['cust_id']), String(row['newest'])]));
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

  async record(records: readonly DatedRecord[], superseding: readonly RowKey[], by: string): Promise<void> {
    await supersede(this.#transaction, superseding);
    await insertDatedRecords(this.#transaction, records, by);
  }
}
