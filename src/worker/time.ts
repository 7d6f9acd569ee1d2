/** Time and chance, passed in so that tests decide them. No promise rests on them. */
export interface Time {
  /** Milliseconds from some moment in the past; never goes backwards. */
  now(): number;
  /** Resolves after so many milliseconds, or at once when the signal is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** A number from 0 up to 1. */
  random(): number;
}

/** The process's own. */
export const systemTime: Time = {
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

/** Sleeping that anybody can end. */
export class Alarm {
  #controller = new AbortController();
  #rung = false;

  constructor(private readonly time: Time) {}

  /** Ends the present sleep, or the next one if nobody sleeps. */
  ring(): void {
    this.#rung = true;
    this.#controller.abort();
  }

  /** Lets go of the thread even for no time at all: a loop that only sleeps so must not keep all others out. */
  async sleep(milliseconds: number): Promise<void> {
    if (!this.#rung) await this.time.sleep(Math.max(0, milliseconds), this.#controller.signal);
    this.#rung = false;
    this.#controller = new AbortController();
  }
}

/** Back-off that doubles from `first` to `most`, with full jitter on its upper half. */
export function backoffMs(failures: number, limits: { first: number; most: number }, random: number): number {
  const full = Math.min(limits.most, limits.first * 2 ** Math.min(failures - 1, 30));
  return full / 2 + (full / 2) * random;
}
