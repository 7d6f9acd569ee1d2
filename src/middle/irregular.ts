import { sources, type Source } from '../domain/keys.js';
import type { CreatedAhead } from './port.js';
import type { OtherStateRow, StrayAttributes, StrayCounts } from './admin-port.js';
import { cell, type DriverRow } from './rows.js';

/*
 * Irregular rows as operators see them, the same for every database. A row is pending since it was written or requeued:
 * since the later of CreateDate and StateDate. A date ahead of the database's clock is ignored.
 */

/** From one row per table, with number, ahead (seconds) and newest. */
export function createdAheadOf(rows: readonly DriverRow[]): CreatedAhead {
  const dates = rows.map((row) => cell(row['newest'])).filter((date) => date !== null);
  return {
    rows: rows.reduce((sum, row) => sum + Number(row['number']), 0),
    newest: dates.sort().at(-1) ?? null,
    seconds: Math.max(0, ...rows.map((row) => Math.floor(Number(row['ahead'] ?? 0)))),
  };
}

/** From rows with source, streaming_no and state. */
export function otherStatesOf(rows: readonly DriverRow[]): readonly OtherStateRow[] {
  return rows.map((row) => ({
    source: sourceOf(row),
    streamingNo: String(row['streaming_no']),
    state: cell(row['state']),
  }));
}

/** From the first rows of each kind, with source, kind (late, orphaned), streaming_no, and the kind's number. */
export function straysOf(rows: readonly DriverRow[]): Readonly<Record<Source, StrayCounts>> {
  const kindOf = (source: Source, kind: string): StrayAttributes => {
    const ofKind = rows.filter((row) => sourceOf(row) === source && row['kind'] === kind);
    const examples = [...new Set(ofKind.map((row) => String(row['streaming_no'])))];
    return { rows: Number(ofKind[0]?.['number'] ?? 0), examples };
  };
  const ofTable = (source: Source): StrayCounts => {
    return { late: kindOf(source, 'late'), orphaned: kindOf(source, 'orphaned') };
  };
  return Object.fromEntries(sources.map((source) => [source, ofTable(source)])) as Record<
    Source,
    StrayCounts
  >;
}

function sourceOf(row: DriverRow): Source {
  return row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT';
}
