import type { Fragment } from '../../database/dialect.js';
import { attributeTableOf, tableOf, type Source } from '../../domain/keys.js';
import type { AttributeRow, Cell, InterfaceRow } from '../../domain/rows.js';
import { compareNumbers } from '../../domain/keys.js';
import type { MiddleDialect } from './dialect.js';

/** Where the four tables stand and which rows of them are ours. */
export interface MiddleTables {
  readonly dialect: MiddleDialect;
  /** Schema of the tables; absent: wherever unqualified names lead. */
  readonly schema: string | undefined;
  /** Products whose rows are ours; empty: all. */
  readonly productIds: readonly string[];
  readonly markAttributes: boolean;
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
  if (tables.productIds.length === 0) return { sql: '', bindings: [] };
  const { sql, bindings } = tables.dialect.numberIn(`${alias}.ProductID`, tables.productIds);
  return { sql: ` AND ${sql}`, bindings };
}

const ownColumns: Readonly<Record<Source, readonly string[]>> = {
  CUST: ['CustAccount', 'CustName'],
  ACCOUNT: ['UserID', 'AccType', 'AccName'],
};

/** Select list of a main table's row under alias `t`, all as text, plus `more` columns. */
export function rowColumns(tables: MiddleTables, source: Source, more: readonly string[] = []): string {
  const texts = [
    'StreamingNo',
    'ProductID',
    'BizID',
    'AreaCode',
    'CustID',
    'OPFlag',
    ...ownColumns[source],
    ...more,
  ];
  const dates = ['CreateDate', 'StateDate'];
  return [
    ...texts.map((column) => `CAST(t.${column} AS TEXT) AS "${column}"`),
    ...dates.map((column) => `${tables.dialect.dateText(`t.${column}`)} AS "${column}"`),
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
    sql: `SELECT CAST(x.StreamingNo AS TEXT) AS "StreamingNo", CAST(x.${id} AS TEXT) AS "AttrID",
                 CAST(x.AttrSpecID AS TEXT) AS "AttrSpecID", x.AttrValue AS "AttrValue"
          FROM ${attributeTable(tables, source)} x WHERE ${wanted.sql}`,
    bindings: wanted.bindings,
  };
}

/** A driver's value as a cell: text, with `''` the same as NULL. */
export function cell(value: unknown): Cell {
  if (value === null || value === undefined || value === '') return null;
  return typeof value === 'string' ? value : String(value);
}

type DriverRow = Readonly<Record<string, unknown>>;

/** Attribute rows by StreamingNo, each list in attribute-id order. */
export function attributesByRow(rows: readonly DriverRow[]): Map<string, AttributeRow[]> {
  const byRow = new Map<string, AttributeRow[]>();
  for (const row of rows) {
    const streamingNo = String(row['StreamingNo']);
    const attribute = {
      attrId: cell(row['AttrID']),
      attrSpecId: cell(row['AttrSpecID']),
      attrValue: cell(row['AttrValue']),
    };
    const list = byRow.get(streamingNo);
    if (list === undefined) byRow.set(streamingNo, [attribute]);
    else list.push(attribute);
  }
  for (const list of byRow.values()) if (list.length > 1) list.sort(compareAttributes);
  return byRow;
}

function compareAttributes(a: AttributeRow, b: AttributeRow): number {
  return (
    compareNumbers(a.attrId ?? '', b.attrId ?? '') ||
    compareNumbers(a.attrSpecId ?? '', b.attrSpecId ?? '') ||
    compareNumbers(a.attrValue ?? '', b.attrValue ?? '')
  );
}

/** A driver's row as the domain knows it. */
export function interfaceRow(
  source: Source,
  row: DriverRow,
  attributes: readonly AttributeRow[],
): InterfaceRow {
  return {
    source,
    streamingNo: String(row['StreamingNo']),
    productId: cell(row['ProductID']),
    bizId: cell(row['BizID']),
    areaCode: cell(row['AreaCode']),
    custId: cell(row['CustID']),
    custAccount: cell(row['CustAccount']),
    custName: cell(row['CustName']),
    userId: cell(row['UserID']),
    accType: cell(row['AccType']),
    accName: cell(row['AccName']),
    opFlag: cell(row['OPFlag']),
    createDate: cell(row['CreateDate']),
    state: row['State'] === null ? null : Number(row['State']),
    stateDate: cell(row['StateDate']),
    attributes,
  };
}
