import { arrayLiteral, pgDialect } from '../../database/dialect.js';
import { updateInOneStatement, type MiddleDialect } from './dialect.js';

const now = `date_trunc('second', localtimestamp)`;

/** The middle database on PostgreSQL. */
export const pgMiddle: MiddleDialect = {
  recordset: (columns, rows, alias) => pgDialect.recordset(columns, rows, alias),
  dateText: (column) => `to_char(${column}, 'YYYY-MM-DD HH24:MI:SS')`,
  pollOrder: 'CreateDate NULLS FIRST, StreamingNo',
  now,
  settledUntil: (settleMs) => `localtimestamp - interval '${settleMs} milliseconds'`,
  newAttempt: `GREATEST(${now}, date_trunc('second', t.StateDate) + interval '1 second', a.newest + interval '1 second')`,
  sameAttempt: `date_trunc('second', t.StateDate) = a.attempt`,
  laterOfNowAnd: (date) => `GREATEST(${now}, ${date})`,
  ageSeconds: (column) => `EXTRACT(EPOCH FROM localtimestamp - ${column})`,
  numberIn: (column, values) => ({
    sql: `${column} = ANY(?::numeric[])`,
    bindings: [arrayLiteral(values, (value) => value)],
  }),
  // Not `<> ALL`: the planner would look each number up in its statistics, for every branch of the poll.
  numberNotIn: (column, values) => ({
    sql: `${column} NOT IN (SELECT unnest(?::numeric[]))`,
    bindings: [arrayLiteral(values, (value) => value)],
  }),
  shardIn: (column, count, shards) => ({
    sql: `COALESCE(mod(abs(${column}), ${count}), 0) = ANY(?::numeric[])`,
    bindings: [arrayLiteral(shards, (shard) => shard)],
  }),
  update: updateInOneStatement,
};
