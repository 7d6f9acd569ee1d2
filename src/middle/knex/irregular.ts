import type { Fragment } from '../../database/dialects/dialect.js';
import { sources, type Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import { scanLimit } from '../port.js';
import { pendingFor } from '../shared-sql.js';
import { attributeTable, mainTable, ourProducts, type KnexTables } from './tables.js';

/*
 * Statements about irregular rows. The innermost part of each reads a limited number of rows by an index, in its order.
 */

/** One statement with a part per table. */
function ofBothTables(part: (source: Source) => Fragment): Fragment {
  const parts = sources.map(part);
  return {
    sql: parts.map(({ sql }) => sql).join(' UNION ALL '),
    bindings: parts.flatMap(({ bindings }) => bindings),
  };
}

/** Pending rows with their ages: from the head, or those ahead of the clock, furthest first. */
function pendingPart(tables: KnexTables, source: Source, part: 'head' | 'ahead'): Fragment {
  const { dialect } = tables;
  const ours = ourProducts(tables, 't');
  const isAhead = part === 'head' ? '' : ` AND t.CreateDate > ${dialect.now}`;
  const order = part === 'head' ? dialect.pollOrder : 'CreateDate DESC NULLS LAST';
  return {
    sql: `SELECT ${dialect.ageSeconds('t.CreateDate')} AS created, ${dialect.ageSeconds('t.StateDate')} AS changed,
                 ${dialect.dateText('t.CreateDate')} AS created_at
          FROM ${mainTable(tables, source)} AS t WHERE t.State = ${State.Initial}${isAhead}${ours.sql}
          ORDER BY ${order} LIMIT ${scanLimit}`,
    bindings: ours.bindings,
  };
}

/** The age of the oldest pending row of each table. */
export function oldestPendingStatement(tables: KnexTables): Fragment {
  return ofBothTables((source) => {
    const parts = (['head', 'ahead'] as const).map((part) => pendingPart(tables, source, part));
    const rows = parts.map(({ sql }, index) => `SELECT * FROM (${sql}) AS part${index}`).join(' UNION ALL ');
    return {
      sql: `SELECT max(${pendingFor}) AS age FROM (${rows}) AS p`,
      bindings: parts.flatMap(({ bindings }) => bindings),
    };
  });
}

/** Pending rows of each table that are ahead of the clock. */
export function createdAheadStatement(tables: KnexTables): Fragment {
  return ofBothTables((source) => {
    const { sql, bindings } = pendingPart(tables, source, 'ahead');
    return {
      sql: `SELECT count(*) AS number, -min(p.created) AS ahead, max(p.created_at) AS newest FROM (${sql}) AS p`,
      bindings,
    };
  });
}

/** Ranges of States that no worker takes: each is one range of the poll's index. */
export const otherStates = [
  `t.State < ${State.Initial}`,
  `t.State > ${State.Failed}`,
  't.State IS NULL',
] as const;

/** Rows of these States. */
export function otherStatesStatement(tables: KnexTables, limit: number): Fragment {
  return ofBothTables((source) => {
    const ours = ourProducts(tables, 't');
    const { dialect } = tables;
    const sql = `SELECT '${source}' AS source, ${dialect.numberText('t.StreamingNo')} AS streaming_no, ${dialect.numberText('t.State')} AS state
                 FROM ${mainTable(tables, source)} AS t WHERE (${otherStates.join(' OR ')})${ours.sql} LIMIT ${limit}`;
    return { sql: `SELECT * FROM (${sql}) AS ${source.toLowerCase()}_rows`, bindings: ours.bindings };
  });
}

/**
 * Attribute rows in State 0 that came after their row was taken, or have none. A refused row with too many attributes
 * leaves them unchanged; those whose row may come a moment later are no orphans yet.
 */
export function straysStatement(
  tables: KnexTables,
  { scan, examples }: { readonly scan: number; readonly examples: number },
): Fragment {
  return ofBothTables((source) => {
    const ours = ourProducts(tables, 't');
    const row = `SELECT 1 FROM ${mainTable(tables, source)} AS t WHERE t.StreamingNo = x.StreamingNo`;
    const age = tables.dialect.ageSeconds('x.CreateDate');
    const { Processing, Succeeded, Failed } = State;
    const isLate = !tables.markAttributes
      ? 'FALSE'
      : `EXISTS (${row} AND t.State IN (${Processing}, ${Succeeded}, ${Failed})${ours.sql}
           AND NOT (t.State = ${Failed} AND COALESCE(t.ErrContent, '') LIKE '00403%'))`;
    return {
      sql: `SELECT '${source}' AS source, n.kind, ${tables.dialect.numberText('n.StreamingNo')} AS streaming_no, n.number FROM (
              SELECT k.*, count(*) OVER (PARTITION BY k.kind) AS number,
                     row_number() OVER (PARTITION BY k.kind ORDER BY k.StreamingNo) AS place
              FROM (SELECT x.StreamingNo,
                           CASE WHEN NOT EXISTS (${row}) THEN CASE WHEN COALESCE(${age}, 61) > 60 THEN 'orphaned' END
                                WHEN ${isLate} THEN 'late' END AS kind
                    FROM (SELECT x.StreamingNo, x.State, x.CreateDate FROM ${attributeTable(tables, source)} AS x
                          WHERE x.StreamingNo IS NOT NULL ORDER BY x.StreamingNo DESC LIMIT ${scan}) AS x
                    WHERE COALESCE(x.State, ${State.Initial}) = ${State.Initial}) AS k
              WHERE k.kind IS NOT NULL) AS n WHERE n.place <= ${examples}`,
      bindings: tables.markAttributes ? ours.bindings : [],
    };
  });
}

/** Rows of other products among the first in State 0. */
export function othersInFrontStatement(tables: KnexTables, scan: number): Fragment {
  return ofBothTables((source) => {
    const ours = ourProducts(tables, 't');
    return {
      sql: `SELECT '${source}' AS source, count(CASE WHEN TRUE${ours.sql} THEN NULL ELSE 1 END) AS number
            FROM (SELECT t.ProductID FROM ${mainTable(tables, source)} AS t WHERE t.State = ${State.Initial}
                  ORDER BY ${tables.dialect.pollOrder} LIMIT ${scan}) AS t`,
      bindings: ours.bindings,
    };
  });
}

/** Rows with too many attributes. */
export function tooManyAttributesStatement(tables: KnexTables, limit: number): Fragment {
  return ofBothTables((source) => ({
    sql: `SELECT * FROM (
            SELECT '${source}' AS source, ${tables.dialect.numberText('x.StreamingNo')} AS streaming_no, count(*) AS number
            FROM ${attributeTable(tables, source)} AS x WHERE x.StreamingNo IS NOT NULL
            GROUP BY x.StreamingNo HAVING count(*) > ${tables.maxAttributes} LIMIT ${limit}) AS ${source.toLowerCase()}_rows`,
    bindings: [],
  }));
}
