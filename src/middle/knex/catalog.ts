import type { Database } from '../../database/database.js';
import { sources } from '../../domain/keys.js';
import { indexesOf } from '../admin-results.js';
import type { ColumnDescription, IndexDescription } from '../admin-port.js';
import { attributeTable, mainTable, type KnexTables } from './tables.js';

/** Columns of the four tables, in table order. */
export async function readColumns(
  database: Database,
  tables: KnexTables,
): Promise<readonly ColumnDescription[]> {
  const { rows } = await database.execute(tables.dialect.catalog.columns(namesOf(tables)));
  return rows.map((row) => ({
    table: String(row['table_name']),
    column: String(row['column_name']),
    type: String(row['type']),
  }));
}

/** Indexes of the four tables. */
export async function readIndexes(
  database: Database,
  tables: KnexTables,
): Promise<readonly IndexDescription[]> {
  return indexesOf((await database.execute(tables.dialect.catalog.indexes(namesOf(tables)))).rows);
}

function namesOf(tables: KnexTables): readonly string[] {
  return sources.flatMap((source) => [mainTable(tables, source), attributeTable(tables, source)]);
}
