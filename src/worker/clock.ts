/** Time and chance, passed in so that tests decide them. No promise rests on them. */
export interface Clock {
  /** Milliseconds from some moment in the past; never goes backwards. */
  now(): number;
  /** Resolves after so many milliseconds, or at once when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** A number from 0 up to 1. */
  random(): number;
}

/** The process's own. */
export const systemClock: Clock = {
  now: () => performance.now(),
  random: () => Math.random(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener('abort', end);
    }),
};

/** A sleep that others can end. */
export class Wakeup {
  #controller = new AbortController();
  #woken = false;

  constructor(private readonly clock: Clock) {}

  /** Ends the current sleep, or else the next one. */
  wake(): void {
    this.#woken = true;
    this.#controller.abort();
  }

  /** Lets go of the thread even for no time at all: a loop that only sleeps so must not keep all others out. */
  async sleep(milliseconds: number): Promise<void> {
    if (!this.#woken) await this.clock.sleep(Math.max(0, milliseconds), this.#controller.signal);
    this.#woken = false;
    this.#controller = new AbortController();
  }
}

/** Back-off that doubles from `first` to `most`, with full jitter on its upper half. */
export function backoffMs(
  failures: number,
  limits: { minMs: number; maxMs: number },
  random: number,
): number {
  const full = Math.min(limits.maxMs, limits.minMs * 2 ** Math.min(failures - 1, 30));
  return full / 2 + (full / 2) * random;
}
