/*
 * The breaker (P6). An unexpected error that meets row after row is ours, not theirs. Distinct rows that failed alone
 * since the last row that took effect are counted; at the threshold the breaker opens: claiming stops, nothing is
 * failed, and after a back-off a few rows are tried (half open). A row that takes effect closes it.
 */
export class Breaker {
  readonly #threshold: number;
  readonly #failedRows = new Set<string>();
  #openings = 0;

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  /** Whether rows may be blamed: not while an error may be ours. */
  get closed(): boolean {
    return this.#openings === 0;
  }

  /** How often it has opened since the last success; 0 while closed. */
  get openings(): number {
    return this.#openings;
  }

  /** A row alone met an unexpected error. True when the breaker opens with it, or stays open. */
  rowFailed(rowId: string): boolean {
    this.#failedRows.add(rowId);
    if (this.closed && this.#failedRows.size < this.#threshold) return false;
    this.open();
    return true;
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
