import { readFile } from 'node:fs/promises';
import { attributeTableOf, sources, tableOf } from '../domain/keys.js';

/*
 * Creates the interface tables for tests and trials, on any database, from the files in `sql/`, statement by statement.
 */

/** The four interface tables. */
export const interfaceTables: readonly string[] = sources.flatMap((source) => [
  tableOf[source],
  attributeTableOf[source],
]);

/** Some of the four tables already exist. Nothing was changed. */
export class TablesExistError extends Error {
  override readonly name = 'TablesExistError';

  constructor(tables: readonly string[]) {
    super(`nothing was created, these tables already exist: ${tables.join(', ')}`);
  }
}

/**
 * The statements that create the tables with keys and indexes, in order, from a folder in the package's `sql/`: two
 * levels up, from src as from dist. Resolved here and not on import: a CommonJS bundle has no such place.
 */
export async function creatingStatements(folder: string): Promise<readonly string[]> {
  const files = ['tables.sql', 'indexes.sql'].map(
    (file) => new URL(`../../sql/${folder}/${file}`, import.meta.url),
  );
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return texts.flatMap(statementsOf);
}

/** Statements of a file, each ending with a semicolon at the end of its line; without comments. */
function statementsOf(file: string): string[] {
  const code = file.replaceAll(/(^|\s)--.*$/gm, '');
  return code
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
