/** After so long without a failure, the next one is a new one. */
const calmMs = 60_000;

interface Recurrence {
  count: number;
  at: number;
  /** The last line said that it fails. */
  isOpen: boolean;
}

/**
 * Decides which of the events that come again and again get a line: the 1st, 2nd, 4th, 8th … since there was none for a
 * minute. It counts over recoveries, because what went through meanwhile may have been something else: leases are renewed
 * while every apply meets a timeout.
 */
export class Recurrences {
  readonly #now: () => number;
  readonly #recurrences = new Map<string, Recurrence>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Counts an event; returns how many there were since the last calm, and whether this one is worth a line. */
  next(key: string): { readonly lately: number; readonly isLogged: boolean } {
    const before = this.#recurrences.get(key);
    const isSame = before !== undefined && this.#now() - before.at < calmMs;
    const lately = isSame ? before.count + 1 : 1;
    const isLogged = Number.isInteger(Math.log2(lately));
    const isOpen = isLogged || (before?.isOpen ?? false);
    this.#recurrences.set(key, { count: lately, at: this.#now(), isOpen });
    return { lately, isLogged };
  }

  /** Whether its end is worth a line: a failure was logged, and no end since. */
  isEndTold(key: string): boolean {
    const recurrence = this.#recurrences.get(key);
    if (recurrence?.isOpen !== true) return false;
    recurrence.isOpen = false;
    return true;
  }
}
