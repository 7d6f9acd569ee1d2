import { AsyncLocalStorage } from 'node:async_hooks';
import { writeSync } from 'node:fs';
import { Worker as Thread } from 'node:worker_threads';
import { rowId } from '../domain/keys.js';
import { blockedEvent, WatchdogState, type WatchdogData } from './watchdog-state.js';
import type { AroundHandler } from '../worker/call-handler.js';
import { errorText } from '../worker/errors.js';

/*
 * Product code that takes the process with it: a handler that blocks the thread, calls `process.exit`, or starts something
 * that fails outside any promise of ours. The process cannot go on after that, but it must not end without a word, nor
 * with exit code 0, after which no service manager would start it again; and the row must be named. The row is counted as
 * any other that ends its process: it is found in State 1, tried alone, and refused with 00205 after `worker.maxAttempts`
 * such tries (worker/crash-quarantine.ts). What a handler started is known by its asynchronous context, also long after it ended.
 *
 * The guard ends the process it is in and listens to its last events, so it is for a process that is ours; an embedding
 * program has to ask for it.
 */

/** How many times the watchdog looks within the limit of a handler. */
const looks = 20;

/** Watches over product code on behalf of the process. */
export class ProcessGuard {
  readonly #limitMs: number;
  readonly #context = new AsyncLocalStorage<string>();
  readonly #doing = new Map<string, number>();
  readonly #state = new WatchdogState();
  #thread: Thread | undefined;
  #beating: NodeJS.Timeout | undefined;
  #said = false;

  /** @param limitMs - how long a handler may take for one row */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Guards the process until `end` is called. */
  begin(): void {
    const intervalMs = Math.max(1, Math.floor(this.#limitMs / looks));
    this.#beating = setInterval(() => {
      this.#state.beat();
    }, intervalMs).unref();
    const data: WatchdogData = { buffer: this.#state.buffer, intervalMs };
    this.#thread = new Thread(new URL('./watchdog-thread.js', import.meta.url), {
      workerData: data,
      name: 'watchdog',
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
    });
    this.#thread.on('error', (error) => {
      write(`the watchdog thread ended, handlers that block are not noticed: ${errorText(error)}`);
    });
    this.#thread.unref();
    process.on(blockedEvent as 'exit', this.#onBlocked);
    process.on('uncaughtExceptionMonitor', this.#onUncaught);
    process.on('exit', this.#onExit);
  }

  /** The process is its own master again. */
  async end(): Promise<void> {
    clearInterval(this.#beating);
    process.off(blockedEvent, this.#onBlocked);
    process.off('uncaughtExceptionMonitor', this.#onUncaught);
    process.off('exit', this.#onExit);
    await this.#thread?.terminate();
  }

  /** Surrounds the work of a row's handler. */
  readonly aroundHandler: AroundHandler = (row, work) =>
    this.#around(`the handler of ${rowId(row)}`, this.#limitMs, work);

  /** Surrounds the loading of a module, which may block for so long. */
  async aroundLoading<T>(path: string, limitMs: number, work: () => Promise<T>): Promise<T> {
    return this.#around(`loading ${path}`, limitMs, work);
  }

  async #around<T>(what: string, limitMs: number, work: () => Promise<T>): Promise<T> {
    this.#doing.set(what, limitMs);
    this.#show();
    try {
      return await this.#context.run(what, work);
    } finally {
      this.#doing.delete(what);
      this.#show();
    }
  }

  #show(): void {
    this.#state.set([...this.#doing.keys()].join(', '), Math.max(0, ...this.#doing.values()));
  }

  readonly #onBlocked = (): void => {
    const what = this.#context.getStore() ?? this.#state.doing;
    this.#say(
      `${what} has blocked the thread for ${this.#state.limitMs} ms (worker.handlerTimeoutMs): ending the process`,
    );
    process.exit(1);
  };

  readonly #onUncaught = (error: unknown, origin: string): void => {
    const what = this.#context.getStore();
    if (what !== undefined) this.#say(`${origin} in ${what}, or in what it started: ${errorText(error)}`);
  };

  readonly #onExit = (code: number): void => {
    if (code === 0) process.exitCode = 1;
    if (this.#said) return;
    const what = this.#context.getStore();
    if (what !== undefined)
      this.#say(`${what}, or what it started, ended the process: process.exit(${code})`);
    else if (code === 0) {
      const doing = this.#state.doing === '' ? 'no handler at work' : `at work: ${this.#state.doing}`;
      this.#say(`the process ends in the middle of its work, ${doing}: exit code 1 instead of 0`);
    }
  };

  #say(words: string): void {
    this.#said = true;
    write(words);
  }
}

/** Whatever has become of the event loop: at once. */
function write(words: string): void {
  try {
    writeSync(2, `bnet-sync: ${words}\n`);
  } catch {
    // Nobody reads it.
  }
}
