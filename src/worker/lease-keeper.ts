import type { Lease, LeaseStore } from '../store/port.js';
import type { Emit } from './events.js';
import type { Outages } from './outages.js';
import type { WorkerSettings } from './settings.js';
import { Alarm, type Time } from './time.js';

/**
 * Keeps the worker's leases while it runs: every third of the lease time it renews what it holds and takes what is
 * free. Here is where a shard's ownership is asked. A worker that could not renew for a whole lease time holds nothing,
 * by its own clock: that only makes it stop earlier, the fence in the product store decides.
 */
export class LeaseKeeper {
  readonly #store: LeaseStore;
  readonly #settings: WorkerSettings;
  readonly #parts: {
    readonly time: Time;
    readonly emit: Emit;
    readonly outages: Outages;
    readonly onChange: () => void;
  };
  readonly #alarm: Alarm;
  #leases: readonly Lease[] = [];
  #renewedAt = 0;
  #stopping = false;

  constructor(
    store: LeaseStore,
    settings: WorkerSettings,
    parts: { time: Time; emit: Emit; outages: Outages; onChange: () => void },
  ) {
    this.#store = store;
    this.#settings = settings;
    this.#parts = parts;
    this.#alarm = new Alarm(parts.time);
  }

  /** The leases held at this moment. */
  held(): readonly Lease[] {
    return this.#parts.time.now() - this.#renewedAt < this.#settings.leaseTtlMs ? this.#leases : [];
  }

  /** Renews and takes leases until `stop`; ends with an error only where credentials are refused. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      await this.#keep();
      await this.#alarm.sleep(this.#settings.leaseTtlMs / 3);
    }
  }

  /** A lease was lost: ask at once what is still held. */
  recheck(): void {
    this.#leases = [];
    this.#alarm.ring();
  }

  /** Ends `run` and gives all leases back. */
  async stop(running: Promise<void>): Promise<void> {
    this.#stopping = true;
    this.#alarm.ring();
    await running;
    this.#leases = [];
    await this.#store.release();
  }

  async #keep(): Promise<void> {
    const { time, outages, emit, onChange } = this.#parts;
    const askedAt = time.now();
    try {
      const leases = await outages.watch('store', () => this.#store.keep());
      const changed = leases.length !== this.held().length;
      this.#leases = leases;
      this.#renewedAt = askedAt;
      outages.worked('store');
      if (!changed) return;
      emit('leases', { held: leases.length, shards: this.#settings.shards });
      onChange();
    } catch (error) {
      if (!outages.isOutage(error)) throw error;
    }
  }
}
