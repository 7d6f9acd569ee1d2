import type { Database, Transaction } from '../../database/database.js';
import { creatingStatements, interfaceTables, TablesExistError } from '../init-files.js';
import { middleDialects } from './dialects.js';

/**
 * Creates the four interface tables with keys and indexes, for tests and trials, from the files in `sql/`. Returns the
 * tables' names. All or nothing: TablesExistError if one already exists.
 *
 * @param schema - PostgreSQL: where to create them; it must exist
 */
export async function initMiddle(database: Database, schema?: string): Promise<readonly string[]> {
  const statements = await creatingStatements(database.dialect.kind);
  return database.transaction(async (transaction) => {
    if (schema !== undefined) await enterSchema(transaction, schema);
    const { rows } = await transaction.execute(
      middleDialects[database.dialect.name].catalog.columns(interfaceTables),
    );
    const existing = [...new Set(rows.map((row) => String(row['table_name']).toUpperCase()))];
    if (existing.length > 0) throw new TablesExistError(existing);
    for (const sql of statements) await transaction.execute({ sql, bindings: [] });
    return interfaceTables;
  });
}

/** Resolves unqualified names to a schema, until the transaction ends. */
async function enterSchema(transaction: Transaction, schema: string): Promise<void> {
  await transaction.execute({
    sql: `SELECT set_config('search_path', quote_ident(?), true)`,
    bindings: [schema],
  });
  const { rows } = await transaction.execute({ sql: 'SELECT current_schema() AS schema', bindings: [] });
  if (rows[0]?.['schema'] === null)
    throw new Error(`there is no schema "${schema}" (middle.schema): create it first`);
}
