import type { Clock } from '../../src/worker/clock.js';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it, and chance that a test decides. */
export class FakeClock implements Clock {
  /** What `random` answers. */
  chance = 0.5;
  #now: number;
  #sleepers: Sleeper[] = [];

  constructor(now = 1_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const sleeper = { until: this.#now + milliseconds, wake: end };
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', end);
    });
  }

  /** How many sleep. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  /** Moves the clock and wakes those whose time has come. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    const due = this.#sleepers.filter(({ until }) => until <= this.#now);
    this.#sleepers = this.#sleepers.filter((sleeper) => !due.includes(sleeper));
    for (const { wake } of due) wake();
  }
}
