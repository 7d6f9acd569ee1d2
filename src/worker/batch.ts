import type { RowToDecide } from '../domain/decide-batch.js';
import { groupByKey, rowId, shardOf } from '../domain/keys.js';
import { repeatedStreamingNo, tooManyAttributes } from '../domain/operation.js';
import type { Cell, InterfaceRow, PolledRow } from '../domain/rows.js';
import { State } from '../domain/states.js';
import type { ClaimRequest } from '../middle/port.js';
import type { Lease } from '../store/port.js';

/** A claimed row that is to be decided. */
export interface BatchRow extends RowToDecide {
  /** Whether the process that claimed it ended in the middle: it is tried alone. */
  readonly takenOver: boolean;
  /** Its attribute rows stay as they are: there are too many of them. */
  readonly attributesStay?: true;
  /** Other StateDates under which rows with this key were claimed; they get the same answer. */
  readonly duplicates: readonly string[];
}

/** Claimed rows of customers that are in no other batch, in order, with the leases they rely on. */
export interface Batch {
  readonly rows: readonly BatchRow[];
  /** As held when the rows were polled. */
  readonly leases: readonly Lease[];
  /** The middle database's clock at the poll. */
  readonly now: string;
}

/** Claimed rows, and how many go back to the next poll. */
export interface Accepted {
  readonly rows: readonly BatchRow[];
  readonly changedSinceClaim: number;
}

/**
 * Compares rows as read after the claim with what was polled. State 1 is ours, also where our claim did not change the
 * row: a claim whose answer was lost may have landed. A row that is not in State 1, or whose CustID, or StateDate for
 * a row taken over, is not the one polled, goes back to the next poll, with the later rows of its customer.
 */
export function acceptClaimed(
  requests: readonly ClaimRequest[],
  rows: readonly InterfaceRow[],
  { takenOver, maxAttributes }: { readonly takenOver: ReadonlySet<string>; readonly maxAttributes: number },
): Accepted {
  const found = groupByKey(rows);
  const changedSinceClaim = new Set<Cell>();
  const accepted: BatchRow[] = [];
  for (const { row: polled } of requests) {
    if (changedSinceClaim.has(polled.custId)) continue;
    const present = found.get(rowId(polled)) ?? [];
    const isTakenOver = takenOver.has(rowId(polled));
    const batchRow =
      present.length > 1
        ? refusedDuplicates(polled, present, isTakenOver)
        : asPolled(polled, present[0], isTakenOver);
    if (batchRow === null) changedSinceClaim.add(polled.custId);
    else accepted.push(withinAttributes(batchRow, polled, maxAttributes));
  }
  return { rows: accepted, changedSinceClaim: requests.length - accepted.length };
}

const none: readonly string[] = [];

function asPolled(polled: PolledRow, row: InterfaceRow | undefined, takenOver: boolean): BatchRow | null {
  if (row?.state !== State.Processing || row.stateDate === null || row.custId !== polled.custId) return null;
  const wasClaimed = polled.state === State.Processing && polled.stateDate !== null;
  if (wasClaimed && row.stateDate !== polled.stateDate) return null;
  return {
    source: row.source,
    streamingNo: row.streamingNo,
    attempt: row.stateDate,
    row,
    takenOver,
    duplicates: none,
  };
}

/** A row with more attribute rows than there may be is refused, and they are neither kept in memory nor changed. */
function withinAttributes(batchRow: BatchRow, polled: PolledRow, maxAttributes: number): BatchRow {
  const { row, source, streamingNo } = batchRow;
  if (Math.max(polled.attributes, row.attributes.length) <= maxAttributes) return batchRow;
  const refusal = batchRow.refusal ?? tooManyAttributes({ source, streamingNo }, maxAttributes);
  return { ...batchRow, row: { ...row, attributes: [] }, refusal, attributesStay: true };
}

/** Several rows with one StreamingNo cannot be distinguished by their key, so none is applied. */
function refusedDuplicates(
  polled: PolledRow,
  rows: readonly InterfaceRow[],
  takenOver: boolean,
): BatchRow | null {
  const open = rows.filter((row) => row.state === State.Processing && row.stateDate !== null);
  const attempts = [...new Set(open.map((row) => row.stateDate ?? ''))].sort().reverse();
  const row = open.find(({ custId }) => custId === polled.custId);
  const attempt = attempts[0];
  if (row === undefined || attempt === undefined) return null;
  const { source, streamingNo } = row;
  return {
    source,
    streamingNo,
    attempt,
    row,
    refusal: repeatedStreamingNo(streamingNo, rows.length),
    takenOver,
    duplicates: attempts.slice(1),
  };
}

/** Parts a batch by shard into at most `lanes` batches: no customer, and no lease, is in two of them. */
export function partByLane(batch: Batch, shards: number, lanes: number): ReadonlyMap<number, Batch> {
  const leaseOf = new Map(batch.leases.map((lease) => [lease.shard, lease]));
  const parts = new Map<number, { rows: BatchRow[]; leases: Map<number, Lease>; now: string }>();
  for (const row of batch.rows) {
    const shard = shardOf(row.row.custId, shards);
    const lease = leaseOf.get(shard);
    if (lease === undefined)
      throw new Error(`row ${rowId(row)} was polled without the lease of shard ${shard}`);
    const lane = shard % lanes;
    const part = parts.get(lane) ?? { rows: [], leases: new Map<number, Lease>(), now: batch.now };
    parts.set(lane, part);
    part.rows.push(row);
    part.leases.set(shard, lease);
  }
  return new Map(
    [...parts].map(([lane, { rows, leases, now }]) => {
      return [lane, { rows, now, leases: [...leases.values()].sort((a, b) => a.shard - b.shard) }];
    }),
  );
}

/** Parts a batch by customer: those with a row taken over are to be tried alone. */
export function partByTakeover(batch: Batch): { readonly normal: Batch; readonly takenOverRows: Batch } {
  const tried = new Set(batch.rows.filter(({ takenOver }) => takenOver).map(({ row }) => row.custId));
  return {
    normal: { ...batch, rows: batch.rows.filter(({ row }) => !tried.has(row.custId)) },
    takenOverRows: { ...batch, rows: batch.rows.filter(({ row }) => tried.has(row.custId)) },
  };
}

/**
 * Polled rows up to those whose attribute rows together are more than a batch may hold, which bounds its memory; at least
 * one. The others come with the next batch.
 */
export function withinAttributeLimit(
  rows: readonly PolledRow[],
  maxAttributes: number,
): readonly PolledRow[] {
  let attributes = 0;
  const end = rows.findIndex((row, index) => {
    attributes += Math.min(row.attributes, maxAttributes);
    return index > 0 && attributes > Math.max(attributesPerBatch, maxAttributes);
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/** About ten megabytes of the process. */
const attributesPerBatch = 50_000;

/** The leases that some rows of a batch rely on. */
export function leasesOf(
  rows: readonly BatchRow[],
  leases: readonly Lease[],
  shards: number,
): readonly Lease[] {
  const relied = new Set(rows.map(({ row }) => shardOf(row.custId, shards)));
  return leases.filter(({ shard }) => relied.has(shard));
}
