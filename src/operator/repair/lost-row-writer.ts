import { shardOf } from '../../domain/keys.js';
import { recordsOfLost, repair, requestOfLost, type LostRow, type Repaired } from '../../domain/repair.js';
import type { Changes } from '../../domain/working-set.js';
import type { RepairTransaction, StoreAdmin } from '../../store/admin-port.js';
import { AlreadyDecidedError } from '../../store/port.js';
import type { OperatorSettings } from '../requests.js';
import { nobody } from '../verify/staging.js';
import { custIdsOf, type LostPart } from './lost-customers.js';

/*
 * Looking and writing are one step: each transaction locks the leases of its shards, and writes nothing of customers of
 * whom a row was decided since they were read.
 */

/** How lost rows are written. */
export interface WriterSettings extends Pick<OperatorSettings, 'productIds' | 'rules' | 'shards'> {
  /** Only this product; null: all. */
  readonly productId: string | null;
  readonly dryRun: boolean;
  /** The worker of the journal's entries. */
  readonly by: string;
}

/** Lost rows of one customer, and what its records are to be with them. */
export interface ReplacedRecords {
  readonly custId: string;
  readonly rows: readonly LostRow[];
  readonly changes: Changes;
  /** When a row of the customer was decided last, as it was read; ISO 8601; null: never. */
  readonly newest: string | null;
}

/** Writes lost rows to the product store; with a dry run it does everything else. */
export class LostRowWriter {
  readonly #store: StoreAdmin;
  readonly #settings: WriterSettings;

  constructor(store: StoreAdmin, settings: WriterSettings) {
    this.#store = store;
    this.#settings = settings;
  }

  /** Applies rows to what the store holds. Null: all of their customers were decided on meanwhile. */
  async append(
    part: LostPart,
  ): Promise<{ readonly moved: readonly string[]; readonly repaired: Repaired } | null> {
    return this.#transaction(part.rows, async (transaction) => {
      const moved = await this.#moved(transaction, part);
      const rows = part.rows.filter(({ row }) => !moved.has(row.custId ?? nobody));
      const repaired = await this.#repair(transaction, rows);
      await this.#write(transaction, repaired);
      return { moved: [...moved], repaired };
    });
  }

  /** Writes records as they are given. False: the customer was decided on meanwhile. */
  async replace({ custId, rows, changes, newest }: ReplacedRecords): Promise<boolean> {
    const written = await this.#transaction(rows, async (transaction) => {
      const moved = await this.#moved(transaction, { rows, newest: new Map([[custId, newest]]) });
      if (moved.size > 0) return false;
      const entries = await transaction.journal(attemptsOf(rows));
      await this.#write(transaction, { ...recordsOfLost(rows, entries), changes });
      return true;
    });
    return written ?? false;
  }

  async #transaction<T>(
    rows: readonly LostRow[],
    work: (transaction: RepairTransaction) => Promise<T>,
  ): Promise<T | null> {
    const shards = [...new Set(rows.map(({ row }) => shardOf(row.custId, this.#settings.shards)))];
    try {
      return await this.#store.repairs.transaction(shards, work);
    } catch (error) {
      if (error instanceof AlreadyDecidedError) return null;
      throw error;
    }
  }

  async #moved(transaction: RepairTransaction, { rows, newest }: LostPart): Promise<ReadonlySet<string>> {
    const { productIds, productId, dryRun } = this.#settings;
    // Nothing was written before this part, so a customer that comes in several parts is as it was read.
    if (dryRun) return new Set();
    const now = await transaction.newestDecisions({
      productIds: productId === null ? productIds : [productId],
      custIds: custIdsOf(rows),
    });
    return new Set(custIdsOf(rows).filter((custId) => (now.get(custId) ?? null) !== newest.get(custId)));
  }

  async #repair(transaction: RepairTransaction, rows: readonly LostRow[]): Promise<Repaired> {
    const { attributes } = this.#settings.rules;
    const request = requestOfLost(rows, attributes);
    const entries = await transaction.journal(attemptsOf(rows));
    const snapshot = await transaction.snapshot(request);
    return repair(rows, { request, snapshot, entries, attributes });
  }

  async #write(
    transaction: RepairTransaction,
    { changes, records, superseding }: Pick<Repaired, 'changes' | 'records' | 'superseding'>,
  ): Promise<void> {
    if (this.#settings.dryRun) return;
    await transaction.write(changes);
    await transaction.record(records, superseding, this.#settings.by);
  }
}

function attemptsOf(rows: readonly LostRow[]) {
  return rows.map(({ source, streamingNo, stateDate }) => ({ source, streamingNo, attempt: stateDate }));
}
