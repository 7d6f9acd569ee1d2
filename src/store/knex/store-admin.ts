import type { Database } from '../../database/database.js';
import type { JournalEntry } from '../../domain/journal.js';
import type { Attempt, RowKey } from '../../domain/keys.js';
import type { Pooler } from '../../domain/pooler.js';
import type { Dependencies, Seen } from '../../domain/waiting.js';
import type { Snapshot, SnapshotRequest } from '../../domain/working-set.js';
import type { WorkerDescription } from '../port.js';
import type { MigrationOptions, MissingStorePrivileges, StoreAdmin, JournalLine } from '../admin-port.js';
import type { StoreSetup } from '../setup-port.js';
import { KnexGuardRecords } from './guard.js';
import { isAlive } from './leases.js';
import { readJournal } from './journal.js';
import { readLines } from './journal-lines.js';
import { runMigrations } from './migrate.js';
import { missingPrivileges } from './privileges.js';
import { readSetup } from './setup.js';
import { readSeen, readSnapshot } from './snapshot.js';
import { KnexStoreRepairs } from './repairs.js';
import { KnexStoreRecords } from './store-records.js';
import { KnexStoreScan } from './store-scan.js';
import { KnexStoreServer } from './store-server.js';
import { KnexVerificationRecords } from './verifications.js';

type DriverRow = Readonly<Record<string, unknown>>;

/** The operators' product store behind Knex: PostgreSQL and SQLite. */
export class KnexStoreAdmin implements StoreAdmin {
  readonly records: KnexStoreRecords;
  readonly scan: KnexStoreScan;
  readonly guard: KnexGuardRecords;
  readonly repairs: KnexStoreRepairs;
  readonly server: KnexStoreServer;
  readonly verifications: KnexVerificationRecords;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.records = new KnexStoreRecords(database);
    this.scan = new KnexStoreScan(database);
    this.guard = new KnexGuardRecords(database);
    this.repairs = new KnexStoreRepairs(database);
    this.server = new KnexStoreServer(database);
    this.verifications = new KnexVerificationRecords(database);
  }

  async history(key: RowKey): Promise<readonly JournalLine[]> {
    return readLines(this.#database, {
      sql: 'j.source = ? AND j.streaming_no = ? ORDER BY j.attempt DESC',
      bindings: [key.source, key.streamingNo],
    });
  }

  async appliedSince(key: RowKey, custId: string, limit: number): Promise<readonly JournalLine[]> {
    return readLines(this.#database, {
      sql: `j.cust_id = ? AND j.outcome = 'applied' AND NOT j.superseded
            AND NOT (j.source = ? AND j.streaming_no = ?)
            AND EXISTS (SELECT 1 FROM sync_journal AS own
                        WHERE own.source = ? AND own.streaming_no = ? AND NOT own.superseded
                          AND (j.decided_at > own.decided_at OR (j.decided_at = own.decided_at AND ${later})))
            ORDER BY j.decided_at DESC, ${longer('j')} DESC, j.streaming_no DESC LIMIT ${limit}`,
      bindings: [custId, key.source, key.streamingNo, key.source, key.streamingNo],
    });
  }

  async journal(attempts: readonly Attempt[]): Promise<readonly JournalEntry[]> {
    return readJournal(this.#database, attempts);
  }

  async snapshot(request: SnapshotRequest): Promise<Snapshot> {
    return readSnapshot(this.#database, request);
  }

  async seen(dependencies: Dependencies): Promise<Seen> {
    return readSeen(this.#database, dependencies);
  }

  async workers(): Promise<readonly WorkerDescription[]> {
    const { dialect } = this.#database;
    const { rows } = await this.#database.execute({
      sql: `SELECT w.worker_id, w.host, w.pid, s.shard,
                   ${dialect.instantText('w.started_at')} AS started_at,
                   ${dialect.instantText('w.heartbeat_at')} AS heartbeat_at,
                   ${dialect.instantText(dialect.now)} AS now, w.lease_ttl_ms
            FROM sync_worker AS w LEFT JOIN sync_shard AS s ON s.owner = w.worker_id
            ORDER BY w.started_at, w.worker_id, s.shard`,
      bindings: [],
    });
    const workers = new Map<string, WorkerDescription & { shards: number[] }>();
    for (const row of rows) {
      const worker = workers.get(String(row['worker_id'])) ?? workerOf(row);
      if (row['shard'] !== null) worker.shards.push(Number(row['shard']));
      workers.set(worker.workerId, worker);
    }
    return [...workers.values()].sort((a, b) => Number(b.alive) - Number(a.alive));
  }

  async shards(): Promise<number> {
    const { rows } = await this.#database.execute({
      sql: 'SELECT count(*) AS shards FROM sync_shard',
      bindings: [],
    });
    return Number(rows[0]?.['shards']);
  }

  missingPrivileges(): Promise<MissingStorePrivileges> {
    return missingPrivileges(this.#database);
  }

  async setup(): Promise<StoreSetup> {
    return readSetup(this.#database);
  }

  async migrate(shards: number, options: MigrationOptions = {}): Promise<readonly string[]> {
    return runMigrations(this.#database, { shards, ...options });
  }

  async now(): Promise<string> {
    const { dialect } = this.#database;
    const { rows } = await this.#database.execute({
      sql: `SELECT ${dialect.instantText(dialect.now)} AS now`,
      bindings: [],
    });
    return String(rows[0]?.['now']);
  }

  async isolation(): Promise<string | null> {
    return this.#database.defaultIsolation();
  }

  async pooler(): Promise<Pooler | null> {
    return this.#database.pooler();
  }
}

/** Numbers are text on SQLite: the longer one is the greater. */
const longer = (alias: string) => `length(CAST(${alias}.streaming_no AS TEXT))`;

/** Rows of one batch share a time: among them the greater StreamingNo counts as later. */
const later = `(${longer('j')} > ${longer('own')} OR (${longer('j')} = ${longer('own')} AND j.streaming_no > own.streaming_no))`;

function workerOf(row: DriverRow): WorkerDescription & { shards: number[] } {
  const heartbeatAt = String(row['heartbeat_at']);
  return {
    workerId: String(row['worker_id']),
    host: String(row['host']),
    pid: Number(row['pid']),
    startedAt: String(row['started_at']),
    heartbeatAt,
    alive: isAlive(row),
    shards: [],
  };
}
