import type { WorkerIdentity } from '../store/port.js';
import type { Wakeup } from './clock.js';
import type { WorkerContext } from './context.js';

/** How a worker registers. */
export interface Registration {
  readonly me: WorkerIdentity;
  /** Ends the sleep between two tries. */
  readonly wakeup: Wakeup;
  /** Fail at the first outage, of the middle database as well. */
  readonly once: boolean;
  readonly isStopping: () => boolean;
}

/** Registers, as soon as the store can be reached; false where the worker was stopped before: it holds nothing then. */
export async function register(context: WorkerContext, registration: Registration): Promise<boolean> {
  const { middle, store, settings, health } = context;
  const { me, wakeup, once, isStopping } = registration;
  while (!isStopping()) {
    try {
      if (once) await health.track('middle', () => middle.ping());
      await health.track('store', () => store.leases.register(me, settings));
      health.markHealthy('store');
      return true;
    } catch (error) {
      if (!health.isOutage(error) || (once && !isStopping())) throw error;
      await wakeup.sleep(health.remainingMs());
    }
  }
  return false;
}
