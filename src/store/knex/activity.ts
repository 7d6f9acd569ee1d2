import type { Executor } from '../../database/database.js';
import type { Dialect, Fragment } from '../../database/dialects/dialect.js';
import type { JournalRecord } from '../../domain/journal.js';
import type { Activity } from '../admin-port.js';

/*
 * Decisions, counted per five minutes of the store's clock (sync_activity), so that the journal need not be counted.
 * The counts are written with the journal, in the same transaction: they are as true as it is. Each worker has its own
 * counts, so workers do not wait for one another; two lanes of one worker do, from the journal to the commit, and write
 * their counts in one order, which excludes a deadlock.
 */

const bucketMinutes = 5;
const bucketMs = bucketMinutes * 60_000;
const keptMs = 35 * 24 * 3600 * 1000;

/** How many old counts are deleted at once: it must be quick. */
const prunedAtOnce = 5000;

const key = 'bucket, worker, source, outcome, code';

/** Adds decided rows to the counts of the five minutes that `at` falls into. */
export function countDecided(
  dialect: Dialect,
  records: readonly JournalRecord[],
  { workerId, at }: { readonly workerId: string; readonly at: string },
): Fragment {
  const counts = new Map<string, number>();
  for (const { source, outcome, code } of records) {
    const group = JSON.stringify([source, outcome, code ?? '']);
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  const bucket = new Date(Math.floor(Date.parse(at) / bucketMs) * bucketMs).toISOString();
  const { sql, bindings } = dialect.recordset(
    { source: 'text', outcome: 'text', code: 'text', rows: 'integer' },
    [...counts].map(([group, rows]) => [...(JSON.parse(group) as [string, string, string]), rows]),
    'c',
  );
  const instant = dialect.recordset({ bucket: 'instant', worker: 'text' }, [[bucket, workerId]], 'b');
  return {
    sql: `INSERT INTO sync_activity (${key}, rows)
          SELECT b.bucket, b.worker, c.source, c.outcome, c.code, c.rows FROM ${instant.sql} CROSS JOIN ${sql} WHERE TRUE
          ORDER BY c.source, c.outcome, c.code
          ON CONFLICT (${key}) DO UPDATE SET rows = sync_activity.rows + excluded.rows`,
    bindings: [...instant.bindings, ...bindings],
  };
}

/** Reads the counts from the span of `since` on, summed over workers and spans, oldest first. */
export async function readActivity(
  executor: Executor,
  since: string,
  spanMinutes: number,
): Promise<readonly Activity[]> {
  if (!Number.isSafeInteger(spanMinutes) || spanMinutes <= 0 || spanMinutes % bucketMinutes !== 0) {
    throw new RangeError(`a span must be a multiple of ${bucketMinutes} minutes, not ${spanMinutes}`);
  }
  const { dialect } = executor;
  const spanMs = spanMinutes * 60_000;
  const from = new Date(Math.floor(Date.parse(since) / spanMs) * spanMs).toISOString();
  const { rows } = await executor.execute({
    sql: `SELECT ${dialect.instantText('s.span')} AS span_start, s.source, s.outcome, s.code, s.rows
          FROM (SELECT ${dialect.spanStart('a.bucket', spanMinutes)} AS span, a.source, a.outcome, a.code,
                       sum(a.rows) AS rows
                FROM sync_activity AS a WHERE a.bucket >= ? GROUP BY 1, a.source, a.outcome, a.code) AS s
          ORDER BY s.span, s.source DESC, s.outcome, s.code`,
    bindings: [from],
  });
  return rows.map((row) => ({
    from: String(row['span_start']),
    source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT',
    outcome: row['outcome'] === 'applied' ? 'applied' : 'failed',
    code: row['code'] === '' ? null : String(row['code']),
    rows: Number(row['rows']),
  }));
}

/** Deletes counts older than 35 days, some thousands at most. */
export async function pruneActivity(executor: Executor): Promise<void> {
  const { dialect } = executor;
  await executor.execute({
    sql: `WITH old AS MATERIALIZED (SELECT ${key} FROM sync_activity AS a WHERE a.bucket < ${dialect.nowPlus(-keptMs)}
                                    ORDER BY a.bucket LIMIT ${prunedAtOnce} ${dialect.lockRows('a', { skipLocked: true })})
          DELETE FROM sync_activity WHERE (${key}) IN (SELECT ${key} FROM old)`,
    bindings: [],
  });
}
