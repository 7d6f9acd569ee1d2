import { rowId, tableOf } from '../domain/keys.js';
import { State } from '../domain/states.js';
import type { FailedPosition, FullRow, MiddleOperations, MiddleSearch, RowFilter } from '../middle/port.js';
import type { StoreRecords } from '../store/records-port.js';
import { record } from './audit.js';
import type { Actor, MatchReport } from './desk.js';
import { failedRow } from './failed-row.js';
import { scanRows } from './failed.js';
import { rowsByKey } from './requeue.js';

/** What requeuing by filter needs. */
export interface MatchSources {
  readonly middle: MiddleOperations;
  readonly search: MiddleSearch;
  readonly records: StoreRecords;
}

/** How it is asked for. `onSet` is told after each set. */
export interface MatchRequest {
  readonly filter: RowFilter;
  readonly dryRun: boolean;
  readonly reason: string | null;
  readonly onSet?: (progress: { readonly matched: number; readonly requeued: number }) => void;
}

/** The most rows of one action, of one set, and the most steps of the search. */
const mostRows = 10_000;
const setRows = 500;
const mostSteps = 1000;

const shownExamples = 20;

/**
 * Puts all failed rows back that match, those that failed last first, each where it still stands as it was found. A row
 * that fails again meanwhile is newer than the place the search has reached, so it is not met twice. What was put back
 * is recorded even if an error ends the action early.
 */
export async function requeueMatching(
  parts: MatchSources,
  actor: Actor,
  request: MatchRequest,
): Promise<MatchReport> {
  const action = new Action(parts, request);
  try {
    await action.run();
  } finally {
    const { requeued } = action;
    if (requeued > 0) {
      const { reason } = request;
      const what = { filter: named(request.filter), matched: action.matched };
      await record(parts.records, actor, { action: 'requeue-matching', what, rows: requeued, reason });
    }
  }
  return action.report();
}

class Action {
  requeued = 0;
  matched = 0;
  readonly #parts: MatchSources;
  readonly #request: MatchRequest;
  readonly #met = new Set<string>();
  readonly #examples: FullRow[] = [];
  #more = false;

  constructor(parts: MatchSources, request: MatchRequest) {
    this.#parts = parts;
    this.#request = request;
  }

  async run(): Promise<void> {
    const { filter, dryRun, onSet } = this.#request;
    let after: FailedPosition | null = null;
    for (let step = 0; step < mostSteps; step += 1) {
      const limit = Math.min(setRows, mostRows - this.matched);
      const page = await this.#parts.search.failedPage({ filter, after, limit, scan: scanRows });
      const rows = this.#firstMet(page.rows);
      this.matched += rows.length;
      if (!dryRun && rows.length > 0) this.requeued += await this.#putBack(rows);
      onSet?.({ matched: this.matched, requeued: this.requeued });
      after = page.next;
      this.#more = after !== null;
      if (after === null || this.matched >= mostRows) return;
    }
  }

  report(): MatchReport {
    const { dryRun } = this.#request;
    return {
      dryRun,
      matched: { rows: this.matched, atLeast: this.#more },
      requeued: this.requeued,
      notRequeued: dryRun ? 0 : this.matched - this.requeued,
      examples: this.#examples.map(failedRow),
    };
  }

  /** Rows that share a StreamingNo are met once. */
  #firstMet(rows: readonly FullRow[]): readonly FullRow[] {
    const fresh: FullRow[] = [];
    for (const row of rows) {
      if (this.#met.has(rowId(row))) continue;
      this.#met.add(rowId(row));
      fresh.push(row);
      if (this.#examples.length < shownExamples) this.#examples.push(row);
    }
    return fresh;
  }

  async #putBack(rows: readonly FullRow[]): Promise<number> {
    const { middle } = this.#parts;
    const present = await rowsByKey(middle, rows);
    const alone = rows.filter((row) => {
      const [found, ...others] = present.get(rowId(row)) ?? [];
      const unchanged = found?.state === State.Failed && found.stateDate === row.stateDate;
      return unchanged && others.length === 0;
    });
    return alone.length === 0 ? 0 : (await middle.requeue(alone)).length;
  }
}

function named({ source, ...filter }: RowFilter): Readonly<Record<string, unknown>> {
  return source === undefined ? filter : { table: tableOf[source], ...filter };
}
