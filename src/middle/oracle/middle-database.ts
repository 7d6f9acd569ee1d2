import { sources, type Source } from '../../domain/keys.js';
import type { FinishedRow } from '../../domain/loss.js';
import type { InterfaceRow } from '../../domain/rows.js';
import { State } from '../../domain/states.js';
import {
  nothingPaused,
  type ClaimRequest,
  type ClaimResult,
  type LatestFinishedRequest,
  type ClaimedRequest,
  type ClaimedRow,
  type Mark,
  type MarkResult,
  type MiddleDatabase,
  type Page,
  type Paused,
  type PollRequest,
} from '../port.js';
import { claimByTable, markByTable } from '../by-table.js';
import { attributesByRow, interfaceRow, polledRow } from '../rows.js';
import { changeRows } from './change-rows.js';
import type { Batch, OracleDatabase } from './database.js';
import { OracleFinishedRows } from './finished-rows.js';
import { notPaused, pausedProducts } from './paused.js';
import { pollQuery } from './poll.js';
import { attributesQuery, claimBatch, markBatch, rowsQuery, standingQuery } from './statements.js';
import { mainTable, ourProducts, type OracleTables } from './tables.js';

/**
 * The middle database on Oracle.
 *
 * Round trips per page, whatever its size: poll 1; per table with rows in it: claim 2, rows 1, attributes 1, marks 2;
 * the second of a claim or mark commits. One less for each without `markAttributes`. So 7 for a page of one table, 13
 * for one of both. Rows with very many attributes, and marks that found another State, cost one more.
 */
export class OracleMiddleDatabase implements MiddleDatabase {
  readonly #database: OracleDatabase;
  readonly #tables: OracleTables;
  readonly #finished: OracleFinishedRows;

  constructor(database: OracleDatabase, tables: OracleTables) {
    this.#database = database;
    this.#tables = tables;
    this.#finished = new OracleFinishedRows(database, tables);
  }

  async poll(request: PollRequest): Promise<Page> {
    const rows = await this.#database.query(pollQuery(this.#tables, request));
    return { rows: rows.map(polledRow), now: String(rows[0]?.['now'] ?? '') };
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimResult> {
    return claimByTable(requests, {
      start: async (source, expects, rows) => {
        const batch = claimBatch(this.#tables, source, expects, rows);
        return (await this.#change(source, batch, [State.Processing])).length;
      },
      read: (source, streamingNos) => this.#read(source, streamingNos),
    });
  }

  async mark(marks: readonly Mark[]): Promise<MarkResult> {
    return markByTable(marks, {
      write: (source, ofTable) =>
        this.#change(source, markBatch(this.#tables, source, ofTable), [State.Succeeded, State.Failed]),
      standing: (source, streamingNos) =>
        this.#database.query(standingQuery(this.#tables, source, streamingNos)),
    });
  }

  async hasOpenRows(paused: Paused = nothingPaused): Promise<boolean> {
    const open = `t.State IN (${State.Initial}, ${State.Processing}) AND t.StreamingNo IS NOT NULL`;
    const exists = sources.map((source) => {
      const conditions = [open, ...notPaused(this.#tables, paused, source)].join(' AND ');
      return `EXISTS (SELECT 1 FROM ${mainTable(this.#tables, source)} t WHERE ${conditions}${ourProducts(this.#tables)})`;
    });
    const { binds } = pausedProducts(paused);
    const sql = `SELECT CASE WHEN ${exists.join(' OR ')} THEN 1 ELSE 0 END AS "open" FROM DUAL`;
    const rows = await this.#database.query({ sql, binds, expected: 1 });
    return rows[0]?.['open'] === '1';
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

  async #change(source: Source, batch: Batch, leadsTo: readonly State[]): Promise<readonly string[]> {
    return changeRows(this.#database, this.#tables, { source, batch, leadsTo });
  }

  async #read(source: Source, streamingNos: readonly string[]): Promise<readonly InterfaceRow[]> {
    const rows = await this.#database.query(rowsQuery(this.#tables, source, streamingNos));
    const attributes = await this.#database.query(attributesQuery(this.#tables, source, streamingNos));
    const byRow = attributesByRow(attributes);
    return rows.map((row) => interfaceRow(source, row, byRow.get(String(row['StreamingNo'])) ?? []));
  }
}
