import { sources, type Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import type { RowFilter } from '../admin-port.js';
import { readPerReturned, type Scan, type IndexRange } from '../search.js';
import type { Binds, Query } from './database.js';
import { otherStates } from './irregular.js';
import { rowColumns } from './statements.js';
import type { MiddleTables } from '../tables.js';
import { byPollIndex, boundDate, exactStates, mainTable, ourProducts } from './tables.js';

/*
 * Bounded statements for operators. The innermost part of each reads a limited number of rows by an index, in its
 * order, ended by ROWNUM; all other conditions apply to what that part has read.
 *
 * Failed rows are found by two expressions that are NULL for all others, so that their index has only failed rows.
 * Statements must write them as indexes.sql does, in the simple form of CASE: some servers store the other form as
 * written and some as the simple one, and match only what they stored.
 */

const failedDate = `CASE t.State WHEN ${State.Failed} THEN t.StateDate END`;
const failedNo = `CASE t.State WHEN ${State.Failed} THEN t.StreamingNo END`;
const newestFirst = `${failedDate} DESC, ${failedNo} DESC`;

/** Earlier and later than any StateDate: with both ends bound a range has one statement. */
const [always, never] = ['0001-01-01 00:00:00', '9999-12-31 23:59:59'];
const beyondNumbers = '9'.repeat(31);

const more = ['ErrContent', 'Remark'];

/** More rows take a further round trip. */
const rowsAtOnce = 1000;

/** StateDate with its full precision; a DATE as such rejects a format with fractions (ORA-01821). */
const exactDate = `TO_CHAR(CAST(t.StateDate AS TIMESTAMP(9)), 'YYYY-MM-DD HH24:MI:SS.FF9')`;

/** A moment from a bound text. A DATE without a fraction: compared with a TIMESTAMP, a DATE is not found by its index. */
function momentOf(bind: string, value: string): string {
  return value.includes('.') ? `TO_TIMESTAMP(${bind}, 'YYYY-MM-DD HH24:MI:SS.FF9')` : boundDate(bind);
}

/** Reads a stretch of the failed rows; returns those that match, and the one at the scan's limit. */
export function failedStatement(tables: MiddleTables, { source, stretch, filter, limit, scan }: Scan): Query {
  const matches = matching(source, filter);
  const rows = scanned(tables, source, stretch);
  return {
    sql: `SELECT ${exactStates} ${rowColumns(source, more)},
  ${exactDate} AS "exact_date", t.IsMatch AS "is_match", t.NthRead AS "nth_read"
FROM (
  SELECT t.*, CASE WHEN ${matches.condition}${ourProducts(tables)} THEN 1 ELSE 0 END AS IsMatch
  FROM (${rows.sql}) t
) t
WHERE (t.IsMatch = 1 OR t.NthRead = :scan) AND ROWNUM <= :maxRows`,
    binds: { ...rows.binds, ...matches.binds, scan, maxRows: limit },
    expected: Math.min(limit, rowsAtOnce),
  };
}

/** Counts the first rows of a stretch of the failed rows by code; returns the newest row of each. */
export function failedCountsStatement(
  tables: MiddleTables,
  { source, stretch, scan }: Omit<Scan, 'filter' | 'limit'>,
): Query {
  const rows = scanned(tables, source, stretch);
  return {
    sql: `SELECT ${exactStates} ${rowColumns(source, more)},
  t.IsMatch AS "is_match", t.FoundCode AS "found_code", t.InCode AS "in_code"
FROM (
  SELECT t.*, COUNT(*) OVER (PARTITION BY t.IsMatch, t.FoundCode) AS InCode,
    ROW_NUMBER() OVER (PARTITION BY t.IsMatch, t.FoundCode ORDER BY t.NthRead) AS NthOfCode
  FROM (
    SELECT t.*, CASE WHEN 1 = 1${ourProducts(tables)} THEN 1 ELSE 0 END AS IsMatch, ${code} AS FoundCode
    FROM (${rows.sql}) t
  ) t
) t
WHERE t.NthOfCode = 1`,
    binds: { ...rows.binds, scan },
    expected: codesExpected,
  };
}

/** About as many as there are result codes. */
const codesExpected = 50;

const countedStates = [
  ...[State.Initial, State.Processing, State.Succeeded, State.Failed].map((state) => {
    return { state, where: `t.State = ${state}` };
  }),
  ...otherStates.map((where) => ({ state: -1, where })),
];

/** Counts rows by table and State, -1 for all others; reads `most` rows of each. */
export function countStatement(tables: MiddleTables, most: number): Query {
  const ours = ourProducts(tables);
  const parts = sources.flatMap((source) =>
    countedStates.map(
      ({ state, where }) => `SELECT '${source}' AS "source", ${state} AS "state", COUNT(*) AS "looked_at",
  ${ours === '' ? 'COUNT(*)' : `COUNT(CASE WHEN 1 = 1${ours} THEN 1 END)`} AS "number"
FROM (SELECT ${ours === '' ? 't.State' : 't.ProductID'} FROM ${mainTable(tables, source)} t
  WHERE ${where} AND ROWNUM <= :most) t`,
    ),
  );
  return { sql: parts.join('\nUNION ALL\n'), binds: { most }, expected: parts.length };
}

/** Reads rows in State 1 with their age, oldest StateDate first. */
export function processingStatement(tables: MiddleTables, source: Source, limit: number): Query {
  return {
    sql: `SELECT * FROM (
  SELECT ${rowColumns(source, more)},
  ROUND((SYSDATE - CAST(t.StateDate AS DATE)) * 86400) AS "age"
  FROM (
    SELECT * FROM (
      SELECT ${byPollIndex()} t.* FROM ${mainTable(tables, source)} t
      WHERE t.State = ${State.Processing} AND t.StreamingNo IS NOT NULL
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :scan
  ) t
  WHERE 1 = 1${ourProducts(tables)}
  ORDER BY t.StateDate NULLS FIRST, t.CreateDate, t.StreamingNo
) WHERE ROWNUM <= :maxRows`,
    binds: { scan: readPerReturned * limit, maxRows: limit },
    expected: Math.min(limit, rowsAtOnce),
  };
}

/** Reads rows of a customer with a CreateDate, newest first, or those without. */
export function customerStatement(
  tables: MiddleTables,
  source: Source,
  { custId, limit, dated }: { readonly custId: string; readonly limit: number; readonly dated: boolean },
): Query {
  return {
    sql: `SELECT ${rowColumns(source, more)}
FROM (
  SELECT * FROM (
    SELECT t.* FROM ${mainTable(tables, source)} t
    WHERE t.CustID = TO_NUMBER(:custId) AND t.CreateDate IS ${dated ? 'NOT NULL' : 'NULL'} AND t.StreamingNo IS NOT NULL
    ORDER BY t.CreateDate DESC, t.StreamingNo DESC
  ) WHERE ROWNUM <= :scan
) t
WHERE ROWNUM <= :maxRows${ourProducts(tables)}`,
    binds: { custId, scan: readPerReturned * limit, maxRows: limit },
    expected: Math.min(limit, rowsAtOnce),
  };
}

interface Part {
  readonly sql: string;
  readonly binds: Binds;
}

/** The first rows of a stretch, each with its place among them. */
function scanned(tables: MiddleTables, source: Source, stretch: IndexRange): Part {
  const { sql, binds } = rangeOf(stretch);
  return {
    sql: `
    SELECT t.*, ROWNUM AS NthRead FROM (
      SELECT t.* FROM ${mainTable(tables, source)} t
      WHERE ${sql}
      ORDER BY ${newestFirst}
    ) t WHERE ROWNUM <= :scan
  `,
    binds,
  };
}

function rangeOf(stretch: IndexRange): Part {
  switch (stretch.kind) {
    case 'moment': {
      const { stateDate, below } = stretch;
      return {
        sql: `${failedDate} = ${momentOf(':moment', stateDate)} AND ${failedNo} ${below.orEqual ? '<=' : '<'} TO_NUMBER(:below)`,
        binds: { moment: stateDate, below: below.streamingNo },
      };
    }
    case 'dated': {
      const { before, since } = { before: stretch.before ?? never, since: stretch.since ?? always };
      return {
        sql: `${failedDate} < ${momentOf(':before', before)} AND ${failedDate} >= ${momentOf(':since', since)}
        AND ${failedNo} IS NOT NULL`,
        binds: { before, since },
      };
    }
    case 'undated': {
      const below = stretch.below ?? { streamingNo: beyondNumbers, orEqual: false };
      return {
        sql: `${failedDate} IS NULL AND ${failedNo} ${below.orEqual ? '<=' : '<'} TO_NUMBER(:below)`,
        binds: { below: below.streamingNo },
      };
    }
  }
}

/** The code that ErrContent starts with, as in `codeOf`. */
const code = `CASE WHEN REGEXP_LIKE(t.ErrContent, '^[0-9]{5}([^0-9]|$)') THEN SUBSTR(t.ErrContent, 1, 5) END`;

function matching(source: Source, filter: RowFilter): { readonly condition: string; readonly binds: Binds } {
  const name = source === 'CUST' ? 't.CustName' : 't.AccName';
  const conditions: readonly (readonly [bind: string, condition: string, value: string | undefined])[] = [
    ['code', `${code} = :code`, filter.code ?? undefined],
    ['productId', 't.ProductID = TO_NUMBER(:productId)', filter.productId],
    ['custId', 't.CustID = TO_NUMBER(:custId)', filter.custId],
    ['userId', 't.UserID = :userId', filter.userId],
    ['opFlag', 't.OPFlag = :opFlag', filter.opFlag],
    ['text', `(INSTR(t.ErrContent, :text) > 0 OR INSTR(${name}, :text) > 0)`, filter.text],
  ];
  const asked = conditions.filter(([, , value]) => value !== undefined);
  return {
    condition: [
      filter.code === null ? `(${code}) IS NULL` : '1 = 1',
      ...asked.map(([, condition]) => condition),
    ].join(' AND '),
    binds: Object.fromEntries(asked.map(([bind, , value]) => [bind, value ?? null])),
  };
}
