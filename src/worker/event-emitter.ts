import { EventEmitter } from 'node:events';
import { asError, errorText } from './error-text.js';
import type { Emit, WorkerEvents } from './events.js';

/*
 * Events reach listeners of an embedding program, which is foreign code in the middle of ours: a listener that throws would
 * pass for an error of the statement before it, and keep the next listener (the log, the metrics) from hearing. So each is
 * called on its own, and a failure, also one that comes later through a promise, is told as an event, once for a listener.
 */

/** Tells events to listeners, none of which can harm the teller or another listener. */
export class WorkerEventEmitter extends EventEmitter<{ [Name in keyof WorkerEvents]: [WorkerEvents[Name]] }> {
  readonly #failed = new WeakSet<object>();

  readonly emitEvent: Emit = (name, event) => {
    for (const listener of this.rawListeners(name)) {
      const failed = (error: unknown): void => {
        this.#listenerFailed(name, originalOf(listener), error);
      };
      try {
        const result: unknown = Reflect.apply(listener, this, [event]);
        if (isThenable(result)) Promise.resolve(result).catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  };

  #listenerFailed(event: keyof WorkerEvents, listener: object, error: unknown): void {
    if (this.#failed.has(listener)) return;
    this.#failed.add(listener);
    const text = errorText(asError(error, 'it threw'));
    if (event !== 'listenerFailed' && this.listenerCount('listenerFailed') > 0)
      this.emitEvent('listenerFailed', { event, error: text });
    else process.emitWarning(`a listener of the event "${event}" failed: ${text}`, 'BnetSyncWarning');
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** `once` puts a function of its own around each listener. */
function originalOf(listener: object): object {
  return 'listener' in listener && typeof listener.listener === 'function' ? listener.listener : listener;
}
