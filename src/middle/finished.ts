import { sources, type Source } from '../domain/keys.js';
import type { FinishedRow } from '../domain/loss.js';
import type { LatestFinishedRequest, ClaimedRequest, ClaimedRow } from './port.js';
import type { FinishedPage, FinishedPosition, FinishedRequest } from './admin-port.js';
import { attributesByRow, cell, interfaceRow, numberCell, type DriverRow } from './rows.js';

/*
 * A page of finished rows is read in two steps, the same for every database: the remaining rows of one CreateDate (or
 * without any), by StreamingNo, then the rows with a later one. Each is a range of the poll's index, in its order.
 */

/** Which rows a step reads. */
export interface FinishedStep {
  readonly createDate: 'missing' | 'present' | { readonly is: string } | { readonly after: string };
  /** Only rows with a greater StreamingNo; null: all. */
  readonly streamingNoAfter: string | null;
}

/** Page statements of one kind of database. */
export interface FinishedReader {
  /** Rows of a step, at most `limit`, in order; `Position` is the CreateDate with every digit. */
  rows(step: FinishedStep, limit: number): Promise<readonly DriverRow[]>;
  attributes(streamingNos: readonly string[]): Promise<readonly DriverRow[]>;
}

/** Reads a page: at most three statements. */
export async function readFinishedPage(
  { source, after, limit }: FinishedRequest,
  reader: FinishedReader,
): Promise<FinishedPage> {
  const found: DriverRow[] = [];
  for (const step of stepsAfter(after)) {
    if (found.length < limit) found.push(...(await reader.rows(step, limit - found.length)));
  }
  const last = found.at(-1);
  if (last === undefined) return { rows: [], next: null };
  const attributes = await reader.attributes(found.map((row) => String(row['StreamingNo'])));
  const byRow = attributesByRow(attributes);
  return {
    rows: found.map((row) => interfaceRow(source, row, byRow.get(String(row['StreamingNo'])) ?? [])),
    next:
      found.length < limit
        ? null
        : { createDate: cell(last['Position']), streamingNo: String(last['StreamingNo']) },
  };
}

function stepsAfter(after: FinishedPosition | null): FinishedStep[] {
  const streamingNoAfter = after?.streamingNo ?? null;
  const date = after?.createDate ?? null;
  return date === null
    ? [
        { createDate: 'missing', streamingNoAfter },
        { createDate: 'present', streamingNoAfter: null },
      ]
    : [
        { createDate: { is: date }, streamingNoAfter },
        { createDate: { after: date }, streamingNoAfter: null },
      ];
}

/** Reads the rows finished last: two statements per table, for rows with and without a CreateDate. */
export async function readLatestFinished(
  { limit }: LatestFinishedRequest,
  read: (source: Source, createDate: 'missing' | 'present') => Promise<readonly DriverRow[]>,
): Promise<readonly FinishedRow[]> {
  const found: FinishedRow[] = [];
  for (const source of sources) {
    for (const createDate of ['missing', 'present'] as const) {
      const rows = await read(source, createDate);
      found.push(...rows.map((row) => finishedRow(source, row)));
    }
  }
  return found.sort((a, b) => (a.stateDate < b.stateDate ? 1 : -1)).slice(0, limit);
}

/** Reads rows in State 1, a statement per table. */
export async function readClaimed(
  { limit }: ClaimedRequest,
  read: (source: Source) => Promise<readonly DriverRow[]>,
): Promise<readonly ClaimedRow[]> {
  const found: ClaimedRow[] = [];
  for (const source of sources) {
    const rows = await read(source);
    found.push(
      ...rows.map((row) => ({
        source,
        streamingNo: String(row['StreamingNo']),
        custId: cell(row['CustID']),
        stateDate: cell(row['StateDate']),
      })),
    );
  }
  return found.slice(0, limit);
}

function finishedRow(source: Source, row: DriverRow): FinishedRow {
  return {
    source,
    streamingNo: String(row['StreamingNo']),
    custId: cell(row['CustID']),
    productId: numberCell(row['ProductID']),
    stateDate: String(row['StateDate']),
  };
}
