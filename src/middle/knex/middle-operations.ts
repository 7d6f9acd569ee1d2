import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialect.js';
import { attributeTableOf, sources, tableOf, type RowKey, type Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import type {
  ColumnDescription,
  FullRow,
  IndexDescription,
  MiddleKind,
  MiddleOperations,
  ServerDescription,
  StateCounts,
} from '../port.js';
import { catalogOf, type Catalog } from './catalog.js';
import {
  changedByTable,
  countsOf,
  duplicatesOf,
  fullRow,
  indexesOf,
  keysOf,
  latestDate,
  numbersOf,
  oldestAge,
} from '../operations.js';
import { refusedPrivileges } from '../probes.js';
import { attributesByRow } from '../rows.js';
import { serverOf } from './server.js';
import {
  attributeTable,
  mainTable,
  ourProducts,
  rowColumns,
  selectAttributes,
  type MiddleTables,
} from './tables.js';

/** What operators do with a middle database behind Knex: PostgreSQL and SQLite. */
export class KnexMiddleOperations implements MiddleOperations {
  readonly kind: MiddleKind;
  readonly #database: Database;
  readonly #tables: MiddleTables;
  readonly #catalog: Catalog;

  constructor(database: Database, tables: MiddleTables) {
    this.kind = database.dialect.name === 'pg' ? 'postgresql' : 'sqlite';
    this.#database = database;
    this.#tables = tables;
    this.#catalog = catalogOf[database.dialect.name];
  }

  async counts(): Promise<Readonly<Record<Source, StateCounts>>> {
    const rows = await this.#ofBothTables(
      (source) => `SELECT '${source}' AS source, t.State AS state, count(*) AS number`,
      (ours) => ({ sql: `TRUE${ours.sql} GROUP BY t.State`, bindings: ours.bindings }),
    );
    return countsOf(rows);
  }

  async oldestPendingSeconds(): Promise<number | null> {
    const age = this.#tables.dialect.ageSeconds('min(t.CreateDate)');
    const rows = await this.#ofBothTables(() => `SELECT ${age} AS age`, pending);
    return oldestAge(rows.map((row) => row['age']));
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
      const rows = await this.#read(source, this.#tables.dialect.numberIn('t.StreamingNo', streamingNos));
      const attributes = await this.#database.execute(selectAttributes(this.#tables, source, streamingNos));
      const byRow = attributesByRow(attributes.rows);
      found.push(...rows.map((row) => ({ ...row, attributes: byRow.get(row.streamingNo) ?? [] })));
    }
    return found;
  }

  async requeue(keys: readonly RowKey[]): Promise<readonly RowKey[]> {
    return changedByTable(keys, (source, streamingNos) => this.#requeueRows(source, streamingNos));
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
        `SELECT '${source}' AS source, CAST(t.StreamingNo AS TEXT) AS streaming_no, count(*) AS number`,
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

  async server(): Promise<ServerDescription> {
    return serverOf(this.#database);
  }

  async columns(): Promise<readonly ColumnDescription[]> {
    const { rows } = await this.#database.execute(this.#catalog.columns(this.#allTables()));
    return rows.map((row) => ({
      table: String(row['table_name']),
      column: String(row['column_name']),
      type: String(row['type']),
    }));
  }

  async indexes(): Promise<readonly IndexDescription[]> {
    const { rows } = await this.#database.execute(this.#catalog.indexes(this.#allTables()));
    return indexesOf(rows);
  }

  async missingPrivileges(): Promise<readonly { readonly privilege: string; readonly error: string }[]> {
    return refusedPrivileges(
      {
        mainTable: (source) => mainTable(this.#tables, source),
        attributeTable: (source) => attributeTable(this.#tables, source),
        markAttributes: this.#tables.markAttributes,
      },
      (sql) => this.#database.execute({ sql, bindings: [] }),
    );
  }

  async #requeueRows(source: Source, streamingNos: readonly string[]): Promise<readonly string[]> {
    const { dialect } = this.#tables;
    const ours = ourProducts(this.#tables, 't');
    return dialect.update(this.#database, {
      table: mainTable(this.#tables, source),
      attributeTable: this.#tables.markAttributes ? attributeTable(this.#tables, source) : null,
      asked: dialect.recordset(
        { streaming_no: 'number' },
        streamingNos.map((streamingNo) => [streamingNo]),
        'a',
      ),
      set: `State = ${State.Initial}, ErrContent = NULL, StateDate = ${dialect.laterOfNowAnd('t.StateDate')}`,
      leadsTo: [State.Initial],
      expects: State.Failed,
      guard: ours,
    });
  }

  /** Rows of a table without their attributes; other products' rows do not exist. */
  async #read(source: Source, { sql, bindings }: Fragment): Promise<FullRow[]> {
    const ours = ourProducts(this.#tables, 't');
    const { rows } = await this.#database.execute({
      sql: `SELECT ${rowColumns(this.#tables, source, ['ErrContent', 'Remark'])}
            FROM ${mainTable(this.#tables, source)} AS t WHERE TRUE${ours.sql} AND ${sql}`,
      bindings: [...ours.bindings, ...bindings],
    });
    return rows.map((row) => fullRow(source, row));
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

  #allTables(): string[] {
    return sources.flatMap((source) =>
      this.#database.dialect.name === 'pg'
        ? [mainTable(this.#tables, source), attributeTable(this.#tables, source)]
        : [tableOf[source], attributeTableOf[source]],
    );
  }
}

function pending(ours: Fragment): Fragment {
  return { sql: `t.State = ${State.Initial}${ours.sql}`, bindings: ours.bindings };
}
