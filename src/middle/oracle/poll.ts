import { sources, type Source } from '../../domain/keys.js';
import type { Cell } from '../../domain/rows.js';
import { State } from '../../domain/states.js';
import type { Wait } from '../../domain/waiting.js';
import type { PollRequest } from '../port.js';
import type { Query } from './database.js';
import { attributeCount, mostAttributes } from './statements.js';
import type { MiddleTables } from '../tables.js';
import {
  attemptText,
  byPollIndex,
  dateText,
  exactStates,
  mainTable,
  numberText,
  oneOf,
  ourProducts,
  shardText,
} from './tables.js';
import { pausedProducts, notPaused } from './paused.js';
import { listOf, type TextList } from './text-set.js';

/*
 * The poll is one statement, because two would be two snapshots: a bind could appear without its open, or a later row
 * without the earlier one that a stopped worker has just claimed.
 *
 * A branch per table, State and kind of CreateDate, missing or not, each in the order of the plain index (State,
 * CreateDate, StreamingNo), which keeps missing dates last while they come first in our order. ROWNUM over an ordered
 * view ends each range scan after a page; FETCH FIRST would become ROW_NUMBER and might read all. ORDER BY has
 * CreateDate even where it is missing: servers sort rows of `IS NULL` that are ordered by the rest of an index. The
 * branches, merged and limited, are the head of both tables, complete up to the last row returned.
 */

/** Control characters between the parts of a wanted open or bind, and between several of them. */
const [within, between] = [1, 2];

/** Replaces a control character in a part, so that no text passes for several parts. */
const escapes: readonly (readonly [code: number, escape: readonly [number, number]])[] = [
  [3, [3, 4]],
  [within, [3, 5]],
  [between, [3, 6]],
];

/** The statement of one poll. */
export function pollStatement(tables: MiddleTables, request: PollRequest): Query {
  const lists = listsOf(request);
  const branches = sources.flatMap((source) =>
    [State.Initial, State.Processing].flatMap((state) =>
      [false, true].map((dated) => branch(tables, { request, lists, source, state, dated })),
    ),
  );
  const attributes = sources.map(
    (source) => `WHEN '${source}' THEN ${attributeCount(tables, source, 'page."streaming_no"')}`,
  );
  return {
    sql: `SELECT ${exactStates} page.*, ${dateText('SYSDATE')} AS "now", CASE page."source" ${attributes.join(' ')} END AS "attributes" FROM (
  SELECT * FROM (
    ${branches.join('\n    UNION ALL\n    ')}
  ) ORDER BY "create_date" NULLS FIRST, "streaming_no", "source_order"
) page WHERE ROWNUM <= :maxRows`,
    binds: {
      maxRows: request.limit,
      ...mostAttributes(tables),
      ...lists.excluded.binds,
      ...lists.waiting.binds,
      ...lists.wanted.CUST.binds,
      ...lists.wanted.ACCOUNT.binds,
      ...pausedProducts(request.paused).binds,
    },
    expected: request.limit,
  };
}

interface Lists {
  /** Excluded CustIDs. */
  readonly excluded: TextList;
  /** Waiting CustIDs. */
  readonly waiting: TextList;
  /** Opens and binds waited for. */
  readonly wanted: Readonly<Record<Source, TextList>>;
}

function listsOf({ excluded, waits }: PollRequest): Lists {
  const comma = ','.charCodeAt(0);
  const opens = waits.filter(({ userId }) => userId === null);
  const binds = waits.filter(({ userId }) => userId !== null);
  return {
    excluded: excludedList(excluded),
    waiting: listOf('waiting', [...new Set(waits.map(({ custId }) => custId))], comma),
    wanted: {
      CUST: listOf('open', opens.map(wantedText), between),
      ACCOUNT: listOf('bind', binds.map(wantedText), between),
    },
  };
}

function wantedText({ product: { productId, custId, bizId }, userId }: Wait): string {
  const texts = [bizId, ...(userId === null ? [] : [userId])];
  return [productId, custId, ...texts.map(escapedText)].join(String.fromCharCode(within));
}

function escapedText(text: string): string {
  return escapes.reduce(
    (escaped, [code, escape]) =>
      escaped.replaceAll(String.fromCharCode(code), String.fromCharCode(...escape)),
    text,
  );
}

function escapedColumn(column: string): string {
  return escapes.reduce(
    (escaped, [code, [first, second]]) =>
      `REPLACE(${escaped}, CHR(${code}), CHR(${first}) || CHR(${second}))`,
    column,
  );
}

interface Branch {
  readonly request: PollRequest;
  readonly lists: Lists;
  readonly source: Source;
  readonly state: State;
  /** Whether its rows have a CreateDate. */
  readonly dated: boolean;
}

function branch(tables: MiddleTables, place: Branch): string {
  const { request, source, state, dated } = place;
  const conditions = [
    `t.State = ${state} AND t.CreateDate IS ${dated ? 'NOT NULL' : 'NULL'}`,
    't.StreamingNo IS NOT NULL',
    ...(dated && state === State.Initial && request.settleMs > 0 ? [settled(request.settleMs)] : []),
    ...customers(place),
    ...notPaused(tables, request.paused, source),
  ];
  const userId = source === 'ACCOUNT' ? 't.UserID' : 'NULL';
  return `SELECT * FROM (
      SELECT ${byPollIndex('ASC', tables.productIds.length > 0)} '${source}' AS "source", ${sources.indexOf(source)} AS "source_order", t.StreamingNo AS "streaming_no",
        t.CustID AS "cust_id", t.ProductID AS "product_id", t.BizID AS "biz_id",
        ${userId} AS "user_id", t.OPFlag AS "op_flag", ${dateText('t.CreateDate')} AS "create_date",
        t.State AS "state", ${attemptText} AS "state_date"
      FROM ${mainTable(tables, source)} t
      WHERE ${conditions.join('\n        AND ')}${ourProducts(tables)}
      ORDER BY t.CreateDate, t.StreamingNo
    ) WHERE ROWNUM <= :maxRows`;
}

/** CreateDate and SYSDATE are truncated to seconds: settled by them means settled by the true time. */
function settled(settleMs: number): string {
  return `t.CreateDate <= SYSDATE - NUMTODSINTERVAL(${Math.ceil(settleMs / 1000)}, 'SECOND')`;
}

function customers({ request, lists, source }: Branch): string[] {
  const { shards, excluded, waits } = request;
  const conditions: string[] = [];
  if (shards.held !== 'all') {
    conditions.push(oneOf(shardText('t.CustID', shards.count), shards.held));
  }
  conditions.push(...notExcluded(lists.excluded, excluded));
  if (waits.length > 0)
    conditions.push(`(${lists.waiting.isNone(numberText('t.CustID'))} OR ${isWanted(lists, source)})`);
  return conditions;
}

/** Excluded customers, to be bound with the conditions. */
export function excludedList(excluded: readonly Cell[]): TextList {
  return listOf(
    'excluded',
    excluded.filter((custId) => custId !== null),
    ','.charCodeAt(0),
  );
}

/** Excludes rows `t` of these customers. */
export function notExcluded(list: TextList, excluded: readonly Cell[]): string[] {
  return [
    ...(excluded.includes(null) ? ['t.CustID IS NOT NULL'] : []),
    ...(excluded.some((custId) => custId !== null) ? [list.isNone(numberText('t.CustID'))] : []),
  ];
}

/** Of a waiting customer, only the open or bind it waits for is returned. */
function isWanted({ wanted }: Lists, source: Source): string {
  const texts = ['t.BizID', ...(source === 'CUST' ? [] : ['t.UserID'])];
  const row = ['t.ProductID', 't.CustID', ...texts.map(escapedColumn)].join(` || CHR(${within}) || `);
  return `t.OPFlag = '${source === 'CUST' ? '0101' : '0201'}' AND NOT ${wanted[source].isNone(row)}`;
}
