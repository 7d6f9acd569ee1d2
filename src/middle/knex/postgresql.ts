import type { Executor } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import { arrayLiteral, pgDialect } from '../../database/dialects/postgresql.js';
import type { RowKey } from '../../domain/keys.js';
import type { GuardedUpdate, MiddleDialect } from './dialect.js';
import { mainUpdate } from './statements.js';

const now = `date_trunc('second', localtimestamp)`;
const dayAhead = `${now} + interval '1 day'`;

/** Years written with four digits; infinity is in none. */
const isDate = (column: string): string => `${column} >= '0001-01-01' AND ${column} < '10000-01-01'`;

const wantedInPg = `unnest(?::text[]) AS wanted(name) JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(wanted.name)`;

const columns: MiddleDialect['catalog']['columns'] = (tables) => ({
  sql: `SELECT c.relname AS table_name, a.attname AS column_name, format_type(a.atttypid, a.atttypmod) AS type
          FROM ${wantedInPg}
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          ORDER BY c.relname, a.attnum`,
  bindings: [tables],
});

// Bit 0 of an option is DESC, bit 1 NULLS FIRST; NULLS FIRST is the default of DESC.
const indexes: MiddleDialect['catalog']['indexes'] = (tables) => ({
  sql: `SELECT c.relname AS table_name, i.indexrelid::regclass::text AS index_name,
                 lower(pg_get_indexdef(i.indexrelid, position, true)) || CASE i.indoption[position - 1] & 3
                   WHEN 0 THEN '' WHEN 1 THEN ' desc nulls last' WHEN 2 THEN ' nulls first' ELSE ' desc' END AS column_name,
                 pg_get_expr(i.indpred, i.indrelid) AS index_where
          FROM ${wantedInPg}
          JOIN pg_catalog.pg_index AS i ON i.indrelid = c.oid AND i.indisvalid
          CROSS JOIN LATERAL generate_series(1, i.indnkeyatts) AS position
          ORDER BY c.relname, i.indexrelid, position`,
  bindings: [tables],
});

/** The middle database on PostgreSQL. */
export const pgMiddle: MiddleDialect = {
  recordset: pgDialect.recordset,
  numberIn: pgDialect.numberIn,
  catalog: { columns, indexes },
  server: `SELECT 'PostgreSQL' AS product, current_setting('server_version') AS version,
              current_setting('server_encoding') AS character_set, current_user AS user_name, n.nspname AS schema_name
       FROM (SELECT 1) AS server LEFT JOIN (pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n
         ON n.oid = c.relnamespace AND c.relkind IN ('r', 'p', 'v', 'f') AND c.relname = 'if_bnet_cust'
         AND has_schema_privilege(n.oid, 'USAGE')) ON TRUE
       ORDER BY n.nspname`,
  dateText: (column) => `CASE WHEN ${isDate(column)} THEN to_char(${column}, 'YYYY-MM-DD HH24:MI:SS') END`,
  isAttempt: isDate,
  numberOf: (text) => `CAST(${text} AS numeric)`,
  numberText: integerText,
  pollOrder: 't.CreateDate NULLS FIRST, t.StreamingNo',
  pollOrderReversed: 't.CreateDate DESC NULLS LAST, t.StreamingNo DESC',
  customerOrder: 't.CreateDate DESC NULLS LAST, t.StreamingNo DESC',
  numberDescending: (column) => `${column} DESC`,
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
  date: '?::timestamp',
  secondAfter: `?::timestamp + interval '1 second'`,
  exactDate: `rtrim(rtrim(to_char(t.StateDate, 'YYYY-MM-DD HH24:MI:SS.US'), '0'), '.')`,
  code: `CASE WHEN t.ErrContent ~ '^[0-9]{5}([^0-9]|$)' THEN substr(t.ErrContent, 1, 5) END`,
  numberAbove: (column, number) => ({ sql: `${column} > ?::numeric`, bindings: [number] }),
  streamingNoIs: ({ streamingNo, orEqual }) => ({
    sql: `t.StreamingNo ${orEqual ? '<=' : '<'} CAST(? AS numeric)`,
    bindings: [streamingNo],
  }),
  contains: (column) => `strpos(${column}, ?) > 0`,
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
    // The xmax of a row is the number of the transaction changing it, which that transaction locks.
    holders: (table, { sql, bindings }) => ({
      sql: `SELECT DISTINCT ${integerText('t.StreamingNo')} AS streaming_no, l.pid, s.usename, s.application_name,
                   host(s.client_addr) AS address, s.state, to_char(s.xact_start, 'YYYY-MM-DD HH24:MI:SS') AS since
            FROM ${table} AS t JOIN pg_locks AS l ON l.locktype = 'transactionid' AND l.granted AND l.transactionid = t.xmax
            JOIN pg_stat_activity AS s ON s.pid = l.pid WHERE ${sql}`,
      bindings,
    }),
  },
};

/** How long a statement waits before a row counts as locked. */
const lockPatienceMs = 50;

/** A number as text on PostgreSQL: columns may have decimal places, and 1.00 is the integer 1. */
function integerText(column: string): string {
  return `CAST(trim_scale(${column}) AS TEXT)`;
}

/** Runs guarded updates and those of their attribute rows as one statement that does not wait for locks. */
async function updateAtOnce(
  database: Executor,
  updates: readonly GuardedUpdate[],
): Promise<readonly RowKey[]> {
  return runAtOnce(
    database,
    updates,
    `(SELECT set_config('lock_timeout', '${lockPatienceMs}ms', true)) IS NOT NULL AND `,
  );
}

/** The same for rows locked by the transaction. */
async function updateLockedAtOnce(
  database: Executor,
  updates: readonly GuardedUpdate[],
): Promise<readonly RowKey[]> {
  return runAtOnce(database, updates, '');
}

async function runAtOnce(
  database: Executor,
  updates: readonly GuardedUpdate[],
  condition: string,
): Promise<readonly RowKey[]> {
  const parts = updates.map((update, index) => updateParts(update, `${index}`, condition));
  const changed = updates.map(
    ({ source, leadsTo }, index) =>
      `SELECT '${source}' AS source, ${integerText('StreamingNo')} AS streaming_no FROM main${index}
       WHERE State IN (${leadsTo.join(', ')})`,
  );
  const { rows } = await database.execute({
    sql: `WITH ${parts.map(({ sql }) => sql).join(', ')} ${changed.join(' UNION ALL ')}`,
    bindings: parts.flatMap(({ bindings }) => bindings),
  });
  return rows.map((row) => ({
    source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT',
    streamingNo: String(row['streaming_no']),
  }));
}

/** The update of a main table, `main…`, and that of its attribute rows, as parts of one statement. */
function updateParts(update: GuardedUpdate, name: string, condition: string): Fragment {
  const main = `main${name} AS (${mainUpdate(update, condition)} RETURNING t.StreamingNo, t.State, t.StateDate)`;
  const bindings = [...update.asked.bindings, ...update.ours.bindings];
  if (update.attributeTable === null) return { sql: main, bindings };
  const stay = update.attributesStay;
  const follows = stay.length === 0 ? '' : ' AND NOT x.StreamingNo = ANY(?::numeric[])';
  return {
    sql: `${main}, attributes${name} AS (
            UPDATE ${update.attributeTable} AS x SET State = m.State, StateDate = m.StateDate
            FROM main${name} AS m
            WHERE x.StreamingNo = m.StreamingNo AND m.State IN (${update.leadsTo.join(', ')})${follows})`,
    bindings: stay.length === 0 ? bindings : [...bindings, arrayLiteral(stay, (value) => value)],
  };
}
