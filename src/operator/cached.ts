/** How long a value is good for, and by which clock (milliseconds that only grow). */
export interface CacheOptions {
  readonly forMs: number;
  readonly clock: () => number;
}

/**
 * A value that is read at most once in a while, however many ask for it: those who ask while it is being read wait for
 * the same reading. Its age counts from the end of the reading. A failure is told to those who waited, and not kept.
 */
export function cached<T>(read: () => Promise<T>, { forMs, clock }: CacheOptions): () => Promise<T> {
  let kept: { readonly value: T; readonly until: number } | null = null;
  let reading: Promise<T> | null = null;
  const readOnce = async (): Promise<T> => {
    try {
      const value = await read();
      kept = { value, until: clock() + forMs };
      return value;
    } finally {
      reading = null;
    }
  };
  return async () => {
    if (kept !== null && clock() < kept.until) return kept.value;
    reading ??= readOnce();
    return reading;
  };
}
