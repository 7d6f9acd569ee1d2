import type { Database, Executor } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import type { RunState } from '../../domain/verify-schedule.js';
import type { Lease } from '../port.js';
import {
  differencesKept,
  runsKept,
  type FinishedRun,
  type FoundDifferences,
  type RunResult,
  type VerificationRecords,
  type VerificationRun,
} from '../verification-port.js';

/*
 * sync_verification has the runs, sync_difference what they found. A run is begun by the holder of a shard's lease, in
 * the transaction in which it abandons what others have left, and ended once: of two workers that both believe they hold
 * the lease, the earlier one finds its run ended.
 */

/** The record of verifications in a product store behind Knex: PostgreSQL and SQLite. */
export class KnexVerificationRecords implements VerificationRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async runs(): ReturnType<VerificationRecords['runs']> {
    const { dialect } = this.#database;
    const { rows } = await this.#database.execute({
      sql: `SELECT ${dialect.instantText(dialect.now)} AS now`,
      bindings: [],
    });
    const order = { sql: `TRUE ORDER BY v.id DESC LIMIT ${runsKept + 1}`, bindings: [] };
    return { now: String(rows[0]?.['now']), runs: await readRuns(this.#database, order) };
  }

  async lastFinished(): Promise<VerificationRun | null> {
    const [run = null] = await readRuns(this.#database, {
      sql: `v.state = 'finished' ORDER BY v.id DESC LIMIT 1`,
      bindings: [],
    });
    return run;
  }

  async differences(id: string): Promise<readonly string[]> {
    const { rows } = await this.#database.execute({
      sql: `SELECT d.difference FROM sync_difference AS d WHERE d.run_id = ? ORDER BY d.number LIMIT ${differencesKept}`,
      bindings: [id],
    });
    return rows.map((row) => String(row['difference']));
  }

  async begin(workerId: string, { shard, term }: Pick<Lease, 'shard' | 'term'>): Promise<string | null> {
    const isHeld: Fragment = {
      sql: 'EXISTS (SELECT 1 FROM sync_shard AS s WHERE s.shard = ? AND s.term = ? AND s.owner = ?)',
      bindings: [shard, term, workerId],
    };
    return this.#database.transaction(async (transaction) => {
      const { now } = transaction.dialect;
      await transaction.execute({
        sql: `UPDATE sync_verification SET state = 'abandoned', ended_at = ${now} WHERE state = 'running' AND ${isHeld.sql}`,
        bindings: isHeld.bindings,
      });
      const { rows } = await transaction.execute({
        sql: `INSERT INTO sync_verification (started_at, via, who, state)
              SELECT ${now}, 'schedule', CAST(? AS TEXT), 'running' WHERE ${isHeld.sql} RETURNING CAST(id AS TEXT) AS id_text`,
        bindings: [workerId, ...isHeld.bindings],
      });
      return rows[0] === undefined ? null : String(rows[0]['id_text']);
    });
  }

  async end(id: string, result: RunResult): Promise<boolean> {
    const [summary, error] = result.state === 'finished' ? [result.summary, null] : [null, result.error];
    return this.#database.transaction(async (transaction) => {
      const { changed } = await transaction.execute({
        sql: `UPDATE sync_verification SET state = ?, ended_at = ${transaction.dialect.now}, summary = ?, error = ?
              WHERE id = ? AND state = 'running'`,
        bindings: [result.state, summary, error, id],
      });
      if (changed === 0) return false;
      if (result.state === 'finished') await insertDifferences(transaction, id, result);
      await prune(transaction);
      return true;
    });
  }

  async add({ who, startedAt, ...found }: FinishedRun): Promise<void> {
    await this.#database.transaction(async (transaction) => {
      const { dialect } = transaction;
      const started = dialect.recordset({ at: 'instant' }, [[startedAt]], 'r');
      const { rows } = await transaction.execute({
        sql: `INSERT INTO sync_verification (started_at, ended_at, via, who, state, summary)
              SELECT r.at, ${dialect.now}, 'command', CAST(? AS TEXT), 'finished', CAST(? AS TEXT) FROM ${started.sql} WHERE TRUE
              RETURNING CAST(id AS TEXT) AS id_text`,
        bindings: [who, found.summary, ...started.bindings],
      });
      await insertDifferences(transaction, String(rows[0]?.['id_text']), found);
      await prune(transaction);
    });
  }
}

async function readRuns(executor: Executor, { sql, bindings }: Fragment): Promise<VerificationRun[]> {
  const { instantText } = executor.dialect;
  const { rows } = await executor.execute({
    sql: `SELECT CAST(v.id AS TEXT) AS id_text, ${instantText('v.started_at')} AS started_text,
                 ${instantText('v.ended_at')} AS ended_text, v.via, v.who, v.state, v.summary, v.error
          FROM sync_verification AS v WHERE ${sql}`,
    bindings,
  });
  const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  return rows.map((row) => ({
    id: String(row['id_text']),
    via: row['via'] === 'command' ? 'command' : 'schedule',
    who: String(row['who']),
    state: row['state'] as RunState,
    startedAt: String(row['started_text']),
    endedAt: textOf(row['ended_text']),
    summary: textOf(row['summary']),
    error: textOf(row['error']),
  }));
}

async function insertDifferences(
  executor: Executor,
  id: string,
  { differences }: FoundDifferences,
): Promise<void> {
  const kept = differences.slice(0, differencesKept);
  if (kept.length === 0) return;
  const { sql, bindings } = executor.dialect.recordset(
    { run_id: 'number', number: 'integer', difference: 'text' },
    kept.map((difference, index) => [id, index + 1, difference]),
    'r',
  );
  await executor.execute({
    sql: `INSERT INTO sync_difference (run_id, number, difference)
          SELECT CAST(r.run_id AS bigint), r.number, r.difference FROM ${sql} WHERE TRUE`,
    bindings,
  });
}

/** Deletes older runs, with their differences. */
async function prune(executor: Executor): Promise<void> {
  const old = [
    `DELETE FROM sync_verification WHERE id NOT IN (SELECT v.id FROM sync_verification AS v ORDER BY v.id DESC LIMIT ${runsKept})
       AND id NOT IN (SELECT max(v.id) FROM sync_verification AS v WHERE v.state = 'finished' HAVING count(*) > 0)`,
    'DELETE FROM sync_difference WHERE run_id NOT IN (SELECT v.id FROM sync_verification AS v)',
  ];
  for (const sql of old) await executor.execute({ sql, bindings: [] });
}
