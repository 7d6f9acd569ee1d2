import { rowId, type RowKey } from '../domain/keys.js';
import type { MiddleOperations, MiddleSearch } from '../middle/port.js';
import type { StoreOperations } from '../store/port.js';
import type { JournalLine, StoreRecords, SupersededPlace } from '../store/records-port.js';
import { record } from './audit.js';
import type { Actor } from './desk.js';

/** What a purge of the journal needs. */
export interface PurgeSources {
  readonly middle: MiddleOperations;
  readonly search: MiddleSearch;
  readonly store: StoreOperations;
  readonly records: StoreRecords;
}

/** Which entries go. */
export interface PurgeRequest {
  readonly olderThanMs: number;
  /** Also all entries of rows that have left the middle database. */
  readonly gone: boolean;
  /** Rows of other products do not exist for us, so nothing is known of them; empty: all products are ours. */
  readonly productIds: readonly string[];
  readonly dryRun: boolean;
  /** Told after each set. */
  readonly onSet?: (progress: PurgeProgress) => void;
}

/** How far a purge has come. */
interface PurgeProgress {
  readonly superseded: number;
  /** Rows that were looked for in the middle database. */
  readonly looked: number;
  readonly goneRows: number;
}

/** What went. */
export interface PurgeReport {
  readonly dryRun: boolean;
  /** Entries decided before this went, ISO 8601, UTC, by the store's clock. */
  readonly before: string;
  /** Superseded failures, without those that are evidence of a requeue. */
  readonly superseded: number;
  /** Rows that have left the middle database, and their entries; null where they were not asked for. */
  readonly gone: { readonly rows: number; readonly entries: number | null } | null;
}

/** The middle database holds no row at all: more likely another database than one that everything has left. */
export class MiddleEmptyError extends Error {
  override readonly name = 'MiddleEmptyError';

  constructor() {
    super('the middle database holds no row at all: nothing was purged. Is it the right one?');
  }
}

const setEntries = 500;

/**
 * Deletes journal entries decided so long ago: superseded failures, except the last one of a row that was applied in the
 * end, and with `gone` all entries of rows that have left the middle database. Each set is a transaction of its own, so it may be ended at any time, and run again. What was
 * deleted is recorded even if an error ends it early.
 */
export async function purgeJournal(
  parts: PurgeSources,
  actor: Actor,
  request: PurgeRequest,
): Promise<PurgeReport> {
  if (request.gone) await insistOnRows(parts.search);
  const before = new Date(Date.parse(await parts.store.now()) - request.olderThanMs).toISOString();
  const purge = new Purge(parts, request, before);
  try {
    await purge.run();
  } finally {
    const entries = purge.superseded + purge.goneEntries;
    if (entries > 0 && !request.dryRun) {
      const what = { before, superseded: purge.superseded, goneRows: purge.goneRows };
      await record(parts.records, actor, { action: 'journal-purge', what, rows: entries, reason: null });
    }
  }
  return purge.report();
}

async function insistOnRows(search: MiddleSearch): Promise<void> {
  const counts = Object.values(await search.countUpTo(1));
  const isEmpty = counts.every(
    (each) => each['0'] + each['1'] + each['2'] + each['3'] + (each.other ?? 0) === 0,
  );
  if (isEmpty) throw new MiddleEmptyError();
}

class Purge {
  superseded = 0;
  looked = 0;
  goneRows = 0;
  goneEntries = 0;
  readonly #parts: PurgeSources;
  readonly #request: PurgeRequest;
  readonly #before: string;

  constructor(parts: PurgeSources, request: PurgeRequest, before: string) {
    this.#parts = parts;
    this.#request = request;
    this.#before = before;
  }

  async run(): Promise<void> {
    await this.#forgetSuperseded();
    if (this.#request.gone) await this.#forgetGone();
  }

  report(): PurgeReport {
    const { dryRun, gone } = this.#request;
    const { goneRows: rows, goneEntries } = this;
    return {
      dryRun,
      before: this.#before,
      superseded: this.superseded,
      gone: gone ? { rows, entries: dryRun ? null : goneEntries } : null,
    };
  }

  /** What stays lies among what goes, so each set starts where the one before ended. */
  async #forgetSuperseded(): Promise<void> {
    const { records } = this.#parts;
    let after: SupersededPlace | null = null;
    do {
      const { entries, next } = await records.supersededBefore(this.#before, { after, scan: setEntries });
      this.superseded += this.#request.dryRun ? entries.length : await records.forgetSuperseded(entries);
      this.#tell();
      after = next;
    } while (after !== null);
  }

  async #forgetGone(): Promise<void> {
    const { middle, records } = this.#parts;
    let after: RowKey | null = null;
    do {
      const { lines, next } = await records.currentBefore(this.#before, { after, scan: setEntries });
      const ours = lines.filter((line) => this.#isOurs(line));
      const present = new Set((await middle.find(ours)).map(rowId));
      const gone = ours.filter((line) => !present.has(rowId(line)));
      this.looked += ours.length;
      this.goneRows += gone.length;
      if (gone.length > 0 && !this.#request.dryRun) this.goneEntries += await records.forget(gone);
      this.#tell();
      after = next;
    } while (after !== null);
  }

  #isOurs({ productId }: JournalLine): boolean {
    const { productIds } = this.#request;
    return productIds.length === 0 || (productId !== null && productIds.includes(productId));
  }

  #tell(): void {
    const { superseded, looked, goneRows } = this;
    this.#request.onSet?.({ superseded, looked, goneRows });
  }
}
