/**
 * Waits for `promise` at most `limitMs`. Past it `onTimeout` may reject with an error; otherwise the wait goes on. The
 * work itself is not ended.
 */
export async function withTimeout<T>(
  promise: PromiseLike<T>,
  limitMs: number,
  onTimeout: (reject: (error: Error) => void) => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(onTimeout, limitMs, reject);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
