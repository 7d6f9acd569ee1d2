import { sources, type Source } from '../../domain/keys.js';
import type { InterfaceRow } from '../../domain/rows.js';
import { State } from '../../domain/states.js';
import type {
  ClaimRequest,
  ClaimResult,
  Mark,
  MarkConflict,
  MarkResult,
  MiddleDatabase,
  Page,
  PollRequest,
} from '../port.js';
import { attributesByRow, conflictsOf, interfaceRow, polledRow, unanswered } from '../rows.js';
import { changeRows } from './change-rows.js';
import type { OracleDatabase } from './database.js';
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

  constructor(database: OracleDatabase, tables: OracleTables) {
    this.#database = database;
    this.#tables = tables;
  }

  async poll(request: PollRequest): Promise<Page> {
    const rows = await this.#database.query(pollQuery(this.#tables, request));
    return { rows: rows.map(polledRow), now: String(rows[0]?.['now'] ?? '') };
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimResult> {
    let claimed = 0;
    const rows: InterfaceRow[] = [];
    for (const source of sources) {
      const ofTable = requests.filter(({ row }) => row.source === source);
      if (ofTable.length === 0) continue;
      claimed += await this.#claimRows(source, State.Initial, ofTable);
      await this.#claimRows(source, State.Processing, ofTable);
      const streamingNos = ofTable.map(({ row }) => row.streamingNo);
      rows.push(...(await this.#read(source, streamingNos)));
    }
    return { claimed, rows };
  }

  async mark(marks: readonly Mark[]): Promise<MarkResult> {
    let marked = 0;
    const conflicts: MarkConflict[] = [];
    for (const source of sources) {
      const ofTable = marks.filter((mark) => mark.source === source);
      if (ofTable.length === 0) continue;
      const batch = markBatch(this.#tables, source, ofTable);
      const leadsTo = [State.Succeeded, State.Failed];
      const changed = await changeRows(this.#database, this.#tables, { source, batch, leadsTo });
      const unchanged = unanswered(ofTable, changed);
      marked += ofTable.length - unchanged.length;
      if (unchanged.length > 0) conflicts.push(...(await this.#conflicts(source, unchanged)));
    }
    return { marked, conflicts };
  }

  async hasOpenRows(): Promise<boolean> {
    const open = `t.State IN (${State.Initial}, ${State.Processing}) AND t.StreamingNo IS NOT NULL`;
    const exists = sources.map(
      (source) =>
        `EXISTS (SELECT 1 FROM ${mainTable(this.#tables, source)} t WHERE ${open}${ourProducts(this.#tables)})`,
    );
    const sql = `SELECT CASE WHEN ${exists.join(' OR ')} THEN 1 ELSE 0 END AS "open" FROM DUAL`;
    const rows = await this.#database.query({ sql, binds: {}, expected: 1 });
    return rows[0]?.['open'] === '1';
  }

  async ping(): Promise<void> {
    await this.#database.query({ sql: 'SELECT 1 FROM DUAL', binds: {}, expected: 1 });
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  /** Starts a new attempt at the rows polled in this State; one taken over keeps its StateDate where it has one. */
  async #claimRows(source: Source, expects: State, requests: readonly ClaimRequest[]): Promise<number> {
    const rows = requests
      .filter(({ row }) => row.state === expects && (expects === State.Initial || row.stateDate === null))
      .map(({ row, newestAttempt }) => ({ streamingNo: row.streamingNo, newest: newestAttempt }));
    if (rows.length === 0) return 0;
    const batch = claimBatch(this.#tables, source, expects, rows);
    const leadsTo = [State.Processing];
    return (await changeRows(this.#database, this.#tables, { source, batch, leadsTo })).length;
  }

  async #read(source: Source, streamingNos: readonly string[]): Promise<readonly InterfaceRow[]> {
    const rows = await this.#database.query(rowsQuery(this.#tables, source, streamingNos));
    const attributes = await this.#database.query(attributesQuery(this.#tables, source, streamingNos));
    const byRow = attributesByRow(attributes);
    return rows.map((row) => interfaceRow(source, row, byRow.get(String(row['StreamingNo'])) ?? []));
  }

  async #conflicts(source: Source, marks: readonly Mark[]): Promise<readonly MarkConflict[]> {
    const streamingNos = marks.map((mark) => mark.streamingNo);
    const standing = await this.#database.query(standingQuery(this.#tables, source, streamingNos));
    return conflictsOf(marks, standing);
  }
}
