/*
 * The catalog's views that an operator's check may ask: what the tables, their indexes and the database are. They show
 * what really stands in PostgreSQL, filtered by what the user may see, as Oracle's ALL_ views are.
 */

/** @param schema - of the interface tables, by its name in Oracle */
export function catalogSql(schema: string): string {
  const visible = `has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')`;
  return `
-- What creates a table writes its columns down here (oracle-tables.ts): PostgreSQL's types do not tell.
CREATE TABLE oracle.column_types (table_name varchar, column_name varchar, data_type varchar, data_length numeric,
  data_precision numeric, data_scale numeric);

CREATE VIEW oracle.all_tables AS
  SELECT upper(n.nspname)::varchar AS owner, upper(c.relname)::varchar AS table_name
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname = lower('${schema}') AND ${visible};
CREATE VIEW oracle.all_tab_columns AS
  SELECT upper(n.nspname)::varchar AS owner, t.table_name, t.column_name, t.data_type, t.data_length, t.data_precision,
    t.data_scale, CAST(CASE WHEN a.attnotnull THEN 'N' ELSE 'Y' END AS varchar) AS nullable,
    CAST(a.attnum AS numeric) AS column_id,
    CAST(CASE t.data_type WHEN 'VARCHAR2' THEN 'B' END AS varchar) AS char_used,
    CASE t.data_type WHEN 'VARCHAR2' THEN t.data_length ELSE 0 END AS char_length
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN oracle.column_types AS t ON t.table_name = upper(c.relname) AND t.column_name = upper(a.attname)
  WHERE n.nspname = lower('${schema}') AND ${visible};
CREATE VIEW oracle.index_columns AS
  SELECT upper(n.nspname)::varchar AS owner, upper(c.relname)::varchar AS table_name,
    upper(i.relname)::varchar AS index_name, x.indisunique AS is_unique, k.position,
    CASE WHEN x.indkey[k.position - 1] = 0 THEN 'SYS_NC' || lpad((CAST(x.indexrelid AS bigint) % 1000)::text || k.position, 5, '0') || '$'
      ELSE upper(pg_get_indexdef(x.indexrelid, CAST(k.position AS integer), true)) END::varchar AS column_name,
    CASE WHEN x.indkey[k.position - 1] = 0 THEN regexp_replace(regexp_replace(
      upper(pg_get_indexdef(x.indexrelid, CAST(k.position AS integer), true)),
      '^.*CASE\\s+WHEN (\\w+) = (\\d+)::NUMERIC THEN (\\w+)\\s+ELSE NULL::.*\\sEND.*$', 'CASE  WHEN "\\1"=\\2 THEN "\\3" END'),
      '^.*CASE (\\w+)\\s+WHEN (\\d+)(?:::NUMERIC)? THEN (\\w+)\\s+ELSE NULL::.*\\sEND.*$', 'CASE "\\1" WHEN \\2 THEN "\\3" END')
      END::varchar AS expression,
    (x.indoption[k.position - 1] & 1) = 1 AS is_descending
  FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indrelid JOIN pg_class AS i ON i.oid = x.indexrelid
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL generate_series(1, CAST(x.indnkeyatts AS bigint)) AS k (position)
  WHERE n.nspname = lower('${schema}') AND ${visible};
CREATE VIEW oracle.all_indexes AS
  SELECT DISTINCT owner, index_name, owner AS table_owner, table_name,
    CAST(CASE WHEN is_unique THEN 'UNIQUE' ELSE 'NONUNIQUE' END AS varchar) AS uniqueness,
    CAST(CASE WHEN bool_or(expression IS NOT NULL) OVER (PARTITION BY owner, index_name)
      THEN 'FUNCTION-BASED NORMAL' ELSE 'NORMAL' END AS varchar) AS index_type,
    CAST('VALID' AS varchar) AS status, CAST('VISIBLE' AS varchar) AS visibility
  FROM oracle.index_columns;
CREATE VIEW oracle.all_ind_columns AS
  SELECT owner AS index_owner, index_name, owner AS table_owner, table_name, column_name,
    CAST(position AS numeric) AS column_position,
    CAST(CASE WHEN is_descending THEN 'DESC' ELSE 'ASC' END AS varchar) AS descend
  FROM oracle.index_columns;
CREATE VIEW oracle.all_ind_expressions AS
  SELECT owner AS index_owner, index_name, owner AS table_owner, table_name, expression AS column_expression,
    CAST(position AS numeric) AS column_position
  FROM oracle.index_columns WHERE expression IS NOT NULL;
CREATE VIEW oracle.nls_database_parameters AS
  SELECT CAST(parameter AS varchar) AS parameter, CAST(value AS varchar) AS value FROM (VALUES
    ('NLS_CHARACTERSET', 'AL32UTF8'), ('NLS_NCHAR_CHARACTERSET', 'AL16UTF16'), ('NLS_LENGTH_SEMANTICS', 'BYTE'))
  AS parameters (parameter, value);
CREATE VIEW oracle.product_component_version AS
  SELECT CAST('Oracle Database 19c (stand-in)' AS varchar) AS product, CAST('19.0.0.0.0' AS varchar) AS version,
    CAST('19.3.0.0.0' AS varchar) AS version_full, CAST('Production' AS varchar) AS status;
CREATE VIEW oracle.all_synonyms AS
  SELECT CAST('PUBLIC' AS varchar) AS owner, table_name AS synonym_name, owner AS table_owner, table_name,
    CAST(NULL AS varchar) AS db_link
  FROM oracle.all_tables
  WHERE position(lower(owner) IN current_setting('search_path')) > 0 AND owner <> oracle.user_name();
`;
}
