import { readFile } from 'node:fs/promises';
import type { Database, Transaction } from '../../database/database.js';
import type { Dialect } from '../../database/dialect.js';
import { attributeTableOf, sources, tableOf } from '../../domain/keys.js';
import { catalogOf } from './catalog.js';

const tableNames = sources.flatMap((source) => [tableOf[source], attributeTableOf[source]]);

/** Folder in `sql/` of each kind of database. */
const folderOf: Readonly<Record<Dialect['name'], string>> = { pg: 'postgresql', 'better-sqlite3': 'sqlite' };

/** The package's `sql/` folder: three levels up, from src as from dist. */
const sqlFolder = new URL('../../../sql/', import.meta.url);

/** Some of the four tables are there already. Nothing was changed. */
export class TablesExistError extends Error {
  override readonly name = 'TablesExistError';

  constructor(tables: readonly string[]) {
    super(`nothing was created, because there are tables of these names already: ${tables.join(', ')}`);
  }
}

/**
 * Creates the four interface tables with keys and indexes, for tests and trials, from the files in `sql/`. Returns the
 * tables' names. All or nothing: TablesExistError where one of them is there already.
 *
 * @param schema - PostgreSQL: where to create them; it must exist
 */
export async function initMiddle(
  database: Database,
  dialectName: Dialect['name'],
  schema?: string,
): Promise<readonly string[]> {
  const files = ['tables.sql', 'indexes.sql'].map(
    (file) => new URL(`${folderOf[dialectName]}/${file}`, sqlFolder),
  );
  const statements = (await Promise.all(files.map((file) => readFile(file, 'utf8')))).flatMap(statementsOf);
  return database.transaction(async (transaction) => {
    if (schema !== undefined) await enterSchema(transaction, schema);
    const { rows } = await transaction.execute(catalogOf[dialectName].columns(tableNames));
    const existing = [...new Set(rows.map((row) => String(row['table_name']).toUpperCase()))];
    if (existing.length > 0) throw new TablesExistError(existing);
    for (const sql of statements) await transaction.execute({ sql, bindings: [] });
    return tableNames;
  });
}

/** Lets unqualified names lead to a schema, until the transaction ends. */
async function enterSchema(transaction: Transaction, schema: string): Promise<void> {
  await transaction.execute({
    sql: `SELECT set_config('search_path', quote_ident(?), true)`,
    bindings: [schema],
  });
  const { rows } = await transaction.execute({ sql: 'SELECT current_schema() AS schema', bindings: [] });
  if (rows[0]?.['schema'] === null)
    throw new Error(`there is no schema "${schema}" (middle.schema): create it first`);
}

/** The statements of a file, each ended by a semicolon at the end of its line; comments are left out. */
function statementsOf(file: string): string[] {
  const code = file.replaceAll(/(^|\s)--.*$/gm, '');
  return code
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
