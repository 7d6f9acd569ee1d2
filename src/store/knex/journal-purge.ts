import type { Executor } from '../../database/database.js';
import type { Attempt, RowKey } from '../../domain/keys.js';
import type { JournalPart, SupersededPart, SupersededPlace } from '../admin-port.js';
import { readLines } from './journal-lines.js';

/*
 * Deletes from the journal, which makes a row take effect once. Old superseded failures may go, except the last one of
 * a row that was applied in the end: it is the only evidence that the row was requeued, and so took effect after later
 * rows on purpose. A superseded success stays with its row: it is the only evidence of what the row once did. A current
 * entry may go only if its row has left the middle database, and only while it is still the entry that was found so: a
 * worker that decides the StreamingNo again meanwhile has closed it, or holds its lock.
 */

const ofRow = (alias: string) => `${alias}.source = j.source AND ${alias}.streaming_no = j.streaming_no`;

/**
 * Whether a superseded failure `j` is the evidence of a requeue. The subqueries return a value: PostgreSQL may answer
 * an EXISTS by reading all superseded failures once per page. No worker can turn an entry into the evidence afterwards:
 * the failure that a success supersedes is a later one.
 */
const isEvidence = `(COALESCE((SELECT c.outcome FROM sync_journal AS c WHERE ${ofRow('c')} AND NOT c.superseded), '') = 'applied'
  AND j.attempt = (SELECT max(f.attempt) FROM sync_journal AS f
                   WHERE ${ofRow('f')} AND f.superseded AND f.outcome = 'failed'))`;

/** Reads `scan` superseded failures decided before an instant, oldest first, and returns those that may go. */
export async function readSupersededBefore(
  executor: Executor,
  before: string,
  { after, scan }: { readonly after: SupersededPlace | null; readonly scan: number },
): Promise<SupersededPart> {
  const { number } = executor.dialect;
  // SQLite sorts all remaining rows if the four columns are compared at once.
  const place = `AND j.decided_at >= ?
                 AND (j.decided_at > ? OR (j.source, j.streaming_no, j.attempt) > (?, ${number}, ?))`;
  const { rows } = await executor.execute({
    sql: `SELECT j.source, CAST(j.streaming_no AS TEXT) AS streaming_no_text, j.attempt,
                 CAST(j.decided_at AS TEXT) AS decided_at_text, CASE WHEN ${isEvidence} THEN 1 ELSE 0 END AS evidence
          FROM sync_journal AS j
          WHERE j.superseded AND j.outcome = 'failed' AND j.decided_at < ?
                ${after === null ? '' : place}
          ORDER BY j.decided_at, j.source, j.streaming_no, j.attempt LIMIT ${scan}`,
    bindings: [new Date(before).toISOString(), ...placeBindings(after)],
  });
  const failures = rows.map((row): SupersededPlace & { readonly evidence: boolean } => ({
    source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT',
    streamingNo: String(row['streaming_no_text']),
    attempt: String(row['attempt']),
    decidedAt: String(row['decided_at_text']),
    evidence: Number(row['evidence']) === 1,
  }));
  return {
    entries: failures.filter(({ evidence }) => !evidence),
    next: failures.length < scan ? null : (failures.at(-1) ?? null),
  };
}

function placeBindings(after: SupersededPlace | null): readonly string[] {
  if (after === null) return [];
  return [after.decidedAt, after.decidedAt, after.source, after.streamingNo, after.attempt];
}

/** Deletes those of these entries that are superseded failures and may go; returns how many. */
export async function forgetSuperseded(executor: Executor, entries: readonly Attempt[]): Promise<number> {
  if (entries.length === 0) return 0;
  const { dialect } = executor;
  const { sql, bindings } = dialect.recordset(
    { source: 'text', streaming_no: 'number', attempt: 'text' },
    entries.map(({ source, streamingNo, attempt }) => [source, streamingNo, attempt]),
    'w',
  );
  const { rows } = await executor.execute({
    // By the key alone: without statistics PostgreSQL prefers the index of all superseded failures.
    sql: `WITH named AS MATERIALIZED (
            SELECT j.source, j.streaming_no, j.attempt, j.superseded, j.outcome FROM ${sql} CROSS JOIN sync_journal AS j
            WHERE j.source = w.source AND j.streaming_no = w.streaming_no AND j.attempt = w.attempt
            ${dialect.lockRows('j', { skipLocked: true })}),
          old AS MATERIALIZED (
            SELECT j.source, j.streaming_no, j.attempt FROM named AS j
            WHERE j.superseded AND j.outcome = 'failed' AND NOT ${isEvidence})
          DELETE FROM sync_journal WHERE (source, streaming_no, attempt) IN (SELECT source, streaming_no, attempt FROM old)
          RETURNING attempt`,
    bindings,
  });
  return rows.length;
}

/** Reads `scan` current entries in key order, and returns those decided before an instant. */
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

/** Deletes all entries of the rows with these current entries; returns how many. */
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
