import { compareNumbers, shardOf } from '../domain/keys.js';
import type { FullRow } from '../middle/admin-port.js';
import type { RowInProcessing } from './contract/rows.js';
import type { Databases } from './databases.js';
import { named } from './named.js';

/** Rows in State 1, oldest first (without a StateDate: before all others), with the worker that holds their shard. */
export async function processing(
  { middle, store }: Databases,
  limit: number,
): Promise<readonly RowInProcessing[]> {
  const rows = [...(await middle.queries.processing(limit))].sort(oldestFirst).slice(0, limit);
  if (rows.length === 0) return [];
  const owners = await store.records.shardOwners();
  const hosts = new Map((await store.workers()).map(({ workerId, host }) => [workerId, host]));
  return rows.map((row) => {
    const shard = owners.length === 0 ? 0 : shardOf(row.custId, owners.length);
    const holder = owners[shard] ?? null;
    const { source, streamingNo, opFlag, productId, custId, userId, stateDate, ageSeconds } = row;
    const host = holder === null ? null : (hosts.get(holder) ?? null);
    return {
      ...named({ source, streamingNo, opFlag, productId, custId, userId, stateDate, ageSeconds }),
      ...{ shard, holder, host },
    };
  });
}

function oldestFirst(a: FullRow, b: FullRow): number {
  const [dateA, dateB] = [a.stateDate ?? '', b.stateDate ?? ''];
  if (dateA !== dateB) return dateA < dateB ? -1 : 1;
  return compareNumbers(a.streamingNo, b.streamingNo);
}
