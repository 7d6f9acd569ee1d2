/* Oracle's vocabulary, as far as the stand-in goes: what is not here is refused, not passed on to PostgreSQL. */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Functions that Oracle 19c and the stand-in both have. */
export const functions = words(`
  ABS AVG CEIL CHR COALESCE CONCAT COUNT DENSE_RANK FIRST_VALUE FLOOR GREATEST INSTR INSTRB LAG LAST_VALUE LEAD LEAST LENGTH
  LENGTHB LISTAGG LOWER LPAD LTRIM MAX MIN MOD NULLIF NUMTODSINTERVAL NVL NVL2 ORA_HASH POWER RANK REGEXP_LIKE
  REGEXP_REPLACE REPLACE ROUND ROW_NUMBER RPAD RTRIM SIGN SUBSTR SUBSTRB SUM SYS_CONTEXT TO_CHAR TO_DATE TO_NUMBER
  TO_TIMESTAMP TRIM TRUNC UPPER CAST EXTRACT`);

/** Words in front of a parenthesis that are no function. */
export const beforeParenthesis = words(`
  ALL AND ANY AS BETWEEN BY CASE DISTINCT ELSE EXISTS FROM GROUP HAVING IN INTERSECT INTO IS JOIN KEY LEFT LIKE MINUS
  NOT ON OR ORDER OVER PARTITION PRIMARY SELECT SET SOME THEN UNION UNIQUE USING VALUES WHEN WHERE WITH WITHIN CHECK
  DEFAULT REFERENCES UPDATE INDEX TABLE LATERAL KEEP`);

/** Types that may stand in CAST; those with a length or precision in parentheses come without it here. */
export const castTypes = words(`
  NUMBER VARCHAR2 CHAR DATE TIMESTAMP INTEGER INT SMALLINT NUMERIC DECIMAL FLOAT VARCHAR`);

/** Words that Oracle reserves: no name without quotes is one of them. */
export const reserved = words(`
  ACCESS ADD ALL ALTER AND ANY AS ASC AUDIT BETWEEN BY CHAR CHECK CLUSTER COLUMN COMMENT COMPRESS CONNECT CREATE
  CURRENT DATE DECIMAL DEFAULT DELETE DESC DISTINCT DROP ELSE EXCLUSIVE EXISTS FILE FLOAT FOR FROM GRANT GROUP HAVING
  IDENTIFIED IMMEDIATE IN INCREMENT INDEX INITIAL INSERT INTEGER INTERSECT INTO IS LEVEL LIKE LOCK LONG MAXEXTENTS
  MINUS MLSLABEL MODE MODIFY NOAUDIT NOCOMPRESS NOT NOWAIT NULL NUMBER OF OFFLINE ON ONLINE OPTION OR ORDER PCTFREE
  PRIOR PUBLIC RAW RENAME RESOURCE REVOKE ROW ROWID ROWNUM ROWS SELECT SESSION SET SHARE SIZE SMALLINT START SUCCESSFUL
  SYNONYM SYSDATE TABLE THEN TO TRIGGER UID UNION UNIQUE UPDATE USER VALIDATE VALUES VARCHAR VARCHAR2 VIEW WHENEVER
  WHERE WITH`);

/** A format of dates for PostgreSQL, which has six digits of a second, with nine. */
export function ninths(format: string): string {
  return format.replace('FF9', 'FF6"000"');
}

/** Symbols of Oracle's SQL. */
export const symbols = new Set([
  ...['(', ')', ',', '.', '+', '-', '*', '/', '=', '<', '>', '<=', '>=', '<>', '!=', '^=', '||'],
]);

export const comparisons = new Set(['=', '<', '>', '<=', '>=', '<>', '!=', '^=']);
