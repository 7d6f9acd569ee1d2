import type { Dialect, Fragment } from '../../database/dialect.js';

/*
 * What the database's own catalog tells of tables. Both statements take table names as they are written in statements
 * and leave out tables that are not there.
 */

/** Statements over a database's catalog. */
export interface Catalog {
  /** Columns table_name, column_name, type; in table order. */
  columns(tables: readonly string[]): Fragment;
  /**
   * Columns table_name, index_name, column_name and index_where, which is NULL where the index has all rows; in index
   * order, without unusable indexes.
   */
  indexes(tables: readonly string[]): Fragment;
}

const wantedInPg = `unnest(?::text[]) AS wanted(name) JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(wanted.name)`;

const pgCatalog: Catalog = {
  columns: (tables) => ({
    sql: `SELECT c.relname AS table_name, a.attname AS column_name, format_type(a.atttypid, a.atttypmod) AS type
          FROM ${wantedInPg}
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          ORDER BY c.relname, a.attnum`,
    bindings: [tables],
  }),
  // Bit 0 of an option is DESC, bit 1 NULLS FIRST; NULLS FIRST is the default of DESC.
  indexes: (tables) => ({
    sql: `SELECT c.relname AS table_name, i.indexrelid::regclass::text AS index_name,
                 lower(pg_get_indexdef(i.indexrelid, position, true)) || CASE i.indoption[position - 1] & 3
                   WHEN 0 THEN '' WHEN 1 THEN ' desc nulls last' WHEN 2 THEN ' nulls first' ELSE ' desc' END AS column_name,
                 pg_get_expr(i.indpred, i.indrelid) AS index_where
          FROM ${wantedInPg}
          JOIN pg_catalog.pg_index AS i ON i.indrelid = c.oid AND i.indisvalid
          CROSS JOIN LATERAL generate_series(1, i.indnkeyatts) AS position
          ORDER BY c.relname, i.indexrelid, position`,
    bindings: [tables],
  }),
};

const wantedInSqlite = `sqlite_master AS m WHERE m.type IN ('table', 'view') AND lower(m.name) IN (SELECT lower(value) FROM json_each(?))`;

const sqliteCatalog: Catalog = {
  columns: (tables) => ({
    sql: `SELECT m.name AS table_name, c.name AS column_name, c.type
          FROM (SELECT m.name FROM ${wantedInSqlite}) AS m, pragma_table_info(m.name) AS c ORDER BY m.name, c.cid`,
    bindings: [JSON.stringify(tables)],
  }),
  indexes: (tables) => ({
    sql: `SELECT m.name AS table_name, i.name AS index_name,
                 COALESCE(lower(c.name), '(expression)') || CASE c.desc WHEN 0 THEN '' ELSE ' desc' END AS column_name,
                 CASE i.partial WHEN 0 THEN NULL
                   ELSE (SELECT substr(s.sql, instr(lower(replace(s.sql, char(10), ' ')), ' where ') + 7) FROM sqlite_master AS s
                         WHERE s.type = 'index' AND s.name = i.name) END AS index_where
          FROM (SELECT m.name FROM ${wantedInSqlite}) AS m, pragma_index_list(m.name) AS i, pragma_index_xinfo(i.name) AS c
          WHERE c.key = 1 ORDER BY m.name, i.name, c.seqno`,
    bindings: [JSON.stringify(tables)],
  }),
};

/** The catalog of each kind of database behind Knex. */
export const catalogOf: Readonly<Record<Dialect['name'], Catalog>> = {
  pg: pgCatalog,
  'better-sqlite3': sqliteCatalog,
};
