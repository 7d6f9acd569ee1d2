import { attributeTableOf, sources, tableOf } from '../../src/domain/keys.js';
import { openOraclePair, openPair, type Pair, type PairKind } from './databases.js';
import type { PlainAccess } from './plain-access.js';

/*
 * Middle databases whose tables have other types of columns than the specification, as those of a platform may have.
 */

/** Types by the columns' names in the specification. */
export type ColumnTypes = Readonly<Record<string, string>>;

const tables = sources.flatMap((source) => [tableOf[source], attributeTableOf[source]]);

/** A pair whose middle database has these types in all four tables, where they have such a column. */
export async function openPairWithTypes(kind: PairKind, types: ColumnTypes): Promise<Pair> {
  if (kind === 'Oracle') {
    const columnTypes = Object.fromEntries(
      Object.entries(types).map(([column, type]) => [column.toUpperCase(), type]),
    );
    return openOraclePair({ columnTypes });
  }
  const pair = await openPair(kind);
  for (const table of tables) {
    if (kind === 'SQLite') await remake(pair.middle, table, types);
    else await alter(pair.middle, table, types);
  }
  return pair;
}

async function alter(middle: PlainAccess, table: string, types: ColumnTypes): Promise<void> {
  const { rows } = await middle.execute({
    sql: `SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0`,
    bindings: [table],
  });
  const present = new Set(rows.map((row) => row['name']));
  const changes = Object.entries(types)
    .filter(([column]) => present.has(column.toLowerCase()))
    .map(([column, type]) => `ALTER COLUMN ${column} TYPE ${type}`);
  if (changes.length === 0) return;
  await middle.execute({ sql: `ALTER TABLE ${table} ${changes.join(', ')}`, bindings: [] });
}

/** SQLite changes no type: the empty table is made anew, and its indexes. */
async function remake(middle: PlainAccess, table: string, types: ColumnTypes): Promise<void> {
  const { rows } = await middle.execute({
    sql: `SELECT sql FROM sqlite_master WHERE lower(tbl_name) = lower(?) AND sql IS NOT NULL ORDER BY type DESC`,
    bindings: [table],
  });
  await middle.execute({ sql: `DROP TABLE ${table}`, bindings: [] });
  for (const row of rows) {
    let sql = String(row['sql']);
    if (sql.startsWith('CREATE TABLE'))
      for (const [column, type] of Object.entries(types))
        sql = sql.replace(new RegExp(`(\\b${column}\\s+)(TEXT|INTEGER)\\b`), `$1${type}`);
    await middle.execute({ sql, bindings: [] });
  }
}
