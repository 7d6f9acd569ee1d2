import { RAISED_HERE } from './errors.js';
import { datesSql } from './oracle-dates.js';

/*
 * The schema `oracle` of the database behind the stand-in: functions and operators in which Oracle and PostgreSQL
 * differ. It is searched before PostgreSQL's own, so a function or operator here takes the place of the same one there.
 */

/** Searched in this order, with the schema of the tables in the middle. */
export function searchPath(tablesSchema: string | undefined): string {
  return ['oracle', ...(tablesSchema === undefined ? [] : [`"${tablesSchema}"`]), 'pg_catalog'].join(', ');
}

/**
 * @param timeZone - of the database server's operating system: SYSDATE is in it, whatever the session's zone
 */
export function functionsSql(timeZone: string): string {
  return `
CREATE SCHEMA oracle;
CREATE VIEW oracle.dual AS SELECT CAST('X' AS varchar) AS dummy;

-- Texts convert to numbers by themselves; they never do to dates.
DO $$ BEGIN
  CREATE CAST (varchar AS numeric) WITH INOUT AS IMPLICIT;
EXCEPTION WHEN duplicate_object THEN NULL; END $$;

CREATE FUNCTION oracle.user_name() RETURNS varchar LANGUAGE sql STABLE AS
  $$ SELECT current_setting('oracle.user_name')::varchar $$;
CREATE FUNCTION oracle.sys_context(text, text) RETURNS varchar LANGUAGE sql STABLE AS $$
  SELECT CAST(CASE upper($2)
    WHEN 'CURRENT_SCHEMA' THEN current_setting('oracle.current_schema')
    WHEN 'SESSION_USER' THEN current_setting('oracle.user_name')
    WHEN 'DB_NAME' THEN 'STANDIN' END AS varchar) $$;

CREATE FUNCTION oracle.nvl(anycompatible, anycompatible) RETURNS anycompatible LANGUAGE sql IMMUTABLE AS
  $$ SELECT coalesce($1, $2) $$;
CREATE FUNCTION oracle.nvl2(text, anycompatible, anycompatible) RETURNS anycompatible LANGUAGE sql IMMUTABLE AS
  $$ SELECT CASE WHEN $1 IS NULL THEN $3 ELSE $2 END $$;
-- NULL among the values makes the result NULL; PostgreSQL's own leave it out.
CREATE FUNCTION oracle.greatest(VARIADIC anycompatiblearray) RETURNS anycompatible LANGUAGE sql IMMUTABLE AS
  $$ SELECT CASE WHEN count(*) = count(x) THEN max(x) END FROM unnest($1) AS x $$;
CREATE FUNCTION oracle.least(VARIADIC anycompatiblearray) RETURNS anycompatible LANGUAGE sql IMMUTABLE AS
  $$ SELECT CASE WHEN count(*) = count(x) THEN min(x) END FROM unnest($1) AS x $$;
${datesSql(timeZone)}
${pairwise('timestamp')}
${pairwise('numeric')}
CREATE FUNCTION oracle.mod(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS
  $$ SELECT CASE WHEN $2 = 0 THEN $1 ELSE pg_catalog.mod($1, $2) END $$;
CREATE FUNCTION oracle.ora_hash(text, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS
  $$ SELECT pg_catalog.mod(abs(hashtext($1)::bigint)::numeric, $2 + 1) $$;
CREATE FUNCTION oracle.ora_hash(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS
  $$ SELECT oracle.ora_hash($1::text, $2) $$;
CREATE FUNCTION oracle.lengthb(text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT octet_length($1) $$;
CREATE FUNCTION oracle.instr(text, text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT strpos($1, $2) $$;
CREATE FUNCTION oracle.instrb(text, text) RETURNS integer LANGUAGE sql IMMUTABLE AS
  $$ SELECT position(convert_to($2, 'UTF8') IN convert_to($1, 'UTF8')) $$;
-- What LISTAGG puts together is a VARCHAR2.
CREATE FUNCTION oracle.listagged(text) RETURNS varchar LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF octet_length($1) > 4000 THEN
    RAISE EXCEPTION 'ORA-01489: result of string concatenation is too long' USING ERRCODE = '${RAISED_HERE}';
  END IF;
  RETURN $1;
END $$;
CREATE FUNCTION oracle.to_number(text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT CAST($1 AS numeric) $$;
CREATE FUNCTION oracle.to_number(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$;
CREATE FUNCTION oracle.to_char(numeric) RETURNS varchar LANGUAGE sql IMMUTABLE AS
  $$ SELECT CAST(regexp_replace(trim_scale($1)::text, '^(-?)0\\.', '\\1.') AS varchar) $$;
-- Without the third argument the decimal character would be the session's.
CREATE FUNCTION oracle.to_char(numeric, format text, nls text) RETURNS varchar LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF format <> 'TM9' OR nls <> 'NLS_NUMERIC_CHARACTERS = ''.,''' THEN
    RAISE EXCEPTION 'ORA-20999: the stand-in does not know the number format %, %', format, nls USING ERRCODE = '${RAISED_HERE}';
  END IF;
  RETURN oracle.to_char($1);
END $$;
CREATE FUNCTION oracle.to_char(text) RETURNS varchar LANGUAGE sql IMMUTABLE AS $$ SELECT CAST($1 AS varchar) $$;
-- NULL || 'a' is 'a', and NULL || NULL is NULL.
CREATE FUNCTION oracle.concat(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT nullif(pg_catalog.concat($1, $2), '') $$;
CREATE FUNCTION oracle.concat(numeric, text) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT pg_catalog.concat(trim_scale($1), $2) $$;
CREATE FUNCTION oracle.concat(text, numeric) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$ SELECT pg_catalog.concat($1, trim_scale($2)) $$;
CREATE OPERATOR oracle.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = oracle.concat);
CREATE OPERATOR oracle.|| (LEFTARG = numeric, RIGHTARG = text, FUNCTION = oracle.concat);
CREATE OPERATOR oracle.|| (LEFTARG = text, RIGHTARG = numeric, FUNCTION = oracle.concat);

-- Numbers divide exactly.
CREATE FUNCTION oracle.divide(integer, integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS
  $$ SELECT CAST($1 AS numeric) OPERATOR(pg_catalog./) CAST($2 AS numeric) $$;
CREATE OPERATOR oracle./ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = oracle.divide);
-- A change, once for each row of binds. A row that fails is undone by itself (statement-level rollback), and ends the
-- batch unless it goes on after errors. What the rows before it did stays.
CREATE FUNCTION oracle.execute_batch(statement text, binds text[], go_on boolean)
RETURNS TABLE (changed bigint, code text, message text, "table" text, "column" text, "constraint" text)
LANGUAGE plpgsql AS $$
DECLARE bind text[];
BEGIN
  FOREACH bind SLICE 1 IN ARRAY binds LOOP
    code := NULL;
    BEGIN
      EXECUTE statement USING bind;
      GET DIAGNOSTICS changed = ROW_COUNT;
    EXCEPTION WHEN OTHERS THEN
      GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, "table" = TABLE_NAME,
        "column" = COLUMN_NAME, "constraint" = CONSTRAINT_NAME;
      changed := 0;
    END;
    RETURN NEXT;
    EXIT WHEN code IS NOT NULL AND NOT go_on;
  END LOOP;
END $$;
`;
}

/** GREATEST and LEAST of two values, much faster than of any number of them: a claim asks for it in every row. */
function pairwise(type: string): string {
  return ['greatest', 'least']
    .map(
      (
        name,
      ) => `CREATE FUNCTION oracle.${name}(a ${type}, b ${type}) RETURNS ${type} LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN RETURN CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN ${name}(a, b) END; END $$;`,
    )
    .join('\n');
}
