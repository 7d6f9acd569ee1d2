import { DatabaseError } from '../../../src/database/errors.js';
import type { Session } from '../link.js';

/*
 * The simulated server waits for nothing, for it has no time of its own: a statement that meets a lock is sent again until
 * the time is over for which PostgreSQL would have waited.
 */

/** After how many milliseconds a statement that met a lock is sent again. */
export const lockRetryMs = 25;

/** Sends a statement again until it meets no lock any more, or the patience is over. */
export async function patiently<T>(session: Session, send: () => Promise<T>, patienceMs: number): Promise<T> {
  for (let waited = 0; ; waited += lockRetryMs) {
    try {
      return await send();
    } catch (error) {
      if (!isLocked(error) || waited >= patienceMs) throw error;
    }
    await pause(session, lockRetryMs);
  }
}

/** Waits for so many milliseconds. */
export function pause(session: Session, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    session.deadline(milliseconds, resolve);
  });
}

/** Another transaction has what a statement needs. */
export function isLocked(error: unknown): boolean {
  return error instanceof DatabaseError && error.kind === 'locked';
}

/** The statement or its answer was lost. */
export function isLost(error: unknown): boolean {
  return error instanceof DatabaseError && lostKinds.has(error.kind);
}

const lostKinds: ReadonlySet<string> = new Set(['connectionLost', 'timeout', 'unreachable', 'commitUnknown']);
