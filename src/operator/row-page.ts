import { isCanonicalNumber, type RowKey } from '../domain/keys.js';
import type { MiddleOperations } from '../middle/port.js';
import type { StoreOperations } from '../store/port.js';
import type { RowPage } from './desk.js';
import { neighbours, type NeighbourSources } from './neighbours.js';
import { show, type RowReport } from './show.js';

/** What a row's page is read from. */
export interface RowSources extends NeighbourSources {
  readonly middle: MiddleOperations;
  readonly store: StoreOperations;
}

/** How many products of a customer, and users of each, are shown. */
const shownRecords = 20;

/** Reads everything about a row: its report, its customer in the product store, and the customer's other rows. */
export async function rowPage(parts: RowSources, key: RowKey): Promise<RowPage> {
  const report = await show(parts.middle, parts.store, key);
  const custId = customerOf(report);
  if (custId === null) return { ...report, records: [], neighbours: [] };
  return {
    ...report,
    records: await parts.records.customerRecords(custId, shownRecords),
    neighbours: await neighbours(parts, custId, { key, present: report.rows[0] ?? null }),
  };
}

/** The row's customer; that of the journal where the row is gone. Null where the CustID is missing or no number. */
function customerOf({ rows, journal }: RowReport): string | null {
  const custIds = rows.length > 0 ? rows.map((row) => row.custId) : journal.map((line) => line.custId);
  return custIds.find((custId) => custId !== null && isCanonicalNumber(custId)) ?? null;
}
