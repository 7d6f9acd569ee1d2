import type { FinishedPage, FinishedPosition, FinishedRequest } from './port.js';
import { attributesByRow, cell, interfaceRow, type DriverRow } from './rows.js';

/*
 * A page of finished rows is read in two steps, the same for every kind of database: the rest of the rows with one
 * CreateDate (or without any), by StreamingNo, and then the rows with a later one. Each is a range of the poll's index,
 * in its order.
 */

/** Which rows a step reads. */
export interface FinishedStep {
  readonly createDate: 'missing' | 'present' | { readonly is: string } | { readonly after: string };
  /** Only rows with a greater StreamingNo; null: all. */
  readonly streamingNoAfter: string | null;
}

/** What a kind of database does for a page. */
export interface FinishedReader {
  /** Rows of a step, at most `limit`, in order; `Position` is the CreateDate with every digit that it has. */
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
