import { rowId, type RowKey } from '../domain/keys.js';
import type { BoundedQueries } from '../middle/admin-port.js';
import type { JournalLine, SupersededPlace } from '../store/admin-port.js';
import { takeIntended, type ActionOutcome } from './audit.js';
import type { Actor, PurgeReport } from './contract/actions.js';
import type { Databases } from './databases.js';

/** Which entries go. */
export interface PurgeRequest {
  readonly olderThanMs: number;
  /** Also all entries of rows that have left the middle database. */
  readonly gone: boolean;
  readonly dryRun: boolean;
  /** Called after each set: whether to end here. */
  readonly isOver?: () => boolean;
  /** Called after each set. */
  readonly onStep?: (progress: PurgeProgress) => void;
}

/** Rows of other products are invisible, so nothing is known of them; empty: all products are ours. */
interface OurProducts {
  readonly productIds: readonly string[];
}

/** How far a purge has come. */
export interface PurgeProgress {
  readonly superseded: number;
  /** Rows looked up in the middle database. */
  readonly looked: number;
  readonly goneRows: number;
}

/** The middle database has no row at all: more likely the wrong database than one everything has left. */
export class MiddleEmptyError extends Error {
  override readonly name = 'MiddleEmptyError';

  constructor() {
    super('the middle database holds no row at all: nothing was purged. Is it the right one?');
  }
}

const setEntries = 500;

/**
 * Deletes journal entries older than so long: superseded failures, except the last one of a row that was applied in the
 * end, and with `gone` all entries of rows that have left the middle database. Each set is its own transaction, so the
 * purge may be ended at any time and repeated. It is recorded before its first set; its outcome, after its last one.
 */
export async function purgeJournal(
  parts: Databases,
  actor: Actor,
  request: PurgeRequest & OurProducts,
): Promise<PurgeReport> {
  if (request.gone) await insistOnRows(parts.middle.queries);
  const before = new Date(Date.parse(await parts.store.now()) - request.olderThanMs).toISOString();
  const purge = new Purge(parts, request, before);
  if (request.dryRun) await purge.run();
  else {
    const intent = { action: 'journal-purge', what: { before, gone: request.gone }, reason: null } as const;
    await takeIntended(parts.store.records, actor, intent, {
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
  readonly #parts: Databases;
  readonly #request: PurgeRequest & OurProducts;
  readonly #before: string;

  constructor(parts: Databases, request: PurgeRequest & OurProducts, before: string) {
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

  /** Kept entries lie among deleted ones, so each set starts where the last ended. */
  async #forgetSuperseded(): Promise<void> {
    const { records } = this.#parts.store;
    let after: SupersededPlace | null = null;
    do {
      const { entries, next } = await records.supersededBefore(this.#before, { after, scan: setEntries });
      this.superseded += this.#request.dryRun ? entries.length : await records.forgetSuperseded(entries);
      after = next;
    } while (this.#goesOn(after));
  }

  async #forgetGone(): Promise<void> {
    const { middle, store } = this.#parts;
    const { records } = store;
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

  /** Reports progress; whether to continue after this place. */
  #goesOn(after: RowKey | null): boolean {
    const { superseded, looked, goneRows } = this;
    const { onStep, isOver } = this.#request;
    onStep?.({ superseded, looked, goneRows });
    if (after === null) return false;
    this.#ended = isOver?.() !== true;
    return this.#ended;
  }
}
