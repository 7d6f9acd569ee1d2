import { byTable, rowId, type RowKey, type Source } from '../domain/keys.js';
import type { InterfaceRow } from '../domain/rows.js';
import { standingRow, type StandingRow } from './changes.js';
import { attributesByRow, interfaceRow, type DriverRow } from './rows.js';

/* What claims and marks read, table by table, the same for every kind of database. */

/** Reads rows of a table by StreamingNo: one statement. */
type ReadTable = (source: Source, streamingNos: readonly string[]) => Promise<readonly DriverRow[]>;

/** Reads rows, whatever their State, with their attributes, but for those in `bare`, by `rowId`. */
export async function readRows(
  keys: readonly RowKey[],
  bare: ReadonlySet<string>,
  read: { readonly rows: ReadTable; readonly attributes: ReadTable },
): Promise<readonly InterfaceRow[]> {
  const found: InterfaceRow[] = [];
  for (const { source, streamingNos } of byTable(keys)) {
    const rows = await read.rows(source, streamingNos);
    const full = streamingNos.filter((streamingNo) => !bare.has(rowId({ source, streamingNo })));
    const byRow = attributesByRow(full.length === 0 ? [] : await read.attributes(source, full));
    for (const row of rows)
      found.push(interfaceRow(source, row, byRow.get(String(row['StreamingNo'])) ?? []));
  }
  return found;
}

/** Reads how rows stand. */
export async function readStanding(
  keys: readonly RowKey[],
  read: ReadTable,
): Promise<readonly StandingRow[]> {
  const standing: StandingRow[] = [];
  for (const { source, streamingNos } of byTable(keys))
    standing.push(...(await read(source, streamingNos)).map((row) => standingRow(source, row)));
  return standing;
}
