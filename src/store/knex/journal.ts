import type { Executor } from '../../database/database.js';
import { DatabaseError } from '../../database/errors.js';
import type { JournalEntry, JournalRecord } from '../../domain/journal.js';
import { isCanonicalNumber, rowId, type Attempt, type RowKey } from '../../domain/keys.js';
import type { DatedRecord } from '../../domain/repair.js';
import { AlreadyDecidedError } from '../port.js';
import { countDecided } from './activity.js';

const keyColumns = { source: 'text', streaming_no: 'number' } as const;

/** Reads the current entries of these rows and the superseded ones of these attempts. */
export async function readJournal(executor: Executor, attempts: readonly Attempt[]): Promise<JournalEntry[]> {
  if (attempts.length === 0) return [];
  const { sql, bindings } = executor.dialect.recordset(
    { ...keyColumns, attempt: 'text' },
    attempts.map(({ source, streamingNo, attempt }) => [source, streamingNo, attempt]),
    'w',
  );
  const { rows } = await executor.execute({
    sql: `SELECT j.source, CAST(j.streaming_no AS TEXT) AS streaming_no, j.attempt,
                 CASE WHEN j.superseded THEN 1 ELSE 0 END AS superseded, j.outcome, j.err_content, j.digest
          FROM ${sql} CROSS JOIN sync_journal AS j
          WHERE j.source = w.source AND j.streaming_no = w.streaming_no AND (NOT j.superseded OR j.attempt = w.attempt)`,
    bindings,
  });
  return rows.map((row) => ({
    source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT',
    streamingNo: String(row['streaming_no']),
    attempt: String(row['attempt']),
    superseded: Number(row['superseded']) === 1,
    outcome: row['outcome'] === 'applied' ? 'applied' : 'failed',
    errContent: row['err_content'] === null ? null : String(row['err_content']),
    digest: String(row['digest']),
  }));
}

/** The attempts recorded for each of these rows, by `rowId`. A key that is no number of 30 digits has none. */
export async function readAttempts(
  executor: Executor,
  keys: readonly RowKey[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const numbered = keys.filter(({ streamingNo }) => isCanonicalNumber(streamingNo));
  const attempts = new Map<string, string[]>();
  if (numbered.length === 0) return attempts;
  const { sql, bindings } = executor.dialect.recordset(
    keyColumns,
    numbered.map(({ source, streamingNo }) => [source, streamingNo]),
    'w',
  );
  const { rows } = await executor.execute({
    sql: `SELECT j.source, CAST(j.streaming_no AS TEXT) AS streaming_no, j.attempt
          FROM ${sql} CROSS JOIN sync_journal AS j
          WHERE j.source = w.source AND j.streaming_no = w.streaming_no`,
    bindings,
  });
  for (const row of rows) {
    const source = row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT';
    const id = rowId({ source, streamingNo: String(row['streaming_no']) });
    const ofRow = attempts.get(id) ?? [];
    attempts.set(id, ofRow);
    ofRow.push(String(row['attempt']));
  }
  return attempts;
}

/** Closes the current entries of these rows. */
export async function supersede(executor: Executor, keys: readonly RowKey[]): Promise<void> {
  if (keys.length === 0) return;
  const { sql, bindings } = executor.dialect.recordset(
    keyColumns,
    keys.map(({ source, streamingNo }) => [source, streamingNo]),
    'w',
  );
  await executor.execute({
    sql: `UPDATE sync_journal AS j SET superseded = TRUE FROM ${sql}
          WHERE j.source = w.source AND j.streaming_no = w.streaming_no AND NOT j.superseded`,
    bindings,
  });
}

const recordColumns = {
  ...keyColumns,
  attempt: 'text',
  op_flag: 'text',
  product_id: 'number',
  cust_id: 'number',
  biz_id: 'text',
  user_id: 'text',
  outcome: 'text',
  code: 'text',
  err_content: 'text',
  digest: 'text',
} as const;

/** Who decided the records, and when. */
export interface Decider {
  readonly workerId: string;
  readonly at: string;
}

/**
 * Inserts current entries, and counts them as activity; AlreadyDecidedError if a row has one, or the attempt is already
 * recorded.
 */
export async function insertRecords(
  executor: Executor,
  records: readonly JournalRecord[],
  { workerId, at }: Decider,
): Promise<void> {
  if (records.length === 0) return;
  const names = Object.keys(recordColumns).join(', ');
  const { sql, bindings } = executor.dialect.recordset(recordColumns, records.map(recordValues), 'r');
  const entries = {
    sql: `INSERT INTO sync_journal (superseded, worker, decided_at, ${names})
          SELECT FALSE, ?, ?, ${names} FROM ${sql}`,
    bindings: [workerId, at, ...bindings],
  };
  const counting = countDecided(executor.dialect, records, { workerId, at });
  await orAlreadyDecided(async () => {
    for (const statement of executor.dialect.together(counting, entries)) await executor.execute(statement);
  });
}

/**
 * The same for records that were decided at times of their own, all by `worker`; they are no activity of now.
 */
export async function insertDatedRecords(
  executor: Executor,
  records: readonly DatedRecord[],
  worker: string,
): Promise<void> {
  if (records.length === 0) return;
  const columns = { ...recordColumns, decided_at: 'instant' } as const;
  const names = Object.keys(columns).join(', ');
  const values = records.map((record) => [...recordValues(record), record.decidedAt]);
  const { sql, bindings } = executor.dialect.recordset(columns, values, 'r');
  await orAlreadyDecided(() =>
    executor.execute({
      sql: `INSERT INTO sync_journal (superseded, worker, ${names}) SELECT FALSE, ?, ${names} FROM ${sql}`,
      bindings: [worker, ...bindings],
    }),
  );
}

function recordValues(record: JournalRecord): (string | null)[] {
  return [
    record.source,
    record.streamingNo,
    record.attempt,
    record.opFlag,
    record.productId,
    record.custId,
    record.bizId,
    record.userId,
    record.outcome,
    record.code,
    record.errContent,
    record.digest,
  ];
}

async function orAlreadyDecided(insert: () => Promise<unknown>): Promise<void> {
  try {
    await insert();
  } catch (error) {
    if (isJournalKey(error))
      throw new AlreadyDecidedError('a row of the batch was decided meanwhile', { cause: error });
    throw error;
  }
}

/** PostgreSQL names the constraint, SQLite the columns. */
function isJournalKey(error: unknown): boolean {
  if (!(error instanceof DatabaseError) || error.kind !== 'constraint') return false;
  const named = error.constraint ?? error.message;
  return /^sync_journal_(pkey|current)$|UNIQUE constraint failed: (sync_journal\.|index 'sync_journal_current)/.test(
    named,
  );
}
