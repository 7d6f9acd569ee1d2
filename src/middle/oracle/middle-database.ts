import { sources } from '../../domain/keys.js';
import type { FinishedRow } from '../../domain/loss.js';
import { State } from '../../domain/states.js';
import { claimRows, markRows } from '../changes.js';
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
import { polledRow } from '../rows.js';
import { changeRows } from './change-rows.js';
import type { OracleDatabase } from './database.js';
import { OracleFinishedRows } from './finished-rows.js';
import { createdAheadStatement } from './irregular.js';
import { notPaused, pausedProducts } from './paused.js';
import { excludedList, notExcluded, pollStatement } from './poll.js';
import {
  attributesStatement,
  claimStatement,
  markStatement,
  mayBeClaimed,
  rowsStatement,
  standingStatement,
} from './statements.js';
import type { MiddleTables } from '../tables.js';
import { mainTable, ourProducts } from './tables.js';

/**
 * The middle database on Oracle.
 *
 * Round trips per page, whatever its size: poll 1; per table with rows in it: claim 4, rows 1, attributes 1, marks 4;
 * the last of a claim or mark commits. Without attribute rows, or without `markAttributes`, claim and marks are 2 each.
 * So 11 for a page of one table and 21 for both, 7 and 13 without attribute rows. Rows with very many attributes, and
 * rows locked or changed by others, cost one more.
 */
export class OracleMiddleDatabase implements MiddleDatabase {
  readonly #database: OracleDatabase;
  readonly #tables: MiddleTables;
  readonly #finished: OracleFinishedRows;

  constructor(database: OracleDatabase, tables: MiddleTables) {
    this.#database = database;
    this.#tables = tables;
    this.#finished = new OracleFinishedRows(database, tables);
  }

  async poll(request: PollRequest): Promise<PolledBatch> {
    const rows = await this.#database.query(pollStatement(this.#tables, request));
    return { rows: rows.map(polledRow), now: String(rows[0]?.['now'] ?? '') };
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimResult> {
    return claimRows(requests, this.#tables.maxAttributes, {
      start: (change) =>
        changeRows(this.#database, this.#tables, change, {
          where: mayBeClaimed,
          batchOf: (source, rows) => claimStatement(this.#tables, source, rows),
          leadsTo: [State.Processing],
        }),
      read: (keys, bare) =>
        readRows(keys, bare, {
          rows: (source, nos) => this.#database.query(rowsStatement(this.#tables, source, nos)),
          attributes: (source, nos) => this.#database.query(attributesStatement(this.#tables, source, nos)),
        }),
    });
  }

  async mark(marks: readonly Mark[]): Promise<MarkResult> {
    return markRows(marks, {
      write: (change) =>
        changeRows(this.#database, this.#tables, change, {
          where: `t.State = ${State.Processing}`,
          batchOf: (source, rows) => markStatement(this.#tables, source, rows),
          leadsTo: [State.Succeeded, State.Failed],
        }),
      standing: (keys) =>
        readStanding(keys, (source, nos) =>
          this.#database.query(standingStatement(this.#tables, source, nos)),
        ),
    });
  }

  async createdAhead(): Promise<CreatedAhead> {
    return createdAheadOf(await this.#database.query(createdAheadStatement(this.#tables)));
  }

  async hasOpenRows({ paused = nothingPaused, excluded = [] }: OpenRowsExcept = {}): Promise<boolean> {
    const open = `t.State IN (${State.Initial}, ${State.Processing}) AND t.StreamingNo IS NOT NULL`;
    const list = excludedList(excluded);
    const exists = sources.map((source) => {
      const free = [...notPaused(this.#tables, paused, source), ...notExcluded(list, excluded)];
      const conditions = [open, ...free].join(' AND ');
      return `EXISTS (SELECT 1 FROM ${mainTable(this.#tables, source)} t WHERE ${conditions}${ourProducts(this.#tables)})`;
    });
    const binds = { ...pausedProducts(paused).binds, ...list.binds };
    const sql = `SELECT CASE WHEN ${exists.join(' OR ')} THEN 1 ELSE 0 END AS "open" FROM DUAL`;
    const rows = await this.#database.query({ sql, binds, expected: 1 });
    return rows[0]?.['open'] === '1';
  }

  /** Lock holders are in views that the worker may not read. */
  async lockHolders(): Promise<ReadonlyMap<string, string>> {
    return Promise.resolve(new Map());
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
    await this.#database.query({ sql: 'SELECT 1 FROM DUAL', binds: {}, expected: 1 });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
