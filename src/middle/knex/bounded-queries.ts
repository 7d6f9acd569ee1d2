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
 * Bounded queries behind Knex: PostgreSQL and SQLite. On PostgreSQL the sessions should prefer indexes (`byKey`): for
 * tables never analysed the planner may read all failed rows for one page.
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
