import { stages, type Stage } from '../domain/deferral.js';

/*
 * The breaker (P6). An unexpected error that meets row after row is ours, not theirs. Each stage counts for itself the
 * distinct rows that failed alone since the last one that went through; at the threshold its breaker opens: claiming
 * stops, no row is failed or deferred, and after a back-off a few rows are tried (half open). A row that goes
 * through closes it; those that do not are deferred, so that the next ones are tried. Each time there are twice as many as
 * before, as the back-off is twice as long: what waits behind bad rows waits for a second per ten of them, not for a
 * back-off.
 */

/** The fewest are enough that one bad row cannot keep the breaker open; the most are no load for a database that refuses all. */
const probeLimits = { min: 10, max: 100 };

/** Unexpected errors met row after row: claiming stops. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';
}

export class CircuitBreaker {
  /** How many rows in succession open it. */
  readonly threshold: number;
  readonly #failedRows = new Set<string>();
  #openings = 0;

  constructor(threshold: number) {
    this.threshold = threshold;
  }

  /** Whether an error may count against a row: not while it may be ours. */
  get closed(): boolean {
    return this.#openings === 0;
  }

  /** How often it has opened since the last success; 0 while closed. */
  get openings(): number {
    return this.#openings;
  }

  /** Whether it opens, or stays open, when this row fails. */
  wouldOpen(rowId: string): boolean {
    return !this.closed || this.#failedRows.size + (this.#failedRows.has(rowId) ? 0 : 1) >= this.threshold;
  }

  /** A row alone met an unexpected error. True when the breaker opens with it, or stays open. */
  rowFailed(rowId: string): boolean {
    const opens = this.wouldOpen(rowId);
    this.#failedRows.add(rowId);
    if (opens) this.open();
    return opens;
  }

  open(): void {
    this.#openings += 1;
  }

  /** A row took effect. True when the breaker closes with it. */
  rowApplied(): boolean {
    const wasOpen = !this.closed;
    this.#openings = 0;
    this.#failedRows.clear();
    return wasOpen;
  }
}

/** The breakers of all stages. */
export class CircuitBreakers {
  readonly claim: CircuitBreaker;
  readonly apply: CircuitBreaker;
  readonly mark: CircuitBreaker;

  constructor(threshold: number) {
    this.claim = new CircuitBreaker(threshold);
    this.apply = new CircuitBreaker(threshold);
    this.mark = new CircuitBreaker(threshold);
  }

  get closed(): boolean {
    return stages.every((stage) => this[stage].closed);
  }

  /** How many rows are tried while one is half open. */
  get probeRows(): number {
    return Math.min(probeLimits.max, probeLimits.min * 2 ** (this.openings - 1));
  }

  /** How often the stage that opened most has. */
  get openings(): number {
    return Math.max(...stages.map((stage: Stage) => this[stage].openings));
  }
}
