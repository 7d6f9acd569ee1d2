import { leaseShares } from '../domain/lease-shares.js';
import type { LeaseSnapshot, Lease, LeaseStore, Pause } from '../store/port.js';
import type { Deferrals } from './deferrals.js';
import type { Emit } from './events.js';
import type { DatabaseHealth } from './database-health.js';
import type { WorkerSettings } from './settings.js';
import type { StoreGuard } from './store-guard.js';
import { Wakeup, type Clock } from './clock.js';

/** A worker that stopped gracefully leaves free shards: they are found within this time even with long leases. */
const longestCheckMs = 4000;

/** What the keeper asks of the guard against a store that lost something. */
type Guard = Pick<StoreGuard, 'isOpen' | 'report' | 'record' | 'follow'>;

interface LeaseKeeperParts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly health: DatabaseHealth;
  readonly guard: Guard;
  readonly deferrals: Pick<Deferrals, 'reading' | 'load'>;
  readonly onChange: () => void;
}

/**
 * Keeps the worker's leases while it runs: at every check it renews what it holds and takes its share of what is free.
 * Here is where a shard's ownership is asked. A shard above the share is leaving: it is not polled any more, and given
 * back once nothing of it is in flight. A worker that could not renew for a whole lease time holds nothing, by its own
 * clock: that only makes it stop earlier, the fence in the product store decides. Pauses and alarms are read at every
 * check, too.
 */
export class LeaseKeeper {
  readonly #store: LeaseStore;
  readonly #settings: WorkerSettings;
  readonly #parts: LeaseKeeperParts;
  readonly #wakeup: Wakeup;
  #leases: readonly Lease[] = [];
  /** Shards held whose finished rows are still to be compared; the store knows which. */
  #uncompared: ReadonlySet<number> = new Set();
  #workers = 0;
  /** The leases of the last `leases` event, by shard and term. */
  #lastEmitted = '';
  #leaving: ReadonlySet<number> = new Set();
  #pauses: readonly Pause[] = [];
  #renewedAt = 0;
  #stopping = false;

  constructor(store: LeaseStore, settings: WorkerSettings, parts: LeaseKeeperParts) {
    this.#store = store;
    this.#settings = settings;
    this.#parts = parts;
    this.#wakeup = new Wakeup(parts.clock);
  }

  /** The leases held at this moment, without those that are leaving. */
  held(): readonly Lease[] {
    const fresh = this.#parts.clock.now() - this.#renewedAt < this.#settings.leaseTtlMs;
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
      await this.#check();
      await this.#wakeup.sleep(Math.min(leaseShares.renewal * this.#settings.leaseTtlMs, longestCheckMs));
    }
  }

  /** Gives back the leaving shards of which nothing is in flight. Not to be called while a batch is being claimed. */
  async releaseLeaving(isInFlight: (shard: number) => boolean): Promise<void> {
    const shards = [...this.#leaving].filter((shard) => !isInFlight(shard));
    if (shards.length === 0) return;
    await this.#parts.health.track('store', () => this.#store.releaseShards(shards));
    this.#leases = this.#leases.filter(({ shard }) => !shards.includes(shard));
    this.#leaving = new Set([...this.#leaving].filter((shard) => !shards.includes(shard)));
  }

  /** A lease was lost: checks at once which are still held. */
  recheck(): void {
    this.#leases = [];
    this.#wakeup.wake();
  }

  /** Checks at once: an alarm may be open. */
  checkNow(): void {
    this.#wakeup.wake();
  }

  /** Ends `run` and gives all leases back. */
  async stop(running: Promise<void>): Promise<void> {
    this.#stopping = true;
    this.#wakeup.wake();
    await running;
    this.#leases = [];
    const { guard } = this.#parts;
    try {
      await this.#store.release();
    } catch (error) {
      // A new connection finds a loss once: nobody else may know of it yet.
      if (!guard.report(error)) throw error;
      await guard.record();
      await this.#store.release();
    }
  }

  async #check(): Promise<void> {
    const { clock, health, guard, deferrals } = this.#parts;
    const askedAt = clock.now();
    try {
      await guard.record();
      const { reading } = deferrals;
      const snapshot = await health.track('store', () => this.#store.renewAndAcquire());
      deferrals.load(snapshot.deferrals, new Set(snapshot.leases.map(({ shard }) => shard)), reading);
      this.#leases = snapshot.leases;
      this.#leaving = surplus(snapshot, this.#leaving);
      this.#renewedAt = askedAt;
      this.#workers = snapshot.workers;
      this.#uncompared = new Set(snapshot.uncompared);
      health.markHealthy('store');
      this.#applyPauses(snapshot.pauses);
      this.#emitLeases();
      await this.#followAlarms(snapshot);
    } catch (error) {
      // A new connection finds a loss once; the next check records it.
      if (guard.report(error)) this.checkNow();
      else if (!health.isOutage(error)) throw error;
    }
  }

  async #followAlarms({ alarms }: LeaseSnapshot): Promise<void> {
    const { guard, onChange } = this.#parts;
    const wasOpen = guard.isOpen;
    await guard.follow(alarms);
    if (guard.isOpen !== wasOpen) onChange();
  }

  #applyPauses(pauses: readonly Pause[]): void {
    const { emit, onChange } = this.#parts;
    if (JSON.stringify(pauses) === JSON.stringify(this.#pauses)) return;
    this.#pauses = pauses;
    emit('paused', { pauses });
    onChange();
  }

  /** Emits the leases held when they have changed. */
  #emitLeases(): void {
    const { emit, onChange } = this.#parts;
    const names = namesOf(this.held());
    if (names === this.#lastEmitted) return;
    this.#lastEmitted = names;
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
function surplus({ leases, share }: LeaseSnapshot, leaving: ReadonlySet<number>): ReadonlySet<number> {
  const shards = leases.map(({ shard }) => shard);
  const stayFirst = shards.sort((a, b) => Number(leaving.has(a)) - Number(leaving.has(b)) || a - b);
  return new Set(stayFirst.slice(share));
}
