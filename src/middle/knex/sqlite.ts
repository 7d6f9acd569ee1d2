import { sqliteDialect } from '../../database/dialect.js';
import type { SqlFunction } from '../../database/knex-config.js';
import { shardOf } from '../../domain/keys.js';
import { updateInSteps, type MiddleDialect } from './dialect.js';

/** Functions the statements below need on the connection. */
export const sqliteFunctions: Readonly<Record<string, SqlFunction>> = {
  shard_of: (custId, shards) => shardOf(custId === null ? null : String(custId), Number(shards)),
};

const now = `datetime('now')`;
const dayAhead = `datetime('now', '+1 day')`;

/** The middle database on SQLite: dates are text and compare as text, numbers compare by length, then as text. */
export const sqliteMiddle: MiddleDialect = {
  recordset: (columns, rows, alias) => sqliteDialect.recordset(columns, rows, alias),
  dateText: (column) => column,
  isAttempt: (column) => `COALESCE(${column} = datetime(${column}), 0)`,
  numberOf: (text) => text,
  numberText: (column) => `CAST(${column} AS TEXT)`,
  pollOrder: 'CreateDate, length(StreamingNo), StreamingNo',
  now,
  isSettled: (column, settleMs) =>
    `(${column} IS NULL OR ${column} <= strftime('%Y-%m-%d %H:%M:%f', 'now', '-${settleMs / 1000} seconds'))`,
  newAttempt: `max(${now}, CASE WHEN t.StateDate = datetime(t.StateDate) AND t.StateDate <= ${dayAhead}
    THEN datetime(t.StateDate, '+1 second') ELSE '' END, COALESCE(datetime(a.after, '+1 second'), ''))`,
  sameAttempt: `t.StateDate = a.attempt`,
  laterOfNowAnd: (date) =>
    `CASE WHEN datetime(${date}) <= ${dayAhead} THEN max(${now}, datetime(${date})) ELSE ${now} END`,
  afterFailedUntil: `datetime(a.failed_until, '+1 second')`,
  ageSeconds: (column) => `(julianday('now') - julianday(${column})) * 86400`,
  numberIn: (column, values) => ({
    sql: `${column} IN (SELECT value FROM json_each(?))`,
    bindings: [JSON.stringify(values)],
  }),
  numberInQuery: (column, query) => `${column} IN (${query})`,
  numberNotIn: (column, values) => ({
    sql: `${column} NOT IN (SELECT value FROM json_each(?))`,
    bindings: [JSON.stringify(values)],
  }),
  shardIn: (column, count, shards) => ({
    sql: `shard_of(${column}, ${count}) IN (SELECT value FROM json_each(?))`,
    bindings: [JSON.stringify(shards)],
  }),
  update: updateInSteps,
};
