import { DatabaseError } from '../../../src/database/errors.js';
import type { AcknowledgedCommit } from '../../../src/store/knex/acknowledged-commits.js';
import type { HeldShards } from '../../../src/store/guard-port.js';
import type { Lease, WorkerIdentity } from '../../../src/store/port.js';
import type { LeaseChange } from '../../fault/observations.js';
import type { JournalTable } from './journal-table.js';
import type { StoreServer } from './server.js';
import { Table, type StoreTransaction } from './table.js';

/** A row of sync_shard. */
interface StandingShard {
  readonly shard: number;
  readonly owner: string | null;
  readonly term: number;
  readonly expiresAt: string | null;
  readonly comparedTerm: number | null;
  readonly comparedOn: string | null;
  readonly heldUntil: string | null;
}

/** A row of sync_worker. */
interface StandingWorker extends WorkerIdentity {
  readonly startedAt: string;
  readonly heartbeatAt: string;
  readonly leaseTtlMs: number;
  /** Null: it registered with an older version. */
  readonly sharedSettings: string | null;
}

/** A worker that asks for something to be done with its leases. */
export interface LeaseHolder {
  readonly workerId: string;
  readonly leaseTtlMs: number;
  /** Those that the store must know. */
  readonly commits: readonly AcknowledgedCommit[];
}

/** A shard as a worker sees it. */
export interface SeenShard extends Lease {
  readonly isOurs: boolean;
  readonly isCompared: boolean;
  readonly isFree: boolean;
}

/** A worker on the register as another one sees it. */
export interface SeenWorker extends StandingWorker {
  readonly isAlive: boolean;
}

const dayMs = 24 * 3600 * 1000;

/** The leases of the simulated product store, and the register of workers. */
export class LeaseTables {
  readonly shards = new Table<StandingShard>();
  readonly workers = new Table<StandingWorker>();
  /** Leases that changed hands, in order. */
  readonly changes: LeaseChange[] = [];
  readonly #server: StoreServer;
  readonly #journal: JournalTable;
  readonly #onChange: (change: LeaseChange, term: number) => void;

  constructor(
    server: StoreServer,
    journal: JournalTable,
    { count, onChange }: { count: number; onChange: (change: LeaseChange, term: number) => void },
  ) {
    this.#server = server;
    this.#journal = journal;
    this.#onChange = onChange;
    for (let shard = 0; shard < count; shard += 1) {
      const none = { owner: null, expiresAt: null, comparedTerm: null, comparedOn: null, heldUntil: null };
      this.shards.put(String(shard), { shard, term: 0, ...none }, null);
    }
  }

  /**
   * Locks and renews leases in a transaction; false where one of them is not held any more, or its shard was not compared
   * under this term and on this server. Fails as `locked`, and changes nothing, where another transaction has one of them.
   */
  fence(leases: readonly Lease[], { workerId, leaseTtlMs }: LeaseHolder, by: StoreTransaction): boolean {
    const held = leases.flatMap((lease) => {
      const shard = this.shards.get(String(lease.shard), null);
      return shard !== undefined && this.#isHeld(shard, lease, workerId) ? [shard] : [];
    });
    const writer = this.#server.has('fence locks') ? by : null;
    if (writer !== null && held.some(({ shard }) => this.shards.isLocked(String(shard), writer)))
      throw new DatabaseError('locked', 'another transaction relies on the lease');
    const [now, expiresAt] = [this.#server.at(), this.#server.at(leaseTtlMs)];
    for (const shard of held) {
      const advances = this.#isCompared(shard) || !this.#server.has('fence advances compared shards only');
      const renewed = { ...shard, expiresAt, heldUntil: advances ? now : shard.heldUntil };
      this.shards.put(String(shard.shard), renewed, writer);
    }
    return held.length === leases.length;
  }

  /** Deletes workers that were silent for more than a day. */
  tidy(): void {
    for (const { workerId, heartbeatAt } of this.workers.all()) {
      if (Math.abs(this.#server.now - Date.parse(heartbeatAt)) > dayMs) this.workers.delete(workerId);
    }
  }

  /** A heartbeat; puts the worker on the register where it is not. */
  beat(worker: WorkerIdentity, leaseTtlMs: number, sharedSettings: string): void {
    const now = this.#server.at();
    const standing = this.workers.get(worker.workerId, null);
    const fresh = { ...worker, startedAt: now, leaseTtlMs, sharedSettings };
    this.workers.put(worker.workerId, { ...(standing ?? fresh), heartbeatAt: now }, null);
  }

  /** Renews what a worker holds, except what a transaction has locked. */
  renew({ workerId, leaseTtlMs, commits }: LeaseHolder): void {
    const isWhole = this.#journal.missing(commits, null).length === 0;
    const [now, expiresAt] = [this.#server.at(), this.#server.at(leaseTtlMs)];
    for (const shard of this.shards.all()) {
      if (shard.owner !== workerId || this.shards.isLocked(String(shard.shard), null)) continue;
      const advances = this.#isCompared(shard) || !this.#server.has('renewal advances compared shards only');
      this.#put({ ...shard, expiresAt, heldUntil: isWhole && advances ? now : shard.heldUntil });
    }
  }

  /** All shards, in order. */
  look(workerId: string): readonly SeenShard[] {
    return this.shards.all().map((shard) => ({
      ...{ shard: shard.shard, term: shard.term, server: this.#server.name },
      isOurs: shard.owner === workerId,
      isCompared: this.#isCompared(shard),
      isFree: this.#isFree(shard, workerId),
    }));
  }

  /** Workers on the register, in the order in which they started. */
  registered(): readonly SeenWorker[] {
    return this.workers
      .all()
      .sort((a, b) => compare(a.startedAt, b.startedAt) || compare(a.workerId, b.workerId))
      .map((worker) => {
        const age = this.#server.now - Date.parse(worker.heartbeatAt);
        return { ...worker, isAlive: Math.abs(age) < worker.leaseTtlMs };
      });
  }

  /** Takes at most so many shards that are free and not locked; returns how many. */
  take(most: number, { workerId, leaseTtlMs }: LeaseHolder): number {
    const free = this.shards
      .all()
      .filter((shard) => this.#isFree(shard, workerId) && !this.shards.isLocked(String(shard.shard), null))
      .slice(0, most);
    for (const shard of free) {
      const term = this.#server.has('term rises') ? shard.term + 1 : shard.term;
      const heldUntil = this.#server.has('taking advances nothing') ? shard.heldUntil : this.#server.at();
      this.#put({ ...shard, term, owner: workerId, expiresAt: this.#server.at(leaseTtlMs), heldUntil });
    }
    return free.length;
  }

  /** Notes that the finished rows of these shards were compared. */
  compared(leases: readonly Lease[], workerId: string): void {
    const { name } = this.#server;
    const held = leases.flatMap(({ shard, term, server }) => {
      const row = this.shards.get(String(shard), null);
      const isServer = server === name || !this.#server.has('batches name the server');
      return row?.term === term && row.owner === workerId && isServer ? [row] : [];
    });
    this.#requireUnlocked(held);
    for (const shard of held) {
      const heldUntil = this.#server.at();
      this.#put({ ...shard, comparedTerm: shard.term, comparedOn: name, heldUntil });
    }
  }

  /** Gives leases back: these, or all; the terms stay. */
  release(workerId: string, shards: readonly number[] | 'all'): void {
    const given = this.shards
      .all()
      .filter(({ shard, owner }) => owner === workerId && (shards === 'all' || shards.includes(shard)));
    this.#requireUnlocked(given);
    for (const shard of given) this.#put({ ...shard, owner: null, expiresAt: null });
  }

  /** Takes a worker off the register. */
  leave(workerId: string): void {
    this.workers.delete(workerId);
  }

  /** Whether a worker holds a shard. */
  holds(workerId: string, shard: number): boolean {
    return this.shards.get(String(shard), null)?.owner === workerId;
  }

  /** Until when the store is known to hold everything, by shard. */
  heldShards(shards: readonly number[] | 'all'): HeldShards {
    const rows = this.shards.all().filter(({ shard }) => shards === 'all' || shards.includes(shard));
    const isKnown = this.#server.has('a shard is known to hold what is older');
    return {
      now: rows.length === 0 ? '' : this.#server.at(),
      heldUntil: new Map(rows.map(({ shard, heldUntil }) => [shard, isKnown ? heldUntil : null])),
    };
  }

  #put(shard: StandingShard): void {
    const before = this.shards.get(String(shard.shard), null);
    this.shards.put(String(shard.shard), shard, null);
    if (before?.owner === shard.owner && before.term === shard.term) return;
    const { shard: number, owner, term } = shard;
    const change = { seq: this.#server.next(), shard: number, owner, at: this.#server.trueTime };
    this.changes.push(change);
    this.#onChange(change, term);
  }

  #isHeld(shard: StandingShard, lease: Lease, workerId: string): boolean {
    const isTerm = shard.term === lease.term || !this.#server.has('fence compares the term');
    const isServer = lease.server === this.#server.name || !this.#server.has('batches name the server');
    const isOwn = shard.owner === workerId && isTerm && isServer;
    const isCompared = lease.provisional === true || this.#isCompared(shard);
    return (
      (isOwn || !this.#server.has('fence')) && (isCompared || !this.#server.has('compared before deciding'))
    );
  }

  #isCompared({ term, comparedTerm, comparedOn }: StandingShard): boolean {
    const isServer = comparedOn === this.#server.name || !this.#server.has('comparison names the server');
    return comparedTerm === term && isServer;
  }

  /** The longest lease time on the register bounds every renewal: what runs out later was written by a clock that was ahead. */
  #isFree({ owner, expiresAt }: StandingShard, workerId: string): boolean {
    if (!this.#server.has('expired leases only are taken') && owner !== workerId) return true;
    if (owner === null) return true;
    if (expiresAt === null) return false;
    const longest = Math.max(...this.workers.all().map(({ leaseTtlMs }) => leaseTtlMs));
    const remaining = Date.parse(expiresAt) - this.#server.now;
    const isTooFar = Number.isFinite(longest) && remaining > 2 * longest;
    return remaining < 0 || (isTooFar && this.#server.has('leases too far ahead are taken'));
  }

  #requireUnlocked(shards: readonly StandingShard[]): void {
    if (shards.some(({ shard }) => this.shards.isLocked(String(shard), null)))
      throw new DatabaseError('locked', 'an apply relies on the lease');
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
