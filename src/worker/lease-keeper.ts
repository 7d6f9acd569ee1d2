import type { Holding, Lease, LeaseStore } from '../store/port.js';
import type { Pause } from '../store/records-port.js';
import type { Deferrals } from './deferrals.js';
import type { Emit } from './events.js';
import type { Outages } from './outages.js';
import type { WorkerSettings } from './settings.js';
import type { StoreGuard } from './store-guard.js';
import { Alarm, type Time } from './time.js';

/** A worker that stopped gracefully leaves free shards: they are found within this time even with long leases. */
const longestCheckMs = 4000;

/** What the keeper asks of the guard against a store that lost something. */
type Guard = Pick<StoreGuard, 'isOpen' | 'report' | 'record' | 'follow'>;

interface LeaseKeeperParts {
  readonly time: Time;
  readonly emit: Emit;
  readonly outages: Outages;
  readonly guard: Guard;
  readonly deferrals: Pick<Deferrals, 'reading' | 'load'>;
  readonly onChange: () => void;
}

/**
 * Keeps the worker's leases while it runs: at every check it renews what it holds and takes its share of what is free.
 * Here is where a shard's ownership is asked. A shard above the share is leaving: it is not polled any more, and given
 * back once nothing of it is in hand. A worker that could not renew for a whole lease time holds nothing, by its own
 * clock: that only makes it stop earlier, the fence in the product store decides. Pauses and alarms are read at every
 * check, too.
 */
export class LeaseKeeper {
  readonly #store: LeaseStore;
  readonly #settings: WorkerSettings;
  readonly #parts: LeaseKeeperParts;
  readonly #alarm: Alarm;
  #leases: readonly Lease[] = [];
  /** Shards held whose finished rows are still to be compared; the store knows which. */
  #uncompared: ReadonlySet<number> = new Set();
  #workers = 0;
  /** The leases that were told last, by shard and term. */
  #told = '';
  #leaving: ReadonlySet<number> = new Set();
  #pauses: readonly Pause[] = [];
  #renewedAt = 0;
  #stopping = false;

  constructor(store: LeaseStore, settings: WorkerSettings, parts: LeaseKeeperParts) {
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

  /** Leases among those held whose finished rows are still to be compared with the journal, before any row is claimed. */
  uncompared(): readonly Lease[] {
    return this.held().filter(({ shard }) => this.#uncompared.has(shard));
  }

  /** The finished rows of these leases were compared; the next check asks the store itself. */
  markCompared(leases: readonly Lease[]): void {
    const compared = new Set(leases.map(({ shard }) => shard));
    this.#uncompared = new Set([...this.#uncompared].filter((shard) => !compared.has(shard)));
  }

  /** Whether the leases were checked at least once. */
  get isChecked(): boolean {
    return this.#workers > 0;
  }

  /** The pauses in force at the last check: the same array until they change. They were read after the leases: what paused a shard's last holder is among them. */
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

  /** An alarm may have been raised: look at once. */
  checkNow(): void {
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
    const { time, outages, guard, deferrals } = this.#parts;
    const askedAt = time.now();
    try {
      await guard.record();
      const { reading } = deferrals;
      const holding = await outages.watch('store', () => this.#store.keep());
      deferrals.load(holding.deferrals, new Set(holding.leases.map(({ shard }) => shard)), reading);
      this.#leases = holding.leases;
      this.#leaving = surplus(holding, this.#leaving);
      this.#renewedAt = askedAt;
      this.#workers = holding.workers;
      this.#uncompared = new Set(holding.uncompared);
      outages.worked('store');
      this.#heed(holding.pauses);
      this.#tell();
      await this.#followAlarms(holding);
    } catch (error) {
      // A new connection finds a loss once; the next check records it.
      if (guard.report(error)) this.checkNow();
      else if (!outages.isOutage(error)) throw error;
    }
  }

  async #followAlarms({ alarms }: Holding): Promise<void> {
    const { guard, onChange } = this.#parts;
    const wasOpen = guard.isOpen;
    await guard.follow(alarms);
    if (guard.isOpen !== wasOpen) onChange();
  }

  #heed(pauses: readonly Pause[]): void {
    const { emit, onChange } = this.#parts;
    if (JSON.stringify(pauses) === JSON.stringify(this.#pauses)) return;
    this.#pauses = pauses;
    emit('paused', { pauses });
    onChange();
  }

  /** Tells which leases are held, where they have changed. */
  #tell(): void {
    const { emit, onChange } = this.#parts;
    const names = namesOf(this.held());
    if (names === this.#told) return;
    this.#told = names;
    emit('leases', { held: this.held().length, shards: this.#settings.shards, workers: this.#workers });
    onChange();
  }
}

/** A lease by shard and term. */
function nameOf({ shard, term }: Lease): string {
  return `${shard}/${term}`;
}

function namesOf(leases: readonly Lease[]): string {
  return leases.map(nameOf).join();
}

/** Which of the shards held are above the share: those that were leaving before, then the last ones. */
function surplus({ leases, share }: Holding, leaving: ReadonlySet<number>): ReadonlySet<number> {
  const shards = leases.map(({ shard }) => shard);
  const stayFirst = shards.sort((a, b) => Number(leaving.has(a)) - Number(leaving.has(b)) || a - b);
  return new Set(stayFirst.slice(share));
}
