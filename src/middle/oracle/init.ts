import { DatabaseError } from '../../database/errors.js';
import { creatingStatements, interfaceTables, TablesExistError } from '../init-files.js';
import type { OracleDatabase } from './database.js';
import { oracleName } from './tables.js';

/**
 * Creates the four interface tables with keys and indexes, for tests and trials, from the files in `sql/oracle`.
 * Returns the tables' names. TablesExistError, with nothing done, if one already exists. Oracle commits each table as
 * it is created: a failure in between names those that exist.
 *
 * @param schema - where to create them, if not in the user's own schema; needs CREATE ANY TABLE, CREATE ANY INDEX and
 *   COMMENT ANY TABLE
 */
export async function initMiddle(database: OracleDatabase, schema?: string): Promise<readonly string[]> {
  const statements = await creatingStatements('oracle');
  const existing = await existingTables(database, schema);
  if (existing.length > 0) throw new TablesExistError(existing);
  const enter = schema === undefined ? [] : [`ALTER SESSION SET CURRENT_SCHEMA = ${oracleName(schema)}`];
  const created: string[] = [];
  try {
    await database.commands([...enter, ...statements], (sql) => {
      const [, table] = /^CREATE TABLE (\w+)/i.exec(sql) ?? [];
      if (table !== undefined) created.push(table);
    });
  } catch (error) {
    throw explained(error, created, schema);
  }
  return interfaceTables;
}

async function existingTables(database: OracleDatabase, schema: string | undefined): Promise<string[]> {
  const names = interfaceTables.map((table) => `'${table}'`).join(', ');
  const owner = schema === undefined ? `SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')` : ':owner';
  const rows = await database.query({
    sql: `SELECT table_name FROM ALL_TABLES WHERE owner = ${owner} AND table_name IN (${names}) ORDER BY table_name`,
    binds: schema === undefined ? {} : { owner: ownerOf(schema) },
    expected: interfaceTables.length,
  });
  return rows.map((row) => String(row['TABLE_NAME']));
}

/** A schema's name as the catalog has it. */
function ownerOf(schema: string): string {
  return oracleName(schema).replaceAll('"', '');
}

/** ORA-01435: no such user, so no such schema. */
function explained(error: unknown, created: readonly string[], schema: string | undefined): unknown {
  if (!(error instanceof DatabaseError)) return error;
  if (error.code === 'ORA-01435')
    return new Error(`there is no schema "${schema ?? ''}" (middle.schema): create it first`);
  if (created.length === 0) return error;
  const words = `${error.message}; created before that: ${created.join(', ')} (drop them before another try)`;
  const explanation = new DatabaseError(error.kind, words, { code: error.code, cause: error });
  explanation.database = error.database;
  return explanation;
}
