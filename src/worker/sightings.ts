import { rowId, type RowKey } from '../domain/keys.js';
import type { PolledRow } from '../domain/rows.js';
import type { Clock } from './clock.js';

/*
 * When this process first saw the rows that are still open: settling and waiting count from there, because a CreateDate
 * may have been written by a clock that is behind (`domain/settling.ts`, `domain/waiting.ts`).
 *
 * In memory only. A worker that starts, or takes a shard over, sees its rows for the first time, so that they settle and
 * wait once more: later than they might, never earlier. The memory is bounded: rows beyond the limit count by CreateDate,
 * and a row that was not polled for a long time is forgotten, and settles and waits once more as well.
 */

/** The most rows that are remembered: several pages, and the rows that wait. */
const mostRows = 20_000;
/** For how long a row that is not polled is remembered, besides the time for which it may wait. */
const rememberMs = 10 * 60_000;

interface Sight {
  readonly firstAt: number;
  readonly lastAt: number;
}

/** How long ago polled rows were first seen, by `rowId`: null at the first sight; left out where it is not known. */
export type Sights = ReadonlyMap<string, number | null>;

/** The first sights of open rows. */
export class Sightings {
  readonly #clock: Clock;
  readonly #keepMs: number;
  /** Those seen last at the end. */
  readonly #sights = new Map<string, Sight>();
  #returnAt = Infinity;

  constructor(clock: Clock, longestWaitMs: number) {
    this.#clock = clock;
    this.#keepMs = longestWaitMs + rememberMs;
  }

  /** Notes polled rows. */
  see(rows: readonly PolledRow[]): Sights {
    const now = this.#clock.now();
    this.#forgetOld(now);
    const sights = new Map<string, number | null>();
    for (const row of rows) {
      const id = rowId(row);
      const known = this.#sights.get(id);
      if (known === undefined && this.#sights.size >= mostRows) continue;
      this.#sights.delete(id);
      this.#sights.set(id, { firstAt: known?.firstAt ?? now, lastAt: now });
      sights.set(id, known === undefined ? null : now - known.firstAt);
    }
    return sights;
  }

  /** Milliseconds until the next row settles; null: none of the last poll is still to settle. */
  settlesIn(milliseconds: number | null): void {
    this.#returnAt = milliseconds === null ? Infinity : this.#clock.now() + milliseconds;
  }

  /** Milliseconds until a row of the last poll has settled; null where none is to settle. */
  nextRetryMs(): number | null {
    return this.#returnAt === Infinity ? null : Math.max(0, this.#returnAt - this.#clock.now());
  }

  /** The rows are answered. */
  forget(rows: readonly RowKey[]): void {
    for (const row of rows) this.#sights.delete(rowId(row));
  }

  #forgetOld(now: number): void {
    for (const [id, { lastAt }] of this.#sights) {
      if (now - lastAt <= this.#keepMs) return;
      this.#sights.delete(id);
    }
  }
}
