import { shardOf } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import type { Wait } from '../domain/waiting.js';
import type { Time } from './time.js';

/*
 * Which customers the next poll must leave out, and why:
 * - in hand: a page with rows of theirs is between the claim and the mark; their order would be lost otherwise;
 * - waiting: for an open or a bind; only that one is let through.
 * In memory only: a worker that starts again finds everything out by polling.
 */
export class Hand {
  readonly #inHand = new Set<Cell>();
  readonly #waits = new Map<string, { wait: Wait; until: number }>();

  constructor(private readonly time: Time) {}

  take(customers: Iterable<Cell>): void {
    for (const custId of customers) this.#inHand.add(custId);
  }

  /** The customers' rows are finished, or left to the next poll: what they waited for may have come. */
  release(customers: Iterable<Cell>): void {
    for (const custId of customers) {
      this.#inHand.delete(custId);
      if (custId !== null) this.#waits.delete(custId);
    }
  }

  /** Whether a customer of this shard is in hand. */
  holds(shard: number, shards: number): boolean {
    return [...this.#inHand].some((custId) => shardOf(custId, shards) === shard);
  }

  wait(wait: Wait): void {
    this.#waits.set(wait.custId, { wait, until: this.time.now() + wait.remainingMs });
  }

  /** Customers in hand. */
  inHand(): Cell[] {
    return [...this.#inHand];
  }

  waits(): Wait[] {
    this.#expire();
    return [...this.#waits.values()].map(({ wait }) => wait);
  }

  /** Milliseconds until the first customer that waits may be polled again; null when there is none. */
  nextReturnMs(): number | null {
    const moments = [...this.#waits.values()].map(({ until }) => until);
    return moments.length === 0 ? null : Math.max(0, Math.min(...moments) - this.time.now());
  }

  #expire(): void {
    const now = this.time.now();
    for (const [custId, { until }] of this.#waits) if (until <= now) this.#waits.delete(custId);
  }
}
