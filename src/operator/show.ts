import { tableOf, type RowKey } from '../domain/keys.js';
import type { FullRow, MiddleAdmin } from '../middle/admin-port.js';
import type { StoreAdmin, JournalLine } from '../store/admin-port.js';

/** Everything that both databases hold of a row. */
export interface RowReport {
  /** The specification's table name. */
  readonly table: string;
  readonly streamingNo: string;
  /** The row in the middle database with its attributes: none, one, or more where the table has no primary key. */
  readonly rows: readonly FullRow[];
  /** What the journal holds of its attempts, newest first. */
  readonly journal: readonly JournalLine[];
}

/** Reads a row with its attributes, and its history. */
export async function show(middle: MiddleAdmin, store: StoreAdmin, key: RowKey): Promise<RowReport> {
  const rows = await middle.find([key]);
  const journal = await store.history(key);
  return { table: tableOf[key.source], streamingNo: key.streamingNo, rows, journal };
}
