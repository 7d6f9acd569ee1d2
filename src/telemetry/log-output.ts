import type { DestinationStream } from 'pino';

/** What is kept for a log that cannot be written at present. */
const keptBytes = 1024 * 1024;
/** How often and how long a slow reader of a pipe is waited for, before its lines are kept like those of a full disk. */
const waits = { most: 50, ms: 100 };

/** How a log is written, and what happens where it cannot be. */
export interface LogOutputParts {
  /** Writes bytes at once, and returns how many of them it wrote; throws what the system says. */
  readonly write: (bytes: Uint8Array) => number;
  /** Called once each time the log becomes unwritable; not when its reader has gone. */
  readonly onFailure: (error: Error) => void;
  /** Called when it can be written again, with the number of lines lost meanwhile. */
  readonly onRecovered: (lost: number) => void;
}

/**
 * Where the log goes, line by line and at once: what is logged before a process is killed can be read. A log that cannot
 * be written (a full disk, a reader that has gone) ends nothing: lines are kept up to `keptBytes` and tried again with the
 * next one, further ones are dropped and counted. pino's own destination ends the process there, or tries for ever.
 */
export class LogOutput implements DestinationStream {
  readonly #parts: LogOutputParts;
  readonly #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #lost = 0;
  #failing = false;
  #readerIsGone = false;

  constructor(parts: LogOutputParts) {
    this.#parts = parts;
  }

  /** Never throws. */
  write(line: string): void {
    if (this.#readerIsGone) return;
    const bytes = Buffer.from(line);
    if (this.#pendingBytes + bytes.length > keptBytes) {
      this.#lost += 1;
    } else {
      this.#pending.push(bytes);
      this.#pendingBytes += bytes.length;
    }
    try {
      this.#writePending();
    } catch (error) {
      this.#failed(error as NodeJS.ErrnoException);
      return;
    }
    const lost = this.#lost;
    this.#failing = false;
    this.#lost = 0;
    if (lost > 0) this.#parts.onRecovered(lost);
  }

  #writePending(): void {
    for (let [first] = this.#pending; first !== undefined; [first] = this.#pending) {
      const written = this.#writeSome(first);
      this.#pendingBytes -= written;
      if (written < first.length) this.#pending[0] = first.subarray(written);
      else this.#pending.shift();
    }
  }

  #writeSome(bytes: Uint8Array): number {
    for (let tries = 1; ; tries += 1) {
      try {
        return this.#parts.write(bytes);
      } catch (error) {
        const isSlow = (error as NodeJS.ErrnoException).code === 'EAGAIN';
        if (!isSlow || this.#failing || tries > waits.most) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waits.ms);
      }
    }
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === 'EPIPE') {
      this.#readerIsGone = true;
      this.#pending.length = 0;
      return;
    }
    if (this.#failing) return;
    this.#failing = true;
    this.#parts.onFailure(error);
  }
}
