import type { Database } from '../../database/database.js';
import type { Dialect, Fragment } from '../../database/dialect.js';
import { State } from '../../domain/states.js';
import { readFinishedPage, type FinishedStep } from '../finished.js';
import type { FinishedPage, FinishedRequest, FinishedRows } from '../port.js';
import type { DriverRow } from '../rows.js';
import { mainTable, ourProducts, rowColumns, selectAttributes, type MiddleTables } from './tables.js';

/** What PostgreSQL and SQLite write differently: numbers and dates are TEXT in SQLite. */
interface Words {
  readonly order: string;
  /** A CreateDate from a bound text. */
  readonly date: string;
  greaterNumber(column: string, number: string): Fragment;
}

const wordsOf: Readonly<Record<Dialect['name'], Words>> = {
  pg: {
    order: 't.CreateDate NULLS FIRST, t.StreamingNo',
    date: '?::timestamp',
    greaterNumber: (column, number) => ({ sql: `${column} > ?::numeric`, bindings: [number] }),
  },
  'better-sqlite3': {
    order: 't.CreateDate, length(t.StreamingNo), t.StreamingNo',
    date: '?',
    greaterNumber: (column, number) => ({
      sql: `(length(${column}), ${column}) > (?, ?)`,
      bindings: [number.length, number],
    }),
  },
};

/** The finished rows of a middle database behind Knex: PostgreSQL and SQLite. */
export class KnexFinishedRows implements FinishedRows {
  readonly #database: Database;
  readonly #tables: MiddleTables;

  constructor(database: Database, tables: MiddleTables) {
    this.#database = database;
    this.#tables = tables;
  }

  async page(request: FinishedRequest): Promise<FinishedPage> {
    return readFinishedPage(request, {
      rows: (step, limit) => this.#run(this.#statement(request, step, limit)),
      attributes: (streamingNos) => this.#run(selectAttributes(this.#tables, request.source, streamingNos)),
    });
  }

  #statement(request: FinishedRequest, step: FinishedStep, limit: number): Fragment {
    const tables = this.#tables;
    const { source, custIds, productId } = request;
    const words = wordsOf[this.#database.dialect.name];
    const table = mainTable(tables, source);
    // Read first and apart, so that no planner walks all finished rows to find those of a few customers.
    const own =
      custIds === undefined ? null : withPrefix(table, tables.dialect.numberIn('m.CustID', custIds));
    const conditions = [
      ...conditionsOf(step, words),
      ourProducts(tables, 't'),
      ...(productId === undefined ? [] : [anded(tables.dialect.numberIn('t.ProductID', [productId]))]),
    ];
    return {
      sql: `${own?.sql ?? ''}SELECT ${rowColumns(tables, source)}, CAST(t.CreateDate AS TEXT) AS "Position"
            FROM ${own === null ? table : 'own'} AS t
            WHERE t.State = ${State.Succeeded} AND t.StreamingNo IS NOT NULL${conditions.map(({ sql }) => sql).join('')}
            ORDER BY ${words.order} LIMIT ${limit}`,
      bindings: [...(own?.bindings ?? []), ...conditions.flatMap(({ bindings }) => bindings)],
    };
  }

  async #run(statement: Fragment): Promise<readonly DriverRow[]> {
    return (await this.#database.execute(statement)).rows;
  }
}

function withPrefix(table: string, { sql, bindings }: Fragment): Fragment {
  return { sql: `WITH own AS MATERIALIZED (SELECT m.* FROM ${table} AS m WHERE ${sql}) `, bindings };
}

function conditionsOf({ createDate, streamingNoAfter }: FinishedStep, words: Words): Fragment[] {
  return [
    ofDate(createDate, words),
    ...(streamingNoAfter === null ? [] : [anded(words.greaterNumber('t.StreamingNo', streamingNoAfter))]),
  ];
}

function ofDate(createDate: FinishedStep['createDate'], { date }: Words): Fragment {
  if (createDate === 'missing') return { sql: ' AND t.CreateDate IS NULL', bindings: [] };
  if (createDate === 'present') return { sql: ' AND t.CreateDate IS NOT NULL', bindings: [] };
  return 'is' in createDate
    ? { sql: ` AND t.CreateDate = ${date}`, bindings: [createDate.is] }
    : { sql: ` AND t.CreateDate > ${date}`, bindings: [createDate.after] };
}

function anded({ sql, bindings }: Fragment): Fragment {
  return { sql: ` AND ${sql}`, bindings };
}
