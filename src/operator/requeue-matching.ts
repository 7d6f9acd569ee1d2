import { groupByKey, oncePerKey, rowId } from '../domain/keys.js';
import { State } from '../domain/states.js';
import type { FailedPosition, FullRow } from '../middle/admin-port.js';
import { takeIntended, type ActionOutcome } from './audit.js';
import type { Actor, MatchReport } from './contract/actions.js';
import type { Databases } from './databases.js';
import { failedRow, scanFailedRows } from './failed.js';
import type { ActionOptions, MatchOptions, MatchTarget } from './requests.js';
import { outcomeOf, scopeOf, intentOf, type MatchScope } from './match-scope.js';

/*
 * Requeues all failed rows that match, in sets, beside workers that may fail them again.
 *
 * An action covers the rows that failed until it began, by the middle database's clock (`failedUntil`), from the last
 * to the first, set by set. A row that is requeued and fails again has a later StateDate: neither this action nor
 * another with the same bound requeues it again. So an action that ended early, for any reason, can be continued from
 * its record, and even two at once requeue each row once.
 */

type MatchRequest = ActionOptions & MatchOptions & { readonly target: MatchTarget };

/** The most rows of a set, and that a dry run counts. */
const setRows = 500;
const mostCounted = 10_000;

const shownExamples = 20;

/**
 * Requeues all failed rows that match, latest failures first. The action is recorded before its first set; if no row
 * matches, it is not recorded.
 */
export async function requeueMatching(
  parts: Databases,
  actor: Actor,
  request: MatchRequest,
): Promise<MatchReport> {
  const { dryRun, reason } = request;
  const scope = await scopeOf(parts, request.target);
  const action = new Matching(parts, scope, request);
  if (dryRun) {
    await action.count();
    return action.report(null);
  }
  const first = await action.nextSet();
  if (first === null && action.isAtEnd) return action.report(null);
  const intent = { action: 'requeue-matching', what: intentOf(scope), reason } as const;
  return takeIntended(parts.store.records, actor, intent, {
    take: async (intentId) => {
      await action.putBack(first);
      return action.report(intentId);
    },
    outcome: () => action.outcome(),
  });
}

class Matching {
  readonly #parts: Databases;
  readonly #scope: MatchScope;
  readonly #request: MatchRequest;
  readonly #examples: FullRow[] = [];
  #matched = 0;
  #requeued = 0;
  /** Where to search on. */
  #position: FailedPosition | null;
  /** Where to continue later: everything before it is done. Null: nothing is left. */
  #left: FailedPosition | null;

  constructor(parts: Databases, scope: MatchScope, request: MatchRequest) {
    this.#parts = parts;
    this.#scope = scope;
    this.#request = request;
    this.#position = scope.after;
    this.#left = scope.after;
  }

  async count(): Promise<void> {
    while ((await this.nextSet()) !== null) {
      this.#stepped();
      if (this.#matched >= mostCounted || this.#isOver()) return;
    }
  }

  /** Nothing is left to look at. */
  get isAtEnd(): boolean {
    return this.#left === null;
  }

  /** Requeues this set and those after it, until none is left or the action is over. */
  async putBack(first: readonly FullRow[] | null): Promise<void> {
    for (let set = first; set !== null; set = await this.nextSet()) {
      this.#requeued += await this.#putBackSet(set);
      this.#stepped();
      if (this.#isOver()) return;
    }
  }

  /** The next rows that match; null if none is left, or the action is over. */
  async nextSet(): Promise<readonly FullRow[] | null> {
    while (this.#position !== null) {
      const { filter } = this.#scope;
      const page = await this.#parts.middle.queries.failedPage({
        ...{ filter, after: this.#position, limit: setRows, scan: scanFailedRows },
      });
      this.#position = page.next;
      const rows = oncePerKey(page.rows);
      this.#matched += rows.length;
      this.#examples.push(...rows.slice(0, shownExamples - this.#examples.length));
      if (rows.length > 0) return rows;
      this.#stepped();
      if (this.#isOver()) return null;
    }
    return null;
  }

  outcome(): ActionOutcome {
    return { what: outcomeOf(this.#matched, this.#left), rows: this.#requeued };
  }

  report(intentId: string | null): MatchReport {
    const { dryRun } = this.#request;
    return {
      dryRun,
      action: intentId,
      failedUntil: this.#scope.failedUntil,
      matched: { rows: this.#matched, atLeast: this.#left !== null },
      requeued: this.#requeued,
      notRequeued: dryRun ? 0 : this.#matched - this.#requeued,
      before: this.#scope.before,
      examples: this.#examples.map(failedRow),
    };
  }

  async #putBackSet(rows: readonly FullRow[]): Promise<number> {
    const { middle } = this.#parts;
    const present = groupByKey(await middle.find(rows));
    const alone = rows.filter((row) => {
      const [found, ...others] = present.get(rowId(row)) ?? [];
      const unchanged = found?.state === State.Failed && found.stateDate === row.stateDate;
      return unchanged && others.length === 0;
    });
    return alone.length === 0 ? 0 : (await middle.requeue(alone, this.#scope.failedUntil)).length;
  }

  /** Everything before the search position is done. */
  #stepped(): void {
    this.#left = this.#position;
    this.#request.onStep?.({ matched: this.#matched, requeued: this.#requeued });
  }

  #isOver(): boolean {
    return this.#request.isOver?.() === true;
  }
}
