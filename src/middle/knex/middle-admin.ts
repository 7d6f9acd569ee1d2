import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import { byTable, oncePerKey, rowId, sources, type RowKey, type Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
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
import { knexBoundedQueries } from './bounded-queries.js';
import { readColumns, readIndexes } from './catalog.js';
import { changeRows } from './change-rows.js';
import type { MiddleDialect } from './dialect.js';
import { KnexFinishedRows } from './finished-rows.js';
import {
  countsOf,
  duplicatesOf,
  fullRow,
  keysOf,
  latestDate,
  numbersOf,
  oldestAge,
} from '../admin-results.js';
import { createdAheadOf, otherStatesOf, straysOf } from '../irregular.js';
import { refusedPrivileges } from '../shared-sql.js';
import { attributesByRow } from '../rows.js';
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

/** What operators do with a middle database behind Knex: PostgreSQL and SQLite. */
export class KnexMiddleAdmin implements MiddleAdmin {
  readonly kind: MiddleKind;
  readonly queries: BoundedQueries;
  readonly finished: FinishedRows;
  readonly #database: Database;
  readonly #tables: KnexTables;

  /** Bounded queries run in sessions of their own where `searched` is another database than `database`. */
  constructor(database: Database, tables: KnexTables, searched = database) {
    this.queries = knexBoundedQueries(searched, tables);
    this.finished = new KnexFinishedRows(database, tables);
    this.kind = database.dialect.kind;
    this.#database = database;
    this.#tables = tables;
  }

  async counts(): Promise<Readonly<Record<Source, StateCounts>>> {
    const rows = await this.#ofBothTables(
      (source) =>
        `SELECT '${source}' AS source, ${this.#tables.dialect.numberText('t.State')} AS state, count(*) AS number`,
      (ours) => ({ sql: `TRUE${ours.sql} GROUP BY t.State`, bindings: ours.bindings }),
    );
    return countsOf(rows);
  }

  async oldestPendingSeconds(): Promise<number | null> {
    const { rows } = await this.#database.execute(oldestPendingStatement(this.#tables));
    return oldestAge(rows.map((row) => row['age']));
  }

  async createdAhead(): Promise<CreatedAhead> {
    return createdAheadOf((await this.#database.execute(createdAheadStatement(this.#tables))).rows);
  }

  async otherStates(limit: number): Promise<readonly OtherStateRow[]> {
    return otherStatesOf((await this.#database.execute(otherStatesStatement(this.#tables, limit))).rows);
  }

  async strayAttributes(
    look: Parameters<MiddleAdmin['strayAttributes']>[0],
  ): ReturnType<MiddleAdmin['strayAttributes']> {
    return straysOf((await this.#database.execute(straysStatement(this.#tables, look))).rows);
  }

  async othersInFront(scan: number): Promise<Readonly<Record<Source, number>>> {
    return numbersOf((await this.#database.execute(othersInFrontStatement(this.#tables, scan))).rows);
  }

  async tooManyAttributes(limit: number): ReturnType<MiddleAdmin['tooManyAttributes']> {
    return duplicatesOf((await this.#database.execute(tooManyAttributesStatement(this.#tables, limit))).rows);
  }

  async newestPending(): Promise<string | null> {
    const newest = this.#tables.dialect.dateText('max(t.CreateDate)');
    const rows = await this.#ofBothTables(() => `SELECT ${newest} AS newest`, pending);
    return latestDate(rows.map((row) => row['newest']));
  }

  async find(keys: readonly RowKey[]): Promise<readonly FullRow[]> {
    const found: FullRow[] = [];
    for (const source of sources) {
      const streamingNos = keysOf(keys, source);
      if (streamingNos.length === 0) continue;
      const { rows } = await this.#database.execute(
        rowsStatement(this.#tables, source, streamingNos, ['ErrContent', 'Remark']),
      );
      const attributes = await this.#database.execute(
        firstAttributesStatement(this.#tables, source, streamingNos),
      );
      const byRow = attributesByRow(attributes.rows);
      for (const row of rows.map((each) => fullRow(source, each)))
        found.push({ ...row, attributes: byRow.get(row.streamingNo) ?? [] });
    }
    return found;
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

  async now(): Promise<string> {
    const { dialect } = this.#tables;
    const { rows } = await this.#database.execute({
      sql: `SELECT ${dialect.dateText(dialect.now)} AS now`,
      bindings: [],
    });
    return String(rows[0]?.['now']);
  }

  async duplicates(limit: number): Promise<readonly (RowKey & { readonly count: number })[]> {
    const rows = await this.#ofBothTables(
      (source) =>
        `SELECT '${source}' AS source, ${this.#tables.dialect.numberText('t.StreamingNo')} AS streaming_no,
                count(*) AS number`,
      (ours) => ({
        sql: `t.StreamingNo IS NOT NULL${ours.sql} GROUP BY t.StreamingNo HAVING count(*) > 1`,
        bindings: ours.bindings,
      }),
      ` LIMIT ${limit}`,
    );
    return duplicatesOf(rows);
  }

  async withoutStreamingNo(): Promise<Readonly<Record<Source, number>>> {
    const rows = await this.#ofBothTables(
      (source) => `SELECT '${source}' AS source, count(*) AS number`,
      (ours) => ({
        sql: `t.State IN (${State.Initial}, ${State.Processing}) AND t.StreamingNo IS NULL${ours.sql}`,
        bindings: ours.bindings,
      }),
    );
    return numbersOf(rows);
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
        lock: this.#tables.dialect.rowLocks === undefined ? '' : 'FOR UPDATE',
      },
      (sql) => this.#database.execute({ sql, bindings: [] }),
    );
  }

  /** Rows, by `rowId`, whose attribute rows stay as they are: there are more than a worker changes. */
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

  /** One statement over our products' rows of both tables. */
  async #ofBothTables(
    select: (source: Source) => string,
    where: (ours: Fragment) => Fragment,
    limit = '',
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const parts = sources.map((source) => {
      const { sql, bindings } = where(ourProducts(this.#tables, 't'));
      return { sql: `${select(source)} FROM ${mainTable(this.#tables, source)} AS t WHERE ${sql}`, bindings };
    });
    const { rows } = await this.#database.execute({
      sql: parts.map(({ sql }) => sql).join(' UNION ALL ') + limit,
      bindings: parts.flatMap(({ bindings }) => bindings),
    });
    return rows;
  }
}

function askedNumbers(dialect: MiddleDialect, streamingNos: readonly string[]): Fragment {
  return dialect.recordset(
    { streaming_no: 'number' },
    streamingNos.map((streamingNo) => [streamingNo]),
    'a',
  );
}

function pending(ours: Fragment): Fragment {
  return { sql: `t.State = ${State.Initial}${ours.sql}`, bindings: ours.bindings };
}
