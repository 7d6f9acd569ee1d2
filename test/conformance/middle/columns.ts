import type { ColumnType, Value } from '../../../src/database/dialects/dialect.js';
import type { Source } from '../../../src/domain/keys.js';
import type { PlantedAttribute, PlantedColumns, PlantedRow, StandingRow } from './rows.js';

/*
 * Between rows as tests know them and the columns of the interface tables, for every kind of database.
 */

/** A column: its name in the specification, its type, and its name in a planted row. */
type MainColumn = readonly [name: string, type: ColumnType, field: keyof PlantedRow];

/** The columns of a main table. */
export function mainColumns(source: Source): readonly MainColumn[] {
  const own: readonly MainColumn[] =
    source === 'CUST'
      ? [
          ['CustAccount', 'text', 'custAccount'],
          ['CustName', 'text', 'custName'],
        ]
      : [
          ['UserID', 'text', 'userId'],
          ['AccType', 'integer', 'accType'],
          ['AccName', 'text', 'accName'],
        ];
  return [
    ['StreamingNo', 'number', 'streamingNo'],
    ['ProductID', 'number', 'productId'],
    ['BizID', 'text', 'bizId'],
    ['AreaCode', 'text', 'areaCode'],
    ['CustID', 'number', 'custId'],
    ...own,
    ['OPFlag', 'text', 'opFlag'],
    ['CreateDate', 'date', 'createDate'],
    ['State', 'integer', 'state'],
    ['ErrContent', 'text', 'errContent'],
    ['StateDate', 'date', 'stateDate'],
    ['Remark', 'text', 'remark'],
  ];
}

/** The columns of an attribute table, its key first. */
export function attributeColumns(source: Source): Readonly<Record<string, ColumnType>> {
  const id = source === 'CUST' ? 'CustAttrID' : 'AccAttrID';
  return {
    [id]: 'number',
    StreamingNo: 'number',
    CustID: 'number',
    AttrSpecID: 'number',
    AttrValue: 'text',
    CreateDate: 'date',
    State: 'integer',
    StateDate: 'date',
  };
}

/** The columns of a main table that a change is about, with their types and new values. */
export function changedColumns(source: Source, columns: PlantedColumns) {
  return mainColumns(source).flatMap(([name, type, field]) => {
    const value = columns[field as keyof PlantedColumns];
    return value === undefined ? [] : [{ name, type, value }];
  });
}

/** A planted row's values, in the order of `mainColumns`. */
export function mainValues(row: PlantedRow): Value[] {
  return mainColumns(row.source).map(([, , field]) => (row[field] ?? null) as Value);
}

/** The values of the attribute rows planted with a row, in the order of `attributeColumns`. */
export function attributeValues(row: PlantedRow): Value[][] {
  return (row.attributes ?? []).map((attribute) => valuesOf(row, attribute));
}

function valuesOf(row: PlantedRow, attribute: PlantedAttribute): Value[] {
  const { attrId, attrSpecId = '1', attrValue = null } = attribute;
  const { state = row.state, stateDate = row.stateDate } = attribute;
  const owner = [row.streamingNo, row.custId ?? null];
  return [attrId, ...owner, attrSpecId, attrValue, row.createDate ?? null, state ?? null, stateDate ?? null];
}

/** A row as it was read: texts by the names of its columns. */
export type TextRow = Readonly<Record<string, string | null>>;

/** Rows of a main table with those of its attribute table, both as texts and in order. */
export function standingRows(
  source: Source,
  rows: readonly TextRow[],
  attributes: readonly TextRow[],
): StandingRow[] {
  const fields = mainColumns(source);
  const attributesOf = new Map<string | null, Required<PlantedAttribute>[]>();
  for (const attribute of attributes) {
    const owner = attribute['StreamingNo'] ?? null;
    attributesOf.set(owner, [...(attributesOf.get(owner) ?? []), attributeOf(attribute)]);
  }
  return rows.map((row) => {
    const texts = Object.fromEntries(fields.map(([name, , field]) => [field, row[name]]));
    const own = attributesOf.get(row['StreamingNo'] ?? null) ?? [];
    return { ...noColumns, ...texts, source, state: numberOf(row['State']), attributes: own };
  });
}

const noColumns: Omit<StandingRow, 'source' | 'attributes'> = {
  streamingNo: null,
  productId: null,
  bizId: null,
  areaCode: null,
  custId: null,
  custAccount: null,
  custName: null,
  userId: null,
  accType: null,
  accName: null,
  opFlag: null,
  createDate: null,
  state: null,
  stateDate: null,
  errContent: null,
  remark: null,
};

function attributeOf(row: TextRow): Required<PlantedAttribute> {
  const { AttrSpecID: attrSpecId = null, AttrValue: attrValue = null, StateDate: stateDate = null } = row;
  const attrId = String(row['CustAttrID'] ?? row['AccAttrID']);
  return { attrId, attrSpecId, attrValue, state: numberOf(row['State']), stateDate };
}

function numberOf(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text);
}
