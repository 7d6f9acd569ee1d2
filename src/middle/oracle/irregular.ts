import { sources, type Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import { scanLimit } from '../port.js';
import { pendingFor } from '../shared-sql.js';
import type { Query } from './database.js';
import type { MiddleTables } from '../tables.js';
import { attributeTable, dateText, mainTable, ourProducts } from './tables.js';

/*
 * Statements about irregular rows. The innermost part of each reads a limited number of rows by an index, in its order,
 * ended by ROWNUM.
 */

function ofBothTables(part: (source: Source) => string, limit: number, binds: Query['binds'] = {}): Query {
  return { sql: sources.map(part).join('\nUNION ALL\n'), binds, expected: sources.length * limit };
}

/** A date's age in seconds; columns may be DATE or TIMESTAMP. */
function age(date: string): string {
  return `ROUND((SYSDATE - CAST(${date} AS DATE)) * 86400)`;
}

/** Pending rows with ages: with a CreateDate from the head, without one, or ahead of the clock, furthest first. */
function pendingPart(tables: MiddleTables, source: Source, part: 'dated' | 'undated' | 'ahead'): string {
  const [where, order] = {
    dated: ['t.CreateDate IS NOT NULL', 't.CreateDate, t.StreamingNo'],
    undated: ['t.CreateDate IS NULL', 't.StreamingNo'],
    ahead: ['t.CreateDate > SYSDATE', 't.CreateDate DESC, t.StreamingNo DESC'],
  }[part];
  return `SELECT * FROM (
    SELECT ${age('t.CreateDate')} AS created, ${age('t.StateDate')} AS changed, t.CreateDate AS created_at
    FROM ${mainTable(tables, source)} t WHERE t.State = ${State.Initial} AND ${where}${ourProducts(tables)}
    ORDER BY ${order}
  ) WHERE ROWNUM <= ${scanLimit}`;
}

/** The age of the oldest pending row of each table. */
export function oldestPendingStatement(tables: MiddleTables): Query {
  const rows = (source: Source) =>
    (['dated', 'undated', 'ahead'] as const)
      .map((part) => pendingPart(tables, source, part))
      .join('\n  UNION ALL\n  ');
  return ofBothTables((source) => `SELECT MAX(${pendingFor}) AS "age" FROM (\n  ${rows(source)}\n) p`, 1);
}

/** Pending rows of each table that are ahead of the clock. */
export function createdAheadStatement(tables: MiddleTables): Query {
  return ofBothTables(
    (
      source,
    ) => `SELECT COUNT(*) AS "number", -MIN(p.created) AS "ahead", ${dateText('MAX(p.created_at)')} AS "newest"
FROM (\n  ${pendingPart(tables, source, 'ahead')}\n) p`,
    1,
  );
}

/** Ranges of States that no worker takes: each is one range of the poll's index, which omits all-NULL rows. */
export const otherStates = [
  `t.State < ${State.Initial}`,
  `t.State > ${State.Failed}`,
  't.State IS NULL AND t.StreamingNo IS NOT NULL',
] as const;

/** Rows of these States. */
export function otherStatesStatement(tables: MiddleTables, limit: number): Query {
  const where = otherStates.map((range) => `(${range})`).join(' OR ');
  return ofBothTables(
    (
      source,
    ) => `SELECT '${source}' AS "source", TO_CHAR(t.StreamingNo) AS "streaming_no", TO_CHAR(t.State) AS "state"
FROM ${mainTable(tables, source)} t WHERE (${where})${ourProducts(tables)} AND ROWNUM <= :maxRows`,
    limit,
    { maxRows: limit },
  );
}

/**
 * Attribute rows in State 0 that came after their row was taken, or have none. A refused row with too many attributes
 * leaves them unchanged; those whose row may come a moment later are no orphans yet.
 */
export function straysStatement(
  tables: MiddleTables,
  { scan, examples }: { readonly scan: number; readonly examples: number },
): Query {
  const { Processing, Succeeded, Failed } = State;
  const part = (source: Source): string => {
    const row = `SELECT 1 FROM ${mainTable(tables, source)} t WHERE t.StreamingNo = x.StreamingNo`;
    const isLate = !tables.markAttributes
      ? '1 = 0'
      : `EXISTS (${row} AND t.State IN (${Processing}, ${Succeeded}, ${Failed})${ourProducts(tables)}
      AND NOT (t.State = ${Failed} AND NVL(t.ErrContent, ' ') LIKE '00403%'))`;
    return `SELECT '${source}' AS "source", n.kind AS "kind", TO_CHAR(n.StreamingNo) AS "streaming_no", n.in_kind AS "number"
FROM (
  SELECT k.*, COUNT(*) OVER (PARTITION BY k.kind) AS in_kind,
    ROW_NUMBER() OVER (PARTITION BY k.kind ORDER BY k.StreamingNo) AS place
  FROM (
    SELECT x.StreamingNo,
      CASE WHEN NOT EXISTS (${row}) THEN CASE WHEN NVL(${age('x.CreateDate')}, 61) > 60 THEN 'orphaned' END
        WHEN ${isLate} THEN 'late' END AS kind
    FROM (SELECT * FROM (
      SELECT x.StreamingNo, x.State, x.CreateDate FROM ${attributeTable(tables, source)} x
      WHERE x.StreamingNo IS NOT NULL ORDER BY x.StreamingNo DESC
    ) WHERE ROWNUM <= :scan) x
    WHERE NVL(x.State, ${State.Initial}) = ${State.Initial}
  ) k
  WHERE k.kind IS NOT NULL
) n WHERE n.place <= :examples`;
  };
  return ofBothTables(part, 2 * examples, { scan, examples });
}

/** Rows of other products among the first in State 0. */
export function othersInFrontStatement(tables: MiddleTables, scan: number): Query {
  return ofBothTables(
    (
      source,
    ) => `SELECT '${source}' AS "source", COUNT(CASE WHEN 1 = 1${ourProducts(tables)} THEN NULL ELSE 1 END) AS "number"
FROM (
  SELECT * FROM (
    SELECT t.ProductID FROM ${mainTable(tables, source)} t WHERE t.State = ${State.Initial} AND t.CreateDate IS NOT NULL
    ORDER BY t.CreateDate, t.StreamingNo
  ) WHERE ROWNUM <= :scan
) t`,
    1,
    { scan },
  );
}

/** Rows with too many attributes. */
export function tooManyAttributesStatement(tables: MiddleTables, limit: number): Query {
  return ofBothTables(
    (source) => `SELECT * FROM (
  SELECT '${source}' AS "source", TO_CHAR(x.StreamingNo) AS "streaming_no", COUNT(*) AS "number"
  FROM ${attributeTable(tables, source)} x WHERE x.StreamingNo IS NOT NULL
  GROUP BY x.StreamingNo HAVING COUNT(*) > ${tables.maxAttributes}
) WHERE ROWNUM <= :maxRows`,
    limit,
    { maxRows: limit },
  );
}
