import type { Database } from '../../database/database.js';
import { rowId, type Attempt, type RowKey } from '../../domain/keys.js';
import type { CrashLog } from '../port.js';

/*
 * Crash retries in sync_crash, one note per process that tries an attempt. Each commits separately: it must outlive its
 * process, and nothing else that this process does.
 */

/** Notes of rows that one worker tries, and of those left by others. */
export class KnexCrashLog implements CrashLog {
  readonly #database: Database;
  readonly #workerId: () => string;

  constructor(database: Database, workerId: () => string) {
    this.#database = database;
    this.#workerId = workerId;
  }

  async crashCounts(attempts: readonly Attempt[]): Promise<ReadonlyMap<string, number>> {
    if (attempts.length === 0) return new Map();
    const { sql, bindings } = this.#database.dialect.recordset(
      { source: 'text', streaming_no: 'number', attempt: 'text' },
      attempts.map(({ source, streamingNo, attempt }) => [source, streamingNo, attempt]),
      'w',
    );
    const { rows } = await this.#database.execute({
      sql: `SELECT t.source, CAST(t.streaming_no AS TEXT) AS streaming_no, count(*) AS crashes
            FROM ${sql} CROSS JOIN sync_crash AS t
            WHERE t.source = w.source AND t.streaming_no = w.streaming_no AND t.attempt = w.attempt AND t.worker <> ?
            GROUP BY t.source, t.streaming_no`,
      bindings: [...bindings, this.#workerId()],
    });
    return new Map(
      rows.map((row) => {
        const source = row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT';
        return [rowId({ source, streamingNo: String(row['streaming_no']) }), Number(row['crashes'])];
      }),
    );
  }

  async begin({ source, streamingNo, attempt }: Attempt): Promise<void> {
    await this.#database.execute({
      sql: `INSERT INTO sync_crash (source, streaming_no, attempt, worker, begun_at)
            VALUES (?, ?, ?, ?, ${this.#database.dialect.now}) ON CONFLICT DO NOTHING`,
      bindings: [source, streamingNo, attempt, this.#workerId()],
    });
  }

  async clear({ source, streamingNo, attempt }: Attempt): Promise<void> {
    await this.#database.execute({
      sql: 'DELETE FROM sync_crash WHERE source = ? AND streaming_no = ? AND attempt = ? AND worker = ?',
      bindings: [source, streamingNo, attempt, this.#workerId()],
    });
  }

  async forget({ source, streamingNo }: RowKey): Promise<void> {
    await this.#database.execute({
      sql: 'DELETE FROM sync_crash WHERE source = ? AND streaming_no = ?',
      bindings: [source, streamingNo],
    });
  }
}
