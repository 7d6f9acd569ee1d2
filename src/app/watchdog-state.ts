/*
 * What the main thread lets its watchdog see, in memory that both share: a thread that is blocked answers no message.
 */

const beatAt = 0;
const limitAt = 1;
const lengthAt = 2;
const counters = 3;
const textBytes = 4096;

/** The memory that a thread and its watchdog share. */
export class WatchdogState {
  readonly buffer: SharedArrayBuffer;
  readonly #counters: Int32Array;
  readonly #text: Uint8Array;

  constructor(buffer = new SharedArrayBuffer(counters * Int32Array.BYTES_PER_ELEMENT + textBytes)) {
    this.buffer = buffer;
    this.#counters = new Int32Array(buffer, 0, counters);
    this.#text = new Uint8Array(buffer, this.#counters.byteLength);
  }

  /** A sign of life. */
  beat(): void {
    Atomics.add(this.#counters, beatAt, 1);
  }

  get beats(): number {
    return Atomics.load(this.#counters, beatAt);
  }

  /** What foreign code is at work, and how long it may block; '' where there is none. */
  set(doing: string, limitMs: number): void {
    const { written } = new TextEncoder().encodeInto(doing, this.#text);
    Atomics.store(this.#counters, limitAt, limitMs);
    Atomics.store(this.#counters, lengthAt, written);
    this.beat();
  }

  get doing(): string {
    return Buffer.from(this.#text.slice(0, Atomics.load(this.#counters, lengthAt))).toString();
  }

  get limitMs(): number {
    return Atomics.load(this.#counters, limitAt);
  }
}

/** What the watchdog thread is started with. */
export interface WatchdogData {
  readonly buffer: SharedArrayBuffer;
  /** How often it looks. */
  readonly intervalMs: number;
}

/** The event of `process` that the watchdog has the blocked thread emit. */
export const blockedEvent = 'bnet-sync: blocked';
