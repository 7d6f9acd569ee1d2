import { compareRows, rowId, tableOf, type RowKey, type RowOrder } from '../domain/keys.js';
import type { FullRow, MiddleSearch } from '../middle/port.js';
import type { JournalLine, StoreRecords } from '../store/records-port.js';
import type { Neighbour } from './desk.js';

/** What neighbours are read from. */
export interface NeighbourSources {
  readonly search: MiddleSearch;
  readonly records: StoreRecords;
}

/** How many neighbours are shown on each side. */
const neighboursEachSide = 20;

/** How many of a customer's newest rows are looked through, of each table and of the journal. */
const lookedThrough = 500;

/** A row as both databases know it: at least one of the two does. */
interface KnownRow extends RowOrder {
  readonly row: FullRow | null;
  /** The current journal entry; the newest where it has none. */
  readonly line: JournalLine | null;
}

/**
 * The rows of a customer nearest to one of them, in the customer's order. Rows that have left the middle database have
 * no CreateDate any more: they come before all others. `present` are the row's own columns, where it still is there.
 */
export async function neighbours(
  { search, records }: NeighbourSources,
  custId: string,
  { key, present }: { readonly key: RowKey; readonly present: FullRow | null },
): Promise<readonly Neighbour[]> {
  const rows = await search.ofCustomer(custId, lookedThrough);
  const lines = await records.journalOf(custId, lookedThrough);
  const known = merged(present === null ? rows : [...rows, present], lines);
  known.sort(compareRows);
  const own = known.findIndex((each) => rowId(each) === rowId(key));
  const before = known.slice(Math.max(0, own - neighboursEachSide), Math.max(0, own));
  const after = known.slice(own + 1, own + 1 + neighboursEachSide);
  return [
    ...before.map((each) => neighbourOf(each, 'before')),
    ...known.slice(own, own + 1).map((each) => neighbourOf(each, 'this')),
    ...after.map((each) => neighbourOf(each, 'after')),
  ];
}

function merged(rows: readonly FullRow[], lines: readonly JournalLine[]): KnownRow[] {
  const entries = new Map<string, JournalLine>();
  for (const line of lines) {
    const known = entries.get(rowId(line));
    if (known === undefined || (known.superseded && !line.superseded)) entries.set(rowId(line), line);
  }
  const present = new Map(rows.map((row) => [rowId(row), row]));
  const gone = [...entries].filter(([id]) => !present.has(id)).map(([, line]) => line);
  return [
    ...[...present].map(([id, row]) => ({
      ...orderOf(row, row.createDate),
      row,
      line: entries.get(id) ?? null,
    })),
    ...gone.map((line) => ({ ...orderOf(line, null), row: null, line })),
  ];
}

function orderOf({ source, streamingNo }: RowKey, createDate: string | null): RowOrder {
  return { source, streamingNo, createDate };
}

function neighbourOf(known: KnownRow, place: Neighbour['place']): Neighbour {
  const { source, streamingNo, createDate, row, line } = known;
  const columns = row ?? line;
  return {
    table: tableOf[source],
    streamingNo,
    opFlag: columns?.opFlag ?? null,
    productId: columns?.productId ?? null,
    userId: columns?.userId ?? null,
    createDate,
    state: row?.state ?? null,
    errContent: columns?.errContent ?? null,
    decidedAt: line === null || line.superseded ? null : line.decidedAt,
    place,
  };
}
