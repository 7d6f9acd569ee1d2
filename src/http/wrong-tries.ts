/** The window that wrong passwords are counted in, in ms. */
const windowMs = 60_000;
/** More keys than this push out those that were counted first: a flood of names must not fill the memory. */
const mostKeys = 10_000;

interface Window {
  count: number;
  readonly endsAt: number;
}

/** Counts wrong passwords by key, in windows of a minute that begin with the first of them. */
export class WrongTries {
  /** In the order in which the windows began. */
  readonly #windows = new Map<string, Window>();

  constructor(private readonly now: () => number) {}

  /** Seconds until a key has fewer than `limit` wrong tries again; 0 where it has fewer now. */
  secondsToWait(key: string, limit: number): number {
    const window = this.#windows.get(key);
    if (window === undefined || window.count < limit) return 0;
    return Math.max(0, Math.ceil((window.endsAt - this.now()) / 1000));
  }

  /** Counts a try; returns how to take it back, for one that turns out right. */
  add(key: string): () => void {
    const window = this.#present(key);
    window.count += 1;
    return () => (window.count -= 1);
  }

  #present(key: string): Window {
    const window = this.#windows.get(key);
    if (window !== undefined && this.now() < window.endsAt) return window;
    this.#windows.delete(key);
    const [first] = this.#windows.keys();
    if (first !== undefined && this.#windows.size >= mostKeys) this.#windows.delete(first);
    const fresh = { count: 0, endsAt: this.now() + windowMs };
    this.#windows.set(key, fresh);
    return fresh;
  }
}
