import type { Database, Executor } from '../../database/database.js';
import type { Dialect, Fragment } from '../../database/dialects/dialect.js';
import { leaseShares } from '../../domain/lease-shares.js';
import {
  fairShare,
  settingMismatches,
  sharedSettingsText,
  type SharedSettings,
} from '../../domain/cluster.js';
import type { AcknowledgedCommit } from './acknowledged-commits.js';
import type { ServerCheck } from './server-check.js';
import { pruneActivity } from './activity.js';
import { deferralCount, readPendingDeferrals } from './deferrals.js';
import { knownCommits, openAlarmCount, readOpenAlarms } from './guard.js';
import { readPauses } from './pauses.js';
import type { LeaseSnapshot, Lease, LeaseStore, WorkerIdentity } from '../port.js';
import { SettingsDifferError, ShardsDifferError, WorkerUnregisteredError } from '../port.js';
import { StoreNotMigratedError, workProblem } from '../setup-port.js';
import { readSetup } from './setup.js';

/*
 * Leases. A shard is held by a row of sync_shard: owner, term and expires_at, all by the store's clock.
 *
 * - A shard can be taken when it has no owner or its lease has expired; that raises the term.
 * - Renewing keeps the term. An expired lease that was not taken may be renewed: nothing happened meanwhile.
 * - Giving back clears the owner and keeps the term.
 * - Taking and renewing skip rows that are locked: an apply transaction relies on them, and renews them itself.
 * - Rows of a shard are decided only once its finished rows were compared with the journal under this term and on this
 *   server (`compared_term`, `compared_on`): the store may have lost what others decided (P13, worker/store-guard.ts). A
 *   lease that came back with an older state of the store, after a fail-over, was compared elsewhere. The server is read
 *   with the lease, and belongs to a batch as owner and term do.
 * - An apply transaction first locks all the lease rows it relies on, exclusively, in shard order, and compares owner
 *   and term with those held when its rows were polled (`lockLeases`). So no other worker can take the shard before it ends,
 *   and a worker that lost it in between cannot change the store any more, however late it wakes (P7).
 *
 * Sharing. Each worker has a row in sync_worker with a heartbeat; one whose heartbeat is older than its lease time is
 * taken for dead. All that are alive, in the order in which they started, have an even share of the shards (`shareOf`).
 * At every check a worker renews what it holds, and takes free shards up to its share. When another one joins it has
 * more than its share: it polls the surplus no more, finishes what it has in flight of it, and gives it back; the other
 * finds it free at its next check. Two workers that see different ones alive may for a moment want the same shard, or
 * both leave one free: the row's lock decides the first, the next check heals the second.
 *
 * No promise rests on the clock: an early takeover only makes the other worker's fence fail.
 *
 * A clock that is set back leaves times behind that are ahead of it, and a dead worker's shards would be its own until the
 * clock has caught up. No renewal puts an expiry further ahead than a lease time, and no heartbeat is ahead at all: a lease
 * that runs out later than two lease times from now counts as run out, a heartbeat more than a lease time ahead as silent.
 * Steps smaller than that only make a takeover later. Live workers have such times, too, from the step to their next check,
 * and may lose shards to the first that checks. That is an early takeover like any other: the term rises, the loser's fence
 * fails, what it had in flight is left in State 1, and the shards are shared evenly again at the next checks.
 */

/** Who relies on which leases, and which commits the store must know. */
export interface FenceRequest {
  readonly workerId: string;
  readonly leases: readonly Lease[];
  readonly leaseTtlMs: number;
  readonly commits: readonly AcknowledgedCommit[];
  /** The server's name, an expression. */
  readonly server: string;
}

/** What the fence found. */
export interface Fence {
  /** The store's clock, ISO 8601, UTC. */
  readonly at: string;
  readonly alarmOpen: boolean;
  /** How many of the commits the journal holds. */
  readonly known: number;
}

/**
 * Locks and renews leases in a transaction, and checks alarms and the worker's own commits in the same statement; null
 * if a lease is not held any more, or its shard was not compared under this term and on this server.
 */
export async function lockLeases(
  transaction: Executor,
  { workerId, leases, leaseTtlMs, commits, server }: FenceRequest,
): Promise<Fence | null> {
  if (leases.length === 0) throw new Error('an apply transaction relies on at least one lease');
  const { dialect } = transaction;
  const relied = dialect.recordset(
    { shard: 'integer', term: 'integer', server: 'text', provisional: 'integer' },
    leases.map((lease) => [lease.shard, lease.term, lease.server, lease.provisional === true ? 1 : 0]),
    'r',
  );
  const known = knownCommits(transaction, commits);
  const { rows } = await transaction.execute({
    sql: `UPDATE sync_shard AS s SET expires_at = ${dialect.nowPlus(leaseTtlMs)},
            held_until = CASE WHEN ${isCompared('s', server)} THEN ${dialect.now} ELSE s.held_until END
          FROM (SELECT l.shard FROM sync_shard AS l, ${relied.sql}
                WHERE l.shard = r.shard AND l.term = r.term AND l.owner = ? AND r.server = ${server}
                  AND (r.provisional = 1 OR ${isCompared('l', server)})
                ORDER BY l.shard ${dialect.lockRows('l')}) AS held
          WHERE s.shard = held.shard
          RETURNING ${dialect.instantText(dialect.now)} AS at, ${openAlarmCount} AS alarms, ${known.sql} AS known,
            ${dialect.waitForLocks(Math.min(lockPatienceMs, Math.round(leaseShares.lockWait * leaseTtlMs)))} AS patience`,
    bindings: [...relied.bindings, workerId, ...known.bindings],
  });
  const [first] = rows;
  if (rows.length !== leases.length || first === undefined) return null;
  return { at: String(first['at']), alarmOpen: Number(first['alarms']) > 0, known: Number(first['known']) };
}

/**
 * How long an apply waits for a locked customer before deferring it. Longer than any apply takes, because two of one
 * worker may meet at a counter, and than PostgreSQL needs to find a deadlock.
 */
const lockPatienceMs = 1500;

/** The leases of one worker, in the product store. */
export class KnexLeaseStore implements LeaseStore {
  readonly #database: Database;
  readonly #leaseTtlMs: number;
  readonly #server: ServerCheck;
  #checks = 0;
  #me: { readonly worker: WorkerIdentity; readonly sharedSettings: string } | null = null;

  constructor(database: Database, leaseTtlMs: number, server: ServerCheck) {
    this.#database = database;
    this.#leaseTtlMs = leaseTtlMs;
    this.#server = server;
  }

  /** The registered worker. */
  get worker(): WorkerIdentity {
    return this.#registered().worker;
  }

  /** The registered worker's id. */
  get workerId(): string {
    return this.worker.workerId;
  }

  async register(worker: WorkerIdentity, sharedSettings: SharedSettings): Promise<void> {
    const fault = workProblem(await readSetup(this.#database));
    if (fault !== null) throw fault;
    const present = await this.#countShards();
    // The last step of a migration that was interrupted.
    if (present === 0) throw new StoreNotMigratedError();
    if (present !== sharedSettings.shards) throw new ShardsDifferError(present, sharedSettings.shards);
    await this.#tidyRegister();
    this.#me = { worker, sharedSettings: sharedSettingsText(sharedSettings) };
    await this.#database.execute(this.#beat());
    await this.#compare(worker, sharedSettings);
  }

  /** Deletes old rows. */
  async #tidyRegister(): Promise<void> {
    const { nowPlus } = this.#database.dialect;
    const old = [
      `DELETE FROM sync_worker WHERE heartbeat_at < ${nowPlus(-registerKeptMs)} OR heartbeat_at > ${nowPlus(registerKeptMs)}`,
      `DELETE FROM sync_crash WHERE begun_at < ${nowPlus(-crashNoteKeptMs)}`,
    ];
    for (const sql of old) await this.#database.execute({ sql, bindings: [] });
    await pruneActivity(this.#database);
  }

  /**
   * After our own row exists: of two workers that register at once, at least the later sees the other. Both may give
   * way, never both stay.
   */
  async #compare({ workerId }: WorkerIdentity, sharedSettings: SharedSettings): Promise<void> {
    for (const other of await this.#workers()) {
      if (other.workerId === workerId || !other.alive || other.sharedSettings === null) continue;
      const differences = settingMismatches(sharedSettings, other.sharedSettings);
      if (differences.length === 0) continue;
      await this.release();
      throw new SettingsDifferError(other, differences);
    }
  }

  async #countShards(): Promise<number> {
    const { rows } = await this.#database.execute({
      sql: 'SELECT count(*) AS shards FROM sync_shard',
      bindings: [],
    });
    return Number(rows[0]?.['shards']);
  }

  async renewAndAcquire(): Promise<LeaseSnapshot> {
    const { dialect } = this.#database;
    for (const statement of dialect.together(this.#beat(), this.#renewal()))
      await this.#database.execute(statement);
    const { paused, alarmed, deferred, ...shards } = await this.#keepShards();
    const pauses = paused === 0 ? [] : await readPauses(this.#database);
    const alarms = alarmed === 0 ? [] : await readOpenAlarms(this.#database);
    const deferrals = deferred === 0 ? [] : await readPendingDeferrals(this.#database);
    this.#checks += 1;
    if (this.#checks % checksPerPruning === 0) await pruneActivity(this.#database);
    return { ...shards, pauses, alarms, deferrals };
  }

  async compared(leases: readonly Lease[]): Promise<void> {
    if (leases.length === 0) return;
    const { dialect } = this.#database;
    const compared = dialect.recordset(
      { shard: 'integer', term: 'integer', server: 'text' },
      leases.map(({ shard, term, server }) => [shard, term, server]),
      'r',
    );
    const { name } = this.#server;
    await this.#database.execute({
      sql: `UPDATE sync_shard AS s SET compared_term = s.term, compared_on = r.server, held_until = ${dialect.now}
            FROM ${compared.sql} WHERE s.shard = r.shard AND s.term = r.term AND s.owner = ? AND r.server = ${name}`,
      bindings: [...compared.bindings, this.workerId],
    });
  }

  /** The pauses are counted with the last read of the leases: what paused a shard's last holder is included. */
  async #keepShards(): Promise<Shards> {
    const shards = await this.#look();
    const missing = shards.share - shards.leases.length;
    if (missing <= 0 || shards.free === 0) return shards;
    return (await this.#take(missing)) === 0 ? shards : this.#look();
  }

  async releaseShards(shards: readonly number[]): Promise<void> {
    if (shards.length === 0) return;
    await this.#database.execute({
      sql: `UPDATE sync_shard SET owner = NULL, expires_at = NULL WHERE owner = ? AND shard IN (${shards.map(Number).join(', ')})`,
      bindings: [this.workerId],
    });
  }

  async release(): Promise<void> {
    if (this.#me === null) return;
    await this.#database.execute({
      sql: 'UPDATE sync_shard SET owner = NULL, expires_at = NULL WHERE owner = ?',
      bindings: [this.workerId],
    });
    await this.#database.execute({
      sql: 'DELETE FROM sync_worker WHERE worker_id = ?',
      bindings: [this.workerId],
    });
  }

  /** A worker taken off the register while it slept returns as a new one in the order. */
  #beat(): Fragment {
    const { now } = this.#database.dialect;
    const { worker, sharedSettings } = this.#registered();
    return {
      sql: `INSERT INTO sync_worker (worker_id, host, pid, started_at, heartbeat_at, lease_ttl_ms, shared_settings)
            VALUES (?, ?, ?, ${now}, ${now}, ?, ?)
            ON CONFLICT (worker_id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at`,
      bindings: [worker.workerId, worker.host, worker.pid, this.#leaseTtlMs, sharedSettings],
    };
  }

  /** A renewal proves the store complete only if the shard was compared and our own commits are there. */
  #renewal(): Fragment {
    const { dialect } = this.#database;
    const { name, commits } = this.#server;
    const known = knownCommits(this.#database, commits);
    return {
      sql: `UPDATE sync_shard SET expires_at = ${dialect.nowPlus(this.#leaseTtlMs)},
              held_until = CASE WHEN ${isCompared('sync_shard', name)} AND ${known.sql} = ${commits.length}
                                THEN ${dialect.now} ELSE held_until END
            WHERE shard IN (SELECT l.shard FROM sync_shard AS l WHERE l.owner = ?
                            ORDER BY l.shard ${dialect.lockRows('l', { skipLocked: true })})`,
      bindings: [...known.bindings, this.workerId],
    };
  }

  /**
   * Takes at most so many free shards; returns how many. They are chosen once, whatever the planner does: a choice that
   * skips locked rows differs each time.
   */
  async #take(most: number): Promise<number> {
    const { dialect } = this.#database;
    const { rows } = await this.#database.execute({
      sql: `WITH free AS MATERIALIZED (SELECT l.shard FROM sync_shard AS l WHERE ${isFree('l', dialect)}
                                       ORDER BY l.shard LIMIT ${most} ${dialect.lockRows('l', { skipLocked: true })})
            UPDATE sync_shard SET term = term + 1, owner = ?, expires_at = ${dialect.nowPlus(this.#leaseTtlMs)}
            WHERE shard IN (SELECT shard FROM free)
            RETURNING shard`,
      bindings: [this.workerId],
    });
    return rows.length;
  }

  /** What this worker holds, and what is free. */
  async #look(): Promise<Shards> {
    const { dialect } = this.#database;
    const { rows } = await this.#database.execute({
      sql: `SELECT shard, term, ${this.#server.name} AS server, CASE WHEN ${isCompared('s', this.#server.name)} THEN 1 ELSE 0 END AS compared,
                   CASE WHEN owner = ? THEN 1 ELSE 0 END AS ours,
                   CASE WHEN ${isFree('s', dialect)} THEN 1 ELSE 0 END AS free,
                   (SELECT count(*) FROM sync_pause) AS paused, ${openAlarmCount} AS alarmed, ${deferralCount} AS deferred
            FROM sync_shard AS s ORDER BY shard`,
      bindings: [this.workerId],
    });
    const ours = rows.filter((row) => Number(row['ours']) === 1);
    const leases = ours.map((row) => ({
      shard: Number(row['shard']),
      term: Number(row['term']),
      server: String(row['server']),
    }));
    const uncompared = ours.filter((row) => Number(row['compared']) === 0).map((row) => Number(row['shard']));
    const free = rows.filter((row) => Number(row['free']) === 1 && Number(row['ours']) === 0).length;
    const alive = (await this.#workers()).filter((worker) => worker.alive).map(({ workerId }) => workerId);
    const share = fairShare(rows.length, alive, this.workerId);
    const [first] = rows;
    const countOf = (column: string) => Number(first?.[column] ?? 0);
    const counts = { paused: countOf('paused'), alarmed: countOf('alarmed'), deferred: countOf('deferred') };
    return { leases, uncompared, share, workers: alive.length, free, ...counts };
  }

  /** All registered workers, in start order. */
  async #workers(): Promise<RegisteredWorker[]> {
    const { dialect } = this.#database;
    const { rows } = await this.#database.execute({
      sql: `SELECT worker_id, host, pid, shared_settings, lease_ttl_ms, ${dialect.instantText('heartbeat_at')} AS heartbeat_at,
                   ${dialect.instantText(dialect.now)} AS now
            FROM sync_worker ORDER BY started_at, worker_id`,
      bindings: [],
    });
    return rows.map((row) => ({
      workerId: String(row['worker_id']),
      host: String(row['host']),
      pid: Number(row['pid']),
      alive: isAlive(row),
      sharedSettings: row['shared_settings'] === null ? null : String(row['shared_settings']),
    }));
  }

  #registered(): { readonly worker: WorkerIdentity; readonly sharedSettings: string } {
    if (this.#me === null) throw new WorkerUnregisteredError('the worker has not registered yet');
    return this.#me;
  }
}

/** What a worker holds, and how many shards are free. */
interface Shards extends Omit<LeaseSnapshot, 'pauses' | 'alarms' | 'deferrals'> {
  readonly free: number;
  /** How many pauses are in force. */
  readonly paused: number;
  /** How many alarms are open. */
  readonly alarmed: number;
  /** Whether rows are deferred: 1, or 0. */
  readonly deferred: number;
}

interface RegisteredWorker extends WorkerIdentity {
  readonly alive: boolean;
  /** Null: registered by an older version. */
  readonly sharedSettings: string | null;
}

/**
 * Whether a worker's heartbeat is younger than its lease time, and no further ahead of the clock; a row with heartbeat_at,
 * now and lease_ttl_ms.
 */
export function isAlive(row: Readonly<Record<string, unknown>>): boolean {
  const age = Date.parse(String(row['now'])) - Date.parse(String(row['heartbeat_at']));
  return Math.abs(age) < Number(row['lease_ttl_ms']);
}

/** Whether a shard's finished rows were compared under its current term, on this server. */
function isCompared(alias: string, server: string): string {
  return `${alias}.compared_term = ${alias}.term AND ${alias}.compared_on = ${server}`;
}

/** The longest lease time on the register bounds every renewal; the caller is on it. */
function isFree(alias: string, { now, later }: Dialect): string {
  const tooFar = later('2 * (SELECT max(w.lease_ttl_ms) FROM sync_worker AS w)');
  return `(${alias}.owner IS NULL OR ${alias}.expires_at < ${now} OR ${alias}.expires_at > ${tooFar})`;
}

/** How long a crash retry's note is kept. It goes when its row is decided, unless the store fails just then. */
const crashNoteKeptMs = 90 * 24 * 3600 * 1000;

/** Checks between a running worker's deletions of old activity: about once an hour. */
const checksPerPruning = 1000;

/** How long a worker that never deregistered stays on the register, for operators. */
const registerKeptMs = 24 * 3600 * 1000;
