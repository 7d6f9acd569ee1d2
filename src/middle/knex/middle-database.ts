import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialect.js';
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
import { KnexFinishedRows } from './finished-rows.js';
import { notPaused } from './paused.js';
import { pollStatement } from './poll.js';
import { claimByTable, markByTable } from '../by-table.js';
import { attributesByRow, interfaceRow, polledRow, type DriverRow } from '../rows.js';
import {
  attributeTable,
  mainTable,
  ourProducts,
  rowColumns,
  selectAttributes,
  type MiddleTables,
} from './tables.js';

/**
 * The middle database behind Knex: PostgreSQL and SQLite.
 *
 * Statements per page of both tables: poll 1; per table with rows in it: claim 1 (SQLite 2 in a transaction), read 1,
 * attributes 1, mark 1 (SQLite 2).
 */
export class KnexMiddleDatabase implements MiddleDatabase {
  readonly #database: Database;
  readonly #tables: MiddleTables;
  readonly #finished: KnexFinishedRows;

  constructor(database: Database, tables: MiddleTables) {
    this.#database = database;
    this.#tables = tables;
    this.#finished = new KnexFinishedRows(database, tables);
  }

  async poll(request: PollRequest): Promise<Page> {
    const { rows } = await this.#database.execute(pollStatement(this.#tables, request));
    return { rows: rows.map(polledRow), now: String(rows[0]?.['now'] ?? '') };
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimResult> {
    return claimByTable(requests, {
      start: (source, expects, rows) => this.#claimRows(source, expects, rows),
      read: (source, streamingNos) => this.#read(source, streamingNos),
    });
  }

  async mark(marks: readonly Mark[]): Promise<MarkResult> {
    return markByTable(marks, {
      write: (source, ofTable) => this.#markRows(source, ofTable),
      standing: (source, streamingNos) => this.#standing(source, streamingNos),
    });
  }

  async hasOpenRows(paused: Paused = nothingPaused): Promise<boolean> {
    const exists = sources.map((source) => {
      const ours = ourProducts(this.#tables, 't');
      const open = `t.State IN (${State.Initial}, ${State.Processing}) AND t.StreamingNo IS NOT NULL`;
      const free = notPaused(this.#tables, paused, source);
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
    await this.#database.execute({ sql: 'SELECT 1', bindings: [] });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  async #claimRows(source: Source, state: State, requests: readonly ClaimRequest[]): Promise<number> {
    const { dialect } = this.#tables;
    const ours = ourProducts(this.#tables, 't');
    const changed = await dialect.update(this.#database, {
      ...this.#updated(source),
      asked: dialect.recordset(
        { streaming_no: 'number', newest: 'date' },
        requests.map(({ row, newestAttempt }) => [row.streamingNo, newestAttempt]),
        'a',
      ),
      set: `State = ${State.Processing}, StateDate = ${dialect.newAttempt}`,
      leadsTo: [State.Processing],
      expects: state,
      guard: { ...ours, sql: `${state === State.Initial ? '' : ' AND t.StateDate IS NULL'}${ours.sql}` },
    });
    return changed.length;
  }

  async #markRows(source: Source, marks: readonly Mark[]): Promise<readonly string[]> {
    const { dialect } = this.#tables;
    const ours = ourProducts(this.#tables, 't');
    return dialect.update(this.#database, {
      ...this.#updated(source),
      asked: dialect.recordset(
        { streaming_no: 'number', attempt: 'date', err_content: 'text' },
        marks.map((mark) => [mark.streamingNo, mark.attempt, mark.errContent]),
        'a',
      ),
      set: `State = CASE WHEN a.err_content IS NULL THEN ${State.Succeeded} ELSE ${State.Failed} END,
            ErrContent = a.err_content, StateDate = ${dialect.laterOfNowAnd('a.attempt')}`,
      leadsTo: [State.Succeeded, State.Failed],
      expects: State.Processing,
      guard: { ...ours, sql: ` AND ${dialect.sameAttempt}${ours.sql}` },
    });
  }

  async #read(source: Source, streamingNos: readonly string[]): Promise<readonly InterfaceRow[]> {
    const wanted = this.#ourRows(streamingNos);
    const { rows } = await this.#database.execute({
      sql: `SELECT ${rowColumns(this.#tables, source)} FROM ${mainTable(this.#tables, source)} AS t WHERE ${wanted.sql}`,
      bindings: wanted.bindings,
    });
    const attributes = await this.#database.execute(selectAttributes(this.#tables, source, streamingNos));
    const byRow = attributesByRow(attributes.rows);
    return rows.map((row) => interfaceRow(source, row, byRow.get(String(row['StreamingNo'])) ?? []));
  }

  async #standing(source: Source, streamingNos: readonly string[]): Promise<readonly DriverRow[]> {
    const wanted = this.#ourRows(streamingNos);
    const { rows } = await this.#database.execute({
      sql: `SELECT CAST(t.StreamingNo AS TEXT) AS "StreamingNo", t.State AS "State",
                   ${this.#tables.dialect.dateText('t.StateDate')} AS "StateDate"
            FROM ${mainTable(this.#tables, source)} AS t WHERE ${wanted.sql}`,
      bindings: wanted.bindings,
    });
    return rows;
  }

  #ourRows(streamingNos: readonly string[]): Fragment {
    const wanted = this.#tables.dialect.numberIn('t.StreamingNo', streamingNos);
    const ours = ourProducts(this.#tables, 't');
    return { sql: wanted.sql + ours.sql, bindings: [...wanted.bindings, ...ours.bindings] };
  }

  #updated(source: Source): { table: string; attributeTable: string | null } {
    const attributes = this.#tables.markAttributes ? attributeTable(this.#tables, source) : null;
    return { table: mainTable(this.#tables, source), attributeTable: attributes };
  }
}
