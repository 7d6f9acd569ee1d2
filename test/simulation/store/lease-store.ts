import {
  fairShare,
  settingMismatches,
  sharedSettingsText,
  type SharedSettings,
} from '../../../src/domain/cluster.js';
import type { AcknowledgedCommits } from '../../../src/store/knex/acknowledged-commits.js';
import {
  SettingsDifferError,
  ShardsDifferError,
  WorkerUnregisteredError,
  type Lease,
  type LeaseSnapshot,
  type LeaseStore,
  type WorkerIdentity,
} from '../../../src/store/port.js';
import type { Connections } from './connections.js';
import type { LeaseHolder } from './lease-tables.js';

/** What a worker holds and what there is to take, and how much there is to read besides. */
interface Shards extends Pick<LeaseSnapshot, 'leases' | 'uncompared' | 'share' | 'workers'> {
  readonly free: number;
  readonly isPaused: boolean;
  readonly isAlarmed: boolean;
  readonly isDeferred: boolean;
}

/** The leases of one worker in the simulated product store, statement by statement as `KnexLeaseStore` has them. */
export class SimulatedLeaseStore implements LeaseStore {
  readonly #connections: Connections;
  readonly #leaseTtlMs: number;
  readonly #commits: AcknowledgedCommits;
  #me: { readonly worker: WorkerIdentity; readonly sharedSettings: string } | null = null;

  constructor(connections: Connections, leaseTtlMs: number, commits: AcknowledgedCommits) {
    this.#connections = connections;
    this.#leaseTtlMs = leaseTtlMs;
    this.#commits = commits;
  }

  /** The registered worker. */
  get worker(): WorkerIdentity {
    return this.#registered().worker;
  }

  /** The registered worker, as the tables know it. */
  get holder(): LeaseHolder {
    return { workerId: this.worker.workerId, leaseTtlMs: this.#leaseTtlMs, commits: this.#commits.last };
  }

  async register(worker: WorkerIdentity, sharedSettings: SharedSettings): Promise<void> {
    const present = await this.#connections.statement(
      'count shards',
      ({ leaseTables }) => leaseTables.shards.all().length,
    );
    if (present !== sharedSettings.shards) throw new ShardsDifferError(present, sharedSettings.shards);
    await this.#connections.statement('tidy register', ({ leaseTables }) => {
      leaseTables.tidy();
    });
    const text = sharedSettingsText(sharedSettings);
    this.#me = { worker, sharedSettings: text };
    await this.#connections.statement('heartbeat', ({ leaseTables }) => {
      leaseTables.beat(worker, this.#leaseTtlMs, text);
    });
    await this.#compare(worker, sharedSettings);
  }

  async renewAndAcquire(): Promise<LeaseSnapshot> {
    const { worker, sharedSettings } = this.#registered();
    const { holder } = this;
    await this.#connections.statement('heartbeat and renewal', ({ leaseTables }) => {
      leaseTables.beat(worker, this.#leaseTtlMs, sharedSettings);
      leaseTables.renew(holder);
    });
    const { free: _, isPaused, isAlarmed, isDeferred, ...shards } = await this.#keepShards();
    const pauses = isPaused
      ? await this.#connections.statement('pauses', ({ notes }) => notes.readPauses())
      : [];
    const alarms = isAlarmed
      ? await this.#connections.statement('alarms', ({ notes }) => notes.openAlarms())
      : [];
    const deferrals = isDeferred
      ? await this.#connections.statement('deferrals', ({ notes }) => notes.pendingDeferrals())
      : [];
    return { ...shards, pauses, alarms, deferrals };
  }

  async compared(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return;
    const { workerId } = this.worker;
    await this.#connections.statement('shards compared', ({ leaseTables }) => {
      leaseTables.compared(leases, workerId);
    });
  }

  async releaseShards(shards: readonly number[]): Promise<void> {
    if (shards.length === 0) return;
    const { workerId } = this.worker;
    await this.#connections.statement('release shards', ({ leaseTables }) => {
      leaseTables.release(workerId, shards);
    });
  }

  async release(): Promise<void> {
    if (this.#me === null) return;
    const { workerId } = this.worker;
    await this.#connections.statement('release all shards', ({ leaseTables }) => {
      leaseTables.release(workerId, 'all');
    });
    await this.#connections.statement('leave the register', ({ leaseTables }) => {
      leaseTables.leave(workerId);
    });
  }

  /** After our own row is there: of two workers that register at the same time, at least the later one sees the other. */
  async #compare({ workerId }: WorkerIdentity, sharedSettings: SharedSettings): Promise<void> {
    for (const other of await this.#workers()) {
      if (other.workerId === workerId || !other.isAlive || other.sharedSettings === null) continue;
      const differences = settingMismatches(sharedSettings, other.sharedSettings);
      if (differences.length === 0) continue;
      await this.release();
      throw new SettingsDifferError(other, differences);
    }
  }

  async #keepShards(): Promise<Shards> {
    const shards = await this.#look();
    const missing = shards.share - shards.leases.length;
    if (missing <= 0 || shards.free === 0) return shards;
    const { holder } = this;
    const taken = await this.#connections.statement('take shards', ({ leaseTables }) =>
      leaseTables.take(missing, holder),
    );
    return taken === 0 ? shards : this.#look();
  }

  async #look(): Promise<Shards> {
    const { workerId } = this.worker;
    const { shards, ...besides } = await this.#connections.statement('shards', ({ leaseTables, notes }) => ({
      shards: leaseTables.look(workerId),
      isPaused: notes.pauses.all().length > 0,
      isAlarmed: notes.openAlarms().length > 0,
      isDeferred: notes.deferrals.all().length > 0,
    }));
    const ours = shards.filter(({ isOurs }) => isOurs);
    const alive = (await this.#workers()).filter(({ isAlive }) => isAlive).map((worker) => worker.workerId);
    return {
      ...besides,
      leases: ours.map(({ shard, term, server }) => ({ shard, term, server })),
      uncompared: ours.filter(({ isCompared }) => !isCompared).map(({ shard }) => shard),
      free: shards.filter(({ isFree, isOurs }) => isFree && !isOurs).length,
      share: fairShare(shards.length, alive, workerId),
      workers: alive.length,
    };
  }

  #workers() {
    return this.#connections.statement('workers', ({ leaseTables }) => leaseTables.registered());
  }

  #registered(): { readonly worker: WorkerIdentity; readonly sharedSettings: string } {
    if (this.#me === null) throw new WorkerUnregisteredError('the worker has not registered yet');
    return this.#me;
  }
}
