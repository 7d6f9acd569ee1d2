import type { Fragment } from '../../database/dialect.js';
import { sources, type Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import type { PollRequest } from '../port.js';
import { notPaused } from './paused.js';
import { mainTable, ourProducts, type MiddleTables } from './tables.js';

/*
 * The poll is one statement, because two would be two snapshots: a bind could be seen without its open, or a later row
 * without the earlier one that a stopped worker has just claimed. A limited branch per table and State, each in the
 * order of the index (State, CreateDate, StreamingNo), merged and limited: the head of both tables, and nothing of it
 * is missing below the last row returned.
 */

/** The statement of one poll. */
export function pollStatement(tables: MiddleTables, request: PollRequest): Fragment {
  const branches = sources.flatMap((source) =>
    [State.Initial, State.Processing].map((state) => branch(tables, request, source, state)),
  );
  return {
    sql: `SELECT page.*, ${tables.dialect.dateText(tables.dialect.now)} AS now FROM (
            ${branches.map(({ sql }, index) => `SELECT * FROM (${sql}) AS branch${index}`).join(' UNION ALL ')}
          ) AS page
          ORDER BY create_date NULLS FIRST, length(streaming_no), streaming_no, source_order LIMIT ${request.limit}`,
    bindings: branches.flatMap(({ bindings }) => bindings),
  };
}

function branch(tables: MiddleTables, request: PollRequest, source: Source, state: State): Fragment {
  const { dialect } = tables;
  const conditions: Fragment[] = [
    { sql: `t.State = ${state} AND t.StreamingNo IS NOT NULL`, bindings: [] },
    ...(state === State.Initial ? settled(tables, request) : []),
    ...heldShards(tables, request),
    ...notExcluded(tables, request),
    ...notWaiting(tables, request, source),
    ...notPaused(tables, request.paused, source),
  ];
  const ours = ourProducts(tables, 't');
  const userId = source === 'ACCOUNT' ? 't.UserID' : 'NULL';
  return {
    sql: `SELECT '${source}' AS source, ${sources.indexOf(source)} AS source_order,
                 CAST(t.StreamingNo AS TEXT) AS streaming_no, CAST(t.CustID AS TEXT) AS cust_id,
                 CAST(t.ProductID AS TEXT) AS product_id, t.BizID AS biz_id, ${userId} AS user_id, t.OPFlag AS op_flag,
                 ${dialect.dateText('t.CreateDate')} AS create_date, t.State AS state,
                 ${dialect.dateText('t.StateDate')} AS state_date
          FROM ${mainTable(tables, source)} AS t
          WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}${ours.sql}
          ORDER BY ${dialect.pollOrder} LIMIT ${request.limit}`,
    bindings: [...conditions.flatMap(({ bindings }) => bindings), ...ours.bindings],
  };
}

function settled({ dialect }: MiddleTables, { settleMs }: PollRequest): Fragment[] {
  if (settleMs === 0) return [];
  const cutoff = dialect.settledUntil(settleMs);
  return [{ sql: `(t.CreateDate IS NULL OR t.CreateDate <= ${cutoff})`, bindings: [] }];
}

function heldShards({ dialect }: MiddleTables, { shards }: PollRequest): Fragment[] {
  return shards.held === 'all' ? [] : [dialect.shardIn('t.CustID', shards.count, shards.held)];
}

function notExcluded({ dialect }: MiddleTables, { excluded }: PollRequest): Fragment[] {
  const custIds = excluded.filter((custId) => custId !== null);
  const conditions: Fragment[] = [];
  if (custIds.length < excluded.length) conditions.push({ sql: 't.CustID IS NOT NULL', bindings: [] });
  if (custIds.length > 0) {
    const { sql, bindings } = dialect.numberNotIn('t.CustID', custIds);
    conditions.push({ sql: `(t.CustID IS NULL OR ${sql})`, bindings });
  }
  return conditions;
}

/** Of a customer that waits, only the open or bind it waits for is returned. */
function notWaiting({ dialect }: MiddleTables, { waits }: PollRequest, source: Source): Fragment[] {
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
