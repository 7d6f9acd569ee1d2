import { isCanonicalNumber, rowId, type RowKey } from '../domain/keys.js';
import { State } from '../domain/states.js';
import type { RowDetails } from './contract/rows.js';
import type { Databases } from './databases.js';
import { named } from './named.js';
import { relatedRows } from './related-rows.js';

/** Products of a customer shown, and users of each. */
const shownRecords = 20;

/** How many rows that hold a row back are named. */
const namedHolders = 10;

/**
 * Reads everything about a row: its report, its deferral, its customer in the product store, and the customer's other
 * rows.
 */
export async function rowPage(parts: Databases, key: RowKey): Promise<RowDetails> {
  const rows = await parts.middle.find([key]);
  const journal = await parts.store.history(key);
  const { source, streamingNo } = key;
  const report = { ...named({ source, streamingNo }), rows: rows.map(named), journal: journal.map(named) };
  const custId = customerOf(report);
  const standing = { ...report, ...(await deferrals(parts, report, { key, custId })) };
  if (custId === null) return { ...standing, records: [], relatedRows: [] };
  return {
    ...standing,
    records: await parts.store.records.customerRecords(custId, shownRecords),
    relatedRows: await relatedRows(parts, custId, { key, present: rows[0] ?? null }),
  };
}

type RowReport = Pick<RowDetails, 'rows' | 'journal'>;

/** Whether the row is deferred and, if it is open, which other rows of its customer are. */
async function deferrals(
  { store }: Databases,
  { rows }: RowReport,
  { key, custId }: { readonly key: RowKey; readonly custId: string | null },
): Promise<Pick<RowDetails, 'deferred' | 'heldBackBy'>> {
  const known = await store.records.deferralsAbout(key, custId, namedHolders + 1);
  const own = known.find((each) => rowId(each) === rowId(key));
  const isOpen = rows.some(({ state }) => state === State.Initial || state === State.Processing);
  const others = isOpen ? known.filter((each) => each !== own).slice(0, namedHolders) : [];
  return { deferred: own === undefined ? null : named(own), heldBackBy: others.map(named) };
}

/** The row's customer; from the journal if the row is gone. Null if the CustID is missing or no number. */
function customerOf({ rows, journal }: RowReport): string | null {
  const custIds = rows.length > 0 ? rows.map((row) => row.custId) : journal.map((line) => line.custId);
  return custIds.find((custId) => custId !== null && isCanonicalNumber(custId)) ?? null;
}
