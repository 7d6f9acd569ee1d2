import type { Attempt } from '../../domain/keys.js';

/** One row of an acknowledged commit, with the worker that decided it and when, by the store's clock. */
export interface AcknowledgedCommit extends Attempt {
  readonly worker: string;
  readonly at: string;
}

/** Journal entries of rows that have left the middle database may be purged after 30 days. */
const evidenceMs = 29 * 24 * 3600 * 1000;

/**
 * The commits of this process that stand for all others. A store loses the end of its history, and a transaction finds
 * the commits known at its start (the fence looks for them): once committed, its own presence proves theirs, and it
 * replaces them. What remains are the last commits of concurrent transactions. A commit of unknown outcome is no
 * evidence.
 */
export class AcknowledgedCommits {
  #last: readonly AcknowledgedCommit[] = [];
  #lost: readonly AcknowledgedCommit[] = [];

  /** Commits the store must know; one row of each. */
  get last(): readonly AcknowledgedCommit[] {
    return this.#last;
  }

  /** Commits missing from the store: this process decides nothing until they are forgotten. */
  get lost(): readonly AcknowledgedCommit[] {
    return this.#lost;
  }

  /** A commit was acknowledged; `seen` are those found when its transaction began. */
  acknowledge(commit: AcknowledgedCommit, seen: readonly AcknowledgedCommit[]): void {
    this.#last = [...this.#last.filter((each) => !seen.includes(each)), commit];
  }

  /**
   * Commits were not found. True if that proves a loss: at this time by the store's clock, and not where an operator has
   * closed an alarm since. A store that knows of the closing knows all that was committed before it, or it was put right.
   */
  missed(
    missing: readonly AcknowledgedCommit[],
    { at, closedAt }: { readonly at: string; readonly closedAt: string | null },
  ): boolean {
    const isEvidence = (commit: AcknowledgedCommit): boolean =>
      Date.parse(at) - Date.parse(commit.at) < evidenceMs && (closedAt === null || commit.at > closedAt);
    this.#lost = missing.filter(isEvidence);
    this.#last = this.#last.filter((commit) => !missing.includes(commit) || isEvidence(commit));
    return this.#lost.length > 0;
  }

  forget(): void {
    this.#last = [];
    this.#lost = [];
  }
}
