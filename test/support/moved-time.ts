import { systemClock, type Clock } from '../../src/worker/clock.js';

/** A clock that stands still until a test moves it; who sleeps wakes soon, to look at it again. */
export class MovedTime implements Clock {
  #now = 1_000_000;

  now(): number {
    return this.#now;
  }

  random(): number {
    return 0.5;
  }

  sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    return systemClock.sleep(Math.min(milliseconds, 5), signal);
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
