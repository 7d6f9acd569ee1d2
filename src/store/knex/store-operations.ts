import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialect.js';
import { DatabaseError } from '../../database/errors.js';
import type { JournalEntry } from '../../domain/journal.js';
import type { Attempt, RowKey } from '../../domain/keys.js';
import type { Dependencies, Seen } from '../../domain/waiting.js';
import type { Snapshot, SnapshotRequest } from '../../domain/working-set.js';
import type { JournalLine, StoreOperations, WorkerDescription } from '../port.js';
import { isAlive } from './leases.js';
import { readJournal } from './journal.js';
import { migrationNames, migrationTable, migratorConfig } from './migrations.js';
import { readSeen, readSnapshot } from './snapshot.js';

type DriverRow = Readonly<Record<string, unknown>>;

/** What operators do with a product store behind Knex: PostgreSQL and SQLite. */
export class KnexStoreOperations implements StoreOperations {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async history(key: RowKey): Promise<readonly JournalLine[]> {
    return this.#lines({
      sql: 'j.source = ? AND j.streaming_no = ? ORDER BY j.attempt DESC',
      bindings: [key.source, key.streamingNo],
    });
  }

  async appliedSince(key: RowKey, custId: string, limit: number): Promise<readonly JournalLine[]> {
    return this.#lines({
      sql: `j.cust_id = ? AND j.outcome = 'applied' AND NOT j.superseded
            AND NOT (j.source = ? AND j.streaming_no = ?)
            AND j.decided_at > (SELECT own.decided_at FROM sync_journal AS own
                                WHERE own.source = ? AND own.streaming_no = ? AND NOT own.superseded)
            ORDER BY j.decided_at DESC LIMIT ${limit}`,
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

  async pendingMigrations(): Promise<readonly string[]> {
    const done = await this.#migrationsDone();
    return migrationNames.filter((name) => !done.has(name));
  }

  async migrate(shards: number): Promise<readonly string[]> {
    const { dialect } = this.#database;
    const done = await this.#database.migrate(migratorConfig(dialect));
    const numbers = Array.from({ length: shards }, (_, shard) => [shard]);
    const { sql, bindings } = dialect.recordset({ shard: 'integer' }, numbers, 'r');
    await this.#database.execute({
      sql: `INSERT INTO sync_shard (shard, term) SELECT r.shard, 0 FROM ${sql}
            WHERE NOT EXISTS (SELECT 1 FROM sync_shard) ON CONFLICT DO NOTHING`,
      bindings,
    });
    return done;
  }

  async now(): Promise<string> {
    const { dialect } = this.#database;
    const { rows } = await this.#database.execute({
      sql: `SELECT ${dialect.instantText(dialect.now)} AS now`,
      bindings: [],
    });
    return String(rows[0]?.['now']);
  }

  /** Reads what Knex recorded, without creating its tables as Knex's own listing would. */
  async #migrationsDone(): Promise<ReadonlySet<string>> {
    try {
      const { rows } = await this.#database.execute({
        sql: `SELECT name FROM ${migrationTable}`,
        bindings: [],
      });
      return new Set(rows.map((row) => String(row['name'])));
    } catch (error) {
      const isMissing =
        error instanceof DatabaseError && error.kind === 'schema' && error.code !== permissionDenied;
      if (isMissing) return new Set();
      throw error;
    }
  }

  async #lines(condition: Fragment): Promise<readonly JournalLine[]> {
    const { rows } = await this.#database.execute({
      sql: `SELECT j.source, CAST(j.streaming_no AS TEXT) AS streaming_no, j.attempt,
                   CASE WHEN j.superseded THEN 1 ELSE 0 END AS superseded, j.outcome, j.code, j.err_content, j.op_flag,
                   CAST(j.product_id AS TEXT) AS product_id, CAST(j.cust_id AS TEXT) AS cust_id, j.biz_id, j.user_id,
                   j.digest, j.worker, ${this.#database.dialect.instantText('j.decided_at')} AS decided_at_text
            FROM sync_journal AS j WHERE ${condition.sql}`,
      bindings: condition.bindings,
    });
    return rows.map(lineOf);
  }
}

/** PostgreSQL's code for a missing privilege. */
const permissionDenied = '42501';

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

function lineOf(row: DriverRow): JournalLine {
  return {
    source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT',
    streamingNo: String(row['streaming_no']),
    attempt: String(row['attempt']),
    superseded: Number(row['superseded']) === 1,
    outcome: row['outcome'] === 'applied' ? 'applied' : 'failed',
    code: text(row['code']),
    errContent: text(row['err_content']),
    opFlag: text(row['op_flag']),
    productId: text(row['product_id']),
    custId: text(row['cust_id']),
    bizId: text(row['biz_id']),
    userId: text(row['user_id']),
    digest: String(row['digest']),
    worker: String(row['worker']),
    decidedAt: String(row['decided_at_text']),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
