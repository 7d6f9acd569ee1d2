import { RAISED_HERE } from './errors.js';
import { ninths } from './oracle-words.js';

/** `YYYY-MM-DD HH24:MI:SS.FF9` as PostgreSQL writes it: nine digits of a second, of which it has six. */
const FRACTIONS = `YYYY-MM-DD HH24:MI:SS.${ninths('FF9')}`;
const YEAR_OUTSIDE = 'ORA-01841: (full) year must be between -4713 and +9999, and not be 0';

/**
 * Dates in the schema `oracle` of the database behind the stand-in: what they are made of, and arithmetic with them.
 *
 * @param timeZone - of the database server's operating system: SYSDATE is in it, whatever the session's zone
 */
export function datesSql(timeZone: string): string {
  return `
CREATE FUNCTION oracle.sysdate() RETURNS timestamp(0) LANGUAGE sql STABLE AS
  $$ SELECT date_trunc('second', statement_timestamp() AT TIME ZONE '${timeZone}') $$;
CREATE FUNCTION oracle.session_date() RETURNS timestamp(0) LANGUAGE sql STABLE AS
  $$ SELECT date_trunc('second', localtimestamp) $$;
CREATE FUNCTION oracle.trunc(timestamp) RETURNS timestamp(0) LANGUAGE sql IMMUTABLE AS
  $$ SELECT date_trunc('day', $1) $$;
CREATE FUNCTION oracle.numtodsinterval(numeric, text) RETURNS interval LANGUAGE sql IMMUTABLE AS
  $$ SELECT CAST($1 || ' ' || $2 AS interval) $$;

-- Without a format the session's NLS_DATE_FORMAT decides, and its default has no time of day.
CREATE FUNCTION oracle.to_char(timestamp) RETURNS varchar LANGUAGE sql STABLE AS
  $$ SELECT CAST(pg_catalog.to_char($1, current_setting('oracle.nls_date_format')) AS varchar) $$;
CREATE FUNCTION oracle.to_timestamp(value text, format text) RETURNS timestamp LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF format <> '${FRACTIONS}' THEN
    RAISE EXCEPTION 'ORA-20999: the stand-in does not know the timestamp format %', format USING ERRCODE = '${RAISED_HERE}';
  END IF;
  IF value !~ '^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{1,9}$' THEN
    RAISE EXCEPTION 'ORA-01861: literal does not match format string' USING ERRCODE = '${RAISED_HERE}';
  END IF;
  RETURN CAST(value AS timestamp);
END $$;
CREATE FUNCTION oracle.to_date(value text, format text) RETURNS timestamp(0) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE refused text;
BEGIN
  IF value IS NULL THEN RETURN NULL; END IF;
  IF format NOT IN ('YYYY-MM-DD HH24:MI:SS', 'YYYY-MM-DD') THEN
    RAISE EXCEPTION 'ORA-20999: the stand-in does not know the date format %', format USING ERRCODE = '${RAISED_HERE}';
  END IF;
  refused := CASE
    WHEN format = 'YYYY-MM-DD' AND value !~ '^\\d{4}-\\d\\d-\\d\\d$'
      OR format <> 'YYYY-MM-DD' AND value !~ '^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d$'
      THEN 'ORA-01861: literal does not match format string'
    WHEN left(value, 4) = '0000' THEN '${YEAR_OUTSIDE}'
    WHEN substr(value, 6, 2) NOT BETWEEN '01' AND '12' THEN 'ORA-01843: not a valid month'
    WHEN substr(value, 9, 2) NOT BETWEEN '01' AND '31' THEN
      'ORA-01847: day of month must be between 1 and last day of month'
    WHEN substr(value, 12, 2) > '23' THEN 'ORA-01850: hour must be between 0 and 23'
    WHEN substr(value, 15, 2) > '59' THEN 'ORA-01851: minutes must be between 0 and 59'
    WHEN substr(value, 18, 2) > '59' THEN 'ORA-01852: seconds must be between 0 and 59'
  END;
  IF refused IS NOT NULL THEN RAISE EXCEPTION '%', refused USING ERRCODE = '${RAISED_HERE}'; END IF;
  RETURN CAST(value AS timestamp);
EXCEPTION WHEN datetime_field_overflow THEN
  RAISE EXCEPTION 'ORA-01839: date not valid for month specified' USING ERRCODE = '${RAISED_HERE}';
END $$;

-- Both calendars begin at the same day. Not immutable: PostgreSQL would work out a branch of CASE that is never taken,
-- and fail there.
CREATE FUNCTION oracle.in_calendar(moment timestamp) RETURNS timestamp LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF moment >= '10000-01-01' THEN RAISE EXCEPTION '${YEAR_OUTSIDE}' USING ERRCODE = '${RAISED_HERE}'; END IF;
  RETURN moment;
END $$;
-- Numbers are days, to the second.
CREATE FUNCTION oracle.add_days(timestamp, numeric) RETURNS timestamp LANGUAGE sql STABLE AS $$
  SELECT oracle.in_calendar($1 OPERATOR(pg_catalog.+)
    make_interval(secs => CAST(round($2 * 86400) AS double precision))) $$;
CREATE FUNCTION oracle.subtract_days(timestamp, numeric) RETURNS timestamp LANGUAGE sql STABLE AS
  $$ SELECT oracle.add_days($1, -$2) $$;
CREATE FUNCTION oracle.add_interval(timestamp, interval) RETURNS timestamp LANGUAGE sql STABLE AS
  $$ SELECT oracle.in_calendar($1 OPERATOR(pg_catalog.+) $2) $$;
CREATE FUNCTION oracle.subtract_interval(timestamp, interval) RETURNS timestamp LANGUAGE sql STABLE AS
  $$ SELECT oracle.in_calendar($1 OPERATOR(pg_catalog.-) $2) $$;
CREATE FUNCTION oracle.days_between(timestamp, timestamp) RETURNS numeric LANGUAGE sql IMMUTABLE AS
  $$ SELECT CAST(extract(epoch FROM $1 OPERATOR(pg_catalog.-) $2) AS numeric) OPERATOR(pg_catalog./) 86400 $$;
CREATE OPERATOR oracle.+ (LEFTARG = timestamp, RIGHTARG = numeric, FUNCTION = oracle.add_days);
CREATE OPERATOR oracle.- (LEFTARG = timestamp, RIGHTARG = numeric, FUNCTION = oracle.subtract_days);
CREATE OPERATOR oracle.+ (LEFTARG = timestamp, RIGHTARG = interval, FUNCTION = oracle.add_interval);
CREATE OPERATOR oracle.- (LEFTARG = timestamp, RIGHTARG = interval, FUNCTION = oracle.subtract_interval);
CREATE OPERATOR oracle.- (LEFTARG = timestamp, RIGHTARG = timestamp, FUNCTION = oracle.days_between);
`;
}
