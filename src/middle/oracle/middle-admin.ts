import { oncePerKey, sources, type RowKey, type Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import {
  countsOf,
  duplicatesOf,
  fullRow,
  keysOf,
  latestDate,
  numbersOf,
  oldestAge,
} from '../admin-results.js';
import type { CreatedAhead } from '../port.js';
import type {
  BoundedQueries,
  ColumnDescription,
  FinishedRows,
  FullRow,
  IndexDescription,
  MiddleKind,
  MiddleAdmin,
  OtherStateRow,
  ServerDescription,
  StateCounts,
} from '../admin-port.js';
import { notLocked } from '../changes.js';
import { createdAheadOf, otherStatesOf, straysOf } from '../irregular.js';
import { refusedPrivileges } from '../shared-sql.js';
import { attributesByRow } from '../rows.js';
import { oracleBoundedQueries } from './bounded-queries.js';
import { readColumns, readIndexes } from './catalog.js';
import { changeRows } from './change-rows.js';
import type { OracleDatabase, OracleRow } from './database.js';
import { OracleFinishedRows } from './finished-rows.js';
import {
  createdAheadStatement,
  oldestPendingStatement,
  othersInFrontStatement,
  otherStatesStatement,
  straysStatement,
  tooManyAttributesStatement,
} from './irregular.js';
import { readServer } from './server.js';
import { firstAttributesStatement, requeueStatement, rowsStatement } from './statements.js';
import type { MiddleTables } from '../tables.js';
import { attributeTable, dateText, mainTable, ourProducts } from './tables.js';

const more = ['ErrContent', 'Remark'];
const pending = `t.State = ${State.Initial}`;

/** What operators do with a middle database on Oracle. */
export class OracleMiddleAdmin implements MiddleAdmin {
  readonly kind: MiddleKind = 'oracle';
  readonly queries: BoundedQueries;
  readonly finished: FinishedRows;
  readonly #database: OracleDatabase;
  readonly #tables: MiddleTables;

  constructor(database: OracleDatabase, tables: MiddleTables) {
    this.queries = oracleBoundedQueries(database, tables);
    this.finished = new OracleFinishedRows(database, tables);
    this.#database = database;
    this.#tables = tables;
  }

  async counts(): Promise<Readonly<Record<Source, StateCounts>>> {
    return countsOf(
      await this.#ofBothTables({
        select: `t.State AS "state", COUNT(*) AS "number"`,
        where: '1 = 1',
        group: 'GROUP BY t.State',
      }),
    );
  }

  async oldestPendingSeconds(): Promise<number | null> {
    const rows = await this.#database.query(oldestPendingStatement(this.#tables));
    return oldestAge(rows.map((row) => row['age']));
  }

  async createdAhead(): Promise<CreatedAhead> {
    return createdAheadOf(await this.#database.query(createdAheadStatement(this.#tables)));
  }

  async otherStates(limit: number): Promise<readonly OtherStateRow[]> {
    return otherStatesOf(await this.#database.query(otherStatesStatement(this.#tables, limit)));
  }

  async strayAttributes(
    look: Parameters<MiddleAdmin['strayAttributes']>[0],
  ): ReturnType<MiddleAdmin['strayAttributes']> {
    return straysOf(await this.#database.query(straysStatement(this.#tables, look)));
  }

  async othersInFront(scan: number): Promise<Readonly<Record<Source, number>>> {
    return numbersOf(await this.#database.query(othersInFrontStatement(this.#tables, scan)));
  }

  async tooManyAttributes(limit: number): ReturnType<MiddleAdmin['tooManyAttributes']> {
    return duplicatesOf(await this.#database.query(tooManyAttributesStatement(this.#tables, limit)));
  }

  async newestPending(): Promise<string | null> {
    const select = `${dateText('MAX(t.CreateDate)')} AS "newest"`;
    const rows = await this.#ofBothTables({ select, where: pending });
    return latestDate(rows.map((row) => row['newest']));
  }

  async find(keys: readonly RowKey[]): Promise<readonly FullRow[]> {
    const found: FullRow[] = [];
    for (const source of sources) {
      const streamingNos = keysOf(keys, source);
      if (streamingNos.length === 0) continue;
      const rows = await this.#database.query(rowsStatement(this.#tables, source, streamingNos, more));
      const attributes = await this.#database.query(
        firstAttributesStatement(this.#tables, source, streamingNos),
      );
      const byRow = attributesByRow(attributes);
      for (const row of rows.map((each) => fullRow(source, each)))
        found.push({ ...row, attributes: byRow.get(row.streamingNo) ?? [] });
    }
    return found;
  }

  async requeue(keys: readonly RowKey[], failedUntil?: string): Promise<readonly RowKey[]> {
    if (keys.length === 0) return [];
    const change = { rows: keys, chosen: notLocked<RowKey> };
    const { changed } = await changeRows(this.#database, this.#tables, change, {
      where: `t.State = ${State.Failed}`,
      batchOf: (source, rows) =>
        requeueStatement(this.#tables, source, {
          streamingNos: rows.map(({ streamingNo }) => streamingNo),
          failedUntil,
        }),
      leadsTo: [State.Initial],
    });
    return oncePerKey(changed);
  }

  async now(): Promise<string> {
    const sql = `SELECT ${dateText('SYSDATE')} AS "now" FROM DUAL`;
    const rows = await this.#database.query({ sql, binds: {}, expected: 1 });
    return String(rows[0]?.['now']);
  }

  async duplicates(limit: number): ReturnType<MiddleAdmin['duplicates']> {
    const rows = await this.#ofBothTables({
      select: `t.StreamingNo AS "streaming_no", COUNT(*) AS "number"`,
      where: 't.StreamingNo IS NOT NULL',
      group: 'GROUP BY t.StreamingNo HAVING COUNT(*) > 1',
      limit,
    });
    return duplicatesOf(rows);
  }

  async withoutStreamingNo(): Promise<Readonly<Record<Source, number>>> {
    const open = `t.State IN (${State.Initial}, ${State.Processing})`;
    return numbersOf(
      await this.#ofBothTables({
        select: `COUNT(*) AS "number"`,
        where: `${open} AND t.StreamingNo IS NULL`,
      }),
    );
  }

  server(): Promise<ServerDescription> {
    return readServer(this.#database);
  }

  columns(): Promise<readonly ColumnDescription[]> {
    return readColumns(this.#database, this.#tables);
  }

  indexes(): Promise<readonly IndexDescription[]> {
    return readIndexes(this.#database, this.#tables);
  }

  missingPrivileges(): ReturnType<MiddleAdmin['missingPrivileges']> {
    return refusedPrivileges(
      {
        mainTable: (source) => mainTable(this.#tables, source),
        attributeTable: (source) => attributeTable(this.#tables, source),
        markAttributes: this.#tables.markAttributes,
        lock: 'FOR UPDATE',
      },
      (sql) => this.#database.command(sql),
    );
  }

  /** One statement over our products' rows of both tables. */
  async #ofBothTables({ select, where, group = '', limit }: Question): Promise<readonly OracleRow[]> {
    const parts = sources.map(
      (source) => `SELECT '${source}' AS "source", ${select}
FROM ${mainTable(this.#tables, source)} t WHERE ${where}${ourProducts(this.#tables)} ${group}`,
    );
    const sql = parts.join('\nUNION ALL\n');
    if (limit === undefined) return this.#database.query({ sql, binds: {}, expected: groupsAtMost });
    const limited = `SELECT * FROM (\n${sql}\n) WHERE ROWNUM <= :maxRows`;
    return this.#database.query({ sql: limited, binds: { maxRows: limit }, expected: limit });
  }
}

/** Rows of both tables, asked about in one statement. */
interface Question {
  readonly select: string;
  readonly where: string;
  readonly group?: string;
  /** The most rows to return. */
  readonly limit?: number;
}

/** States of both tables. */
const groupsAtMost = 10;
