import type { Database } from '../../database/database.js';
import type { Attempt, RowKey } from '../../domain/keys.js';
import type {
  Activity,
  AuditEntry,
  AuditIntent,
  AuditOutcome,
  AccessRecord,
  AuditRecord,
  CustomerRecord,
  DeferralCount,
  DeferralRecord,
  JournalLine,
  JournalPart,
  StoreRecords,
  SupersededPart,
  SupersededPlace,
} from '../admin-port.js';
import type { Pause, PauseTarget } from '../port.js';
import { readActivity } from './activity.js';
import { insertAction, insertIntent, insertOutcome, readAction, readActions } from './audit.js';
import { knowsProduct, readCustomerRecords } from './customer-records.js';
import {
  countDeferrals,
  countDeferredCustomers,
  readDeferrals,
  readDeferralsAbout,
  retryRow,
} from './deferrals.js';
import { readLines } from './journal-lines.js';
import { forgetRows, forgetSuperseded, readCurrentBefore, readSupersededBefore } from './journal-purge.js';
import { deletePause, insertPause, readPauses } from './pauses.js';

/** Activity, pauses, audit and the journal in a product store behind Knex: PostgreSQL and SQLite. */
export class KnexStoreRecords implements StoreRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async activity(since: string, spanMinutes: number): Promise<readonly Activity[]> {
    return readActivity(this.#database, since, spanMinutes);
  }

  async pauses(): Promise<readonly Pause[]> {
    return readPauses(this.#database);
  }

  async knowsProduct(productId: string): Promise<boolean> {
    return knowsProduct(this.#database, productId);
  }

  async pause(target: PauseTarget, action: AuditRecord): Promise<boolean> {
    return this.#database.transaction((transaction) => insertPause(transaction, target, action));
  }

  async resume(target: PauseTarget, action: AuditRecord): Promise<boolean> {
    return this.#database.transaction((transaction) => deletePause(transaction, target, action));
  }

  async deferrals(limit: number): Promise<readonly DeferralRecord[]> {
    return readDeferrals(this.#database, limit);
  }

  async deferralCounts(): Promise<readonly DeferralCount[]> {
    return countDeferrals(this.#database);
  }

  async deferredCustomers(): Promise<number> {
    return countDeferredCustomers(this.#database);
  }

  async deferralsAbout(
    key: RowKey,
    custId: string | null,
    limit: number,
  ): Promise<readonly DeferralRecord[]> {
    return readDeferralsAbout(this.#database, { key, custId, limit });
  }

  async retry(key: RowKey, action: AuditRecord): Promise<boolean> {
    return this.#database.transaction((transaction) => retryRow(transaction, key, action));
  }

  async intend(intent: AuditIntent): Promise<string> {
    return insertIntent(this.#database, intent);
  }

  async conclude(intentId: string, outcome: AuditOutcome): Promise<void> {
    await insertOutcome(this.#database, intentId, outcome);
  }

  async action(id: string): Promise<AuditEntry | null> {
    return readAction(this.#database, id);
  }

  async recordAccess(record: AccessRecord): Promise<void> {
    await insertAction(this.#database, record);
  }

  async actions(page: {
    readonly before: string | null;
    readonly limit: number;
  }): Promise<readonly AuditEntry[]> {
    return readActions(this.#database, page);
  }

  async customerRecords(custId: string, limit: number): Promise<readonly CustomerRecord[]> {
    return readCustomerRecords(this.#database, custId, limit);
  }

  async journalOf(custId: string, limit: number): Promise<readonly JournalLine[]> {
    return readLines(this.#database, {
      sql: `j.cust_id = ? ORDER BY j.decided_at DESC, j.source, j.streaming_no DESC LIMIT ${limit}`,
      bindings: [custId],
    });
  }

  async shardOwners(): Promise<readonly (string | null)[]> {
    const { rows } = await this.#database.execute({
      sql: 'SELECT owner FROM sync_shard ORDER BY shard',
      bindings: [],
    });
    return rows.map((row) => (row['owner'] === null ? null : String(row['owner'])));
  }

  async supersededBefore(
    before: string,
    page: { readonly after: SupersededPlace | null; readonly scan: number },
  ): Promise<SupersededPart> {
    return readSupersededBefore(this.#database, before, page);
  }

  async forgetSuperseded(entries: readonly Attempt[]): Promise<number> {
    return forgetSuperseded(this.#database, entries);
  }

  async currentBefore(
    before: string,
    page: { readonly after: RowKey | null; readonly scan: number },
  ): Promise<JournalPart> {
    return readCurrentBefore(this.#database, before, page);
  }

  async forget(current: readonly Attempt[]): Promise<number> {
    return forgetRows(this.#database, current);
  }
}
