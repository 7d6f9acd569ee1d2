import { withTimeout } from '../timeout.js';
import { DatabaseError } from './errors.js';

/** The code of a call that our own deadline ended, not the server's. */
export const ownDeadline = 'DEADLINE';

/** Waits for a call no longer than so many milliseconds; past them `onExpiry` is called and the kind is `timeout`. */
export function withDeadline<T>(
  milliseconds: number,
  call: PromiseLike<T>,
  onExpiry: () => void,
): Promise<T> {
  return withTimeout(call, milliseconds, (reject) => {
    const message = `no answer within ${milliseconds} ms; the connection was thrown away`;
    reject(new DatabaseError('timeout', message, { code: ownDeadline }));
    onExpiry();
  });
}
