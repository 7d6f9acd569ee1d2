import type { Database, Executor } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import { deferralLimits, type Deferral } from '../../domain/deferral.js';
import { isCanonicalNumber, type RowKey } from '../../domain/keys.js';
import { deferralsRead, type DeferralRequest, type DeferralStore, type PendingDeferral } from '../port.js';
import type { AuditRecord, DeferralCount, DeferralRecord } from '../admin-port.js';
import { insertAction } from './audit.js';

/*
 * Deferred rows, one row of sync_deferral each. Workers read them at every check of their leases. A row whose
 * StreamingNo is no number of 30 digits has no place here; the worker that defers it keeps it in mind.
 */

/** Whether any row is deferred, as a scalar subquery: 1, or 0. */
export const deferralCount = '(SELECT count(*) FROM (SELECT 1 FROM sync_deferral LIMIT 1) AS d)';

const columns = `d.source, CAST(d.streaming_no AS TEXT) AS streaming_no, CAST(d.cust_id AS TEXT) AS cust_id,
  d.stage, d.cause, d.reason, d.tries`;

/** Reads the deferred rows, due ones first. */
export async function readPendingDeferrals(
  executor: Executor,
  limit = deferralsRead,
): Promise<readonly PendingDeferral[]> {
  const { dialect } = executor;
  const { rows } = await executor.execute({
    sql: `SELECT ${columns}, ${dialect.instantText('d.next_at')} AS next, ${dialect.instantText(dialect.now)} AS now
          FROM sync_deferral AS d ORDER BY d.next_at LIMIT ${limit}`,
    bindings: [],
  });
  return rows.map((row) => {
    const deferral = deferralOf(row);
    return { ...deferral, remainingMs: remainingMs(row, deferral) };
  });
}

/** A try much further ahead than any pause was written before the clock was set back: it is due. */
function remainingMs(row: Readonly<Record<string, unknown>>, { stage, cause }: Deferral): number {
  const remaining = Date.parse(String(row['next'])) - Date.parse(String(row['now']));
  return remaining > 2 * deferralLimits(stage, cause).maxMs ? 0 : remaining;
}

/** Reads them for operators, longest deferred first. */
export async function readDeferrals(executor: Executor, limit: number): Promise<readonly DeferralRecord[]> {
  return readRecords(executor, { sql: 'ORDER BY d.since, d.source, d.streaming_no', bindings: [] }, limit);
}

/** Reads a row, if deferred, followed by the deferred rows of a customer. */
export async function readDeferralsAbout(
  executor: Executor,
  { key, custId, limit }: { readonly key: RowKey; readonly custId: string | null; readonly limit: number },
): Promise<readonly DeferralRecord[]> {
  const own = 'd.source = ? AND d.streaming_no = ?';
  const ownKey = [key.source, key.streamingNo];
  const sql = `WHERE (${own}) OR d.cust_id = ?
          ORDER BY CASE WHEN ${own} THEN 0 ELSE 1 END, d.since, d.source, d.streaming_no`;
  return readRecords(executor, { sql, bindings: [...ownKey, custId, ...ownKey] }, limit);
}

async function readRecords(
  executor: Executor,
  chosen: Fragment,
  limit: number,
): Promise<readonly DeferralRecord[]> {
  const { instantText } = executor.dialect;
  const { rows } = await executor.execute({
    sql: `SELECT ${columns}, ${instantText('d.since')} AS since_text, ${instantText('d.next_at')} AS next_text, d.worker
          FROM sync_deferral AS d ${chosen.sql} LIMIT ${limit}`,
    bindings: chosen.bindings,
  });
  return rows.map((row) => ({
    ...deferralOf(row),
    since: String(row['since_text']),
    nextAt: String(row['next_text']),
    worker: String(row['worker']),
  }));
}

/** Counts them by stage and cause. */
export async function countDeferrals(executor: Executor): Promise<readonly DeferralCount[]> {
  const { rows } = await executor.execute({
    sql: 'SELECT d.stage, d.cause, count(*) AS number FROM sync_deferral AS d GROUP BY d.stage, d.cause ORDER BY 1, 2',
    bindings: [],
  });
  return rows.map((row) => ({
    stage: row['stage'] as Deferral['stage'],
    cause: row['cause'] as Deferral['cause'],
    rows: Number(row['number']),
  }));
}

/** Counts their customers. */
export async function countDeferredCustomers(executor: Executor): Promise<number> {
  const { rows } = await executor.execute({
    sql: `SELECT count(DISTINCT d.cust_id) + count(DISTINCT CASE WHEN d.cust_id IS NULL THEN 1 END) AS customers
          FROM sync_deferral AS d`,
    bindings: [],
  });
  return Number(rows[0]?.['customers']);
}

/** Ends the deferral of a row and records who did; false if it is not deferred. */
export async function retryRow(executor: Executor, key: RowKey, action: AuditRecord): Promise<boolean> {
  const { rows } = await executor.execute({
    sql: 'DELETE FROM sync_deferral WHERE source = ? AND streaming_no = ? RETURNING source',
    bindings: [key.source, key.streamingNo],
  });
  if (rows.length === 0) return false;
  await insertAction(executor, action);
  return true;
}

function deferralOf(row: Readonly<Record<string, unknown>>): Deferral {
  return {
    source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT',
    streamingNo: String(row['streaming_no']),
    custId: row['cust_id'] === null ? null : String(row['cust_id']),
    stage: row['stage'] as Deferral['stage'],
    cause: row['cause'] as Deferral['cause'],
    reason: String(row['reason']),
    tries: Number(row['tries']),
  };
}

/** What one worker defers. */
export class KnexDeferralStore implements DeferralStore {
  readonly #database: Database;
  readonly #workerId: () => string;

  constructor(database: Database, workerId: () => string) {
    this.#database = database;
    this.#workerId = workerId;
  }

  async put(requests: readonly DeferralRequest[]): Promise<void> {
    const numbered = requests.filter(({ streamingNo }) => isCanonicalNumber(streamingNo));
    if (numbered.length === 0) return;
    const { dialect } = this.#database;
    const { sql, bindings } = dialect.recordset(
      {
        source: 'text',
        streaming_no: 'number',
        cust_id: 'number',
        stage: 'text',
        cause: 'text',
        reason: 'text',
        tries: 'integer',
        shard: 'integer',
        delay_ms: 'integer',
      },
      numbered.map((row) => [
        row.source,
        row.streamingNo,
        row.custId !== null && isCanonicalNumber(row.custId) ? row.custId : null,
        row.stage,
        row.cause,
        row.reason,
        row.tries,
        row.shard,
        row.delayMs,
      ]),
      'r',
    );
    const workerId = this.#workerId();
    await this.#database.execute({
      sql: `INSERT INTO sync_deferral AS d
              (source, streaming_no, cust_id, stage, cause, reason, tries, since, next_at, worker)
            SELECT r.source, r.streaming_no, r.cust_id, r.stage, r.cause, r.reason, r.tries, ${dialect.now},
                   ${dialect.later('r.delay_ms')}, ?
            FROM ${sql} CROSS JOIN sync_shard AS s WHERE s.shard = r.shard AND s.owner = ?
            ON CONFLICT (source, streaming_no) DO UPDATE SET
              cust_id = excluded.cust_id, stage = excluded.stage, cause = excluded.cause, reason = excluded.reason,
              tries = excluded.tries, next_at = excluded.next_at, worker = excluded.worker,
              since = CASE WHEN d.stage = excluded.stage THEN d.since ELSE excluded.since END`,
      bindings: [workerId, ...bindings, workerId],
    });
  }

  async end(keys: readonly RowKey[]): Promise<void> {
    const numbered = keys.filter(({ streamingNo }) => isCanonicalNumber(streamingNo));
    if (numbered.length === 0) return;
    const { sql, bindings } = this.#database.dialect.recordset(
      { source: 'text', streaming_no: 'number' },
      numbered.map(({ source, streamingNo }) => [source, streamingNo]),
      'w',
    );
    await this.#database.execute({
      sql: `DELETE FROM sync_deferral WHERE (source, streaming_no) IN (SELECT w.source, w.streaming_no FROM ${sql})`,
      bindings,
    });
  }
}
