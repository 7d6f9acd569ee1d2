import { z } from 'zod';
import { isCanonicalNumber } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import type { FailedPosition, FullRow, MiddleAdmin, RowFilter } from '../middle/admin-port.js';
import type { FailedRow, ListedRow, RowList } from './contract/rows.js';
import { dateOf, isAge } from './inputs.js';
import { named } from './named.js';
import type { ListRequest } from './requests.js';

/** Rows of each table that one search step reads, matching or not. */
export const scanFailedRows = 5000;

/** One page of failed rows, latest failures first. */
export async function failedList(
  middle: MiddleAdmin,
  filter: RowFilter,
  { limit, after }: ListRequest,
): Promise<RowList> {
  const position = after === undefined ? null : positionOf(after);
  const dated = await datedFilter(middle, filter);
  const page = await middle.queries.failedPage({
    ...{ filter: dated, after: position, limit, scan: scanFailedRows },
  });
  return { rows: page.rows.map(listedRow), next: page.next === null ? null : cursorOf(page.next) };
}

/** Progress of a long search. */
export interface SearchProgress {
  readonly found: number;
  /** Everything that failed after this has been checked. */
  readonly position: FailedPosition;
}

/** Searches the failed rows step by step, until so many match or nothing is left. */
export async function findFailedRows(
  middle: MiddleAdmin,
  request: { readonly filter: RowFilter; readonly limit: number },
  onStep: (progress: SearchProgress) => void = () => undefined,
): Promise<readonly FailedRow[]> {
  const { limit } = request;
  const filter = await datedFilter(middle, request.filter);
  const rows: FailedRow[] = [];
  let after: FailedPosition | null = null;
  do {
    const search = { filter, after, limit: limit - rows.length, scan: scanFailedRows };
    const page: Awaited<ReturnType<MiddleAdmin['queries']['failedPage']>> =
      await middle.queries.failedPage(search);
    rows.push(...page.rows.map(failedRow));
    after = page.next;
    if (after !== null) onStep({ found: rows.length, position: after });
  } while (after !== null && rows.length < limit);
  return rows;
}

/** The filter with dates instead of time spans, by the middle database's clock. */
export async function datedFilter(middle: MiddleAdmin, filter: RowFilter): Promise<RowFilter> {
  const { since, until } = filter;
  if (![since, until].some((given) => given !== undefined && isAge(given))) return filter;
  const now = await middle.now();
  return {
    ...filter,
    ...(since !== undefined && { since: dateOf(since, now) }),
    ...(until !== undefined && { until: dateOf(until, now) }),
  };
}

/** A failed row as it is listed. */
export function failedRow(row: FullRow): FailedRow {
  const { source, streamingNo, opFlag, productId, custId, bizId, userId } = row;
  const { errContent, createDate, stateDate } = row;
  const code = codeOf(errContent);
  return {
    ...named({ source, streamingNo, opFlag, productId, custId, bizId, userId }),
    ...{ code, errContent, createDate, stateDate },
  };
}

/** A failed row with the names it has. */
export function listedRow(row: FullRow): ListedRow {
  const { custName, accName } = row;
  return { ...failedRow(row), custName, accName };
}

/** The result code that a text starts with. */
export function codeOf(errContent: Cell): string | null {
  return /^\d{5}(?!\d)/.exec(errContent ?? '')?.[0] ?? null;
}

/*
 * The cursor of the list: a position as JSON in base64url. It comes from outside, so nothing in it is trusted. `v`
 * changes when its meaning does.
 */

/** The cursor is invalid, or from another version. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';

  constructor() {
    super('invalid or expired cursor: start from the first page');
  }
}

const cursorSchema = z.strictObject({
  v: z.literal(1),
  source: z.enum(['CUST', 'ACCOUNT']),
  streamingNo: z.string().refine(isCanonicalNumber),
  stateDate: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d[ T\d:.+-]{0,30}$/)
    .refine((date) => !Number.isNaN(Date.parse(date)))
    .nullable(),
});

/** Longer than any real one. */
const mostCharacters = 400;

/** A position as text. */
export function cursorOf({ source, streamingNo, stateDate }: FailedPosition): string {
  return Buffer.from(JSON.stringify({ v: 1, source, streamingNo, stateDate })).toString('base64url');
}

/** The position of a cursor; InvalidCursorError if it has none. */
export function positionOf(cursor: string): FailedPosition {
  const parsed = cursor.length > mostCharacters ? null : cursorSchema.safeParse(jsonOf(cursor));
  if (parsed?.success !== true) throw new InvalidCursorError();
  const { source, streamingNo, stateDate } = parsed.data;
  return { source, streamingNo, stateDate };
}

function jsonOf(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
  } catch {
    return null;
  }
}
