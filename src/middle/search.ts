import { compareNumbers, compareRows, sources, type Source } from '../domain/keys.js';
import { cell, type DriverRow } from './rows.js';
import { fullRow } from './admin-results.js';
import type {
  BoundedCounts,
  FailedCount,
  FailedRowsPage,
  FailedPosition,
  FailedSearch,
  FullRow,
  RowFilter,
  StateCounts,
} from './admin-port.js';

/*
 * The list of failed rows, the same for every database.
 *
 * It is read from the end of the sparse index (StateDate, StreamingNo) of rows in State 3. From a position on, a
 * table's part is up to three stretches, each one range of that index in its order, however a database sorts missing
 * dates and compares two columns at once: the remaining failures of the same second, earlier failures, rows without a
 * StateDate.
 *
 * A statement reads a stretch up to `scan` rows, matching or not. It returns those that match, with their place in the
 * scan, and the row that reached the limit, matching or not. The filter, product included, applies to what was scanned:
 * within the scan it could read all failed rows for a match.
 *
 * Both tables are merged. Where a table's scan stopped before its end, the rest is unknown, so the page ends there and
 * the next one continues. Of rows with the same key and StateDate, possible without a primary key, only the first may
 * be listed if a page ends between them.
 */

/** StreamingNos below one, or up to it. */
export interface Below {
  readonly streamingNo: string;
  readonly orEqual: boolean;
}

/** A range of the index of failed rows. Dates are `YYYY-MM-DD HH:MM:SS`, with a fraction where a row has one. */
export type IndexRange =
  /** Rows that failed at one moment. */
  | { readonly kind: 'moment'; readonly stateDate: string; readonly below: Below }
  /** Rows that failed before a moment, not before another; null: any. */
  | { readonly kind: 'dated'; readonly before: string | null; readonly since: string | null }
  /** Rows without a StateDate. */
  | { readonly kind: 'undated'; readonly below: Below | null };

/** All of a table's failed rows, newest first. */
const everyStretch: readonly IndexRange[] = [
  { kind: 'dated', before: null, since: null },
  { kind: 'undated', below: null },
];

/** A stretch to search. */
export interface Scan {
  readonly source: Source;
  readonly stretch: IndexRange;
  /** Times are already in the stretch. */
  readonly filter: RowFilter;
  /** The most rows to return. */
  readonly limit: number;
  /** The most rows to read. */
  readonly scan: number;
}

/** A row that a scan returned. */
interface ScannedRow {
  readonly row: FullRow;
  readonly position: FailedPosition;
  readonly matches: boolean;
  /** It was the nth row of the scan. */
  readonly nth: number;
}

/**
 * Searches the list. `read` runs one statement: its rows have the columns of a main table, is_match, nth_read, and
 * exact_date if StateDate may have fractions of a second.
 */
export async function findFailed(
  search: FailedSearch,
  read: (scan: Scan) => Promise<readonly DriverRow[]>,
): Promise<FailedRowsPage> {
  const filter = canonicalFilter(search.filter);
  if (filter === null) return { rows: [], next: null };
  const found: ScannedRow[] = [];
  const stops: FailedPosition[] = [];
  for (const source of sourcesOf(filter)) {
    const scanned = await scanTable({ ...search, filter }, source, read);
    found.push(...scanned.matching);
    if (scanned.stop !== null) stops.push(scanned.stop);
  }
  const [stop = null] = stops.sort(comparePositions);
  const known = found
    .sort((a, b) => comparePositions(a.position, b.position))
    .filter(({ position }) => stop === null || comparePositions(position, stop) <= 0);
  const page = known.slice(0, search.limit);
  const next = known.length > search.limit ? (page.at(-1)?.position ?? null) : stop;
  return { rows: page.map(({ row }) => row), next };
}

/** Reads a table's stretches until a page is exceeded or a scan reaches its limit. */
async function scanTable(
  search: FailedSearch,
  source: Source,
  read: (scan: Scan) => Promise<readonly DriverRow[]>,
): Promise<{ readonly matching: readonly ScannedRow[]; readonly stop: FailedPosition | null }> {
  const { filter, scan } = search;
  // One more than a page shows whether there is more.
  const limit = search.limit + 1;
  const matching: ScannedRow[] = [];
  for (const stretch of stretchesAfter(search, source)) {
    const rows = (await read({ source, stretch, filter, limit, scan })).map((row) => scannedRow(source, row));
    matching.push(...rows.filter(({ matches }) => matches));
    const last = rows.at(-1);
    if (last?.nth === scan) return { matching, stop: last.position };
    if (matching.length >= limit) return { matching, stop: null };
  }
  return { matching, stop: null };
}

/** What is left of a table after a position, within the filter's times. */
function stretchesAfter(
  { after, filter }: Pick<FailedSearch, 'after' | 'filter'>,
  source: Source,
): readonly IndexRange[] {
  const { since = null, until = null } = filter;
  const undated = (below: Below | null): readonly IndexRange[] =>
    since === null && until === null ? [{ kind: 'undated', below }] : [];
  const dated = (before: string | null): readonly IndexRange[] =>
    before !== null && since !== null && before <= since ? [] : [{ kind: 'dated', before, since }];
  if (after === null) return [...dated(until), ...undated(null)];
  const { stateDate, streamingNo } = after;
  const below = { streamingNo, orEqual: sources.indexOf(source) > sources.indexOf(after.source) };
  if (stateDate === null) return undated(below);
  if (until !== null && until <= stateDate) return dated(until);
  const moment: readonly IndexRange[] =
    since !== null && stateDate < since ? [] : [{ kind: 'moment', stateDate, below }];
  return [...moment, ...dated(stateDate), ...undated(null)];
}

/** Orders the list: latest failures first, without StateDate last; by StreamingNo, customers before accounts. */
function comparePositions(a: FailedPosition, b: FailedPosition): number {
  const [dateA, dateB] = [a.stateDate ?? '', b.stateDate ?? ''];
  if (dateA !== dateB) return dateA < dateB ? 1 : -1;
  return (
    compareNumbers(b.streamingNo, a.streamingNo) || sources.indexOf(a.source) - sources.indexOf(b.source)
  );
}

function scannedRow(source: Source, row: DriverRow): ScannedRow {
  const full = fullRow(source, row);
  return {
    row: full,
    position: {
      source,
      streamingNo: full.streamingNo,
      stateDate: cell(row['exact_date'])?.replace(/\.0+$/, '') ?? full.stateDate,
    },
    matches: Number(row['is_match']) === 1,
    nth: Number(row['nth_read']),
  };
}

/** Tables in which a row may match. */
function sourcesOf({ source, userId }: RowFilter): readonly Source[] {
  return sources.filter((each) => (source ?? each) === each && (userId === undefined || each === 'ACCOUNT'));
}

/**
 * The filter with canonical numbers and without empty texts, which mean no condition. Null: no row can match, because a
 * number is invalid.
 */
function canonicalFilter(filter: RowFilter): RowFilter | null {
  const asked = Object.entries(filter).filter(([, value]) => value !== undefined && value !== '');
  const { productId, custId, ...rest } = Object.fromEntries(asked) as RowFilter;
  const [product, customer] = [canonicalNumber(productId), canonicalNumber(custId)];
  if (product === null || customer === null) return null;
  return {
    ...rest,
    ...(product !== undefined && { productId: product }),
    ...(customer !== undefined && { custId: customer }),
  };
}

/** A number of at most 30 digits without leading zeros; null: invalid. */
export function canonicalNumber<T extends string | undefined>(text: T): T | null {
  if (text === undefined) return text;
  return /^-?\d{1,30}$/.test(text) ? (BigInt(text).toString() as T) : null;
}

/**
 * Counts a table's newest failed rows by code. `read` runs one statement over the first `scan` rows of a stretch: it
 * returns the newest row of each code with found_code and in_code, ours and others separate (is_match).
 */
export async function countFailed(
  source: Source,
  scan: number,
  read: (scan: Omit<Scan, 'filter' | 'limit'>) => Promise<readonly DriverRow[]>,
): Promise<readonly FailedCount[]> {
  const counts = new Map<string | null, FailedCount>();
  let left = scan;
  for (const stretch of everyStretch) {
    if (left <= 0) break;
    const rows = await read({ source, stretch, scan: left });
    for (const row of rows) left -= Number(row['in_code']);
    for (const row of rows.filter((each) => Number(each['is_match']) === 1)) {
      const code = cell(row['found_code']);
      const before = counts.get(code);
      const newest = before?.newest ?? fullRow(source, row);
      counts.set(code, { source, code, rows: (before?.rows ?? 0) + Number(row['in_code']), newest });
    }
  }
  return [...counts.values()];
}

type Counts = { -readonly [State in keyof StateCounts]: StateCounts[State] };

/**
 * Bounded counts from one row per table and State: source, state, number, and rows read (looked_at). States outside the
 * specification are -1.
 */
export function boundedCounts(
  rows: readonly DriverRow[],
  most: number,
): Readonly<Record<Source, BoundedCounts>> {
  const ofTable = (source: Source): BoundedCounts => {
    const counts: Counts = { '0': 0, '1': 0, '2': 0, '3': 0 };
    const stopped = new Set<keyof Counts>();
    for (const row of rows.filter((each) => each['source'] === source)) {
      const state = Number(row['state']) === -1 ? 'other' : (String(row['state']) as keyof Counts);
      const number = Number(row['number']);
      if (number > 0) counts[state] = (counts[state] ?? 0) + number;
      if (Number(row['looked_at']) >= most) stopped.add(state);
    }
    return { ...counts, stopped: [...stopped] };
  };
  return { CUST: ofTable('CUST'), ACCOUNT: ofTable('ACCOUNT') };
}

/** Rows read per row returned where the requested order is not an index's, or rows are others'. */
export const readPerReturned = 10;

/** A row in State 1, with its age from the column age. */
export function processingRow(
  source: Source,
  row: DriverRow,
): FullRow & { readonly ageSeconds: number | null } {
  const age = row['age'];
  const ageSeconds = age === null || age === undefined ? null : Math.max(0, Math.floor(Number(age)));
  return { ...fullRow(source, row), ageSeconds };
}

/** Rows of both tables by StateDate, oldest first, missing ones before. */
export function oldestStateFirst<T extends FullRow>(rows: readonly T[]): readonly T[] {
  return [...rows].sort((a, b) =>
    a.stateDate === b.stateDate ? compareRows(a, b) : (a.stateDate ?? '') < (b.stateDate ?? '') ? -1 : 1,
  );
}

/** Rows of both tables, last in order first. */
export function lastInOrderFirst(rows: readonly FullRow[]): readonly FullRow[] {
  return [...rows].sort((a, b) => compareRows(b, a));
}
