import { shardOf, type RowKey } from '../../domain/keys.js';
import { recordsOfLost, repair, requestOfLost, type LostRow, type Repaired } from '../../domain/repair.js';
import type { Changes } from '../../domain/working-set.js';
import type { RepairTransaction } from '../../store/admin-port.js';
import { AlreadyDecidedError } from '../../store/port.js';
import type { Databases } from '../databases.js';
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
  readonly rows: readonly LostRow[];
  readonly changes: Changes;
}

/** A customer whose records are replaced. */
export interface ReplacedCustomer {
  readonly custId: string;
  /** When a row of the customer was decided last, as it was read; ISO 8601; null: never. */
  readonly newest: string | null;
  /** Rows in State 3 that are to take effect as well. */
  readonly takenBack: readonly RowKey[];
  /** What to write where these of them were put back to State 0; null: nothing. */
  readonly recordsWith: (putBack: readonly RowKey[]) => ReplacedRecords | null;
}

const rowsAtOnce = 500;

/** Writes lost rows to the product store; with a dry run it does everything else. */
export class LostRowWriter {
  readonly #databases: Databases;
  readonly #settings: WriterSettings;

  constructor(databases: Databases, settings: WriterSettings) {
    this.#databases = databases;
    this.#settings = settings;
  }

  /** Applies rows to what the store holds. Null: all of their customers were decided on meanwhile. */
  async append(
    part: LostPart,
  ): Promise<{ readonly moved: readonly string[]; readonly repaired: Repaired } | null> {
    const custIds = custIdsOf(part.rows);
    return this.#transaction(custIds, async (transaction) => {
      const moved = await this.#moved(transaction, custIds, part.newest);
      const rows = part.rows.filter(({ row }) => !moved.has(row.custId ?? nobody));
      const repaired = await this.#repair(transaction, rows);
      await this.#write(transaction, repaired);
      return { moved: [...moved], repaired };
    });
  }

  /**
   * Writes records as they are given. Null: the customer was decided on meanwhile.
   *
   * Refused rows are put back to State 0 under the lock of the lease: a worker that claims one waits with its decision, and
   * finds the entry. Where the transaction fails afterwards, a worker decides the row as after any requeue.
   */
  async replace({
    custId,
    newest,
    takenBack,
    recordsWith,
  }: ReplacedCustomer): Promise<ReplacedRecords | null> {
    return this.#transaction([custId], async (transaction) => {
      const moved = await this.#moved(transaction, [custId], new Map([[custId, newest]]));
      const records = moved.size > 0 ? null : recordsWith(await this.#putBack(takenBack));
      if (records === null) return null;
      const { rows, changes } = records;
      const entries = await transaction.journal(attemptsOf(rows));
      await this.#write(transaction, { ...recordsOfLost(rows, entries), changes });
      return records;
    });
  }

  /** Puts rows in State 3 back to State 0; returns those that were. */
  async #putBack(rows: readonly RowKey[]): Promise<readonly RowKey[]> {
    if (this.#settings.dryRun) return rows;
    const putBack: RowKey[] = [];
    for (let index = 0; index < rows.length; index += rowsAtOnce)
      putBack.push(...(await this.#databases.middle.requeue(rows.slice(index, index + rowsAtOnce))));
    return putBack;
  }

  async #transaction<T>(
    custIds: readonly string[],
    work: (transaction: RepairTransaction) => Promise<T>,
  ): Promise<T | null> {
    const shards = [...new Set(custIds.map((custId) => shardOf(custId, this.#settings.shards)))];
    try {
      return await this.#databases.store.repairs.transaction(shards, work);
    } catch (error) {
      if (error instanceof AlreadyDecidedError) return null;
      throw error;
    }
  }

  async #moved(
    transaction: RepairTransaction,
    custIds: readonly string[],
    newest: ReadonlyMap<string, string | null>,
  ): Promise<ReadonlySet<string>> {
    const { productIds, productId, dryRun } = this.#settings;
    // Nothing was written before this part, so a customer that comes in several parts is as it was read.
    if (dryRun) return new Set();
    const now = await transaction.newestDecisions({
      productIds: productId === null ? productIds : [productId],
      custIds,
    });
    return new Set(custIds.filter((custId) => (now.get(custId) ?? null) !== newest.get(custId)));
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
