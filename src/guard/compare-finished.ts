import { isCanonicalNumber, rowId, shardOf } from '../domain/keys.js';
import { type FinishedRow, type UnknownRows, plus, clockToleranceMs, unknownRows } from '../domain/loss.js';
import type { LatestFinished } from '../middle/port.js';
import type { HeldShards, LossEvidence, LossLookup } from '../store/guard-port.js';
import { originLookup } from './origin.js';
import { scanRows } from './scan.js';

/*
 * Comparing the rows that were finished last with the journal, before a worker decides rows of shards that another one
 * held, and in `doctor`. The middle database is read first: a row stands in State 2 only after its journal entry was
 * committed. At most eight statements, whatever the tables hold.
 */

/** The most finished rows that are looked up in the journal. */
const comparedRows = 1000;
const namedExamples = 10;

/** Whose rows to compare. */
export interface ComparisonScope {
  /** How many shards there are. */
  readonly shards: number;
  readonly of: readonly number[] | 'all';
}

/** The most rows in State 1 that are looked at; with more of them no shard counts as settled. */
const claimedRows = 1000;

/**
 * The shards that have no row in State 1 that was claimed until then and whose attempt the journal does not know: the late
 * mark of a decision that is lost can land in no other. A row that waits for its mark, however long, is known. To be read
 * before the finished rows.
 */
export async function settledShards(
  { middle, store }: { readonly middle: LatestFinished; readonly store: LossLookup },
  { shards, of }: { readonly shards: number; readonly of: readonly number[] },
  until: string,
): Promise<ReadonlySet<number>> {
  const request = { shards: { count: shards, of: of.length === shards ? ('all' as const) : of } };
  const rows = await middle.claimedUntil({ ...request, until, limit: claimedRows });
  if (rows.length === claimedRows) return new Set();
  const journal = await store.outcomes(rows.filter(({ streamingNo }) => isCanonicalNumber(streamingNo)));
  const unknown = rows.filter(
    (row) => row.stateDate === null || journal.get(rowId(row))?.attempt !== row.stateDate,
  );
  const busy = new Set(unknown.map(({ custId }) => shardOf(custId, shards)));
  return new Set(of.filter((shard) => !busy.has(shard)));
}

/** Finished rows that the journal does not know as applied. */
export async function compareFinished(
  { middle, store }: { readonly middle: LatestFinished; readonly store: LossLookup },
  { shards, of }: ComparisonScope,
): Promise<UnknownRows> {
  const originOf = originLookup(await store.origins());
  const now = await middle.now();
  const heldUntil = inMiddleTime(await store.heldShards(of), now);
  const rows = await middle.latestFinished({
    shards: { count: shards, of },
    after: oldestOf(heldUntil),
    scan: scanRows,
    limit: comparedRows,
  });
  const journal = await store.outcomes(rows);
  return unknownRows(rows, { shards, journal, heldUntil, originOf, now });
}

/** The evidence that rows are lost. */
export function evidenceOf(lost: readonly FinishedRow[]): LossEvidence {
  const examples = lost.slice(0, namedExamples).map(({ source, streamingNo, custId, stateDate }) => {
    return { source, streamingNo, custId, stateDate };
  });
  return { kind: 'finishedRows', rows: lost.length, examples };
}

/**
 * The store's times by the middle database's clock, by the difference of the two at this moment. A time that is still to
 * come proves nothing: the store's clock was set back.
 */
function inMiddleTime({ now, heldUntil }: HeldShards, middleNow: string): Map<number, string | null> {
  return new Map(
    [...heldUntil].map(([shard, until]) => {
      const agoMs = until === null ? -1 : Date.parse(now) - Date.parse(until);
      return [shard, agoMs < 0 ? null : plus(middleNow, -agoMs)];
    }),
  );
}

/** Rows finished before this are of no interest in any shard; null: all are. */
function oldestOf(heldUntil: ReadonlyMap<number, string | null>): string | null {
  const all = [...heldUntil.values()];
  if (all.length === 0 || all.includes(null)) return null;
  const oldest = all.map(String).reduce((a, b) => (a < b ? a : b));
  return plus(oldest, -2 * clockToleranceMs);
}
