import { sources, type RowKey, type Source } from '../domain/keys.js';
import type { HostState } from '../domain/host-state.js';
import type { RefusedPrivilege } from '../domain/refused-privilege.js';
import type {
  BoundedQueries,
  ColumnDescription,
  FinishedRows,
  FullRow,
  IndexDescription,
  MiddleAdmin,
  MiddleKind,
  OtherStateRow,
  ServerDescription,
} from './admin-port.js';
import { duplicatesOf, fullRow, keysOf, latestDate, numbersOf, oldestAge } from './admin-results.js';
import { createdAheadOf, otherStatesOf, straysOf } from './irregular.js';
import type { CreatedAhead } from './port.js';
import { attributesByRow, type DriverRow } from './rows.js';

type Rows = Promise<readonly DriverRow[]>;

/** One statement each for one kind of database; `admin-results.ts` and `irregular.ts` define the columns. */
export interface AdminReads {
  now(): Rows;
  oldestPending(): Rows;
  newestPending(): Rows;
  createdAhead(): Rows;
  otherStates(limit: number): Rows;
  strays(look: Parameters<MiddleAdmin['strayAttributes']>[0]): Rows;
  othersInFront(scan: number): Rows;
  tooManyAttributes(limit: number): Rows;
  duplicates(limit: number): Rows;
  withoutStreamingNo(): Rows;
  rows(source: Source, streamingNos: readonly string[]): Rows;
  /** Attribute rows of these rows, per row at most one more than a worker takes. */
  attributes(source: Source, streamingNos: readonly string[]): Rows;
}

/** The operators' port, as far as it is the same for every database. */
export abstract class SqlMiddleAdmin implements MiddleAdmin {
  abstract readonly kind: MiddleKind;
  abstract readonly queries: BoundedQueries;
  abstract readonly finished: FinishedRows;
  protected abstract readonly reads: AdminReads;

  async now(): Promise<string> {
    return String((await this.reads.now())[0]?.['now']);
  }

  async oldestPendingSeconds(): Promise<number | null> {
    return oldestAge((await this.reads.oldestPending()).map((row) => row['age']));
  }

  async newestPending(): Promise<string | null> {
    return latestDate((await this.reads.newestPending()).map((row) => row['newest']));
  }

  async createdAhead(): Promise<CreatedAhead> {
    return createdAheadOf(await this.reads.createdAhead());
  }

  async otherStates(limit: number): Promise<readonly OtherStateRow[]> {
    return otherStatesOf(await this.reads.otherStates(limit));
  }

  async strayAttributes(
    look: Parameters<MiddleAdmin['strayAttributes']>[0],
  ): ReturnType<MiddleAdmin['strayAttributes']> {
    return straysOf(await this.reads.strays(look));
  }

  async othersInFront(scan: number): Promise<Readonly<Record<Source, number>>> {
    return numbersOf(await this.reads.othersInFront(scan));
  }

  async tooManyAttributes(limit: number): ReturnType<MiddleAdmin['tooManyAttributes']> {
    return duplicatesOf(await this.reads.tooManyAttributes(limit));
  }

  async duplicates(limit: number): ReturnType<MiddleAdmin['duplicates']> {
    return duplicatesOf(await this.reads.duplicates(limit));
  }

  async withoutStreamingNo(): Promise<Readonly<Record<Source, number>>> {
    return numbersOf(await this.reads.withoutStreamingNo());
  }

  async find(keys: readonly RowKey[]): Promise<readonly FullRow[]> {
    const found: FullRow[] = [];
    for (const source of sources) {
      const streamingNos = keysOf(keys, source);
      if (streamingNos.length === 0) continue;
      const rows = await this.reads.rows(source, streamingNos);
      const byRow = attributesByRow(await this.reads.attributes(source, streamingNos));
      for (const row of rows.map((each) => fullRow(source, each)))
        found.push({ ...row, attributes: byRow.get(row.streamingNo) ?? [] });
    }
    return found;
  }

  abstract requeue(keys: readonly RowKey[], failedUntil?: string): Promise<readonly RowKey[]>;
  abstract server(): Promise<ServerDescription>;
  abstract hosts(): Promise<readonly HostState[]>;
  abstract columns(): Promise<readonly ColumnDescription[]>;
  abstract indexes(): Promise<readonly IndexDescription[]>;
  abstract missingPrivileges(): Promise<readonly RefusedPrivilege[]>;
}
