import { isCanonicalNumber, rowId, type RowKey } from '../domain/keys.js';
import { State } from '../domain/states.js';
import type { MiddleAdmin } from '../middle/admin-port.js';
import type { StoreAdmin } from '../store/admin-port.js';
import { deferredRow } from './deferred.js';
import type { RowDetails } from './operator-service.js';
import { relatedRows, type RelatedRowSources } from './related-rows.js';
import { show, type RowReport } from './show.js';

/** What a row's page is read from. */
export interface RowSources extends RelatedRowSources {
  readonly middle: MiddleAdmin;
  readonly store: StoreAdmin;
}

/** How many products of a customer, and users of each, are shown. */
const shownRecords = 20;

/** How many rows that hold a row back are named. */
const namedHolders = 10;

/**
 * Reads everything about a row: its report, whether it is deferred, its customer in the product store, and the customer's
 * other rows.
 */
export async function rowPage(parts: RowSources, key: RowKey): Promise<RowDetails> {
  const report = await show(parts.middle, parts.store, key);
  const custId = customerOf(report);
  const standing = { ...report, ...(await deferrals(parts, report, { key, custId })) };
  if (custId === null) return { ...standing, records: [], relatedRows: [] };
  return {
    ...standing,
    records: await parts.records.customerRecords(custId, shownRecords),
    relatedRows: await relatedRows(parts, custId, { key, present: report.rows[0] ?? null }),
  };
}

/** Whether the row is deferred, and where it is open, which other rows of its customer are. */
async function deferrals(
  { records }: RowSources,
  { rows }: RowReport,
  { key, custId }: { readonly key: RowKey; readonly custId: string | null },
): Promise<Pick<RowDetails, 'deferred' | 'heldBackBy'>> {
  const known = await records.deferralsAbout(key, custId, namedHolders + 1);
  const own = known.find((each) => rowId(each) === rowId(key));
  const isOpen = rows.some(({ state }) => state === State.Initial || state === State.Processing);
  const others = isOpen ? known.filter((each) => each !== own).slice(0, namedHolders) : [];
  return { deferred: own === undefined ? null : deferredRow(own), heldBackBy: others.map(deferredRow) };
}

/** The row's customer; that of the journal where the row is gone. Null where the CustID is missing or no number. */
function customerOf({ rows, journal }: RowReport): string | null {
  const custIds = rows.length > 0 ? rows.map((row) => row.custId) : journal.map((line) => line.custId);
  return custIds.find((custId) => custId !== null && isCanonicalNumber(custId)) ?? null;
}
