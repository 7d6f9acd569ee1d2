import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { User } from './users.js';

/*
 * Logins, in this process's memory: a restart ends them all. A session is named by a random number that
 * only the cookie holds; here its digest is kept. It ends 30 minutes after the last request of a person (an overview that
 * reads itself again does not count) and 12 hours after the login, whatever comes first. Its CSRF token is a secret of its own, which pages carry and other sites cannot read.
 */

/** A login. */
export interface Session {
  readonly user: User;
  readonly csrfToken: string;
}

interface Kept extends Session {
  readonly endsAt: number;
  usedAt: number;
}

const idleMs = 30 * 60_000;
const longestMs = 12 * 60 * 60_000;
/** More logins than this push out those that were used longest ago. */
const mostSessions = 1000;

/** The logins. */
export class Sessions {
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>();

  constructor(private readonly now: () => number) {}

  /** Starts a session under a new random number; returns the number. */
  open(user: User): string {
    this.#expire();
    const number = randomNumber();
    const now = this.now();
    this.#kept.set(digestOf(number), {
      user,
      csrfToken: randomNumber(),
      endsAt: now + longestMs,
      usedAt: now,
    });
    return number;
  }

  /** The session of that number, which counts as used; null where there is none, or it has ended. */
  use(number: string): Session | null {
    const kept = this.#find(number);
    if (kept === null) return null;
    const digest = digestOf(number);
    this.#kept.delete(digest);
    kept.usedAt = this.now();
    this.#kept.set(digest, kept);
    return kept;
  }

  /** The same for an automatic refresh: it does not count as use. */
  look(number: string): Session | null {
    return this.#find(number);
  }

  #find(number: string): Kept | null {
    const digest = digestOf(number);
    const kept = this.#kept.get(digest);
    if (kept === undefined) return null;
    const now = this.now();
    if (now < kept.endsAt && now < kept.usedAt + idleMs) return kept;
    this.#kept.delete(digest);
    return null;
  }

  close(number: string): void {
    this.#kept.delete(digestOf(number));
  }

  #expire(): void {
    const now = this.now();
    for (const [digest, { usedAt, endsAt }] of this.#kept) {
      const ended = now >= endsAt || now >= usedAt + idleMs;
      if (!ended && this.#kept.size < mostSessions) return;
      this.#kept.delete(digest);
    }
  }
}

/** Whether a request brought the session's CSRF token. */
export function bringsToken(session: Session, brought: unknown): boolean {
  if (typeof brought !== 'string') return false;
  const [expected, actual] = [Buffer.from(session.csrfToken), Buffer.from(brought)];
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

function randomNumber(): string {
  return randomBytes(32).toString('base64url');
}

function digestOf(number: string): string {
  return createHash('sha256').update(number).digest('base64');
}
