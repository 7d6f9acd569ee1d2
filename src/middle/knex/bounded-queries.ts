import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import type { BoundedQueries } from '../admin-port.js';
import { SearchByTable } from '../search-by-table.js';
import {
  countStatement,
  customerStatement,
  failedCountsStatement,
  failedStatement,
  processingStatement,
} from './search-statements.js';
import type { KnexTables } from './tables.js';

/**
 * Looking about in a middle database behind Knex: PostgreSQL and SQLite. On PostgreSQL the sessions should go by indexes
 * (`byKey`): what the planner makes of tables that were never analysed may read all failed rows for a page of them.
 */
export function knexBoundedQueries(database: Database, tables: KnexTables): BoundedQueries {
  const rows = async (statement: Fragment) => (await database.execute(statement)).rows;
  return new SearchByTable({
    counts: (most) => rows(countStatement(tables, most)),
    failed: (scan) => rows(failedStatement(tables, scan)),
    failedCounts: (scan) => rows(failedCountsStatement(tables, scan)),
    processing: (source, limit) => rows(processingStatement(tables, source, limit)),
    ofCustomer: (source, custId, limit) => rows(customerStatement(tables, source, { custId, limit })),
  });
}
