import { oncePerKey, sources, type RowKey } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import type {
  BoundedQueries,
  ColumnDescription,
  FinishedRows,
  IndexDescription,
  MiddleKind,
  MiddleAdmin,
  ServerDescription,
} from '../admin-port.js';
import { notLocked } from '../changes.js';
import { refusedPrivileges } from '../shared-sql.js';
import { SqlMiddleAdmin, type AdminReads } from '../sql-middle-admin.js';
import type { MiddleTables } from '../tables.js';
import { oracleBoundedQueries } from './bounded-queries.js';
import { readColumns, readIndexes } from './catalog.js';
import { changeRows } from './change-rows.js';
import type { OracleDatabase } from './database.js';
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
import { attributeTable, dateText, mainTable, ourProducts } from './tables.js';

/** The operators' middle database on Oracle. */
export class OracleMiddleAdmin extends SqlMiddleAdmin {
  readonly kind: MiddleKind = 'oracle';
  readonly queries: BoundedQueries;
  readonly finished: FinishedRows;
  protected readonly reads: AdminReads;
  readonly #database: OracleDatabase;
  readonly #tables: MiddleTables;

  constructor(database: OracleDatabase, tables: MiddleTables) {
    super();
    this.queries = oracleBoundedQueries(database, tables);
    this.finished = new OracleFinishedRows(database, tables);
    this.reads = readsOf(database, tables);
    this.#database = database;
    this.#tables = tables;
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

  server(): Promise<ServerDescription> {
    return readServer(this.#database);
  }

  /** The driver tries the addresses of a connect string itself, and does not say which. */
  async hosts(): ReturnType<MiddleAdmin['hosts']> {
    return [];
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
}

/** One row per main table. */
const ofEachTable = 2;

/** The statements of `SqlMiddleAdmin` on Oracle. */
function readsOf(database: OracleDatabase, tables: MiddleTables): AdminReads {
  const ofBothTables = (select: string, where: string, group = '') =>
    sources
      .map(
        (source) => `SELECT '${source}' AS "source", ${select}
FROM ${mainTable(tables, source)} t WHERE ${where}${ourProducts(tables)} ${group}`,
      )
      .join('\nUNION ALL\n');
  const query = (sql: string, expected: number, binds = {}) => database.query({ sql, binds, expected });
  return {
    now: () => query(`SELECT ${dateText('SYSDATE')} AS "now" FROM DUAL`, 1),
    oldestPending: () => database.query(oldestPendingStatement(tables)),
    newestPending: () =>
      query(
        ofBothTables(`${dateText('MAX(t.CreateDate)')} AS "newest"`, `t.State = ${State.Initial}`),
        ofEachTable,
      ),
    createdAhead: () => database.query(createdAheadStatement(tables)),
    otherStates: (limit) => database.query(otherStatesStatement(tables, limit)),
    strays: (look) => database.query(straysStatement(tables, look)),
    othersInFront: (scan) => database.query(othersInFrontStatement(tables, scan)),
    tooManyAttributes: (limit) => database.query(tooManyAttributesStatement(tables, limit)),
    duplicates: (limit) => {
      const select = `t.StreamingNo AS "streaming_no", COUNT(*) AS "number"`;
      const group = 'GROUP BY t.StreamingNo HAVING COUNT(*) > 1';
      const all = ofBothTables(select, 't.StreamingNo IS NOT NULL', group);
      return query(`SELECT * FROM (\n${all}\n) WHERE ROWNUM <= :maxRows`, limit, { maxRows: limit });
    },
    withoutStreamingNo: () => {
      const open = `t.State IN (${State.Initial}, ${State.Processing})`;
      return query(ofBothTables(`COUNT(*) AS "number"`, `${open} AND t.StreamingNo IS NULL`), ofEachTable);
    },
    rows: (source, streamingNos) =>
      database.query(rowsStatement(tables, source, streamingNos, ['ErrContent', 'Remark'])),
    attributes: (source, streamingNos) =>
      database.query(firstAttributesStatement(tables, source, streamingNos)),
  };
}
