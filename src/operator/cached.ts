/** How long a value is valid, and by which clock (monotonic milliseconds). */
export interface CacheOptions {
  readonly forMs: number;
  readonly clock: () => number;
}

/**
 * A value read at most once per period, however many ask: concurrent callers share one read. Its age counts from the
 * end of the read. A failure goes to those who waited, and is not kept.
 */
export function cached<T>(read: () => Promise<T>, { forMs, clock }: CacheOptions): Cached<T> {
  let kept: { readonly value: T; readonly until: number } | null = null;
  let reading: Promise<T> | null = null;
  let generation = 0;
  const readOnce = async (): Promise<T> => {
    const present = generation;
    try {
      const value = await read();
      if (generation === present) kept = { value, until: clock() + forMs };
      return value;
    } finally {
      if (generation === present) reading = null;
    }
  };
  const value = async (): Promise<T> => {
    if (kept !== null && clock() < kept.until) return kept.value;
    reading ??= readOnce();
    return reading;
  };
  const forget = (): void => {
    generation += 1;
    kept = null;
    reading = null;
  };
  return Object.assign(value, { forget });
}

/** A value that is read by calling it. `forget`: what it was read from has changed. */
export type Cached<T> = (() => Promise<T>) & { forget(): void };
