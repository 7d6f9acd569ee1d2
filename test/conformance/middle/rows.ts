import { compareNumbers, compareRows, rowId, type RowKey, type Source } from '../../../src/domain/keys.js';
import type { Cell, InterfaceRow, PolledRow } from '../../../src/domain/rows.js';
import { State } from '../../../src/domain/states.js';
import type { ClaimRequest, MiddleDatabase, PolledBatch, PollRequest } from '../../../src/middle/port.js';
import { nothingPaused } from '../../../src/middle/port.js';

/** Columns of a main table; null is NULL. */
export interface PlantedColumns {
  readonly productId?: Cell;
  readonly bizId?: Cell;
  readonly areaCode?: Cell;
  readonly custId?: Cell;
  readonly custAccount?: Cell;
  readonly custName?: Cell;
  readonly userId?: Cell;
  readonly accType?: Cell;
  readonly accName?: Cell;
  readonly opFlag?: Cell;
  readonly createDate?: Cell;
  readonly state?: number | null;
  readonly stateDate?: Cell;
  readonly errContent?: Cell;
  readonly remark?: Cell;
}

/** An attribute row; its State and StateDate are planted as its row's unless they are given. */
export interface PlantedAttribute {
  readonly attrId: string;
  readonly attrSpecId?: Cell;
  readonly attrValue?: Cell;
  readonly state?: number | null;
  readonly stateDate?: Cell;
}

/** A row to plant with its attributes; columns left out are NULL. */
export interface PlantedRow extends PlantedColumns {
  readonly source: Source;
  readonly streamingNo: string | null;
  readonly attributes?: readonly PlantedAttribute[];
}

/** A row as it stands, with every column of its table. */
export type StandingRow = {
  readonly [Column in keyof PlantedColumns]-?: NonNullable<PlantedColumns[Column]> | null;
} & {
  readonly source: Source;
  readonly streamingNo: string | null;
  readonly attributes: readonly Required<PlantedAttribute>[];
};

/** A moment long ago, when rows are created unless a test says otherwise. */
export const longAgo = '2026-01-02 03:04:05';

const usual = {
  productId: '42',
  bizId: 'BIZ1',
  custId: '1000',
  createDate: longAgo,
  state: State.Initial,
} as const;

/** A row of IF_BNET_CUST: an open of customer 1000. */
export function cust(streamingNo: string | null, columns: Partial<PlantedRow> = {}): PlantedRow {
  const own = { custAccount: 'account', custName: '某某公司', opFlag: '0101' };
  return { ...usual, ...own, ...columns, source: 'CUST', streamingNo };
}

/** A row of IF_BNET_ACCOUNT: a bind of user U1 of customer 1000. */
export function account(streamingNo: string | null, columns: Partial<PlantedRow> = {}): PlantedRow {
  const own = { userId: 'U1', accType: '2', accName: '张三', opFlag: '0201' };
  return { ...usual, ...own, ...columns, source: 'ACCOUNT', streamingNo };
}

/** A moment so many seconds after another, both `YYYY-MM-DD HH:MM:SS`. */
export function later(moment: string, seconds: number): string {
  const shifted = Date.parse(`${moment.replace(' ', 'T')}Z`) + seconds * 1000;
  return new Date(shifted).toISOString().slice(0, 19).replace('T', ' ');
}

/** A poll that leaves nothing out, but for what a test says. */
export function everything(request: Partial<PollRequest> = {}): PollRequest {
  return {
    limit: 10_000,
    settleMs: 0,
    shards: { count: 8, held: 'all' },
    excluded: [],
    waits: [],
    paused: nothingPaused,
    ...request,
  };
}

/** `IF_BNET_CUST:1` of every row. */
export function ids(rows: readonly (RowKey | PlantedRow)[]): string[] {
  return rows.map(({ source, streamingNo }) => rowId({ source, streamingNo: String(streamingNo) }));
}

/** `IF_BNET_CUST:1` of every row of a page. */
export function idsOf(page: PolledBatch): string[] {
  return ids(page.rows);
}

/** `IF_BNET_CUST:1` of every row, in the order in which rows take effect. */
export function idsInOrder(rows: readonly PlantedRow[]): string[] {
  return ids(
    rows
      .map(({ source, streamingNo, createDate }) => ({
        source,
        streamingNo: String(streamingNo),
        createDate: createDate ?? null,
      }))
      .sort(compareRows),
  );
}

/** Polls everything, and asks to claim it. */
export async function claimAll(middle: MiddleDatabase, attempts: Readonly<Record<string, string>> = {}) {
  const { rows } = await middle.poll(everything());
  return middle.claim(requestsFor(rows, attempts));
}

/** Requests to claim rows as they were polled; what the journal knows of them by `IF_BNET_CUST:1`. */
export function requestsFor(
  rows: readonly PolledRow[],
  attempts: Readonly<Record<string, string>> = {},
): ClaimRequest[] {
  return rows.map((row) => ({ row, after: attempts[rowId(row)] ?? null }));
}

/** A request to claim a row that no poll returned. */
export function requestFor(row: PlantedRow): ClaimRequest {
  const polled: PolledRow = {
    source: row.source,
    streamingNo: String(row.streamingNo),
    createDate: row.createDate ?? null,
    custId: row.custId ?? null,
    productId: row.productId ?? null,
    bizId: row.bizId ?? null,
    userId: row.userId ?? null,
    opFlag: row.opFlag ?? null,
    state: row.state ?? State.Initial,
    stateDate: row.stateDate ?? null,
    attributes: row.attributes?.length ?? 0,
  };
  return { row: polled, after: null };
}

/** The row with this id, `IF_BNET_CUST:1`, among these. */
export function byId<T extends StandingRow | InterfaceRow>(rows: readonly T[], id: string): T {
  const found = rows.find((row) => ids([row])[0] === id);
  if (found === undefined) throw new Error(`${id} is not among ${ids(rows).join(', ')}`);
  return found;
}

/** Orders rows for comparison: customers first, by StreamingNo, then by the rest. */
export function sortedRows(rows: readonly StandingRow[]): StandingRow[] {
  const rest = (row: StandingRow) => JSON.stringify(row);
  return [...rows].sort(
    (a, b) =>
      (a.source === b.source ? 0 : a.source === 'CUST' ? -1 : 1) ||
      compareNumbers(a.streamingNo ?? '', b.streamingNo ?? '') ||
      (rest(a) < rest(b) ? -1 : 1),
  );
}
