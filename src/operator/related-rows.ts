import { compareRows, rowId, type RowKey, type RowOrder } from '../domain/keys.js';
import type { FullRow } from '../middle/admin-port.js';
import type { JournalLine } from '../store/admin-port.js';
import type { RelatedRow } from './contract/rows.js';
import type { Databases } from './databases.js';
import { named } from './named.js';

/** Related rows shown on each side. */
const relatedRowsEachSide = 20;

/** How many of a customer's newest rows are searched, per table and in the journal. */
const scanned = 500;

/** A row as both databases know it: at least one of the two does. */
interface KnownRow extends RowOrder {
  readonly row: FullRow | null;
  /** The current journal entry; the newest where it has none. */
  readonly line: JournalLine | null;
}

/**
 * The rows of a customer nearest to one of them, in the customer's order. Rows that have left the middle database have
 * no CreateDate: they come first. `present` are the row's own columns, if it still exists.
 */
export async function relatedRows(
  { middle, store }: Databases,
  custId: string,
  { key, present }: { readonly key: RowKey; readonly present: FullRow | null },
): Promise<readonly RelatedRow[]> {
  const rows = await middle.queries.ofCustomer(custId, scanned);
  const lines = await store.records.journalOf(custId, scanned);
  const known = merged(present === null ? rows : [...rows, present], lines);
  known.sort(compareRows);
  const own = known.findIndex((each) => rowId(each) === rowId(key));
  const before = known.slice(Math.max(0, own - relatedRowsEachSide), Math.max(0, own));
  const after = known.slice(own + 1, own + 1 + relatedRowsEachSide);
  return [
    ...before.map((each) => relatedRowOf(each, 'before')),
    ...known.slice(own, own + 1).map((each) => relatedRowOf(each, 'this')),
    ...after.map((each) => relatedRowOf(each, 'after')),
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

function relatedRowOf(known: KnownRow, place: RelatedRow['place']): RelatedRow {
  const { source, streamingNo, createDate, row, line } = known;
  const columns = row ?? line;
  return {
    ...named({ source, streamingNo }),
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
