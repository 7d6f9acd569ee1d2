import { setTimeout as pause } from 'node:timers/promises';
import { scaled } from './time-factor.js';

/** Waits, looking often, until `look` finds something (not null, not false); fails after `limitMs` times TEST_TIME_FACTOR. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | false>,
  limitMs = 10_000,
): Promise<T> {
  const end = Date.now() + scaled(limitMs);
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (Date.now() > end) throw new Error(`Not within ${scaled(limitMs)} ms: ${what}`);
    await pause(5);
  }
}

/** A promise that is resolved from outside: one party waits at it until the other opens it. */
export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

/** A closed gate. */
export function gate(): Gate {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
