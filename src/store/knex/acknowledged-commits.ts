import type { Attempt } from '../../domain/keys.js';

/** One row of an acknowledged commit, with the worker that decided it and when, by the store's clock. */
export interface AcknowledgedCommit extends Attempt {
  readonly worker: string;
  readonly at: string;
}

/** Journal entries of rows that have left the middle database may be purged after 30 days. */
const evidenceMs = 29 * 24 * 3600 * 1000;

/**
 * The commits of this process that stand for all others. What a store loses is the end of its history, and a transaction
 * finds the commits that were known at its start (the fence looks for them): so once it is committed itself, its own
 * presence proves theirs, and it takes their place. What is left are the last commits of transactions that ran side by
 * side. A commit whose outcome is unknown is no evidence.
 */
export class AcknowledgedCommits {
  #last: readonly AcknowledgedCommit[] = [];
  #lost: readonly AcknowledgedCommit[] = [];

  /** Commits that the store must know; one row of each. */
  get last(): readonly AcknowledgedCommit[] {
    return this.#last;
  }

  /** Commits that the store was found not to know any more: this process decides nothing until they are forgotten. */
  get lost(): readonly AcknowledgedCommit[] {
    return this.#lost;
  }

  /** A commit was acknowledged; `seen` are those that were found when its transaction began. */
  acknowledge(commit: AcknowledgedCommit, seen: readonly AcknowledgedCommit[]): void {
    this.#last = [...this.#last.filter((each) => !seen.includes(each)), commit];
  }

  /** Some were looked for in vain. True where that proves a loss at this time by the store's clock. */
  missed(missing: readonly AcknowledgedCommit[], at: string): boolean {
    this.#lost = missing.filter((commit) => Date.parse(at) - Date.parse(commit.at) < evidenceMs);
    return this.#lost.length > 0;
  }

  forget(): void {
    this.#last = [];
    this.#lost = [];
  }
}
