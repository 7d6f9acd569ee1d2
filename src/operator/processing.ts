import { compareNumbers, shardOf, tableOf } from '../domain/keys.js';
import type { FullRow, BoundedQueries } from '../middle/admin-port.js';
import type { StoreAdmin, StoreRecords } from '../store/admin-port.js';
import type { RowInProcessing } from './operator-service.js';

/** What rows in flight are read from. */
export interface ProcessingSources {
  readonly search: BoundedQueries;
  readonly store: StoreAdmin;
  readonly records: StoreRecords;
}

/** Rows in State 1, oldest first (without a StateDate: before all others), with the worker that holds their shard. */
export async function processing(
  { search, store, records }: ProcessingSources,
  limit: number,
): Promise<readonly RowInProcessing[]> {
  const rows = [...(await search.processing(limit))].sort(oldestFirst).slice(0, limit);
  if (rows.length === 0) return [];
  const owners = await records.shardOwners();
  const hosts = new Map((await store.workers()).map(({ workerId, host }) => [workerId, host]));
  return rows.map((row) => {
    const shard = owners.length === 0 ? 0 : shardOf(row.custId, owners.length);
    const holder = owners[shard] ?? null;
    return {
      table: tableOf[row.source],
      streamingNo: row.streamingNo,
      opFlag: row.opFlag,
      productId: row.productId,
      custId: row.custId,
      userId: row.userId,
      stateDate: row.stateDate,
      ageSeconds: row.ageSeconds,
      shard,
      holder,
      host: holder === null ? null : (hosts.get(holder) ?? null),
    };
  });
}

function oldestFirst(a: FullRow, b: FullRow): number {
  const [dateA, dateB] = [a.stateDate ?? '', b.stateDate ?? ''];
  if (dateA !== dateB) return dateA < dateB ? -1 : 1;
  return compareNumbers(a.streamingNo, b.streamingNo);
}
