import type { Fragment } from '../../database/dialects/dialect.js';
import { sources, type Source } from '../../domain/keys.js';
import type { Cell } from '../../domain/rows.js';
import { State } from '../../domain/states.js';
import type { PollRequest } from '../port.js';
import { notPaused } from './paused.js';
import { attributeCount } from './statements.js';
import { attemptText, attributeTable, mainTable, ourProducts, type KnexTables } from './tables.js';

/*
 * The poll is one statement, because two would be two snapshots: a bind could appear without its open, or a later row
 * without the earlier one that a stopped worker has just claimed. A limited branch per table and State, each in the
 * order of the index (State, CreateDate, StreamingNo), merged and limited, gives the head of both tables, complete up
 * to the last row returned.
 */

/** The statement of one poll. */
export function pollStatement(tables: KnexTables, request: PollRequest): Fragment {
  const branches = sources.flatMap((source) =>
    [State.Initial, State.Processing].map((state) => branch(tables, request, source, state)),
  );
  const order = 'create_date NULLS FIRST, length(streaming_no), streaming_no, source_order';
  return {
    sql: `WITH page AS MATERIALIZED (
            SELECT * FROM (
              ${branches.map(({ sql }, index) => `SELECT * FROM (${sql}) AS branch${index}`).join(' UNION ALL ')}
            ) AS branches ORDER BY ${order} LIMIT ${request.limit})
          SELECT page.*, ${tables.dialect.dateText(tables.dialect.now)} AS now, ${attributesOfRow(tables)} AS attributes
          FROM page ORDER BY ${order}`,
    bindings: branches.flatMap(({ bindings }) => bindings),
  };
}

/**
 * How many attribute rows a row of the page has. Counted per row only if those of the whole page, counted together up
 * to a limit, may be too many: a page has a thousand rows, and almost none has more than a few.
 */
function attributesOfRow(tables: KnexTables): string {
  const { dialect, maxAttributes } = tables;
  const streamingNo = dialect.numberOf('page.streaming_no');
  const together = sources.map((source) => {
    const ofPage = `SELECT ${streamingNo} FROM page WHERE page.source = '${source}'`;
    return `(SELECT count(*) FROM (SELECT 1 FROM ${attributeTable(tables, source)} AS x
             WHERE ${dialect.numberInQuery('x.StreamingNo', ofPage)} LIMIT ${maxAttributes + 1}) AS n)`;
  });
  const each = sources.map(
    (source) => `WHEN '${source}' THEN ${attributeCount(tables, source, streamingNo)}`,
  );
  return `CASE WHEN ${together.join(' + ')} > ${maxAttributes} THEN CASE page.source ${each.join(' ')} END ELSE 0 END`;
}

function branch(tables: KnexTables, request: PollRequest, source: Source, state: State): Fragment {
  const { dialect } = tables;
  const conditions: Fragment[] = [
    { sql: `t.State = ${state} AND t.StreamingNo IS NOT NULL`, bindings: [] },
    ...(state === State.Initial ? settled(tables, request) : []),
    ...heldShards(tables, request),
    ...notExcluded(tables, request.excluded),
    ...notWaiting(tables, request, source),
    ...notPaused(tables, request.paused, source),
  ];
  const ours = ourProducts(tables, 't');
  const userId = source === 'ACCOUNT' ? 't.UserID' : 'NULL';
  return {
    sql: `SELECT '${source}' AS source, ${sources.indexOf(source)} AS source_order,
                 ${dialect.numberText('t.StreamingNo')} AS streaming_no, ${dialect.numberText('t.CustID')} AS cust_id,
                 CAST(t.ProductID AS TEXT) AS product_id, t.BizID AS biz_id, ${userId} AS user_id, t.OPFlag AS op_flag,
                 ${dialect.dateText('t.CreateDate')} AS create_date, t.State AS state,
                 ${attemptText(tables)} AS state_date
          FROM ${mainTable(tables, source)} AS t
          WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}${ours.sql}
          ORDER BY ${dialect.pollOrder} LIMIT ${request.limit}`,
    bindings: [...conditions.flatMap(({ bindings }) => bindings), ...ours.bindings],
  };
}

function settled({ dialect }: KnexTables, { settleMs }: PollRequest): Fragment[] {
  return settleMs === 0 ? [] : [{ sql: dialect.isSettled('t.CreateDate', settleMs), bindings: [] }];
}

function heldShards({ dialect }: KnexTables, { shards }: PollRequest): Fragment[] {
  return shards.held === 'all' ? [] : [dialect.shardIn('t.CustID', shards.count, shards.held)];
}

/** Excludes rows `t` of these customers. */
export function notExcluded({ dialect }: KnexTables, excluded: readonly Cell[]): Fragment[] {
  const custIds = excluded.filter((custId) => custId !== null);
  const conditions: Fragment[] = [];
  if (custIds.length < excluded.length) conditions.push({ sql: 't.CustID IS NOT NULL', bindings: [] });
  if (custIds.length > 0) {
    const { sql, bindings } = dialect.numberNotIn('t.CustID', custIds);
    conditions.push({ sql: `(t.CustID IS NULL OR ${sql})`, bindings });
  }
  return conditions;
}

/** Of a waiting customer, only the open or bind it waits for is returned. */
function notWaiting({ dialect }: KnexTables, { waits }: PollRequest, source: Source): Fragment[] {
  if (waits.length === 0) return [];
  const custIds = waits.map((wait) => wait.custId);
  const others = dialect.numberNotIn('t.CustID', [...new Set(custIds)]);
  const wanted = waits.filter((wait) => (wait.userId === null) === (source === 'CUST'));
  const set = dialect.recordset(
    { product_id: 'number', cust_id: 'number', biz_id: 'text', user_id: 'text' },
    wanted.map(({ product, userId }) => [product.productId, product.custId, product.bizId, userId]),
    'w',
  );
  const opFlag = source === 'CUST' ? '0101' : '0201';
  const sameUser = source === 'CUST' ? '' : ' AND w.user_id = t.UserID';
  const isWanted = `t.OPFlag = '${opFlag}' AND EXISTS (SELECT 1 FROM ${set.sql} WHERE w.product_id = t.ProductID
    AND w.cust_id = t.CustID AND w.biz_id = t.BizID${sameUser})`;
  return [
    {
      sql: `(t.CustID IS NULL OR ${others.sql} OR (${isWanted}))`,
      bindings: [...others.bindings, ...set.bindings],
    },
  ];
}
