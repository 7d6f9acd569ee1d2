import type { Dialect, Fragment } from '../../database/dialect.js';
import type { Below } from '../search.js';

/*
 * What PostgreSQL and SQLite write differently when operators look about in the middle database. The orders are those of
 * the indexes in sql/, from the end: a change there is a change here.
 */

/** The differences. Columns are those of a main table under alias `t`. */
export interface SearchDialect {
  /** ORDER BY list of rows that failed at one moment; behind StateDate, of all failed rows. */
  readonly numberOrder: string;
  /** ORDER BY list of the rows in one State, as the poll has it. */
  readonly stateOrder: string;
  /** ORDER BY list of a customer's rows, newest CreateDate first. */
  readonly customerOrder: string;
  /** StateDate as text with all that it has of a second. */
  readonly exactDate: string;
  /** The code that ErrContent starts with, as `codeOf` has it; NULL: none. */
  readonly code: string;
  /** StreamingNo is below. */
  streamingNoIs(below: Below): Fragment;
  /** A text stands in a column, case as given. */
  contains(column: string): string;
}

const fiveDigits = '[0-9]'.repeat(5);

const pgSearch: SearchDialect = {
  numberOrder: 't.StreamingNo DESC',
  stateOrder: 't.CreateDate NULLS FIRST, t.StreamingNo',
  customerOrder: 't.CreateDate DESC NULLS LAST, t.StreamingNo DESC',
  exactDate: `rtrim(rtrim(to_char(t.StateDate, 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.')`,
  code: `CASE WHEN t.ErrContent ~ '^${fiveDigits}([^0-9]|$)' THEN substr(t.ErrContent, 1, 5) END`,
  streamingNoIs: ({ streamingNo, orEqual }) => ({
    sql: `t.StreamingNo ${orEqual ? '<=' : '<'} CAST(? AS numeric)`,
    bindings: [streamingNo],
  }),
  contains: (column) => `strpos(${column}, ?) > 0`,
};

/** Numbers are ordered by length, then as text; missing dates are the smallest. */
const sqliteSearch: SearchDialect = {
  numberOrder: 'length(t.StreamingNo) DESC, t.StreamingNo DESC',
  stateOrder: 't.CreateDate, length(t.StreamingNo), t.StreamingNo',
  customerOrder: 't.CreateDate DESC, length(t.StreamingNo) DESC, t.StreamingNo DESC',
  exactDate: 't.StateDate',
  code: `CASE WHEN substr(t.ErrContent, 1, 5) GLOB '${fiveDigits}' AND substr(t.ErrContent, 6, 1) NOT GLOB '[0-9]'
         THEN substr(t.ErrContent, 1, 5) END`,
  streamingNoIs: ({ streamingNo, orEqual }) => ({
    sql: `length(t.StreamingNo) <= ? AND (length(t.StreamingNo) < ? OR t.StreamingNo ${orEqual ? '<=' : '<'} ?)`,
    bindings: [streamingNo.length, streamingNo.length, streamingNo],
  }),
  contains: (column) => `instr(${column}, ?) > 0`,
};

/** For each kind of database behind Knex. */
export const searchDialects: Readonly<Record<Dialect['name'], SearchDialect>> = {
  pg: pgSearch,
  'better-sqlite3': sqliteSearch,
};
