import type { Source } from '../../domain/keys.js';
import type { BoundedQueries } from '../admin-port.js';
import type { DriverRow } from '../rows.js';
import { SearchByTable } from '../search-by-table.js';
import type { OracleDatabase } from './database.js';
import {
  countStatement,
  customerStatement,
  failedCountsStatement,
  failedStatement,
  processingStatement,
} from './search-statements.js';
import type { MiddleTables } from '../tables.js';

/** Bounded queries on Oracle. */
export function oracleBoundedQueries(database: OracleDatabase, tables: MiddleTables): BoundedQueries {
  return new SearchByTable({
    counts: (most) => database.query(countStatement(tables, most)),
    failed: (scan) => database.query(failedStatement(tables, scan)),
    failedCounts: (scan) => database.query(failedCountsStatement(tables, scan)),
    processing: (source, limit) => database.query(processingStatement(tables, source, limit)),
    ofCustomer: async (source: Source, custId, limit) => {
      // Rows without a CreateDate, first in order, are at the other end of the index.
      const found: DriverRow[] = [];
      for (const dated of [true, false]) {
        const left = limit - found.length;
        if (left > 0)
          found.push(
            ...(await database.query(customerStatement(tables, source, { custId, limit: left, dated }))),
          );
      }
      return found;
    },
  });
}
