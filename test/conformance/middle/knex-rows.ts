import type { Database } from '../../../src/database/database.js';
import type { Columns, ColumnType, Value } from '../../../src/database/dialect.js';
import { attributeTableOf, sources, tableOf, type Source } from '../../../src/domain/keys.js';
import type { PlantedAttribute, PlantedRow, StandingRow } from './rows.js';

/*
 * Planting and reading back rows of the interface tables on PostgreSQL and SQLite.
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

function attributeColumns(source: Source): Columns {
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

/** Inserts rows with their attributes in one transaction, as the platform does. */
export async function plantRows(platform: Database, rows: readonly PlantedRow[]): Promise<void> {
  await platform.transaction(async (transaction) => {
    const insert = async (table: string, columns: Columns, values: readonly (readonly Value[])[]) => {
      if (values.length === 0) return;
      const names = Object.keys(columns).join(', ');
      const { sql, bindings } = transaction.dialect.recordset(columns, values, 'r');
      await transaction.execute({
        sql: `INSERT INTO ${table} (${names}) SELECT ${names} FROM ${sql}`,
        bindings,
      });
    };
    for (const source of sources) {
      const ofTable = rows.filter((row) => row.source === source);
      const columns = mainColumns(source);
      await insert(
        tableOf[source],
        Object.fromEntries(columns.map(([name, type]) => [name, type])),
        ofTable.map((row) => columns.map(([, , field]) => (row[field] ?? null) as Value)),
      );
      const attributes = ofTable.flatMap((row) =>
        (row.attributes ?? []).map((attribute) => ({ row, attribute })),
      );
      await insert(
        attributeTableOf[source],
        attributeColumns(source),
        attributes.map(({ row, attribute }) => attributeValues(row, attribute)),
      );
    }
  });
}

function attributeValues(row: PlantedRow, attribute: PlantedAttribute): Value[] {
  const { attrId, attrSpecId = '1', attrValue = null } = attribute;
  const { state = row.state, stateDate = row.stateDate } = attribute;
  const owner = [row.streamingNo, row.custId ?? null];
  return [attrId, ...owner, attrSpecId, attrValue, row.createDate ?? null, state ?? null, stateDate ?? null];
}

/** Reads a main table with its attribute table, every column. */
export async function readRows(platform: Database, source: Source): Promise<StandingRow[]> {
  const names = mainColumns(source).map(([name]) => name);
  const attributeNames = Object.keys(attributeColumns(source));
  const rows = await readTexts(platform, tableOf[source], names);
  const attributes = await readTexts(platform, attributeTableOf[source], attributeNames);
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

function attributeOf(row: Record<string, string | null>): Required<PlantedAttribute> {
  const { AttrSpecID: attrSpecId = null, AttrValue: attrValue = null, StateDate: stateDate = null } = row;
  const attrId = String(row['CustAttrID'] ?? row['AccAttrID']);
  return { attrId, attrSpecId, attrValue, state: numberOf(row['State']), stateDate };
}

function numberOf(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : Number(text);
}

/** A table with every column as text, in the order of its first column. */
async function readTexts(platform: Database, table: string, names: readonly string[]) {
  const list = names.map((name) => `CAST(${name} AS TEXT) AS "${name}"`).join(', ');
  const order = `length("${names[0]!}"), "${names[0]!}"`;
  const { rows } = await platform.execute({
    sql: `SELECT * FROM (SELECT ${list} FROM ${table}) AS t ORDER BY ${order}`,
    bindings: [],
  });
  return rows as readonly Record<string, string | null>[];
}
