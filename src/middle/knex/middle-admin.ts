import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import { byTable, oncePerKey, rowId, sources, type RowKey } from '../../domain/keys.js';
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
import { knexBoundedQueries } from './bounded-queries.js';
import { readColumns, readIndexes } from './catalog.js';
import { changeRows } from './change-rows.js';
import type { MiddleDialect } from './dialect.js';
import { KnexFinishedRows } from './finished-rows.js';
import {
  createdAheadStatement,
  oldestPendingStatement,
  othersInFrontStatement,
  otherStatesStatement,
  straysStatement,
  tooManyAttributesStatement,
} from './irregular.js';
import { readServer } from './server.js';
import { attributeCount, firstAttributesStatement, requeueStatement, rowsStatement } from './statements.js';
import { attributeTable, mainTable, ourProducts, type KnexTables } from './tables.js';

/** The operators' middle database behind Knex: PostgreSQL and SQLite. */
export class KnexMiddleAdmin extends SqlMiddleAdmin {
  readonly kind: MiddleKind;
  readonly queries: BoundedQueries;
  readonly finished: FinishedRows;
  protected readonly reads: AdminReads;
  readonly #database: Database;
  readonly #tables: KnexTables;

  /** Bounded queries have sessions of their own if `searched` is another database than `database`. */
  constructor(database: Database, tables: KnexTables, searched = database) {
    super();
    this.kind = database.dialect.kind;
    this.queries = knexBoundedQueries(searched, tables);
    this.finished = new KnexFinishedRows(database, tables);
    this.reads = readsOf(database, tables);
    this.#database = database;
    this.#tables = tables;
  }

  async requeue(keys: readonly RowKey[], failedUntil?: string): Promise<readonly RowKey[]> {
    if (keys.length === 0) return [];
    const change = { rows: keys, chosen: notLocked<RowKey> };
    const attributesStay = await this.#withTooManyAttributes(keys);
    const { changed } = await changeRows(this.#database, this.#tables, change, (source, rows) =>
      requeueStatement(this.#tables, source, rows, { attributesStay, failedUntil }),
    );
    return oncePerKey(changed);
  }

  server(): Promise<ServerDescription> {
    return readServer(this.#database);
  }

  hosts(): ReturnType<MiddleAdmin['hosts']> {
    return this.#database.hosts();
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
        lock: this.#tables.dialect.rowLocks === undefined ? '' : 'FOR UPDATE',
      },
      (sql) => this.#database.execute({ sql, bindings: [] }),
    );
  }

  /** Rows, by `rowId`, whose attribute rows stay unchanged: more than a worker changes. */
  async #withTooManyAttributes(keys: readonly RowKey[]): Promise<ReadonlySet<string>> {
    const { dialect, markAttributes, maxAttributes } = this.#tables;
    const found = new Set<string>();
    if (!markAttributes) return found;
    for (const { source, streamingNos } of byTable(keys)) {
      const asked = askedNumbers(dialect, streamingNos);
      const { rows } = await this.#database.execute({
        sql: `SELECT * FROM (SELECT CAST(a.streaming_no AS TEXT) AS streaming_no,
                                    ${attributeCount(this.#tables, source, 'a.streaming_no')} AS number FROM ${asked.sql}) AS c
              WHERE c.number > ${maxAttributes}`,
        bindings: asked.bindings,
      });
      for (const row of rows) found.add(rowId({ source, streamingNo: String(row['streaming_no']) }));
    }
    return found;
  }
}

/** The statements of `SqlMiddleAdmin` on PostgreSQL and SQLite. */
function readsOf(database: Database, tables: KnexTables): AdminReads {
  const { dialect } = tables;
  const query = async (statement: Fragment) => (await database.execute(statement)).rows;
  const ours = ourProducts(tables, 't');
  const ofBothTables = (select: string, where: string, { group = '', limit = '' } = {}) => {
    const parts = sources.map(
      (source) => `SELECT '${source}' AS source, ${select}
                   FROM ${mainTable(tables, source)} AS t WHERE ${where}${ours.sql} ${group}`,
    );
    const bindings = parts.flatMap(() => ours.bindings);
    return query({ sql: `${parts.join(' UNION ALL ')} ${limit}`, bindings });
  };
  return {
    now: () => query({ sql: `SELECT ${dialect.dateText(dialect.now)} AS now`, bindings: [] }),
    oldestPending: () => query(oldestPendingStatement(tables)),
    newestPending: () =>
      ofBothTables(`${dialect.dateText('max(t.CreateDate)')} AS newest`, `t.State = ${State.Initial}`),
    createdAhead: () => query(createdAheadStatement(tables)),
    otherStates: (limit) => query(otherStatesStatement(tables, limit)),
    strays: (look) => query(straysStatement(tables, look)),
    othersInFront: (scan) => query(othersInFrontStatement(tables, scan)),
    tooManyAttributes: (limit) => query(tooManyAttributesStatement(tables, limit)),
    duplicates: (limit) =>
      ofBothTables(
        `${dialect.numberText('t.StreamingNo')} AS streaming_no, count(*) AS number`,
        't.StreamingNo IS NOT NULL',
        { group: 'GROUP BY t.StreamingNo HAVING count(*) > 1', limit: `LIMIT ${limit}` },
      ),
    withoutStreamingNo: () =>
      ofBothTables(
        'count(*) AS number',
        `t.State IN (${State.Initial}, ${State.Processing}) AND t.StreamingNo IS NULL`,
      ),
    rows: (source, streamingNos) =>
      query(rowsStatement(tables, source, streamingNos, ['ErrContent', 'Remark'])),
    attributes: (source, streamingNos) => query(firstAttributesStatement(tables, source, streamingNos)),
  };
}

function askedNumbers(dialect: MiddleDialect, streamingNos: readonly string[]): Fragment {
  return dialect.recordset(
    { streaming_no: 'number' },
    streamingNos.map((streamingNo) => [streamingNo]),
    'a',
  );
}
