import type { Database, Executor } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import { rowId, type RowKey, type Source } from '../../domain/keys.js';
import type { JournalledOutcome } from '../../domain/loss.js';
import {
  StoreWentBackError,
  type GuardStore,
  type HeldShards,
  type LossEvidence,
  type LossKind,
  type LossLookup,
  type LossExample,
  type Origin,
  type StoreAlarm,
} from '../guard-port.js';
import { repairedBy, type GuardRecords, type AuditRecord } from '../admin-port.js';
import type { WorkerIdentity } from '../port.js';
import { insertAction } from './audit.js';
import type { AcknowledgedCommit, AcknowledgedCommits } from './acknowledged-commits.js';

/*
 * Alarms (sync_guard), origins (sync_origin), and what finished rows are compared with. A worker checks its own commits
 * in the fence (`lockLeases`) and in the first statement of each session (`ServerCheck`).
 */

/**
 * How many of these commits the journal holds, as a scalar subquery; 0 if there are none to find. Another worker may
 * have decided the same attempt again on a store that had lost it: that is not the commit.
 */
export function knownCommits(executor: Executor, commits: readonly AcknowledgedCommit[]): Fragment {
  if (commits.length === 0) return { sql: '0', bindings: [] };
  const wanted = executor.dialect.recordset(
    { source: 'text', streaming_no: 'number', attempt: 'text', worker: 'text' },
    commits.map(({ source, streamingNo, attempt, worker }) => [source, streamingNo, attempt, worker]),
    'c',
  );
  return {
    sql: `(SELECT count(*) FROM ${wanted.sql} CROSS JOIN sync_journal AS j
           WHERE j.source = c.source AND j.streaming_no = c.streaming_no AND j.attempt = c.attempt
             AND j.worker = c.worker)`,
    bindings: wanted.bindings,
  };
}

/**
 * Some acknowledged commits were not found: looks which, and remembers them. StoreWentBackError if they prove a loss;
 * the journal may have been purged of old ones, or an operator have put right what was lost.
 */
export async function requireCommits(executor: Executor, commits: AcknowledgedCommits): Promise<void> {
  const missing: AcknowledgedCommit[] = [];
  for (const commit of commits.last) {
    const known = knownCommits(executor, [commit]);
    const { rows } = await executor.execute({
      sql: `SELECT ${known.sql} AS known`,
      bindings: known.bindings,
    });
    if (Number(rows[0]?.['known']) === 0) missing.push(commit);
  }
  const { dialect } = executor;
  const { rows } = await executor.execute({
    sql: `SELECT ${dialect.instantText(dialect.now)} AS at,
                 (SELECT ${dialect.instantText('max(g.closed_at)')} FROM sync_guard AS g) AS closed_at`,
    bindings: [],
  });
  const closedAt = rows[0]?.['closed_at'];
  const moments = { at: String(rows[0]?.['at']), closedAt: typeof closedAt === 'string' ? closedAt : null };
  if (commits.missed(missing, moments)) throw new StoreWentBackError(commits.lost);
}

/** Whether any alarm is open, as a scalar subquery. */
export const openAlarmCount = '(SELECT count(*) FROM sync_guard AS g WHERE g.closed_at IS NULL)';

/** Reads the open alarms. */
export async function readOpenAlarms(executor: Executor): Promise<readonly StoreAlarm[]> {
  const { rows } = await executor.execute({
    sql: `SELECT g.alarm_id, g.kind, g.rows, g.examples, g.worker, g.host,
                 ${executor.dialect.instantText('g.raised_at')} AS raised_at
          FROM sync_guard AS g WHERE g.closed_at IS NULL ORDER BY g.raised_at, g.alarm_id LIMIT 20`,
    bindings: [],
  });
  return rows.map((row) => ({
    alarmId: String(row['alarm_id']),
    kind: row['kind'] as LossKind,
    rows: Number(row['rows']),
    examples: JSON.parse(String(row['examples'])) as readonly LossExample[],
    raisedAt: String(row['raised_at']),
    worker: String(row['worker']),
    host: String(row['host']),
  }));
}

/** Reads for both workers and operators. */
class KnexLossLookup implements LossLookup {
  constructor(protected readonly database: Database) {}

  async origins(): Promise<readonly Origin[]> {
    const { rows } = await this.database.execute({
      sql: 'SELECT product_id, middle_clock FROM sync_origin ORDER BY product_id',
      bindings: [],
    });
    return rows.map((row) => ({
      productId: row['product_id'] === allProducts ? null : String(row['product_id']),
      middleClock: String(row['middle_clock']),
    }));
  }

  async outcomes(keys: readonly RowKey[]): Promise<ReadonlyMap<string, JournalledOutcome>> {
    if (keys.length === 0) return new Map();
    const { sql, bindings } = this.database.dialect.recordset(
      { source: 'text', streaming_no: 'number' },
      keys.map(({ source, streamingNo }) => [source, streamingNo]),
      'w',
    );
    const { rows } = await this.database.execute({
      sql: `SELECT j.source, CAST(j.streaming_no AS TEXT) AS streaming_no, j.attempt, j.outcome, j.worker
            FROM ${sql} CROSS JOIN sync_journal AS j
            WHERE j.source = w.source AND j.streaming_no = w.streaming_no AND NOT j.superseded`,
      bindings,
    });
    return new Map(
      rows.map((row) => [
        rowId({ source: row['source'] as Source, streamingNo: String(row['streaming_no']) }),
        {
          outcome: row['outcome'] === 'applied' ? 'applied' : 'failed',
          attempt: String(row['attempt']),
          repaired: String(row['worker']).startsWith(repairedBy),
        },
      ]),
    );
  }

  async heldShards(shards: readonly number[] | 'all'): Promise<HeldShards> {
    const { dialect } = this.database;
    const which = shards === 'all' ? '' : `WHERE s.shard IN (${shards.map(Number).join(', ')})`;
    const { rows } = await this.database.execute({
      sql: `SELECT s.shard, ${dialect.instantText('s.held_until')} AS held_until, ${dialect.instantText(dialect.now)} AS now
            FROM sync_shard AS s ${which} ORDER BY s.shard`,
      bindings: [],
    });
    return {
      now: String(rows[0]?.['now'] ?? ''),
      heldUntil: new Map(
        rows.map((row) => [
          Number(row['shard']),
          row['held_until'] === null ? null : String(row['held_until']),
        ]),
      ),
    };
  }

  async openAlarms(): Promise<readonly StoreAlarm[]> {
    return readOpenAlarms(this.database);
  }

  async addOrigins(origins: readonly Origin[]): Promise<void> {
    await writeOrigins(this.database, origins, 'ON CONFLICT (product_id) DO NOTHING');
  }
}

/** The guard for workers. */
export class KnexGuardStore extends KnexLossLookup implements GuardStore {
  readonly #commits: AcknowledgedCommits;
  readonly #me: () => WorkerIdentity;

  constructor(database: Database, commits: AcknowledgedCommits, me: () => WorkerIdentity) {
    super(database);
    this.#commits = commits;
    this.#me = me;
  }

  async raise(alarmId: string, { kind, rows, examples }: LossEvidence): Promise<void> {
    const { workerId, host } = this.#me();
    await this.database.execute({
      sql: `INSERT INTO sync_guard (alarm_id, raised_at, worker, host, kind, rows, examples)
            VALUES (?, ${this.database.dialect.now}, ?, ?, ?, ?, ?) ON CONFLICT (alarm_id) DO NOTHING`,
      bindings: [alarmId, workerId, host, kind, rows, JSON.stringify(examples)],
    });
  }

  async isClosed(alarmId: string): Promise<boolean> {
    const { rows } = await this.database.execute({
      sql: 'SELECT 1 AS one FROM sync_guard WHERE alarm_id = ? AND closed_at IS NOT NULL',
      bindings: [alarmId],
    });
    return rows.length > 0;
  }

  forgetCommits(): void {
    this.#commits.forget();
  }
}

/** The guard for operators. */
export class KnexGuardRecords extends KnexLossLookup implements GuardRecords {
  async accept(origins: readonly Origin[], action: AuditRecord): Promise<number> {
    return this.database.transaction(async (transaction) => {
      await writeOrigins(
        transaction,
        origins,
        'ON CONFLICT (product_id) DO UPDATE SET middle_clock = excluded.middle_clock, recorded_at = excluded.recorded_at',
      );
      const closed = await closeAlarms(transaction, action.who);
      await insertAction(transaction, action);
      return closed;
    });
  }

  async close(who: string): Promise<number> {
    return closeAlarms(this.database, who);
  }
}

async function closeAlarms(executor: Executor, who: string): Promise<number> {
  const { rows } = await executor.execute({
    sql: `UPDATE sync_guard SET closed_at = ${executor.dialect.now}, closed_by = ?
          WHERE closed_at IS NULL RETURNING alarm_id`,
    bindings: [who],
  });
  return rows.length;
}

/** The key in sync_origin for products without an origin of their own. */
const allProducts = '';

async function writeOrigins(
  executor: Executor,
  origins: readonly Origin[],
  onConflict: string,
): Promise<void> {
  if (origins.length === 0) return;
  const { dialect } = executor;
  const { sql, bindings } = dialect.recordset(
    { product_id: 'text', middle_clock: 'text' },
    origins.map(({ productId, middleClock }) => [productId ?? allProducts, middleClock]),
    'o',
  );
  await executor.execute({
    sql: `INSERT INTO sync_origin (product_id, middle_clock, recorded_at)
          SELECT o.product_id, o.middle_clock, ${dialect.now} FROM ${sql} WHERE TRUE ${onConflict}`,
    bindings,
  });
}
