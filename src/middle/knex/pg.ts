import { arrayLiteral, pgDialect } from '../../database/dialect.js';
import { integerText, updateAtOnce, updateLockedAtOnce, type MiddleDialect } from './dialect.js';

const now = `date_trunc('second', localtimestamp)`;
const dayAhead = `${now} + interval '1 day'`;

/** Years that are written with four digits; infinity is in none. */
const isDate = (column: string): string => `${column} >= '0001-01-01' AND ${column} < '10000-01-01'`;

/** The middle database on PostgreSQL. */
export const pgMiddle: MiddleDialect = {
  recordset: (columns, rows, alias) => pgDialect.recordset(columns, rows, alias),
  dateText: (column) => `CASE WHEN ${isDate(column)} THEN to_char(${column}, 'YYYY-MM-DD HH24:MI:SS') END`,
  isAttempt: isDate,
  numberOf: (text) => `CAST(${text} AS numeric)`,
  numberText: integerText,
  pollOrder: 'CreateDate NULLS FIRST, StreamingNo',
  now,
  isSettled: (column, settleMs) =>
    `(${column} IS NULL OR ${column} <= localtimestamp - interval '${settleMs} milliseconds' OR NOT (${isDate(column)}))`,
  newAttempt: `GREATEST(${now}, CASE WHEN ${isDate('t.StateDate')} AND t.StateDate <= ${dayAhead}
    THEN date_trunc('second', t.StateDate) + interval '1 second' END, a.after + interval '1 second')`,
  sameAttempt: `date_trunc('second', t.StateDate) = a.attempt`,
  laterOfNowAnd: (date) => `CASE WHEN ${date} <= ${dayAhead} THEN GREATEST(${now}, ${date}) ELSE ${now} END`,
  afterFailedUntil: `a.failed_until + interval '1 second'`,
  ageSeconds: (column) =>
    `CASE WHEN ${isDate(column)} THEN EXTRACT(EPOCH FROM localtimestamp - ${column}) END`,
  numberIn: (column, values) => ({
    sql: `${column} = ANY(?::numeric[])`,
    bindings: [arrayLiteral(values, (value) => value)],
  }),
  numberInQuery: (column, query) => `${column} = ANY(ARRAY(${query}))`,
  // Not `<> ALL`: the planner would look each number up in its statistics, for every branch of the poll.
  numberNotIn: (column, values) => ({
    sql: `${column} NOT IN (SELECT unnest(?::numeric[]))`,
    bindings: [arrayLiteral(values, (value) => value)],
  }),
  shardIn: (column, count, shards) => ({
    sql: `CASE WHEN ${column} = trunc(${column}) AND abs(${column}) < 1e30 THEN mod(abs(${column}), ${count}) ELSE 0 END
          = ANY(?::numeric[])`,
    bindings: [arrayLiteral(shards, (shard) => shard)],
  }),
  update: updateAtOnce,
  rowLocks: {
    updateLocked: updateLockedAtOnce,
    skipLocked: 'FOR NO KEY UPDATE OF t SKIP LOCKED',
    // The xmax of a row that somebody changes is the number of his transaction, which he has locked.
    holders: (table, { sql, bindings }) => ({
      sql: `SELECT DISTINCT ${integerText('t.StreamingNo')} AS streaming_no, l.pid, s.usename, s.application_name,
                   host(s.client_addr) AS address, s.state, to_char(s.xact_start, 'YYYY-MM-DD HH24:MI:SS') AS since
            FROM ${table} AS t JOIN pg_locks AS l ON l.locktype = 'transactionid' AND l.granted AND l.transactionid = t.xmax
            JOIN pg_stat_activity AS s ON s.pid = l.pid WHERE ${sql}`,
      bindings,
    }),
  },
};
