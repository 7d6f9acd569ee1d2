/**
 * Random numbers that a seed repeats exactly: mulberry32, 32 bits of state. Good enough for plausible histories, not
 * for secrets.
 */
export class Random {
  #state: number;

  /** Takes the lowest 32 bits of a whole number as the seed. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 up to but not including 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number between both, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of these. */
  pick<T>(choices: readonly T[]): T {
    const chosen = choices[Math.floor(this.next() * choices.length)];
    if (chosen === undefined) throw new RangeError('nothing to pick from');
    return chosen;
  }

  /** So many decimal digits, the first of them not 0. */
  digits(count: number): string {
    let digits = String(this.between(1, 9));
    while (digits.length < count) digits += String(this.between(0, 9));
    return digits;
  }

  /** The same members in another order. */
  shuffled<T>(members: readonly T[]): T[] {
    const keyed = members.map((member) => ({ member, key: this.next() }));
    return keyed.sort((a, b) => a.key - b.key).map(({ member }) => member);
  }
}
