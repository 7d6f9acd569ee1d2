import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialect.js';
import { byTable, rowId, sources, type RowKey, type Source } from '../../domain/keys.js';
import type { FinishedRow } from '../../domain/loss.js';
import type { InterfaceRow } from '../../domain/rows.js';
import { State } from '../../domain/states.js';
import {
  claimRows,
  markRows,
  standingRow,
  type ChangeResult,
  type NewAttempt,
  type RowChange,
  type StandingRow,
} from '../changes.js';
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
import { attributesByRow, interfaceRow, polledRow, type DriverRow } from '../rows.js';
import { changeRows, type UpdateOf } from './change-rows.js';
import type { GuardedUpdate } from './dialect.js';
import { KnexFinishedRows } from './finished-rows.js';
import { createdAheadStatement } from './irregular.js';
import { notPaused } from './paused.js';
import { notExcluded, pollStatement } from './poll.js';
import {
  attemptText,
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
 * Statements per page: poll 1, claim 1, mark 1 (SQLite: 2 per table in a transaction); per table with rows in it: read 1,
 * attributes 1. Where somebody has locked rows, claim or mark is done again in a transaction of 4 statements per table and 1.
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

  async poll(request: PollRequest): Promise<PolledBatch> {
    const { rows } = await this.#database.execute(pollStatement(this.#tables, request));
    return { rows: rows.map(polledRow), now: String(rows[0]?.['now'] ?? '') };
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimResult> {
    return claimRows(requests, this.#tables.maxAttributes, {
      start: (change) => this.#change(change, (source, rows) => this.#claimOf(source, rows)),
      read: (keys, bare) => this.#read(keys, bare),
    });
  }

  async mark(marks: readonly Mark[]): Promise<MarkResult> {
    return markRows(marks, {
      write: (change) => this.#change(change, (source, rows) => this.#markOf(source, rows)),
      standing: (keys) => this.#standing(keys),
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

  async #change<Row extends RowKey>(change: RowChange<Row>, updateOf: UpdateOf<Row>): Promise<ChangeResult> {
    return changeRows(this.#database, this.#tables, change, updateOf);
  }

  #claimOf(source: Source, rows: readonly NewAttempt[]): GuardedUpdate {
    const { dialect } = this.#tables;
    const asked = dialect.recordset(
      { streaming_no: 'number', expects: 'integer', after: 'date' },
      rows.map(({ streamingNo, state, after }) => [streamingNo, state, after]),
      'a',
    );
    return {
      ...this.#updated(source, rows),
      asked,
      set: `State = ${State.Processing}, StateDate = ${dialect.newAttempt}`,
      leadsTo: [State.Processing],
      guard: `t.State = a.expects AND (a.expects = ${State.Initial} OR t.StateDate IS NULL
              OR NOT (${dialect.isAttempt('t.StateDate')}))`,
    };
  }

  #markOf(source: Source, marks: readonly Mark[]): GuardedUpdate {
    const { dialect } = this.#tables;
    const asked = dialect.recordset(
      { streaming_no: 'number', attempt: 'date', err_content: 'text' },
      marks.map((mark) => [mark.streamingNo, mark.attempt, mark.errContent]),
      'a',
    );
    return {
      ...this.#updated(source, marks),
      asked,
      set: `State = CASE WHEN a.err_content IS NULL THEN ${State.Succeeded} ELSE ${State.Failed} END,
            ErrContent = a.err_content, StateDate = ${dialect.laterOfNowAnd('a.attempt')}`,
      leadsTo: [State.Succeeded, State.Failed],
      guard: `t.State = ${State.Processing} AND ${dialect.sameAttempt}`,
    };
  }

  async #read(keys: readonly RowKey[], bare: ReadonlySet<string>): Promise<readonly InterfaceRow[]> {
    const found: InterfaceRow[] = [];
    for (const { source, streamingNos } of byTable(keys)) {
      const wanted = this.#ourRows(streamingNos);
      const { rows } = await this.#database.execute({
        sql: `SELECT ${rowColumns(this.#tables, source)} FROM ${mainTable(this.#tables, source)} AS t WHERE ${wanted.sql}`,
        bindings: wanted.bindings,
      });
      const full = streamingNos.filter((streamingNo) => !bare.has(rowId({ source, streamingNo })));
      const attributes =
        full.length === 0
          ? { rows: [] }
          : await this.#database.execute(selectAttributes(this.#tables, source, full));
      const byRow = attributesByRow(attributes.rows);
      for (const row of rows)
        found.push(interfaceRow(source, row, byRow.get(String(row['StreamingNo'])) ?? []));
    }
    return found;
  }

  async #standing(keys: readonly RowKey[]): Promise<readonly StandingRow[]> {
    const standing: StandingRow[] = [];
    const streamingNo = this.#tables.dialect.numberText('t.StreamingNo');
    for (const { source, streamingNos } of byTable(keys)) {
      const wanted = this.#ourRows(streamingNos);
      const { rows } = await this.#database.execute({
        sql: `SELECT ${streamingNo} AS "StreamingNo", t.State AS "State",
                     ${attemptText(this.#tables)} AS "StateDate"
              FROM ${mainTable(this.#tables, source)} AS t WHERE ${wanted.sql}`,
        bindings: wanted.bindings,
      });
      standing.push(...rows.map((row) => standingRow(source, row)));
    }
    return standing;
  }

  #ourRows(streamingNos: readonly string[]): Fragment {
    const wanted = this.#tables.dialect.numberIn('t.StreamingNo', streamingNos);
    const ours = ourProducts(this.#tables, 't');
    return { sql: wanted.sql + ours.sql, bindings: [...wanted.bindings, ...ours.bindings] };
  }

  #updated(source: Source, rows: readonly { streamingNo: string; attributesStay?: boolean }[]) {
    return {
      source,
      table: mainTable(this.#tables, source),
      attributeTable: this.#tables.markAttributes ? attributeTable(this.#tables, source) : null,
      attributesStay: rows.filter((row) => row.attributesStay === true).map(({ streamingNo }) => streamingNo),
      ours: ourProducts(this.#tables, 't'),
    };
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
