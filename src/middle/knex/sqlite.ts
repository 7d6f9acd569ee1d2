import { sqliteDialect } from '../../database/dialects/sqlite.js';
import type { SqlFunction } from '../../database/options.js';
import { shardOf, type RowKey } from '../../domain/keys.js';
import type { GuardedUpdate, MiddleDialect, Transactional } from './dialect.js';
import { mainUpdate } from './statements.js';

/** Functions the statements below need on the connection. */
export const sqliteFunctions: Readonly<Record<string, SqlFunction>> = {
  shard_of: (custId, shards) => shardOf(custId === null ? null : String(custId), Number(shards)),
};

const now = `datetime('now')`;
const dayAhead = `datetime('now', '+1 day')`;

const wantedInSqlite = `sqlite_master AS m WHERE m.type IN ('table', 'view') AND lower(m.name) IN (SELECT lower(value) FROM json_each(?))`;

const columns: MiddleDialect['catalog']['columns'] = (tables) => ({
  sql: `SELECT m.name AS table_name, c.name AS column_name, c.type
          FROM (SELECT m.name FROM ${wantedInSqlite}) AS m, pragma_table_info(m.name) AS c ORDER BY m.name, c.cid`,
  bindings: [JSON.stringify(tables)],
});

const indexes: MiddleDialect['catalog']['indexes'] = (tables) => ({
  sql: `SELECT m.name AS table_name, i.name AS index_name,
                 COALESCE(lower(c.name), '(expression)') || CASE c.desc WHEN 0 THEN '' ELSE ' desc' END AS column_name,
                 CASE i.partial WHEN 0 THEN NULL
                   ELSE (SELECT substr(s.sql, instr(lower(replace(s.sql, char(10), ' ')), ' where ') + 7) FROM sqlite_master AS s
                         WHERE s.type = 'index' AND s.name = i.name) END AS index_where
          FROM (SELECT m.name FROM ${wantedInSqlite}) AS m, pragma_index_list(m.name) AS i, pragma_index_xinfo(i.name) AS c
          WHERE c.key = 1 ORDER BY m.name, i.name, c.seqno`,
  bindings: [JSON.stringify(tables)],
});

/** The middle database on SQLite: dates are text and compare as text, numbers compare by length, then as text. */
export const sqliteMiddle: MiddleDialect = {
  recordset: sqliteDialect.recordset,
  numberIn: sqliteDialect.numberIn,
  catalog: { columns, indexes },
  server: `SELECT 'SQLite' AS product, sqlite_version() AS version, encoding AS character_set,
                            NULL AS user_name, NULL AS schema_name FROM pragma_encoding`,
  dateText: (column) => column,
  isAttempt: (column) => `COALESCE(${column} = datetime(${column}), 0)`,
  numberOf: (text) => text,
  numberText: (column) => `CAST(${column} AS TEXT)`,
  pollOrder: 't.CreateDate, length(t.StreamingNo), t.StreamingNo',
  pollOrderReversed: 't.CreateDate DESC',
  customerOrder: 't.CreateDate DESC, length(t.StreamingNo) DESC, t.StreamingNo DESC',
  numberDescending: (column) => `length(${column}) DESC, ${column} DESC`,
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
  date: '?',
  secondAfter: `datetime(?, '+1 second')`,
  exactDate: 't.StateDate',
  code: `CASE WHEN substr(t.ErrContent, 1, 5) GLOB '[0-9][0-9][0-9][0-9][0-9]' AND substr(t.ErrContent, 6, 1) NOT GLOB '[0-9]'
         THEN substr(t.ErrContent, 1, 5) END`,
  numberAbove: (column, number) => ({
    sql: `(length(${column}), ${column}) > (?, ?)`,
    bindings: [number.length, number],
  }),
  streamingNoIs: ({ streamingNo, orEqual }) => ({
    sql: `length(t.StreamingNo) <= ? AND (length(t.StreamingNo) < ? OR t.StreamingNo ${orEqual ? '<=' : '<'} ?)`,
    bindings: [streamingNo.length, streamingNo.length, streamingNo],
  }),
  contains: (column) => `instr(${column}, ?) > 0`,
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

/** Runs guarded updates of main tables and their attribute rows, one after another in one transaction. */
async function updateInSteps(
  database: Transactional,
  updates: readonly GuardedUpdate[],
): Promise<readonly RowKey[]> {
  return database.transaction(async (transaction) => {
    const changed: RowKey[] = [];
    for (const update of updates) {
      const { rows } = await transaction.execute({
        sql: `${mainUpdate(update)} RETURNING CAST(StreamingNo AS TEXT) AS streaming_no`,
        bindings: [...update.asked.bindings, ...update.ours.bindings],
      });
      const streamingNos = rows.map((row) => String(row['streaming_no']));
      changed.push(...streamingNos.map((streamingNo) => ({ source: update.source, streamingNo })));
      const followed = streamingNos.filter((streamingNo) => !update.attributesStay.includes(streamingNo));
      if (update.attributeTable === null || followed.length === 0) continue;
      await transaction.execute({
        sql: `UPDATE ${update.attributeTable} AS x SET State = m.State, StateDate = m.StateDate FROM ${update.table} AS m
              WHERE x.StreamingNo = m.StreamingNo AND +m.State IN (${update.leadsTo.join(', ')})
                AND m.StreamingNo IN (SELECT value FROM json_each(?))`,
        bindings: [JSON.stringify(followed)],
      });
    }
    return changed;
  });
}
