import { shardOf } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import type { Wait } from '../domain/waiting.js';
import type { Clock } from './clock.js';

/*
 * Which customers the next poll must leave out, and why:
 * - in flight: a batch with rows of theirs is between claim and mark, and their order must hold;
 * - waiting: for an open or a bind; only that one is let through.
 * In memory only: a worker that starts again finds everything out by polling.
 */
export class InFlight {
  readonly #customers = new Set<Cell>();
  readonly #waits = new Map<string, { addWait: Wait; until: number }>();

  constructor(private readonly clock: Clock) {}

  add(customers: Iterable<Cell>): void {
    for (const custId of customers) this.#customers.add(custId);
  }

  /** The customers' rows are finished, or left to the next poll: what they waited for may have come. */
  remove(customers: Iterable<Cell>): void {
    for (const custId of customers) {
      this.#customers.delete(custId);
      if (custId !== null) this.#waits.delete(custId);
    }
  }

  /** Whether a customer of this shard is in flight. */
  holdsShard(shard: number, shards: number): boolean {
    return [...this.#customers].some((custId) => shardOf(custId, shards) === shard);
  }

  wait(wait: Wait): void {
    this.#waits.set(wait.custId, { addWait: wait, until: this.clock.now() + wait.remainingMs });
  }

  /** Customers in flight. */
  customers(): Cell[] {
    return [...this.#customers];
  }

  waits(): Wait[] {
    this.#expire();
    return [...this.#waits.values()].map(({ addWait: wait }) => wait);
  }

  /** Milliseconds until the first customer that waits may be polled again; null when there is none. */
  nextRetryMs(): number | null {
    const moments = [...this.#waits.values()].map(({ until }) => until);
    return moments.length === 0 ? null : Math.max(0, Math.min(...moments) - this.clock.now());
  }

  #expire(): void {
    const now = this.clock.now();
    for (const [custId, { until }] of this.#waits) if (until <= now) this.#waits.delete(custId);
  }
}
