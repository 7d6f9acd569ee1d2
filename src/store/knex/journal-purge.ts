import type { Executor } from '../../database/database.js';
import type { Attempt, RowKey } from '../../domain/keys.js';
import type { JournalPart } from '../records-port.js';
import { readLines } from './journal-lines.js';

/*
 * Deleting from the journal, which is what makes a row take effect once. Superseded failures may go when they are old;
 * a superseded success stays with its row: it is the only evidence of what the row once did. A current entry may go
 * only when its row has left the middle database, and only as long as it still is the one that was found so: a worker
 * that decides the StreamingNo anew meanwhile has closed it, or holds its lock.
 */

const oldFailures = `j.superseded AND j.outcome = 'failed' AND j.decided_at < ?`;

/** Deletes at most `most` superseded failures that were decided before an instant, the oldest; returns how many. */
export async function purgeSuperseded(executor: Executor, before: string, most: number): Promise<number> {
  const { dialect } = executor;
  const { rows } = await executor.execute({
    sql: `WITH old AS MATERIALIZED (
            SELECT j.source, j.streaming_no, j.attempt FROM sync_journal AS j
            WHERE ${oldFailures}
            ORDER BY j.decided_at LIMIT ${most} ${dialect.lockRows('j', { skipLocked: true })})
          DELETE FROM sync_journal WHERE (source, streaming_no, attempt) IN (SELECT source, streaming_no, attempt FROM old)
          RETURNING attempt`,
    bindings: [new Date(before).toISOString()],
  });
  return rows.length;
}

/** How many superseded failures were decided before an instant; counts to `most`. */
export async function countSuperseded(executor: Executor, before: string, most: number): Promise<number> {
  const { rows } = await executor.execute({
    sql: `SELECT count(*) AS number
          FROM (SELECT 1 FROM sync_journal AS j WHERE ${oldFailures} LIMIT ${most}) AS old`,
    bindings: [new Date(before).toISOString()],
  });
  return Number(rows[0]?.['number']);
}

/** Reads `scan` current entries in the order of their keys, and returns those decided before an instant. */
export async function readCurrentBefore(
  executor: Executor,
  before: string,
  { after, scan }: { readonly after: RowKey | null; readonly scan: number },
): Promise<JournalPart> {
  const lines = await readLines(executor, {
    sql: `NOT j.superseded${after === null ? '' : ' AND (j.source, j.streaming_no) > (?, ?)'}
          ORDER BY j.source, j.streaming_no LIMIT ${scan}`,
    bindings: after === null ? [] : [after.source, after.streamingNo],
  });
  const last = lines.at(-1);
  const next = last === undefined || lines.length < scan ? null : last;
  return {
    lines: lines.filter(({ decidedAt }) => Date.parse(decidedAt) < Date.parse(before)),
    next: next === null ? null : { source: next.source, streamingNo: next.streamingNo },
  };
}

/** Deletes all entries of the rows whose current entry is one of these; returns how many entries. */
export async function forgetRows(executor: Executor, current: readonly Attempt[]): Promise<number> {
  if (current.length === 0) return 0;
  const { dialect } = executor;
  const { sql, bindings } = dialect.recordset(
    { source: 'text', streaming_no: 'number', attempt: 'text' },
    current.map(({ source, streamingNo, attempt }) => [source, streamingNo, attempt]),
    'w',
  );
  const { rows } = await executor.execute({
    sql: `WITH gone AS MATERIALIZED (
            SELECT j.source, j.streaming_no FROM ${sql} CROSS JOIN sync_journal AS j
            WHERE j.source = w.source AND j.streaming_no = w.streaming_no AND j.attempt = w.attempt AND NOT j.superseded
            ${dialect.lockRows('j', { skipLocked: true })})
          DELETE FROM sync_journal WHERE (source, streaming_no) IN (SELECT source, streaming_no FROM gone)
          RETURNING attempt`,
    bindings,
  });
  return rows.length;
}
