import { readFile } from 'node:fs/promises';
import { attributeTableOf, sources, tableOf } from '../domain/keys.js';

/*
 * What making the interface tables for tests and trials takes, whatever the database: the files in `sql/`, read
 * statement by statement.
 */

/** The four interface tables. */
export const interfaceTables: readonly string[] = sources.flatMap((source) => [
  tableOf[source],
  attributeTableOf[source],
]);

/** Some of the four tables are there already. Nothing was changed. */
export class TablesExistError extends Error {
  override readonly name = 'TablesExistError';

  constructor(tables: readonly string[]) {
    super(`nothing was created, because there are tables of these names already: ${tables.join(', ')}`);
  }
}

/**
 * The statements that create the tables with keys and indexes, in order, from a folder in the package's `sql/`: two levels
 * up, from src as from dist. It is looked for here and not at loading: a bundle in CommonJS format has no such place.
 */
export async function creatingStatements(folder: string): Promise<readonly string[]> {
  const files = ['tables.sql', 'indexes.sql'].map(
    (file) => new URL(`../../sql/${folder}/${file}`, import.meta.url),
  );
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return texts.flatMap(statementsOf);
}

/** The statements of a file, each ended by a semicolon at the end of its line; comments are left out. */
function statementsOf(file: string): string[] {
  const code = file.replaceAll(/(^|\s)--.*$/gm, '');
  return code
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}
