import { setTimeout as pause } from 'node:timers/promises';

/** Waits, looking often, until `look` finds something (not null, not false); fails after `limitMs`. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | false>,
  limitMs = 10_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (Date.now() > end) throw new Error(`Not within ${limitMs} ms: ${what}`);
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
