import { hostname } from 'node:os';
import type { Alarm } from './time.js';
import type { Workshop } from './workshop.js';

/** How a worker registers. */
export interface Registration {
  readonly workerId: string;
  /** Ends the sleep between two tries. */
  readonly alarm: Alarm;
  /** Fail at the first outage, of the middle database as well. */
  readonly once: boolean;
  readonly isStopping: () => boolean;
}

/** Registers, as soon as the store can be reached; false where the worker was stopped before: it holds nothing then. */
export async function register(shop: Workshop, registration: Registration): Promise<boolean> {
  const { middle, store, settings, outages } = shop;
  const { workerId, alarm, once, isStopping } = registration;
  while (!isStopping()) {
    try {
      if (once) await outages.watch('middle', () => middle.ping());
      const me = { workerId, host: hostname(), pid: process.pid };
      await outages.watch('store', () => store.leases.register(me, settings));
      outages.worked('store');
      return true;
    } catch (error) {
      if (!outages.isOutage(error) || (once && !isStopping())) throw error;
      await alarm.sleep(outages.remainingMs());
    }
  }
  return false;
}
