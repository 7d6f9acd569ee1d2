import type { Database } from '../../database/database.js';
import type { Fragment } from '../../database/dialect.js';
import { DatabaseError } from '../../database/errors.js';
import {
  attributeTableOf,
  compareNumbers,
  sources,
  tableOf,
  type RowKey,
  type Source,
} from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import type {
  ColumnDescription,
  FailedFilter,
  FullRow,
  IndexDescription,
  MiddleKind,
  MiddleOperations,
  StateCounts,
} from '../port.js';
import { catalogOf, type Catalog } from './catalog.js';
import { probes } from './probes.js';
import {
  attributesByRow,
  attributeTable,
  cell,
  interfaceRow,
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
    const counts = { CUST: noRows(), ACCOUNT: noRows() };
    for (const row of rows) {
      const state = String(row['state']);
      if (isCounted(state))
        counts[row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT'][state] = Number(row['number']);
    }
    return counts;
  }

  async oldestPendingSeconds(): Promise<number | null> {
    const age = this.#tables.dialect.ageSeconds('min(t.CreateDate)');
    const rows = await this.#ofBothTables(() => `SELECT ${age} AS age`, pending);
    const ages = rows.flatMap((row) => (row['age'] === null ? [] : [Number(row['age'])]));
    return ages.length === 0 ? null : Math.max(0, Math.floor(Math.max(...ages)));
  }

  async newestPending(): Promise<string | null> {
    const newest = this.#tables.dialect.dateText('max(t.CreateDate)');
    const rows = await this.#ofBothTables(() => `SELECT ${newest} AS newest`, pending);
    const dates = rows.map((row) => cell(row['newest'])).filter((date) => date !== null);
    return dates.sort().at(-1) ?? null;
  }

  async failed(filter: FailedFilter): Promise<readonly FullRow[]> {
    const rows: FullRow[] = [];
    for (const source of sources) {
      const { sql, bindings } = failedCondition(this.#tables, filter);
      const newestFirst = `t.StateDate DESC NULLS LAST, length(CAST(t.StreamingNo AS TEXT)) DESC, t.StreamingNo DESC`;
      rows.push(
        ...(await this.#read(source, {
          sql: `${sql} ORDER BY ${newestFirst} LIMIT ${filter.limit}`,
          bindings,
        })),
      );
    }
    return rows.sort(newestStateFirst).slice(0, filter.limit);
  }

  async find(keys: readonly RowKey[]): Promise<readonly FullRow[]> {
    const found: FullRow[] = [];
    for (const source of sources) {
      const streamingNos = keys.filter((key) => key.source === source).map((key) => key.streamingNo);
      if (streamingNos.length === 0) continue;
      const rows = await this.#read(source, this.#tables.dialect.numberIn('t.StreamingNo', streamingNos));
      const attributes = await this.#database.execute(selectAttributes(this.#tables, source, streamingNos));
      const byRow = attributesByRow(attributes.rows);
      found.push(...rows.map((row) => ({ ...row, attributes: byRow.get(row.streamingNo) ?? [] })));
    }
    return found;
  }

  async requeue(keys: readonly RowKey[]): Promise<readonly RowKey[]> {
    const moved: RowKey[] = [];
    for (const source of sources) {
      const ofTable = keys.filter((key) => key.source === source);
      if (ofTable.length === 0) continue;
      const changed = await this.#requeueRows(source, ofTable);
      moved.push(...[...new Set(changed)].map((streamingNo) => ({ source, streamingNo })));
    }
    return moved;
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
    return rows.map((row) => ({
      source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT',
      streamingNo: String(row['streaming_no']),
      count: Number(row['number']),
    }));
  }

  async withoutStreamingNo(): Promise<Readonly<Record<Source, number>>> {
    const rows = await this.#ofBothTables(
      (source) => `SELECT '${source}' AS source, count(*) AS number`,
      (ours) => ({
        sql: `t.State IN (${State.Initial}, ${State.Processing}) AND t.StreamingNo IS NULL${ours.sql}`,
        bindings: ours.bindings,
      }),
    );
    const counts = { CUST: 0, ACCOUNT: 0 };
    for (const row of rows) counts[row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT'] = Number(row['number']);
    return counts;
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
    const indexes = new Map<string, { table: string; columns: string[] }>();
    for (const row of rows) {
      const name = String(row['index_name']);
      const index = indexes.get(name) ?? { table: String(row['table_name']), columns: [] };
      index.columns.push(String(row['column_name']));
      indexes.set(name, index);
    }
    return [...indexes.values()];
  }

  async missingPrivileges(): Promise<readonly { readonly privilege: string; readonly error: string }[]> {
    const missing: { privilege: string; error: string }[] = [];
    for (const { privilege, sql } of probes(this.#tables)) {
      try {
        await this.#database.execute({ sql, bindings: [] });
      } catch (error) {
        if (!(error instanceof DatabaseError) || isOutage.has(error.kind)) throw error;
        missing.push({ privilege, error: error.message });
      }
    }
    return missing;
  }

  async #requeueRows(source: Source, keys: readonly RowKey[]): Promise<readonly string[]> {
    const { dialect } = this.#tables;
    const ours = ourProducts(this.#tables, 't');
    return dialect.update(this.#database, {
      table: mainTable(this.#tables, source),
      attributeTable: this.#tables.markAttributes ? attributeTable(this.#tables, source) : null,
      asked: dialect.recordset(
        { streaming_no: 'number' },
        keys.map(({ streamingNo }) => [streamingNo]),
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
    return rows.map((row) => ({
      ...interfaceRow(source, row, []),
      errContent: cell(row['ErrContent']),
      remark: cell(row['Remark']),
    }));
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

const isOutage = new Set(['unreachable', 'credentials', 'connectionLost', 'timeout', 'conflict']);

function pending(ours: Fragment): Fragment {
  return { sql: `t.State = ${State.Initial}${ours.sql}`, bindings: ours.bindings };
}

function failedCondition({ dialect }: MiddleTables, filter: FailedFilter): Fragment {
  const conditions: Fragment[] = [{ sql: `t.State = ${State.Failed}`, bindings: [] }];
  if (filter.code !== undefined)
    conditions.push({ sql: 'substr(t.ErrContent, 1, 5) = ?', bindings: [filter.code] });
  if (filter.productId !== undefined) conditions.push(dialect.numberIn('t.ProductID', [filter.productId]));
  if (filter.custId !== undefined) conditions.push(dialect.numberIn('t.CustID', [filter.custId]));
  if (filter.since !== undefined) conditions.push({ sql: 't.StateDate >= ?', bindings: [filter.since] });
  return {
    sql: conditions.map(({ sql }) => sql).join(' AND '),
    bindings: conditions.flatMap(({ bindings }) => bindings),
  };
}

function newestStateFirst(a: FullRow, b: FullRow): number {
  const [dateA, dateB] = [a.stateDate ?? '', b.stateDate ?? ''];
  if (dateA !== dateB) return dateA < dateB ? 1 : -1;
  return compareNumbers(b.streamingNo, a.streamingNo);
}

type Counts = Record<keyof StateCounts, number>;

function noRows(): Counts {
  return { '0': 0, '1': 0, '2': 0, '3': 0 };
}

function isCounted(state: string): state is keyof StateCounts {
  return Object.hasOwn(noRows(), state);
}
