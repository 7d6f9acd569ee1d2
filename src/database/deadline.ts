import { DatabaseError } from './errors.js';

/** The code of a call that our own deadline ended, not the server's. */
export const ownDeadline = 'DEADLINE';

/** Waits for a call no longer than so many milliseconds; past them `onExpiry` is called and the kind is `timeout`. */
export async function withDeadline<T>(
  milliseconds: number,
  call: PromiseLike<T>,
  onExpiry: () => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new DatabaseError('timeout', `no answer within ${milliseconds} ms; the connection was thrown away`, {
          code: ownDeadline,
        }),
      );
      onExpiry();
    }, milliseconds);
  });
  try {
    return await Promise.race([call, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
