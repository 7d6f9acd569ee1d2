import type { Fragment } from '../../database/dialects/dialect.js';
import { sources, type Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import { readPerReturned, type Scan, type IndexRange } from '../search.js';
import { otherStates } from './irregular.js';
import type { MiddleDialect } from './dialect.js';
import { rowColumns } from './statements.js';
import { mainTable, ourProducts, type KnexTables } from './tables.js';

/*
 * Bounded statements for operators. The innermost part of each reads a limited number of rows by an index, in its
 * order; all other conditions apply to what that part has read.
 */

const more = ['ErrContent', 'Remark'];

/** Reads a stretch of the failed rows; returns those that match, and the one at the scan's limit. */
export function failedStatement(tables: KnexTables, scan: Scan): Fragment {
  const { dialect } = tables;
  const matches = matching(tables, scan);
  const rows = scanned(tables, scan);
  return {
    sql: `SELECT ${rowColumns(tables, scan.source, more)}, ${dialect.exactDate} AS exact_date, t.is_match, t.nth_read
          FROM (SELECT t.*, CASE WHEN ${matches.sql} THEN 1 ELSE 0 END AS is_match FROM (${rows.sql}) AS t) AS t
          WHERE t.is_match = 1 OR t.nth_read = ${scan.scan}
          ORDER BY ${orderOf(dialect, scan.stretch)} LIMIT ${scan.limit}`,
    bindings: [...matches.bindings, ...rows.bindings],
  };
}

/** Counts the first rows of a stretch of the failed rows by code; returns the newest row of each. */
export function failedCountsStatement(tables: KnexTables, scan: Omit<Scan, 'filter' | 'limit'>): Fragment {
  const { dialect } = tables;
  const ours = ourProducts(tables, 't');
  const rows = scanned(tables, scan);
  return {
    sql: `SELECT ${rowColumns(tables, scan.source, more)}, t.is_match, t.found_code, t.in_code
          FROM (SELECT t.*, count(*) OVER (PARTITION BY is_match, found_code) AS in_code,
                       row_number() OVER (PARTITION BY is_match, found_code ORDER BY nth_read) AS nth_of_code
                FROM (SELECT t.*, CASE WHEN TRUE${ours.sql} THEN 1 ELSE 0 END AS is_match, ${dialect.code} AS found_code
                      FROM (${rows.sql}) AS t) AS t) AS t
          WHERE t.nth_of_code = 1`,
    bindings: [...ours.bindings, ...rows.bindings],
  };
}

const countedStates = [
  ...[State.Initial, State.Processing, State.Succeeded, State.Failed].map((state) => {
    return { state, where: `t.State = ${state}` };
  }),
  ...otherStates.map((where) => ({ state: -1, where })),
];

/** Counts rows by table and State, -1 for all others; reads `most` rows of each. */
export function countStatement(tables: KnexTables, most: number): Fragment {
  const parts = sources.flatMap((source) =>
    countedStates.map(({ state, where }) => {
      const ours = ourProducts(tables, 't');
      const all = ours.sql === '';
      return {
        sql: `SELECT '${source}' AS source, ${state} AS state, count(*) AS looked_at,
                     ${all ? 'count(*)' : `count(CASE WHEN TRUE${ours.sql} THEN 1 END)`} AS number
              FROM (SELECT ${all ? 't.State' : 't.ProductID'} FROM ${mainTable(tables, source)} AS t
                    WHERE ${where} LIMIT ${most}) AS t`,
        bindings: ours.bindings,
      };
    }),
  );
  return {
    sql: parts.map(({ sql }) => sql).join(' UNION ALL '),
    bindings: parts.flatMap(({ bindings }) => bindings),
  };
}

/** Reads rows in State 1 with their age, oldest StateDate first. */
export function processingStatement(tables: KnexTables, source: Source, limit: number): Fragment {
  const ours = ourProducts(tables, 't');
  return {
    sql: `SELECT ${rowColumns(tables, source, more)}, ${tables.dialect.ageSeconds('t.StateDate')} AS age
          FROM (SELECT t.* FROM ${mainTable(tables, source)} AS t
                WHERE t.State = ${State.Processing} AND t.StreamingNo IS NOT NULL
                ORDER BY ${tables.dialect.pollOrder} LIMIT ${readPerReturned * limit}) AS t
          WHERE TRUE${ours.sql} ORDER BY t.StateDate NULLS FIRST, ${tables.dialect.pollOrder} LIMIT ${limit}`,
    bindings: ours.bindings,
  };
}

/** Reads rows of a customer, newest CreateDate first. */
export function customerStatement(
  tables: KnexTables,
  source: Source,
  { custId, limit }: { readonly custId: string; readonly limit: number },
): Fragment {
  const ours = ourProducts(tables, 't');
  return {
    sql: `SELECT ${rowColumns(tables, source, more)}
          FROM (SELECT t.* FROM ${mainTable(tables, source)} AS t WHERE t.CustID = ? AND t.StreamingNo IS NOT NULL
                ORDER BY ${tables.dialect.customerOrder} LIMIT ${readPerReturned * limit}) AS t
          WHERE TRUE${ours.sql} ORDER BY ${tables.dialect.customerOrder} LIMIT ${limit}`,
    bindings: [custId, ...ours.bindings],
  };
}

/** The first rows of a stretch, each with its place among them. */
function scanned(
  tables: KnexTables,
  { source, stretch, scan }: Pick<Scan, 'source' | 'stretch' | 'scan'>,
): Fragment {
  const range = rangeOf(tables.dialect, stretch);
  const order = orderOf(tables.dialect, stretch);
  return {
    sql: `SELECT t.*, row_number() OVER (ORDER BY ${order}) AS nth_read
          FROM ${mainTable(tables, source)} AS t
          WHERE t.State = ${State.Failed} AND t.StreamingNo IS NOT NULL AND ${range.sql}
          ORDER BY ${order} LIMIT ${scan}`,
    bindings: range.bindings,
  };
}

/** Omits StateDate within one moment: between SELECTs PostgreSQL forgets that it is constant, and would sort. */
function orderOf(dialect: MiddleDialect, { kind }: IndexRange): string {
  const numberOrder = dialect.numberDescending('t.StreamingNo');
  return kind === 'moment' ? numberOrder : `t.StateDate DESC, ${numberOrder}`;
}

function rangeOf(dialect: MiddleDialect, stretch: IndexRange): Fragment {
  switch (stretch.kind) {
    case 'moment':
      return both(
        { sql: 't.StateDate = ?', bindings: [stretch.stateDate] },
        dialect.streamingNoIs(stretch.below),
      );
    case 'dated': {
      const { before, since } = stretch;
      const conditions: readonly Fragment[] = [
        { sql: 't.StateDate IS NOT NULL', bindings: [] },
        ...(before === null ? [] : [{ sql: 't.StateDate < ?', bindings: [before] }]),
        ...(since === null ? [] : [{ sql: 't.StateDate >= ?', bindings: [since] }]),
      ];
      return both(...conditions);
    }
    case 'undated': {
      const undated = { sql: 't.StateDate IS NULL', bindings: [] };
      return stretch.below === null ? undated : both(undated, dialect.streamingNoIs(stretch.below));
    }
  }
}

function matching(tables: KnexTables, { source, filter }: Scan): Fragment {
  const { code, productId, custId, userId, opFlag, text } = filter;
  const { dialect } = tables;
  const name = source === 'CUST' ? 't.CustName' : 't.AccName';
  const conditions: Fragment[] = [
    { sql: `TRUE${ourProducts(tables, 't').sql}`, bindings: ourProducts(tables, 't').bindings },
  ];
  if (code === null) conditions.push({ sql: `(${dialect.code}) IS NULL`, bindings: [] });
  else if (code !== undefined) conditions.push({ sql: `${dialect.code} = ?`, bindings: [code] });
  if (productId !== undefined) conditions.push(dialect.numberIn('t.ProductID', [productId]));
  if (custId !== undefined) conditions.push(dialect.numberIn('t.CustID', [custId]));
  if (userId !== undefined) conditions.push({ sql: 't.UserID = ?', bindings: [userId] });
  if (opFlag !== undefined) conditions.push({ sql: 't.OPFlag = ?', bindings: [opFlag] });
  if (text !== undefined) {
    const sql = `(${dialect.contains('t.ErrContent')} OR ${dialect.contains(name)})`;
    conditions.push({ sql, bindings: [text, text] });
  }
  return both(...conditions);
}

function both(...conditions: readonly Fragment[]): Fragment {
  return {
    sql: conditions.map(({ sql }) => sql).join(' AND '),
    bindings: conditions.flatMap(({ bindings }) => bindings),
  };
}
