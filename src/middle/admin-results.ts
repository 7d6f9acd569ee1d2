import type { RowKey, Source } from '../domain/keys.js';
import type { FullRow, IndexDescription, MiddleAdmin } from './admin-port.js';
import { cell, interfaceRow } from './rows.js';

/*
 * Turns rows of operators' statements into results, the same for every database. Columns are named source, state,
 * number and streaming_no; numbers may be text.
 */

type DriverRow = Readonly<Record<string, unknown>>;

/** One number for each table. */
export function numbersOf(rows: readonly DriverRow[]): Readonly<Record<Source, number>> {
  const numbers = { CUST: 0, ACCOUNT: 0 };
  for (const row of rows) numbers[sourceOf(row)] = Number(row['number']);
  return numbers;
}

/** Keys with their row counts. */
export function duplicatesOf(rows: readonly DriverRow[]): Awaited<ReturnType<MiddleAdmin['duplicates']>> {
  return rows.map((row) => ({
    source: sourceOf(row),
    streamingNo: String(row['streaming_no']),
    count: Number(row['number']),
  }));
}

/** The greatest age of each table's oldest row, in whole seconds; null if there is none. */
export function oldestAge(ages: readonly unknown[]): number | null {
  const known = ages.filter((age) => age !== null).map(Number);
  return known.length === 0 ? null : Math.max(0, Math.floor(Math.max(...known)));
}

/** The latest of dates as text; some may be missing. */
export function latestDate(dates: readonly unknown[]): string | null {
  const known = dates.map(cell).filter((date) => date !== null);
  return known.sort().at(-1) ?? null;
}

/** A driver's row with all its columns, without attributes. */
export function fullRow(source: Source, row: DriverRow): FullRow {
  return {
    ...interfaceRow(source, row, []),
    errContent: cell(row['ErrContent']),
    remark: cell(row['Remark']),
  };
}

/** The StreamingNos of a table's keys. */
export function keysOf(keys: readonly RowKey[], source: Source): readonly string[] {
  return keys.filter((key) => key.source === source).map(({ streamingNo }) => streamingNo);
}

/** Indexes from rows with table_name, index_name, column_name and index_where, one per column, in their order. */
export function indexesOf(rows: readonly DriverRow[]): readonly IndexDescription[] {
  const indexes = new Map<string, { table: string; columns: string[]; where?: string }>();
  for (const row of rows) {
    const name = String(row['index_name']);
    const where = cell(row['index_where']);
    const index = indexes.get(name) ?? {
      table: String(row['table_name']),
      columns: [],
      ...(where !== null && { where: plainCondition(where) }),
    };
    index.columns.push(String(row['column_name']));
    indexes.set(name, index);
  }
  return [...indexes.values()];
}

/** A partial index's condition without what databases add. */
function plainCondition(where: string): string {
  return where.toLowerCase().replaceAll(/::\w+|[\s()"]/g, '');
}

function sourceOf(row: DriverRow): Source {
  return row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT';
}
