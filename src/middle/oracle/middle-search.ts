import { sources } from '../../domain/keys.js';
import { fullRow } from '../operations.js';
import type { FailedCount, FailedPage, FailedSearch, FullRow, MiddleSearch } from '../port.js';
import {
  boundedCounts,
  canonicalNumber,
  countFailed,
  lastInOrderFirst,
  oldestStateFirst,
  processingRow,
  searchFailed,
} from '../search.js';
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
export class OracleMiddleSearch implements MiddleSearch {
  readonly #database: OracleDatabase;
  readonly #tables: OracleTables;

  constructor(database: OracleDatabase, tables: OracleTables) {
    this.#database = database;
    this.#tables = tables;
  }

  async countUpTo(most: number): ReturnType<MiddleSearch['countUpTo']> {
    return boundedCounts(await this.#database.query(countQuery(this.#tables, most)), most);
  }

  async failedPage(search: FailedSearch): Promise<FailedPage> {
    return searchFailed(search, (scan) => this.#database.query(failedQuery(this.#tables, scan)));
  }

  async failedCounts(scan: number): Promise<readonly FailedCount[]> {
    const counts: FailedCount[] = [];
    for (const source of sources)
      counts.push(
        ...(await countFailed(source, scan, (part) =>
          this.#database.query(failedCountsQuery(this.#tables, part)),
        )),
      );
    return counts;
  }

  async processing(limit: number): ReturnType<MiddleSearch['processing']> {
    const found = [];
    for (const source of sources) {
      const rows = await this.#database.query(processingQuery(this.#tables, source, limit));
      found.push(...rows.map((row) => processingRow(source, row)));
    }
    return oldestStateFirst(found);
  }

  async ofCustomer(custId: string, limit: number): Promise<readonly FullRow[]> {
    const number = canonicalNumber(custId);
    if (number === null) return [];
    const found: FullRow[] = [];
    for (const source of sources) {
      const ofTable: FullRow[] = [];
      for (const dated of [true, false]) {
        const left = limit - ofTable.length;
        if (left === 0) break;
        const query = customerQuery(this.#tables, source, { custId: number, limit: left, dated });
        ofTable.push(...(await this.#database.query(query)).map((row) => fullRow(source, row)));
      }
      found.push(...ofTable);
    }
    return lastInOrderFirst(found);
  }
}
