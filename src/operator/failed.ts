import type { FailedPosition, FullRow, BoundedQueries, RowFilter } from '../middle/admin-port.js';
import type { ListedRow, ListRequest, RowList } from './operator-service.js';
import { cursorOf, positionOf } from './failed-cursor.js';
import { failedRow, type FailedRow } from './failed-row.js';

/** How many rows of each table one step of a search reads, whether they match or not. */
export const scanFailedRows = 5000;

/** One step of the list of failed rows, those that failed last first. */
export async function failedList(
  search: BoundedQueries,
  filter: RowFilter,
  { limit, after }: ListRequest,
): Promise<RowList> {
  const position = after === undefined ? null : positionOf(after);
  const page = await search.failedPage({ filter, after: position, limit, scan: scanFailedRows });
  return {
    rows: page.rows.map(listedRow),
    next: page.next === null ? null : cursorOf(page.next),
  };
}

/** A failed row with the names it has. */
export function listedRow(row: FullRow): ListedRow {
  const { custName, accName } = row;
  return { ...failedRow(row), custName, accName };
}

/** How far a long search has come. */
export interface SearchProgress {
  readonly found: number;
  /** Everything that failed after this has been looked at. */
  readonly position: FailedPosition;
}

/** Goes through the failed rows, step by step, until so many match or nothing is left. */
export async function searchFailedRows(
  search: BoundedQueries,
  request: { readonly filter: RowFilter; readonly limit: number },
  onStep: (progress: SearchProgress) => void = () => undefined,
): Promise<readonly FailedRow[]> {
  const { filter, limit } = request;
  const rows: FailedRow[] = [];
  let after: FailedPosition | null = null;
  do {
    const page = await search.failedPage({ filter, after, limit: limit - rows.length, scan: scanFailedRows });
    rows.push(...page.rows.map(failedRow));
    after = page.next;
    if (after !== null) onStep({ found: rows.length, position: after });
  } while (after !== null && rows.length < limit);
  return rows;
}
