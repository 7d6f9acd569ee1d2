import type { Source } from '../../domain/keys.js';
import type { BoundedQueries } from '../admin-port.js';
import type { DriverRow } from '../rows.js';
import { SearchByTable } from '../search-by-table.js';
import type { OracleDatabase } from './database.js';
import {
  countQuery,
  customerQuery,
  failedCountsQuery,
  failedQuery,
  processingQuery,
} from './search-statements.js';
import type { OracleTables } from './tables.js';

/** Looking about in a middle database on Oracle. */
export function oracleBoundedQueries(database: OracleDatabase, tables: OracleTables): BoundedQueries {
  return new SearchByTable({
    counts: (most) => database.query(countQuery(tables, most)),
    failed: (scan) => database.query(failedQuery(tables, scan)),
    failedCounts: (scan) => database.query(failedCountsQuery(tables, scan)),
    processing: (source, limit) => database.query(processingQuery(tables, source, limit)),
    ofCustomer: async (source: Source, custId, limit) => {
      // Rows without a CreateDate, the first in order, stand at the other end of the index.
      const found: DriverRow[] = [];
      for (const dated of [true, false]) {
        const left = limit - found.length;
        if (left > 0)
          found.push(
            ...(await database.query(customerQuery(tables, source, { custId, limit: left, dated }))),
          );
      }
      return found;
    },
  });
}
