import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialect.js';
import { sources } from '../../domain/keys.js';
import { fullRow } from '../operations.js';
import type { FailedCount, FailedPage, FailedSearch, FullRow, MiddleSearch } from '../port.js';
import type { DriverRow } from '../rows.js';
import {
  boundedCounts,
  canonicalNumber,
  countFailed,
  lastInOrderFirst,
  oldestStateFirst,
  processingRow,
  searchFailed,
} from '../search.js';
import { searchDialects } from './search-dialect.js';
import {
  countStatement,
  customerStatement,
  failedCountsStatement,
  failedStatement,
  processingStatement,
  type SearchedTables,
} from './search-statements.js';
import type { MiddleTables } from './tables.js';

/**
 * Looking about in a middle database behind Knex: PostgreSQL and SQLite. On PostgreSQL the sessions should go by indexes
 * (`byKey`): what the planner makes of tables that were never analysed may read all failed rows for a page of them.
 */
export class KnexMiddleSearch implements MiddleSearch {
  readonly #database: Database;
  readonly #searched: SearchedTables;

  constructor(database: Database, tables: MiddleTables) {
    this.#database = database;
    this.#searched = { tables, search: searchDialects[database.dialect.name] };
  }

  async countUpTo(most: number): ReturnType<MiddleSearch['countUpTo']> {
    return boundedCounts(await this.#rows(countStatement(this.#searched, most)), most);
  }

  async failedPage(search: FailedSearch): Promise<FailedPage> {
    return searchFailed(search, (scan) => this.#rows(failedStatement(this.#searched, scan)));
  }

  async failedCounts(scan: number): Promise<readonly FailedCount[]> {
    const counts: FailedCount[] = [];
    for (const source of sources)
      counts.push(
        ...(await countFailed(source, scan, (part) =>
          this.#rows(failedCountsStatement(this.#searched, part)),
        )),
      );
    return counts;
  }

  async processing(limit: number): ReturnType<MiddleSearch['processing']> {
    const found = [];
    for (const source of sources) {
      const rows = await this.#rows(processingStatement(this.#searched, source, limit));
      found.push(...rows.map((row) => processingRow(source, row)));
    }
    return oldestStateFirst(found);
  }

  async ofCustomer(custId: string, limit: number): Promise<readonly FullRow[]> {
    const number = canonicalNumber(custId);
    if (number === null) return [];
    const found: FullRow[] = [];
    for (const source of sources) {
      const rows = await this.#rows(customerStatement(this.#searched, source, { custId: number, limit }));
      found.push(...rows.map((row) => fullRow(source, row)));
    }
    return lastInOrderFirst(found);
  }

  async #rows(statement: Fragment): Promise<readonly DriverRow[]> {
    return (await this.#database.execute(statement)).rows;
  }
}
