import type { Fragment } from '../../database/dialect.js';
import { attributeTableOf, tableOf, type Source } from '../../domain/keys.js';
import { textColumns } from '../rows.js';
import type { MiddleDialect } from './dialect.js';

/** Where the four tables stand and which rows of them are ours. */
export interface MiddleTables {
  readonly dialect: MiddleDialect;
  /** Schema of the tables; absent: wherever unqualified names lead. */
  readonly schema: string | undefined;
  /** Products whose rows are ours; empty: all. */
  readonly productIds: readonly string[];
  readonly markAttributes: boolean;
  /** Rows with more attribute rows are refused: no more than one above it are counted or read, and none is changed. */
  readonly maxAttributes: number;
}

/** A main table's name in statements. */
export function mainTable(tables: MiddleTables, source: Source): string {
  return qualified(tables, tableOf[source]);
}

/** An attribute table's name in statements. */
export function attributeTable(tables: MiddleTables, source: Source): string {
  return qualified(tables, attributeTableOf[source]);
}

function qualified(tables: MiddleTables, table: string): string {
  return tables.schema === undefined ? table : `"${tables.schema.replaceAll('"', '""')}".${table}`;
}

/** `AND …` that leaves out rows of other products; empty without `productIds`. */
export function ourProducts(tables: MiddleTables, alias: string): Fragment {
  const [one, ...others] = tables.productIds;
  if (one === undefined) return { sql: '', bindings: [] };
  // Only with a single value do planners know that an index which begins with it is in the poll's order.
  if (others.length === 0) return { sql: ` AND ${alias}.ProductID = ?`, bindings: [one] };
  const { sql, bindings } = tables.dialect.numberIn(`${alias}.ProductID`, tables.productIds);
  return { sql: ` AND ${sql}`, bindings };
}

/** The StateDate of a row `t` as text; NULL where it cannot name an attempt. */
export function attemptText({ dialect }: MiddleTables): string {
  return `CASE WHEN ${dialect.isAttempt('t.StateDate')} THEN ${dialect.dateText('t.StateDate')} END`;
}

/** Numbers that rows are found by. */
const keyColumns: ReadonlySet<string> = new Set(['StreamingNo', 'CustID']);

/** Select list of a main table's row under alias `t`, all as text, plus `more` columns. */
export function rowColumns(tables: MiddleTables, source: Source, more: readonly string[] = []): string {
  const textOf = (column: string) =>
    keyColumns.has(column) ? tables.dialect.numberText(`t.${column}`) : `CAST(t.${column} AS TEXT)`;
  return [
    ...[...textColumns[source], ...more].map((column) => `${textOf(column)} AS "${column}"`),
    `${tables.dialect.dateText('t.CreateDate')} AS "CreateDate"`,
    `${attemptText(tables)} AS "StateDate"`,
    't.State AS "State"',
  ].join(', ');
}

/** Statement that reads the attribute rows of these rows. */
export function selectAttributes(
  tables: MiddleTables,
  source: Source,
  streamingNos: readonly string[],
): Fragment {
  const id = source === 'CUST' ? 'CustAttrID' : 'AccAttrID';
  const wanted = tables.dialect.numberIn('x.StreamingNo', streamingNos);
  return {
    sql: `SELECT ${tables.dialect.numberText('x.StreamingNo')} AS "StreamingNo", CAST(x.${id} AS TEXT) AS "AttrID",
                 CAST(x.AttrSpecID AS TEXT) AS "AttrSpecID", x.AttrValue AS "AttrValue"
          FROM ${attributeTable(tables, source)} x WHERE ${wanted.sql}`,
    bindings: wanted.bindings,
  };
}

/** The same for people: at most `maxAttributes` and one of each row. */
export function selectFirstAttributes(
  tables: MiddleTables,
  source: Source,
  streamingNos: readonly string[],
): Fragment {
  const { sql, bindings } = selectAttributes(tables, source, streamingNos);
  const ranked = sql.replace('SELECT ', 'SELECT row_number() OVER (PARTITION BY x.StreamingNo) AS place, ');
  return { sql: `SELECT * FROM (${ranked}) AS n WHERE n.place <= ${tables.maxAttributes + 1}`, bindings };
}

/** How many attribute rows a row has, counted up to `maxAttributes` and one; its StreamingNo is an expression. */
export function attributeCount(tables: MiddleTables, source: Source, streamingNo: string): string {
  return `(SELECT count(*) FROM (SELECT 1 FROM ${attributeTable(tables, source)} AS x WHERE x.StreamingNo = ${streamingNo}
           LIMIT ${tables.maxAttributes + 1}) AS n)`;
}
