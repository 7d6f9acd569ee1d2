import { rowDigest } from '../../domain/digest.js';
import { groupByKey, rowId } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import type { Databases } from '../databases.js';
import type { RefusedEntry, StagingDatabase } from '../verify/staging.js';
import type { MarkedRow, RowRefusedSince } from './place-lost.js';

/** Codes of refusals that depend on what the store holds: what is missing or too much there. */
const dependentCodes = ['00402', '00404', '00405', '00406'];
const rowsAtOnce = 500;

/** Refusals since a lost row, or in the second of its mark, that may be due to the loss. */
export function refusedSince(
  stage: StagingDatabase,
  custId: string,
  { lost, since }: { readonly lost: MarkedRow; readonly since: string | null },
): readonly RefusedEntry[] {
  return stage
    .refused(custId, dependentCodes)
    .filter(({ attempt, decidedAt }) => attempt >= lost.stateDate || (since !== null && decidedAt >= since));
}

/** The rows of such refusals that still stand there as they were refused, by `rowId`. */
export async function readRefused(
  middle: Databases['middle'],
  entries: readonly RefusedEntry[],
): Promise<ReadonlyMap<string, RowRefusedSince>> {
  const found = new Map<string, RowRefusedSince>();
  for (let index = 0; index < entries.length; index += rowsAtOnce) {
    const some = entries.slice(index, index + rowsAtOnce);
    const rows = groupByKey(await middle.find(some));
    for (const { source, streamingNo, attempt, digest, decidedAt } of some) {
      const [row, ...others] = rows.get(rowId({ source, streamingNo })) ?? [];
      if (row?.state !== State.Failed || others.length > 0 || rowDigest(row) !== digest) continue;
      found.set(rowId(row), { source, streamingNo, attempt, decidedAt, row });
    }
  }
  return found;
}
