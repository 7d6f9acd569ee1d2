import { sources, type Source } from '../domain/keys.js';
import { fullRow } from './admin-results.js';
import type { FailedCount, FailedRowsPage, FailedSearch, FullRow, BoundedQueries } from './admin-port.js';
import type { DriverRow } from './rows.js';
import {
  boundedCounts,
  canonicalNumber,
  countFailed,
  lastInOrderFirst,
  oldestStateFirst,
  processingRow,
  findFailed,
  type Scan,
} from './search.js';

type Rows = Promise<readonly DriverRow[]>;

/** Bounded reads for operators, one kind of database. */
export interface SearchReads {
  /** Counts by table and State, each capped. */
  counts(most: number): Rows;
  failed(scan: Scan): Rows;
  failedCounts(scan: Omit<Scan, 'filter' | 'limit'>): Rows;
  /** Rows in State 1, oldest StateDate first. */
  processing(source: Source, limit: number): Rows;
  /** A customer's last rows in their order. */
  ofCustomer(source: Source, custId: string, limit: number): Rows;
}

/** Bounded queries, the same for every kind: table by table, merged and ordered. */
export class SearchByTable implements BoundedQueries {
  constructor(private readonly reads: SearchReads) {}

  async countCapped(most: number): ReturnType<BoundedQueries['countCapped']> {
    return boundedCounts(await this.reads.counts(most), most);
  }

  async failedPage(search: FailedSearch): Promise<FailedRowsPage> {
    return findFailed(search, (scan) => this.reads.failed(scan));
  }

  async failedCounts(scan: number): Promise<readonly FailedCount[]> {
    const counts: FailedCount[] = [];
    for (const source of sources) {
      counts.push(...(await countFailed(source, scan, (part) => this.reads.failedCounts(part))));
    }
    return counts;
  }

  async processing(limit: number): ReturnType<BoundedQueries['processing']> {
    const found = [];
    for (const source of sources) {
      const rows = await this.reads.processing(source, limit);
      found.push(...rows.map((row) => processingRow(source, row)));
    }
    return oldestStateFirst(found);
  }

  async ofCustomer(custId: string, limit: number): Promise<readonly FullRow[]> {
    const number = canonicalNumber(custId);
    if (number === null) return [];
    const found: FullRow[] = [];
    for (const source of sources) {
      const rows = await this.reads.ofCustomer(source, number, limit);
      found.push(...rows.map((row) => fullRow(source, row)));
    }
    return lastInOrderFirst(found);
  }
}
