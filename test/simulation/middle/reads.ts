import { compareRows, shardOf, sources, type Source } from '../../../src/domain/keys.js';
import type { PolledRow } from '../../../src/domain/rows.js';
import { State } from '../../../src/domain/states.js';
import { createdAheadOf } from '../../../src/middle/irregular.js';
import {
  scanLimit,
  type ClaimedRequest,
  type CreatedAhead,
  type LatestFinishedRequest,
} from '../../../src/middle/port.js';
import { cell, type DriverRow } from '../../../src/middle/rows.js';
import { attemptOf, dateText, timeOf } from './dates.js';
import { isOurs, type MiddleScope } from './scope.js';
import type { StoredAttribute, StoredRow } from './stored-rows.js';

/* What statements return that change nothing: rows as a driver returns them. */

/** A row of a poll. */
export function polledRowOf(row: StoredRow, attributes: number): PolledRow {
  return {
    source: row.source,
    streamingNo: String(row.streamingNo),
    custId: cell(row.custId),
    productId: cell(row.productId),
    bizId: cell(row.bizId),
    userId: row.source === 'ACCOUNT' ? cell(row.userId) : null,
    opFlag: cell(row.opFlag),
    createDate: row.createDate,
    state: Number(row.state),
    stateDate: attemptOf(row.stateDate),
    attributes,
  };
}

/** A row with all columns that a claim reads. */
export function driverRow(row: StoredRow): DriverRow {
  return {
    StreamingNo: row.streamingNo,
    ProductID: row.productId,
    BizID: row.bizId,
    AreaCode: row.areaCode,
    CustID: row.custId,
    OPFlag: row.opFlag,
    ...(row.source === 'CUST'
      ? { CustAccount: row.custAccount, CustName: row.custName }
      : { UserID: row.userId, AccType: row.accType, AccName: row.accName }),
    CreateDate: row.createDate,
    State: row.state,
    StateDate: attemptOf(row.stateDate),
  };
}

/** An attribute row of a row. */
export function attributeDriverRow({
  streamingNo,
  attrId,
  attrSpecId,
  attrValue,
}: StoredAttribute): DriverRow {
  return { StreamingNo: streamingNo, AttrID: attrId, AttrSpecID: attrSpecId, AttrValue: attrValue };
}

/** How many attribute rows each row of a page has; not counted where all together have no more than one may have. */
export function attributeCounts(
  page: readonly StoredRow[],
  attributesOf: (id: string) => readonly StoredAttribute[],
  maxAttributes: number,
): readonly number[] {
  const counts = page.map((row) => Math.min(attributesOf(row.id).length, maxAttributes + 1));
  const together = counts.reduce((sum, count) => sum + count, 0);
  return together > maxAttributes ? counts : counts.map(() => 0);
}

/** What a read of rows needs to know. */
interface ReadContext {
  readonly source: Source;
  readonly scope: MiddleScope;
}

/** The rows of a table that were finished last, among those created last. */
export function latestFinishedOf(
  rows: readonly StoredRow[],
  { shards, after, scan, limit }: LatestFinishedRequest,
  { source, createDate, scope }: ReadContext & { readonly createDate: 'missing' | 'present' },
): readonly DriverRow[] {
  const finished = rows.filter(
    (row) =>
      row.source === source &&
      row.state === State.Succeeded &&
      (row.createDate === null) === (createDate === 'missing'),
  );
  const afterMs = after === null ? -Infinity : timeOf(after) + 1000;
  return finished
    .sort(newestFirst)
    .slice(0, scan)
    .filter((row) => row.streamingNo !== null && attemptOf(row.stateDate) !== null)
    .filter((row) => timeOf(row.stateDate ?? '') >= afterMs && isOurs(scope, row) && isOfShards(row, shards))
    .sort((a, b) => timeOf(b.stateDate ?? '') - timeOf(a.stateDate ?? ''))
    .slice(0, limit)
    .map(driverRow);
}

/** The rows of a table in State 1 that were claimed until a time, or have no StateDate. */
export function claimedUntilOf(
  rows: readonly StoredRow[],
  { shards, until, limit }: ClaimedRequest,
  { source, scope }: ReadContext,
): readonly DriverRow[] {
  const untilMs = timeOf(until) + 1000;
  const isAsked = (row: StoredRow) =>
    row.source === source &&
    row.state === State.Processing &&
    row.streamingNo !== null &&
    (row.stateDate === null || timeOf(row.stateDate) < untilMs);
  return rows
    .filter((row) => isAsked(row) && isOurs(scope, row) && isOfShards(row, shards))
    .slice(0, limit)
    .map(driverRow);
}

/** Pending rows that are ahead of the clock. */
export function createdAhead(rows: readonly StoredRow[], scope: MiddleScope, nowMs: number): CreatedAhead {
  const now = dateText(nowMs);
  return createdAheadOf(
    sources.map((source) => {
      const dates = rows
        .filter((row) => row.source === source && row.state === State.Initial && isOurs(scope, row))
        .map((row) => row.createDate ?? '')
        .filter((date) => date > now)
        .sort()
        .slice(-scanLimit);
      const newest = dates.at(-1);
      return newest === undefined
        ? { number: 0, ahead: null, newest: null }
        : { number: dates.length, ahead: (timeOf(newest) - nowMs) / 1000, newest };
    }),
  );
}

/** Latest CreateDate first, of one CreateDate the greatest number. */
function newestFirst(a: StoredRow, b: StoredRow): number {
  return compareRows(orderOf(b), orderOf(a));
}

function orderOf(row: StoredRow) {
  return { ...row, streamingNo: row.streamingNo ?? '' };
}

function isOfShards({ custId }: StoredRow, { count, of }: LatestFinishedRequest['shards']): boolean {
  return of === 'all' || of.includes(shardOf(custId, count));
}
