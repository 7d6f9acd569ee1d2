import type { ColumnType, Value } from '../../../src/database/dialects/dialect.js';
import { attributeTableOf, compareNumbers, sources, tableOf, type RowKey } from '../../../src/domain/keys.js';
import type { PlainOracle } from '../../support/test-oracle.js';
import {
  attributeColumns,
  attributeValues,
  changedColumns,
  mainColumns,
  mainValues,
  standingRows,
  type TextRow,
} from './columns.js';
import type { PlantedColumns, PlantedRow, StandingRow } from './rows.js';

/*
 * Planting, changing and reading back rows of the interface tables on Oracle: every value passes as text.
 */

const dateFormat = `'YYYY-MM-DD HH24:MI:SS'`;

type Column = readonly [name: string, type: ColumnType];

/** A placeholder of this type, for a value that is bound as text. */
function placeholder(type: ColumnType): string {
  if (type === 'text') return '?';
  return type === 'date' ? `TO_DATE(?, ${dateFormat})` : 'TO_NUMBER(?)';
}

function asText(value: Value): string | null {
  return value === null ? null : String(value);
}

function insertion(table: string, columns: readonly Column[], values: readonly (readonly Value[])[]) {
  const names = columns.map(([name]) => name).join(', ');
  const placeholders = columns.map(([, type]) => placeholder(type)).join(', ');
  return {
    sql: `INSERT INTO ${table} (${names}) VALUES (${placeholders})`,
    rows: values.map((row) => row.map(asText)),
  };
}

/** Inserts rows with their attributes in one transaction, as the platform does. */
export async function plantRows(platform: PlainOracle, rows: readonly PlantedRow[]): Promise<void> {
  await platform.insert(
    sources.flatMap((source) => {
      const ofTable = rows.filter((row) => row.source === source);
      const columns = mainColumns(source).map(([name, type]) => [name, type] as const);
      return [
        insertion(tableOf[source], columns, ofTable.map(mainValues)),
        insertion(
          attributeTableOf[source],
          Object.entries(attributeColumns(source)),
          ofTable.flatMap(attributeValues),
        ),
      ];
    }),
  );
}

/** Changes columns of every row with this key. */
export async function changeRow(platform: PlainOracle, key: RowKey, columns: PlantedColumns): Promise<void> {
  const changed = changedColumns(key.source, columns);
  const assignments = changed.map(({ name, type }) => `${name} = ${placeholder(type)}`).join(', ');
  await platform.execute({
    sql: `UPDATE ${tableOf[key.source]} SET ${assignments} WHERE StreamingNo = TO_NUMBER(?)`,
    bindings: [...changed.map(({ value }) => asText(value)), key.streamingNo],
  });
}

/** Reads both main tables with their attribute tables, every column. */
export async function readRows(platform: PlainOracle): Promise<StandingRow[]> {
  const rows: StandingRow[] = [];
  for (const source of sources) {
    const columns = mainColumns(source).map(([name, type]) => [name, type] as const);
    const main = await readTexts(platform, tableOf[source], columns);
    const ofRows = Object.entries(attributeColumns(source));
    const attributes = await readTexts(platform, attributeTableOf[source], ofRows);
    const id = ofRows[0]![0];
    attributes.sort((one, other) => compareNumbers(one[id] ?? '', other[id] ?? ''));
    rows.push(...standingRows(source, main, attributes));
  }
  return rows;
}

async function readTexts(platform: PlainOracle, table: string, columns: readonly Column[]) {
  const list = columns.map(([name, type]) => `${textOf(name, type)} AS ${name}`).join(', ');
  const { rows } = await platform.execute({ sql: `SELECT ${list} FROM ${table}`, bindings: [] });
  return rows.map((row): TextRow =>
    Object.fromEntries(columns.map(([name]) => [name, (row[name.toLowerCase()] ?? null) as string | null])),
  );
}

function textOf(name: string, type: ColumnType): string {
  if (type === 'text') return name;
  return type === 'date' ? `TO_CHAR(${name}, ${dateFormat})` : `TO_CHAR(${name})`;
}
