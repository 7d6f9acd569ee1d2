import { shardOf, type Source } from '../../src/domain/keys.js';
import type { StandingRow } from './databases.js';
import { type PostgresAccess, queryOn } from './postgres-database.js';

/** An entry of a store's journal. */
interface Decision {
  readonly source: Source;
  readonly streamingNo: string;
  readonly attempt: string;
  readonly custId: string;
  readonly worker: string;
  readonly decidedAt: string;
}

/** The journal and the leases of a store. */
export interface StoreRecords {
  readonly decisions: readonly Decision[];
  /** The owner of each shard. */
  readonly owners: ReadonlyMap<number, string | null>;
}

/** Reads the journal and the leases of a store on PostgreSQL. */
export async function readStoreRecords(access: PostgresAccess): Promise<StoreRecords> {
  const decisions = await queryOn<Decision & Record<string, unknown>>(
    access,
    `SELECT source, streaming_no::text AS "streamingNo", attempt, cust_id::text AS "custId", worker,
            decided_at::text AS "decidedAt" FROM sync_journal`,
  );
  const shards = await queryOn<{ shard: number; owner: string | null }>(
    access,
    'SELECT shard, owner FROM sync_shard',
  );
  return { decisions, owners: new Map(shards.map(({ shard, owner }) => [shard, owner])) };
}

/** The effect of a fail-over that lost commits, as counts of rows. */
export interface StoreLoss {
  /** Decisions committed on the old primary, confirmed or not, that the promoted standby does not have, by worker. */
  readonly lost: ReadonlyMap<string, number>;
  /** Finished rows of which the promoted store has no journal entry. */
  readonly unknownFinished: number;
  /** Rows decided on the promoted store by workers that have lost decisions. */
  readonly decidedByLosers: number;
  /** Rows decided on it by a worker that did not own their shard on the old primary. */
  readonly decidedAfterTakeover: number;
  /** Rows decided on it by a worker that owned their shard before and has lost nothing. */
  readonly decidedByOthers: number;
  /** Valid rows in State 3. */
  readonly falseRefusals: number;
  /** Invalid rows in State 2. */
  readonly falseSuccesses: number;
}

/** Both stores and the rows, read when no worker runs any more. */
export interface Aftermath {
  readonly oldPrimary: StoreRecords;
  readonly promoted: StoreRecords;
  /** Rows of the middle database by `table:StreamingNo`. */
  readonly rows: ReadonlyMap<string, StandingRow>;
  /** Whether each of them is valid. */
  readonly validity: ReadonlyMap<string, boolean>;
}

/** Compares the two stores and the rows. */
export function lossOf({ oldPrimary, promoted, rows, validity }: Aftermath): StoreLoss {
  const before = new Set(oldPrimary.decisions.map(identityOf));
  const after = new Set(promoted.decisions.map(identityOf));
  const known = new Set(promoted.decisions.map(rowOf));
  const lost = countBy(
    oldPrimary.decisions.filter((each) => !after.has(identityOf(each))),
    ({ worker }) => worker,
  );
  const decided = promoted.decisions.filter((each) => !before.has(identityOf(each)));
  const tookOver = ({ custId, worker }: Decision): boolean =>
    oldPrimary.owners.get(shardOf(custId, oldPrimary.owners.size)) !== worker;
  const others = decided.filter(({ worker }) => !lost.has(worker));
  const finished = [...rows].filter(([, { state }]) => state >= 2);
  return {
    lost,
    unknownFinished: finished.filter(([key]) => !known.has(key)).length,
    decidedByLosers: decided.length - others.length,
    decidedAfterTakeover: decided.filter(tookOver).length,
    decidedByOthers: others.filter((each) => !tookOver(each)).length,
    falseRefusals: finished.filter(([key, { state }]) => state === 3 && validity.get(key) === true).length,
    falseSuccesses: finished.filter(([key, { state }]) => state === 2 && validity.get(key) === false).length,
  };
}

function rowOf({ source, streamingNo }: Decision): string {
  return `${source}:${streamingNo}`;
}

/** The same attempt can be decided twice, once on each store. */
function identityOf(decision: Decision): string {
  const { attempt, worker, decidedAt } = decision;
  return [rowOf(decision), attempt, worker, decidedAt].join(' ');
}

function countBy<T>(things: readonly T[], keyOf: (thing: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const thing of things) counts.set(keyOf(thing), (counts.get(keyOf(thing)) ?? 0) + 1);
  return counts;
}
