import { EventEmitter } from 'node:events';
import { asError, errorText } from './errors.js';
import type { Emit, WorkerEvents } from './events.js';

/*
 * Listeners belong to an embedding program: one that throws would look like an error of the statement before it, and keep
 * the next listener (the log, the metrics) from its event. So each is called on its own, and a failure, also a rejected
 * promise, is emitted as an event, once for each listener.
 */

/** Emits events to listeners; a failing listener harms neither the worker nor other listeners. */
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
