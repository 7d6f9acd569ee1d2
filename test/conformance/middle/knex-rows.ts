import type { Database } from '../../../src/database/database.js';
import type { Columns, Value } from '../../../src/database/dialects/dialect.js';
import { attributeTableOf, sources, tableOf, type Source } from '../../../src/domain/keys.js';
import {
  attributeColumns,
  attributeValues,
  mainColumns,
  mainValues,
  standingRows,
  type TextRow,
} from './columns.js';
import type { PlantedRow, StandingRow } from './rows.js';

/*
 * Planting and reading back rows of the interface tables on PostgreSQL and SQLite.
 */

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
      await insert(
        tableOf[source],
        Object.fromEntries(mainColumns(source).map(([name, type]) => [name, type])),
        ofTable.map(mainValues),
      );
      await insert(attributeTableOf[source], attributeColumns(source), ofTable.flatMap(attributeValues));
    }
  });
}

/** Reads a main table with its attribute table, every column. */
export async function readRows(platform: Database, source: Source): Promise<StandingRow[]> {
  const names = mainColumns(source).map(([name]) => name);
  const rows = await readTexts(platform, tableOf[source], names);
  const attributes = await readTexts(
    platform,
    attributeTableOf[source],
    Object.keys(attributeColumns(source)),
  );
  return standingRows(source, rows, attributes);
}

/** A table with every column as text, in the order of its first column. */
async function readTexts(platform: Database, table: string, names: readonly string[]) {
  const list = names.map((name) => `CAST(${name} AS TEXT) AS "${name}"`).join(', ');
  const order = `length("${names[0]!}"), "${names[0]!}"`;
  const { rows } = await platform.execute({
    sql: `SELECT * FROM (SELECT ${list} FROM ${table}) AS t ORDER BY ${order}`,
    bindings: [],
  });
  return rows as readonly TextRow[];
}
