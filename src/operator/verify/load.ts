import type { Account, Customer } from '../../domain/customer.js';
import { isCanonicalNumber, sources, type Attempt } from '../../domain/keys.js';
import type { FinishedPage, FinishedPosition, FinishedRequest } from '../../middle/admin-port.js';
import type { ScannedEntry, ScanScope } from '../../store/admin-port.js';
import type { Databases } from '../databases.js';
import { nobody, type StagingDatabase } from './staging.js';

/*
 * Reads both databases into the stage: the middle database first, then the journal, then the records. A row is in State
 * 2 only after its journal entry was committed with the records: so whatever is read has its reason in what was read
 * after it.
 */

/** Time, for the pace. */
export interface Pace {
  /** Monotonic milliseconds. */
  now(): number;
  rest(milliseconds: number): Promise<void>;
}

/** What is being done. */
export type Phase = 'rows' | 'journal' | 'records' | 'compared' | 'rechecked' | 'repaired';

/** Called after each page; `total` if known. */
export type OnProgress = (phase: Phase, done: number, total?: number) => void;

/** Options for reading. */
export interface LoadSettings {
  /** Only these products; empty: all. */
  readonly productIds: readonly string[];
  /** Only this product. */
  readonly productId: string | null;
  readonly pageRows: number;
  readonly pace: Pace;
  readonly onProgress: OnProgress;
}

const longestRestMs = 1000;

/** Reads pages of both databases into the stage. */
export class Loader {
  readonly #databases: Databases;
  readonly #stage: StagingDatabase;
  readonly #settings: LoadSettings;

  constructor(databases: Databases, stage: StagingDatabase, settings: LoadSettings) {
    this.#databases = databases;
    this.#stage = stage;
    this.#settings = settings;
  }

  /** Reads all, or all of these customers; returns how many finished rows there are. */
  async gather(custs: readonly string[] | null): Promise<number> {
    if (custs !== null && numbered(custs).length === 0) return 0;
    const rows = await this.gatherRows(custs);
    await this.#records(custs);
    return rows;
  }

  /** The same without the records. */
  async gatherRows(custs: readonly string[] | null): Promise<number> {
    const rows = await this.#finishedRows(custs);
    await this.#journal(custs, 'entry');
    return rows;
  }

  /** Reads the journal of these customers once more. */
  async journalAgain(custs: readonly string[]): Promise<void> {
    if (numbered(custs).length > 0) await this.#journal(custs, 'again');
  }

  /**
   * Looks up, by key, rows of these customers that took effect and are not here as applied: not marked yet, requeued,
   * changed, or gone.
   */
  async resolve(custs: readonly string[]): Promise<void> {
    const { pageRows } = this.#settings;
    for (;;) {
      const keys = this.#stage.unresolved(custs, pageRows);
      if (keys.length === 0) return;
      this.#stage.replaceRows(keys, await this.#paced(() => this.#databases.middle.find(keys)));
    }
  }

  async #finishedRows(custs: readonly string[] | null): Promise<number> {
    const { productId, pageRows: limit, onProgress } = this.#settings;
    const scope = {
      ...(custs === null ? {} : { custIds: numbered(custs) }),
      ...(productId === null ? {} : { productId }),
    };
    let read = 0;
    for (const source of sources) {
      let after: FinishedPosition | null = null;
      do {
        const request: FinishedRequest = { source, ...scope, after, limit };
        const page: FinishedPage = await this.#paced(() => this.#databases.middle.finished.page(request));
        this.#stage.putRows(page.rows);
        read += page.rows.length;
        if (custs === null) onProgress('rows', read);
        after = page.next;
      } while (after !== null);
    }
    return read;
  }

  async #journal(custs: readonly string[] | null, into: 'entry' | 'again'): Promise<void> {
    const { onProgress } = this.#settings;
    let after: Attempt | null = null;
    for (let read = 0; ;) {
      const page = await this.#journalPage(custs, after);
      this.#stage.putEntries(page, into);
      read += page.length;
      if (custs === null) onProgress('journal', read);
      after = page.at(-1) ?? null;
      if (after === null) return;
    }
  }

  #journalPage(custs: readonly string[] | null, after: Attempt | null): Promise<readonly ScannedEntry[]> {
    const { scan } = this.#databases.store;
    return this.#paced(() => scan.journalPage(this.#scope(custs), after, this.#settings.pageRows));
  }

  async #records(custs: readonly string[] | null): Promise<void> {
    const { scan } = this.#databases.store;
    // By products the primary key leads to the customers.
    const known = custs === null || this.#settings.productId !== null ? [] : this.#stage.productIds();
    const scope = this.#scope(custs, known);
    let read = 0;
    await this.#pages<Customer>(
      (after, limit) => scan.customersPage(scope, after, limit),
      (customers) => {
        this.#stage.putRecords({ customers });
        if (custs === null) this.#settings.onProgress('records', (read += customers.length));
      },
    );
    await this.#pages<Account>(
      (after, limit) => scan.accountsPage(scope, after, limit),
      (accounts) => {
        this.#stage.putRecords({ accounts });
        if (custs === null) this.#settings.onProgress('records', (read += accounts.length));
      },
    );
  }

  async #pages<T>(
    read: (after: T | null, limit: number) => Promise<readonly T[]>,
    put: (page: readonly T[]) => void,
  ): Promise<void> {
    const pageAfter = (last: T | null) => this.#paced(() => read(last, this.#settings.pageRows));
    let page = await pageAfter(null);
    while (page.length > 0) {
      put(page);
      page = await pageAfter(page.at(-1) ?? null);
    }
  }

  #scope(custs: readonly string[] | null, known: readonly string[] = []): ScanScope {
    const { productId, productIds } = this.#settings;
    const configured = productId === null ? productIds : [productId];
    return {
      productIds: configured.length > 0 ? configured : known,
      ...(custs === null ? {} : { custIds: numbered(custs) }),
    };
  }

  /** Others use both databases: after each page it rests for as long as the page took. */
  async #paced<T>(read: () => Promise<T>): Promise<T> {
    const { pace } = this.#settings;
    const startedAt = pace.now();
    const result = await read();
    await pace.rest(Math.min(longestRestMs, pace.now() - startedAt));
    return result;
  }
}

/** Those that a database knows as numbers. */
function numbered(custs: readonly string[]): string[] {
  return custs.filter((cust) => cust !== nobody && isCanonicalNumber(cust));
}
