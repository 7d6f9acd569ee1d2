/** Counts rows that are applied; done when all are, failed with the first that failed. */
export class Countdown {
  readonly done: Promise<void>;
  readonly #rows: number;
  readonly #onProgress: (rows: number) => void;
  #applied = 0;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(rows: number, onProgress: (rows: number) => void) {
    this.#rows = rows;
    this.#onProgress = onProgress;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Runs the work of one row. */
  async count(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#reject(error);
      throw error;
    }
    this.#applied += 1;
    if (this.#applied % progressEvery === 0) this.#onProgress(this.#applied);
    if (this.#applied === this.#rows) this.#resolve();
  }
}

const progressEvery = 100;
