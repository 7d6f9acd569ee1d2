import type { Database, Executor } from '../../database/database.js';
import { DatabaseError } from '../../database/errors.js';
import type { Lease, LeaseStore, WorkerIdentity } from '../port.js';
import { ShardsDifferError, StoreNotMigratedError, WorkerUnregisteredError } from '../port.js';

/*
 * Leases. A shard is held by a row of sync_shard: owner, term and expires_at, all by the store's clock.
 *
 * - Taking a shard is possible when nobody owns it or its lease has run out; it raises the term.
 * - Renewing keeps the term. A lease that ran out and that nobody took may be renewed: nothing happened meanwhile.
 * - Giving back clears the owner and keeps the term.
 * - Taking and renewing skip rows that are locked: an apply transaction relies on them, and renews them itself.
 * - An apply transaction first locks all the lease rows it relies on, exclusively, in shard order, and compares owner
 *   and term with those held when its rows were polled (`lockLeases`). So nobody can take the shard before it ends,
 *   and a worker that lost it in between cannot change the store any more, however late it wakes (P7).
 *
 * No promise rests on the clock: an early takeover only makes the other worker's fence fail.
 */

/** Locks and renews leases in a transaction; returns the store's clock, or null where one of them is not held any more. */
export async function lockLeases(
  transaction: Executor,
  workerId: string,
  leases: readonly Lease[],
  leaseTtlMs: number,
): Promise<string | null> {
  if (leases.length === 0) throw new Error('an apply transaction relies on at least one lease');
  const { dialect } = transaction;
  const relied = dialect.recordset(
    { shard: 'integer', term: 'integer' },
    leases.map(({ shard, term }) => [shard, term]),
    'r',
  );
  const { rows } = await transaction.execute({
    sql: `UPDATE sync_shard AS s SET expires_at = ${dialect.nowPlus(leaseTtlMs)}
          FROM (SELECT l.shard FROM sync_shard AS l, ${relied.sql}
                WHERE l.shard = r.shard AND l.term = r.term AND l.owner = ?
                ORDER BY l.shard ${dialect.lockRows('l')}) AS held
          WHERE s.shard = held.shard
          RETURNING ${dialect.instantText(dialect.now)} AS at`,
    bindings: [...relied.bindings, workerId],
  });
  return rows.length === leases.length ? String(rows[0]?.['at']) : null;
}

/** The leases of one worker, in the product store. */
export class KnexLeaseStore implements LeaseStore {
  readonly #database: Database;
  readonly #leaseTtlMs: number;
  #workerId: string | null = null;

  constructor(database: Database, leaseTtlMs: number) {
    this.#database = database;
    this.#leaseTtlMs = leaseTtlMs;
  }

  /** The registered worker's id. */
  get workerId(): string {
    if (this.#workerId === null) throw new WorkerUnregisteredError('the worker has not registered yet');
    return this.#workerId;
  }

  async register(worker: WorkerIdentity, shards: number): Promise<void> {
    const present = await this.#countShards();
    if (present === 0) throw new StoreNotMigratedError();
    if (present !== shards) throw new ShardsDifferError(present, shards);
    const { dialect } = this.#database;
    await this.#database.execute({
      sql: `DELETE FROM sync_worker WHERE heartbeat_at < ${dialect.nowPlus(-registerKeptMs)}`,
      bindings: [],
    });
    await this.#database.execute({
      sql: `INSERT INTO sync_worker (worker_id, host, pid, started_at, heartbeat_at, lease_ttl_ms)
            VALUES (?, ?, ?, ${dialect.now}, ${dialect.now}, ?)`,
      bindings: [worker.workerId, worker.host, worker.pid, this.#leaseTtlMs],
    });
    this.#workerId = worker.workerId;
  }

  /** 0 where the table is missing too. */
  async #countShards(): Promise<number> {
    try {
      const { rows } = await this.#database.execute({
        sql: 'SELECT count(*) AS shards FROM sync_shard',
        bindings: [],
      });
      return Number(rows[0]?.['shards']);
    } catch (error) {
      if (error instanceof DatabaseError && error.kind === 'schema' && error.code !== noPrivilege) return 0;
      throw error;
    }
  }

  async keep(): Promise<readonly Lease[]> {
    const { dialect } = this.#database;
    const me = this.workerId;
    await this.#database.execute({
      sql: `UPDATE sync_worker SET heartbeat_at = ${dialect.now} WHERE worker_id = ?`,
      bindings: [me],
    });
    await this.#database.execute({
      sql: `UPDATE sync_shard SET term = CASE WHEN owner = ? THEN term ELSE term + 1 END, owner = ?,
                   expires_at = ${dialect.nowPlus(this.#leaseTtlMs)}
            WHERE shard IN (SELECT l.shard FROM sync_shard AS l
                            WHERE l.owner IS NULL OR l.owner = ? OR l.expires_at < ${dialect.now}
                            ORDER BY l.shard ${dialect.lockRows('l', { skipLocked: true })})`,
      bindings: [me, me, me],
    });
    const { rows } = await this.#database.execute({
      sql: 'SELECT shard, term FROM sync_shard WHERE owner = ? ORDER BY shard',
      bindings: [me],
    });
    return rows.map((row) => ({ shard: Number(row['shard']), term: Number(row['term']) }));
  }

  async release(): Promise<void> {
    if (this.#workerId === null) return;
    await this.#database.execute({
      sql: 'UPDATE sync_shard SET owner = NULL, expires_at = NULL WHERE owner = ?',
      bindings: [this.#workerId],
    });
    await this.#database.execute({
      sql: 'DELETE FROM sync_worker WHERE worker_id = ?',
      bindings: [this.#workerId],
    });
  }
}

/** How long a worker that stopped without a word stays on the register, for operators to see. */
const registerKeptMs = 24 * 3600 * 1000;

/** SQLSTATE of a missing privilege: the table is there. */
const noPrivilege = '42501';
