import { attributeTableOf, sources, tableOf } from '../../domain/keys.js';
import { indexesOf } from '../admin-results.js';
import type { ColumnDescription, IndexDescription } from '../admin-port.js';
import type { Binds, OracleDatabase, OracleRow } from './database.js';
import type { MiddleTables } from '../tables.js';
import { oracleName } from './tables.js';

/*
 * Oracle's catalog of the four tables. A name resolves to a table or view of the current schema, else through a private
 * synonym there, else through a public one; with a schema in front, to what is there. A synonym may lead to another, or
 * to a table of another name. One over a database link is not followed: that would need the other database's catalog.
 */

/** Where one of the four names leads. */
interface Place {
  /** The table's name in the specification. */
  readonly called: string;
  readonly owner: string;
  readonly name: string;
}

const names = sources.flatMap((source) => [tableOf[source], attributeTableOf[source]]);

/** The longest chain of synonyms followed. */
const longestWay = 4;

/** Columns of the four tables, in table order. */
export async function readColumns(
  database: OracleDatabase,
  tables: MiddleTables,
): Promise<readonly ColumnDescription[]> {
  const places = await placesOf(database, tables);
  if (places.length === 0) return [];
  const { condition, binds } = among(places);
  const rows = await database.query({
    sql: `SELECT c.OWNER AS "owner", c.TABLE_NAME AS "name", c.COLUMN_NAME AS "column_name",
  c.DATA_TYPE AS "type", c.DATA_LENGTH AS "bytes", c.DATA_PRECISION AS "precision", c.DATA_SCALE AS "scale",
  c.CHAR_LENGTH AS "characters", c.CHAR_USED AS "counts"
FROM ALL_TAB_COLUMNS c WHERE ${condition('c.OWNER', 'c.TABLE_NAME')}
ORDER BY c.OWNER, c.TABLE_NAME, c.COLUMN_ID`,
    binds,
    expected: 60,
  });
  return places.flatMap((place) =>
    rows.filter(standsAt(place)).map((row) => ({
      table: place.called,
      column: String(row['column_name']),
      type: typeOf(row),
    })),
  );
}

/**
 * Indexes of the four tables that the optimizer may use to find and order rows. For a descending column or an
 * expression an index has a system-named column, whose expression the catalog holds as a LONG, which can be selected
 * but not computed with.
 */
export async function readIndexes(
  database: OracleDatabase,
  tables: MiddleTables,
): Promise<readonly IndexDescription[]> {
  const places = await placesOf(database, tables);
  if (places.length === 0) return [];
  const { condition, binds } = among(places);
  const expressions = await expressionsIn(database, places);
  const rows = await database.query({
    sql: `SELECT i.TABLE_OWNER AS "owner", i.TABLE_NAME AS "name", i.OWNER || '.' || i.INDEX_NAME AS "index_name",
  c.COLUMN_NAME AS "column_name", c.DESCEND AS "direction", c.COLUMN_POSITION AS "position"
FROM ALL_INDEXES i JOIN ALL_IND_COLUMNS c ON c.INDEX_OWNER = i.OWNER AND c.INDEX_NAME = i.INDEX_NAME
WHERE ${condition('i.TABLE_OWNER', 'i.TABLE_NAME')} AND i.STATUS IN ('VALID', 'N/A') AND i.VISIBILITY = 'VISIBLE'
  AND i.INDEX_TYPE IN ('NORMAL', 'FUNCTION-BASED NORMAL', 'IOT - TOP')
ORDER BY i.TABLE_OWNER, i.TABLE_NAME, i.OWNER, i.INDEX_NAME, c.COLUMN_POSITION`,
    binds,
    expected: 60,
  });
  return places.flatMap((place) =>
    indexesOf(
      rows.filter(standsAt(place)).map((row) => {
        const column = expressions.get(placeInIndex(row)) ?? String(row['column_name']).toLowerCase();
        return {
          table_name: place.called,
          index_name: row['index_name'],
          column_name: `${column}${row['direction'] === 'DESC' ? ' desc' : ''}`,
        };
      }),
    ),
  );
}

/** Expressions by position in an index. */
async function expressionsIn(
  database: OracleDatabase,
  places: readonly Place[],
): Promise<ReadonlyMap<string, string>> {
  const { condition, binds } = among(places);
  const rows = await database.query({
    sql: `SELECT e.INDEX_OWNER || '.' || e.INDEX_NAME AS "index_name", e.COLUMN_POSITION AS "position",
  e.COLUMN_EXPRESSION AS "expression"
FROM ALL_IND_EXPRESSIONS e WHERE ${condition('e.TABLE_OWNER', 'e.TABLE_NAME')}`,
    binds,
    expected: 10,
  });
  return new Map(rows.map((row) => [placeInIndex(row), plainExpression(String(row['expression']))]));
}

function placeInIndex(row: OracleRow): string {
  return `${String(row['index_name'])} ${String(row['position'])}`;
}

/** In lower case, without quotes, a redundant ELSE, and insignificant blanks. */
function plainExpression(expression: string): string {
  return expression
    .replaceAll('"', '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([=(),]) ?/g, '$1')
    .replaceAll(/ else null end\b/gi, ' end')
    .trim()
    .toLowerCase();
}

/** Where the four names lead; unresolved ones are omitted. */
async function placesOf(database: OracleDatabase, { schema }: MiddleTables): Promise<readonly Place[]> {
  const owner = schema === undefined ? await currentSchema(database) : oracleName(schema).replaceAll('"', '');
  const found: Place[] = [];
  let open: readonly Place[] = names.map((name) => ({ called: name, owner, name }));
  for (let step = 0; step < longestWay && open.length > 0; step += 1) {
    const elsewhere = step === 0 && schema === undefined ? ['PUBLIC'] : [];
    const objects = await objectsAt(database, open, elsewhere);
    const next: Place[] = [];
    for (const place of open) {
      const object =
        objects.find(standsAt(place)) ??
        objects.find((each) => elsewhere.some((other) => standsAt({ ...place, owner: other })(each)));
      if (object === undefined) continue;
      const [leadsToOwner, leadsToName] = [object['leads_to_owner'], object['leads_to_name']];
      if (leadsToName === null) found.push(place);
      else next.push({ called: place.called, owner: String(leadsToOwner), name: String(leadsToName) });
    }
    open = next;
  }
  return found;
}

async function currentSchema(database: OracleDatabase): Promise<string> {
  const sql = `SELECT SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') AS "schema" FROM DUAL`;
  const rows = await database.query({ sql, binds: {}, expected: 1 });
  return String(rows[0]?.['schema']);
}

/** Tables, views and synonyms of these names. */
async function objectsAt(
  database: OracleDatabase,
  places: readonly Place[],
  elsewhere: readonly string[],
): Promise<readonly OracleRow[]> {
  const { condition, binds } = among(places, elsewhere);
  return database.query({
    sql: `SELECT c.OWNER AS "owner", c.TABLE_NAME AS "name", NULL AS "leads_to_owner", NULL AS "leads_to_name"
FROM ALL_TAB_COLUMNS c WHERE c.COLUMN_ID = 1 AND ${condition('c.OWNER', 'c.TABLE_NAME')}
UNION ALL
SELECT s.OWNER, s.SYNONYM_NAME, s.TABLE_OWNER, s.TABLE_NAME
FROM ALL_SYNONYMS s WHERE s.DB_LINK IS NULL AND ${condition('s.OWNER', 's.SYNONYM_NAME')}`,
    binds,
    expected: 2 * names.length,
  });
}

/** The condition that an object has one of these owners and names; always with as many binds. */
function among(
  places: readonly Place[],
  elsewhere: readonly string[] = [],
): { readonly condition: (owner: string, name: string) => string; readonly binds: Binds } {
  const owners = [...new Set([...places.map(({ owner }) => owner), ...elsewhere])];
  const values = { o: owners, n: places.map(({ name }) => name) };
  const binds: Record<string, string | null> = {};
  const list = (letter: keyof typeof values) =>
    Array.from({ length: names.length + 1 }, (_, index) => {
      binds[`${letter}${index + 1}`] = values[letter][index] ?? values[letter][0] ?? null;
      return `:${letter}${index + 1}`;
    }).join(', ');
  const [ownerList, nameList] = [list('o'), list('n')];
  return { condition: (owner, name) => `${owner} IN (${ownerList}) AND ${name} IN (${nameList})`, binds };
}

/** Whether a catalog row is about the object at this place. */
function standsAt({ owner, name }: Place): (row: OracleRow) => boolean {
  return (row) => row['owner'] === owner && row['name'] === name;
}

/** A column's type as in CREATE TABLE. */
function typeOf(row: OracleRow): string {
  const type = String(row['type']);
  const text = (name: string) => String(row[name]);
  if (type === 'NUMBER') {
    if (row['scale'] === null) return row['precision'] === null ? type : `NUMBER(${text('precision')})`;
    return `NUMBER(${row['precision'] === null ? '38' : text('precision')},${text('scale')})`;
  }
  if (type === 'FLOAT') return `FLOAT(${text('precision')})`;
  if (/^(VARCHAR2|CHAR)$/.test(type)) {
    return row['counts'] === 'C' ? `${type}(${text('characters')} CHAR)` : `${type}(${text('bytes')} BYTE)`;
  }
  if (/^N(VARCHAR2|CHAR)$/.test(type)) return `${type}(${text('characters')})`;
  return type === 'RAW' ? `RAW(${text('bytes')})` : type;
}
