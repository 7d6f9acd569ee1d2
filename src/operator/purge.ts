import { rowId, type RowKey } from '../domain/keys.js';
import type { MiddleAdmin, BoundedQueries } from '../middle/admin-port.js';
import type { StoreAdmin, JournalLine, StoreRecords, SupersededPlace } from '../store/admin-port.js';
import { takeIntended, type ActionOutcome } from './audit.js';
import type { Actor } from './operator-service.js';

/** What a purge of the journal needs. */
export interface PurgeSources {
  readonly middle: MiddleAdmin;
  readonly search: BoundedQueries;
  readonly store: StoreAdmin;
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
  /** Asked after each set: whether to end here. */
  readonly isOver?: () => boolean;
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
  /** False: it was ended before all entries were looked at. */
  readonly ended: boolean;
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
 * end, and with `gone` all entries of rows that have left the middle database. Each set is a transaction of its own, so
 * it may be ended at any time, and run again. The purge is on record before its first set; its outcome, after its last one.
 */
export async function purgeJournal(
  parts: PurgeSources,
  actor: Actor,
  request: PurgeRequest,
): Promise<PurgeReport> {
  if (request.gone) await insistOnRows(parts.search);
  const before = new Date(Date.parse(await parts.store.now()) - request.olderThanMs).toISOString();
  const purge = new Purge(parts, request, before);
  if (request.dryRun) await purge.run();
  else {
    const intent = { action: 'journal-purge', what: { before, gone: request.gone }, reason: null } as const;
    await takeIntended(parts.records, actor, intent, {
      take: () => purge.run(),
      outcome: () => purge.outcome(),
    });
  }
  return purge.report();
}

async function insistOnRows(search: BoundedQueries): Promise<void> {
  const counts = Object.values(await search.countCapped(1));
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
  #ended = true;
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
    if (this.#request.gone && this.#ended) await this.#forgetGone();
  }

  report(): PurgeReport {
    const { dryRun, gone } = this.#request;
    const { goneRows: rows, goneEntries } = this;
    return {
      dryRun,
      ended: this.#ended,
      before: this.#before,
      superseded: this.superseded,
      gone: gone ? { rows, entries: dryRun ? null : goneEntries } : null,
    };
  }

  outcome(): ActionOutcome {
    const { superseded, goneRows, goneEntries } = this;
    return { what: { superseded, goneRows }, rows: superseded + goneEntries };
  }

  /** What stays lies among what goes, so each set starts where the one before ended. */
  async #forgetSuperseded(): Promise<void> {
    const { records } = this.#parts;
    let after: SupersededPlace | null = null;
    do {
      const { entries, next } = await records.supersededBefore(this.#before, { after, scan: setEntries });
      this.superseded += this.#request.dryRun ? entries.length : await records.forgetSuperseded(entries);
      after = next;
    } while (this.#goesOn(after));
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
      after = next;
    } while (this.#goesOn(after));
  }

  #isOurs({ productId }: JournalLine): boolean {
    const { productIds } = this.#request;
    return productIds.length === 0 || (productId !== null && productIds.includes(productId));
  }

  /** Tells how far it has come, and whether it goes on after this place. */
  #goesOn(after: RowKey | null): boolean {
    const { superseded, looked, goneRows } = this;
    const { onSet, isOver } = this.#request;
    onSet?.({ superseded, looked, goneRows });
    if (after === null) return false;
    this.#ended = isOver?.() !== true;
    return this.#ended;
  }
}
