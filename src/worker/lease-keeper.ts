import type { Holding, Lease, LeaseStore } from '../store/port.js';
import type { Pause } from '../store/records-port.js';
import type { Emit } from './events.js';
import type { Outages } from './outages.js';
import type { WorkerSettings } from './settings.js';
import { Alarm, type Time } from './time.js';

/** A worker that stopped gracefully leaves free shards: they are found within this time even with long leases. */
const longestCheckMs = 4000;

/**
 * Keeps the worker's leases while it runs: at every check it renews what it holds and takes its share of what is free.
 * Here is where a shard's ownership is asked. A shard above the share is leaving: it is not polled any more, and given
 * back once nothing of it is in hand. A worker that could not renew for a whole lease time holds nothing, by its own
 * clock: that only makes it stop earlier, the fence in the product store decides. Pauses are read at every check, too.
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
  #leaving: ReadonlySet<number> = new Set();
  #pauses: readonly Pause[] = [];
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

  /** The leases held at this moment, without those that are leaving. */
  held(): readonly Lease[] {
    const fresh = this.#parts.time.now() - this.#renewedAt < this.#settings.leaseTtlMs;
    return fresh ? this.#leases.filter(({ shard }) => !this.#leaving.has(shard)) : [];
  }

  /** The pauses in force at the last check. They were read after the leases: what paused a shard's last holder is among them. */
  get pauses(): readonly Pause[] {
    return this.#pauses;
  }

  /** Renews and takes leases until `stop`; ends with an error only where credentials are refused. */
  async run(): Promise<void> {
    while (!this.#stopping) {
      await this.#keep();
      await this.#alarm.sleep(Math.min(this.#settings.leaseTtlMs / 3, longestCheckMs));
    }
  }

  /** Gives back the leaving shards of which nothing is in hand. Not to be called while a page is being claimed. */
  async giveBack(isInHand: (shard: number) => boolean): Promise<void> {
    const shards = [...this.#leaving].filter((shard) => !isInHand(shard));
    if (shards.length === 0) return;
    await this.#parts.outages.watch('store', () => this.#store.giveBack(shards));
    this.#leases = this.#leases.filter(({ shard }) => !shards.includes(shard));
    this.#leaving = new Set([...this.#leaving].filter((shard) => !shards.includes(shard)));
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
    const { time, outages } = this.#parts;
    const askedAt = time.now();
    try {
      const holding = await outages.watch('store', () => this.#store.keep());
      const before = shardsOf(this.held());
      this.#leases = holding.leases;
      this.#leaving = surplus(holding, this.#leaving);
      this.#renewedAt = askedAt;
      outages.worked('store');
      this.#heed(holding.pauses);
      if (shardsOf(this.held()) !== before) this.#tell(holding.workers);
    } catch (error) {
      if (!outages.isOutage(error)) throw error;
    }
  }

  #heed(pauses: readonly Pause[]): void {
    const { emit, onChange } = this.#parts;
    const changed = JSON.stringify(pauses) !== JSON.stringify(this.#pauses);
    this.#pauses = pauses;
    if (!changed) return;
    emit('paused', { pauses });
    onChange();
  }

  #tell(workers: number): void {
    const { emit, onChange } = this.#parts;
    emit('leases', { held: this.held().length, shards: this.#settings.shards, workers });
    onChange();
  }
}

function shardsOf(leases: readonly Lease[]): string {
  return leases.map(({ shard, term }) => `${shard}/${term}`).join();
}

/** Which of the shards held are above the share: those that were leaving before, then the last ones. */
function surplus({ leases, share }: Holding, leaving: ReadonlySet<number>): ReadonlySet<number> {
  const shards = leases.map(({ shard }) => shard);
  const stayFirst = shards.sort((a, b) => Number(leaving.has(a)) - Number(leaving.has(b)) || a - b);
  return new Set(stayFirst.slice(share));
}
