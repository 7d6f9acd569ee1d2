import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import { byTable, rowId, sources, type RowKey, type Source } from '../../domain/keys.js';
import type { FinishedRow } from '../../domain/loss.js';
import { State } from '../../domain/states.js';
import { claimRows, markRows, type ChangeResult, type RowChange } from '../changes.js';
import {
  nothingPaused,
  type ClaimRequest,
  type ClaimResult,
  type ClaimedRequest,
  type ClaimedRow,
  type CreatedAhead,
  type LatestFinishedRequest,
  type Mark,
  type MarkResult,
  type MiddleDatabase,
  type OpenRowsExcept,
  type PolledBatch,
  type PollRequest,
} from '../port.js';
import { createdAheadOf } from '../irregular.js';
import { readRows, readStanding } from '../read-rows.js';
import { polledRow, type DriverRow } from '../rows.js';
import { changeRows } from './change-rows.js';
import type { GuardedUpdate } from './dialect.js';
import { KnexFinishedRows } from './finished-rows.js';
import { createdAheadStatement } from './irregular.js';
import { notPaused } from './paused.js';
import { notExcluded, pollStatement } from './poll.js';
import {
  attributesStatement,
  claimStatement,
  markStatement,
  rowsStatement,
  standingStatement,
} from './statements.js';
import { attributeTable, mainTable, ourProducts, type KnexTables } from './tables.js';

/**
 * The middle database behind Knex: PostgreSQL and SQLite.
 *
 * Statements per page: poll 1, claim 1, mark 1 (SQLite: 2 per table in a transaction); per table with rows in it: read
 * 1, attributes 1. If rows are locked, claim or mark is repeated in a transaction of 4 statements per table and 1.
 */
export class KnexMiddleDatabase implements MiddleDatabase {
  readonly #database: Database;
  readonly #tables: KnexTables;
  readonly #finished: KnexFinishedRows;

  constructor(database: Database, tables: KnexTables) {
    this.#database = database;
    this.#tables = tables;
    this.#finished = new KnexFinishedRows(database, tables);
  }

  async poll(request: PollRequest): Promise<PolledBatch> {
    const { rows } = await this.#database.execute(pollStatement(this.#tables, request));
    return { rows: rows.map(polledRow), now: String(rows[0]?.['now'] ?? '') };
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimResult> {
    return claimRows(requests, this.#tables.maxAttributes, {
      start: (change) => this.#change(change, claimStatement),
      read: (keys, bare) =>
        readRows(keys, bare, {
          rows: (source, nos) => this.#rows(rowsStatement(this.#tables, source, nos)),
          attributes: (source, nos) => this.#rows(attributesStatement(this.#tables, source, nos)),
        }),
    });
  }

  async mark(marks: readonly Mark[]): Promise<MarkResult> {
    return markRows(marks, {
      write: (change) => this.#change(change, markStatement),
      standing: (keys) =>
        readStanding(keys, (source, nos) => this.#rows(standingStatement(this.#tables, source, nos))),
    });
  }

  async createdAhead(): Promise<CreatedAhead> {
    return createdAheadOf((await this.#database.execute(createdAheadStatement(this.#tables))).rows);
  }

  async hasOpenRows({ paused = nothingPaused, excluded = [] }: OpenRowsExcept = {}): Promise<boolean> {
    const exists = sources.map((source) => {
      const ours = ourProducts(this.#tables, 't');
      const open = `t.State IN (${State.Initial}, ${State.Processing}) AND t.StreamingNo IS NOT NULL`;
      const free = [...notPaused(this.#tables, paused, source), ...notExcluded(this.#tables, excluded)];
      const conditions = [open, ...free.map(({ sql }) => sql)].join(' AND ');
      const sql = `EXISTS (SELECT 1 FROM ${mainTable(this.#tables, source)} AS t WHERE ${conditions}${ours.sql})`;
      return { sql, bindings: [...free.flatMap(({ bindings }) => bindings), ...ours.bindings] };
    });
    const { rows } = await this.#database.execute({
      sql: `SELECT CASE WHEN ${exists.map(({ sql }) => sql).join(' OR ')} THEN 1 ELSE 0 END AS open`,
      bindings: exists.flatMap(({ bindings }) => bindings),
    });
    return Number(rows[0]?.['open']) === 1;
  }

  async lockHolders(keys: readonly RowKey[]): Promise<ReadonlyMap<string, string>> {
    const { dialect, markAttributes } = this.#tables;
    const holders = new Map<string, string>();
    if (dialect.rowLocks === undefined) return holders;
    for (const { source, streamingNos } of byTable(keys)) {
      const wanted = dialect.numberIn('t.StreamingNo', streamingNos);
      const attributes = markAttributes ? [attributeTable(this.#tables, source)] : [];
      for (const table of [...attributes, mainTable(this.#tables, source)]) {
        const { rows } = await this.#database.execute(dialect.rowLocks.holders(table, wanted));
        for (const row of rows)
          holders.set(rowId({ source, streamingNo: String(row['streaming_no']) }), holderText(row));
      }
    }
    return holders;
  }

  async now(): Promise<string> {
    return this.#finished.now();
  }

  async latestFinished(request: LatestFinishedRequest): Promise<readonly FinishedRow[]> {
    return this.#finished.latestFinished(request);
  }

  async claimedUntil(request: ClaimedRequest): Promise<readonly ClaimedRow[]> {
    return this.#finished.claimedUntil(request);
  }

  async ping(): Promise<void> {
    await this.#database.ping();
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  async #rows(statement: Fragment): Promise<readonly DriverRow[]> {
    return (await this.#database.execute(statement)).rows;
  }

  async #change<Row extends RowKey>(
    change: RowChange<Row>,
    statement: (tables: KnexTables, source: Source, rows: readonly Row[]) => GuardedUpdate,
  ): Promise<ChangeResult> {
    return changeRows(this.#database, this.#tables, change, (source, rows) =>
      statement(this.#tables, source, rows),
    );
  }
}

/** Who holds a lock: `wang (DBeaver, 10.0.0.5, idle in transaction since 2026-11-28 03:00:00, pid 4711)`. */
function holderText(row: DriverRow): string {
  const { usename, application_name: application, address, state, since, pid } = row;
  const what = [state, since === null ? null : `since ${String(since)}`]
    .filter((part) => part !== null)
    .join(' ');
  const details = [application, address, what, `pid ${String(pid)}`];
  return `${String(usename)} (${details.filter((detail) => detail !== null && detail !== '').join(', ')})`;
}
