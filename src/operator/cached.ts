/** How long a value is valid, and by which clock (monotonic milliseconds). */
export interface CacheOptions {
  readonly forMs: number;
  readonly clock: () => number;
}

/**
 * A value read at most once per period, however many ask: concurrent callers share one read. Its age counts from the
 * end of the read. A failure goes to those who waited, and is not kept.
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
