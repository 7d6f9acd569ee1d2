import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialect.js';
import type { BoundedQueries } from '../admin-port.js';
import { SearchByTable } from '../search-by-table.js';
import { searchDialects } from './search-dialect.js';
import {
  countStatement,
  customerStatement,
  failedCountsStatement,
  failedStatement,
  processingStatement,
  type SearchedTables,
} from './search-statements.js';
import type { KnexTables } from './tables.js';

/**
 * Looking about in a middle database behind Knex: PostgreSQL and SQLite. On PostgreSQL the sessions should go by indexes
 * (`byKey`): what the planner makes of tables that were never analysed may read all failed rows for a page of them.
 */
export function knexBoundedQueries(database: Database, tables: KnexTables): BoundedQueries {
  const searched: SearchedTables = { tables, search: searchDialects[database.dialect.name] };
  const rows = async (statement: Fragment) => (await database.execute(statement)).rows;
  return new SearchByTable({
    counts: (most) => rows(countStatement(searched, most)),
    failed: (scan) => rows(failedStatement(searched, scan)),
    failedCounts: (scan) => rows(failedCountsStatement(searched, scan)),
    processing: (source, limit) => rows(processingStatement(searched, source, limit)),
    ofCustomer: (source, custId, limit) => rows(customerStatement(searched, source, { custId, limit })),
  });
}
