import { rowId, type RowKey } from '../domain/keys.js';
import type { BoundedQueries } from '../middle/admin-port.js';
import type { JournalLine, SupersededPlace } from '../store/admin-port.js';
import { takeIntended, type ActionOutcome } from './audit.js';
import type { Actor, PurgeReport } from './contract/actions.js';
import type { Databases } from './databases.js';
import { auditName } from './named.js';
import { interruptedPurge, purgeIntent, type InterruptedPurge } from './purge-record.js';

/** Which entries go. */
export interface PurgeRequest {
  readonly olderThanMs: number;
  /** Also all entries of rows that have left the middle database. */
  readonly gone: boolean;
  readonly dryRun: boolean;
  /** With `gone`: begins with the first row, also where a purge of the same was interrupted. Default: goes on with it. */
  readonly fromStart?: boolean;
  /** After how many sets of 500 entries how far it has come is put on record. Default: 1000. */
  readonly setsOfPart?: number;
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
  /** The last row that was looked up; null: none yet. */
  readonly at: RowKey | null;
}

/** The middle database has no row at all: more likely the wrong database than one everything has left. */
export class MiddleEmptyError extends Error {
  override readonly name = 'MiddleEmptyError';

  constructor() {
    super('the middle database holds no row at all: nothing was purged. Is it the right one?');
  }
}

const setEntries = 500;
const setsOfPart = 1000;

/**
 * Deletes journal entries older than so long: superseded failures, except the last one of a row that was applied in the
 * end, and with `gone` all entries of rows that have left the middle database. Each set is its own transaction, so the
 * purge may be ended at any time and repeated. It is recorded before its first set; its outcome, after its last one. With
 * `gone` it goes on where one of the same age was interrupted, and is recorded in parts.
 */
export async function purgeJournal(
  parts: Databases,
  actor: Actor,
  request: PurgeRequest & OurProducts,
): Promise<PurgeReport> {
  const { gone, dryRun, fromStart = false, olderThanMs, productIds } = request;
  if (gone) await insistOnRows(parts.middle.queries);
  const now = await parts.store.now();
  const before = new Date(Date.parse(now) - olderThanMs).toISOString();
  const scope = { olderThanMs, productIds };
  const { records } = parts.store;
  const interrupted = gone && !fromStart ? await interruptedPurge(records, scope, now) : null;
  const purge = new Purge(parts, request, { before, interrupted });
  if (dryRun) await purge.run(Infinity);
  else
    for (let continues = interrupted?.action ?? null; !purge.isOver;) {
      const what = gone ? purgeIntent(scope, { before, after: purge.after, continues }) : { before, gone };
      const intent = { action: 'journal-purge', what, reason: null } as const;
      continues = await takeIntended(records, actor, intent, {
        take: async (intentId) => {
          await purge.run(gone ? (request.setsOfPart ?? setsOfPart) : Infinity);
          return intentId;
        },
        outcome: () => purge.outcomeOfPart(),
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

/** What a purge has deleted. */
interface Deleted {
  readonly superseded: number;
  readonly goneRows: number;
  readonly goneEntries: number;
}

class Purge {
  /** The last row that is done; null: none. */
  after: RowKey | null;
  /** Nothing is left to do, or it was to end. */
  isOver = false;
  #superseded = 0;
  #goneRows = 0;
  #goneEntries = 0;
  #looked = 0;
  #phase: 'superseded' | 'gone' | 'done';
  #supersededAfter: SupersededPlace | null = null;
  /** What was deleted before the present part. */
  #before: Deleted = { superseded: 0, goneRows: 0, goneEntries: 0 };
  readonly #parts: Databases;
  readonly #request: PurgeRequest & OurProducts;
  readonly #decidedBefore: string;
  readonly #interrupted: InterruptedPurge | null;

  constructor(
    parts: Databases,
    request: PurgeRequest & OurProducts,
    { before, interrupted }: { readonly before: string; readonly interrupted: InterruptedPurge | null },
  ) {
    this.#parts = parts;
    this.#request = request;
    this.#decidedBefore = before;
    this.#interrupted = interrupted;
    this.after = interrupted?.after ?? null;
    // An interrupted purge came to the rows that are gone after it was done with what is superseded.
    this.#phase = interrupted === null ? 'superseded' : 'gone';
  }

  /** Does at most so many sets. */
  async run(sets: number): Promise<void> {
    this.#before = this.#deleted();
    for (let set = 0; set < sets && !this.isOver; set += 1) {
      if (this.#phase === 'superseded') await this.#forgetSuperseded();
      else await this.#forgetGone();
      this.#request.onStep?.({
        superseded: this.#superseded,
        ...{ looked: this.#looked, goneRows: this.#goneRows, at: this.after },
      });
      this.isOver = this.#phase === 'done' || this.#request.isOver?.() === true;
    }
  }

  report(): PurgeReport {
    const { dryRun, gone } = this.#request;
    return {
      dryRun,
      ended: this.#phase === 'done',
      before: this.#decidedBefore,
      continues: this.#interrupted?.action ?? null,
      after: this.#interrupted === null ? null : auditName(this.#interrupted.after),
      superseded: this.#superseded,
      gone: gone ? { rows: this.#goneRows, entries: dryRun ? null : this.#goneEntries } : null,
    };
  }

  /** The outcome since the last call of `run`. */
  outcomeOfPart(): ActionOutcome {
    const now = this.#deleted();
    const superseded = now.superseded - this.#before.superseded;
    const goneRows = now.goneRows - this.#before.goneRows;
    const left = this.#phase === 'done' || this.after === null ? null : auditName(this.after);
    return {
      what: { superseded, goneRows, ...(this.#request.gone && { left }) },
      rows: superseded + now.goneEntries - this.#before.goneEntries,
    };
  }

  #deleted(): Deleted {
    return { superseded: this.#superseded, goneRows: this.#goneRows, goneEntries: this.#goneEntries };
  }

  /** Kept entries lie among deleted ones, so each set starts where the last ended. */
  async #forgetSuperseded(): Promise<void> {
    const { records } = this.#parts.store;
    const page = { after: this.#supersededAfter, scan: setEntries };
    const { entries, next } = await records.supersededBefore(this.#decidedBefore, page);
    this.#superseded += this.#request.dryRun ? entries.length : await records.forgetSuperseded(entries);
    this.#supersededAfter = next;
    if (next === null) this.#phase = this.#request.gone ? 'gone' : 'done';
  }

  async #forgetGone(): Promise<void> {
    const { middle, store } = this.#parts;
    const { records } = store;
    const page = { after: this.after, scan: setEntries };
    const { lines, next } = await records.currentBefore(this.#decidedBefore, page);
    const ours = lines.filter((line) => this.#isOurs(line));
    const present = new Set((await middle.find(ours)).map(rowId));
    const gone = ours.filter((line) => !present.has(rowId(line)));
    if (gone.length > 0 && !this.#request.dryRun) this.#goneEntries += await records.forget(gone);
    this.#looked += ours.length;
    this.#goneRows += gone.length;
    this.after = next ?? this.after;
    if (next === null) this.#phase = 'done';
  }

  #isOurs({ productId }: JournalLine): boolean {
    const { productIds } = this.#request;
    return productIds.length === 0 || (productId !== null && productIds.includes(productId));
  }
}
