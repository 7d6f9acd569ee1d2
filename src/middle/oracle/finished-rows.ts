import { State } from '../../domain/states.js';
import type { Source } from '../../domain/keys.js';
import type { FinishedRow } from '../../domain/loss.js';
import { readFinishedPage, readLatestFinished, readClaimed, type FinishedStep } from '../finished.js';
import type { LatestFinishedRequest, ClaimedRequest, ClaimedRow } from '../port.js';
import type { FinishedPage, FinishedRequest, FinishedRows } from '../admin-port.js';
import type { Binds, OracleDatabase, Query } from './database.js';
import { attributesStatement, rowColumns, wantedNumbers } from './statements.js';
import type { MiddleTables } from '../tables.js';
import {
  attemptText,
  byPollIndex,
  boundDate,
  dateText,
  mainTable,
  oneOf,
  oneSecond,
  ourProducts,
  shardText,
} from './tables.js';

/** The finished rows of a middle database on Oracle. */
export class OracleFinishedRows implements FinishedRows {
  readonly #database: OracleDatabase;
  readonly #tables: MiddleTables;

  constructor(database: OracleDatabase, tables: MiddleTables) {
    this.#database = database;
    this.#tables = tables;
  }

  async page(request: FinishedRequest): Promise<FinishedPage> {
    return readFinishedPage(request, {
      rows: (step, limit) => this.#database.query(finishedStatement(this.#tables, request, step, limit)),
      attributes: (streamingNos) =>
        this.#database.query(attributesStatement(this.#tables, request.source, streamingNos)),
    });
  }

  async now(): Promise<string> {
    const sql = `SELECT ${dateText('SYSDATE')} AS "now" FROM DUAL`;
    const rows = await this.#database.query({ sql, binds: {}, expected: 1 });
    return String(rows[0]?.['now']);
  }

  async latestFinished(request: LatestFinishedRequest): Promise<readonly FinishedRow[]> {
    return readLatestFinished(request, (source, createDate) =>
      this.#database.query(latestStatement(this.#tables, request, source, createDate)),
    );
  }

  async claimedUntil(request: ClaimedRequest): Promise<readonly ClaimedRow[]> {
    return readClaimed(request, (source) =>
      this.#database.query(claimedStatement(this.#tables, request, source)),
    );
  }
}

/** Rows in State 1 claimed until a time. */
export function claimedStatement(
  tables: MiddleTables,
  { shards, until, limit }: ClaimedRequest,
  source: Source,
): Query {
  const conditions = [
    `t.State = ${State.Processing}`,
    't.StreamingNo IS NOT NULL',
    `(t.StateDate IS NULL OR t.StateDate < ${secondAfter(':claimedUntil')})`,
    ...ofShards(shards),
  ];
  return {
    sql: `SELECT t.StreamingNo AS "StreamingNo", t.CustID AS "CustID", ${attemptText} AS "StateDate"
FROM ${mainTable(tables, source)} t
WHERE ${conditions.join('\n  AND ')}${ourProducts(tables)}
  AND ROWNUM <= :maxRows`,
    binds: { claimedUntil: until, maxRows: limit },
    expected: limit,
  };
}

/** The end of a second: dates compare in whole seconds, even with a fraction. */
function secondAfter(bind: string): string {
  return `${boundDate(bind)} + ${oneSecond}`;
}

function ofShards({ count, of }: LatestFinishedRequest['shards']): string[] {
  return of === 'all' ? [] : [oneOf(shardText('t.CustID', count), of)];
}

/** The end of the poll's index for State 2, which ROWNUM leaves after `scan` rows; unwanted rows are dropped after. */
export function latestStatement(
  tables: MiddleTables,
  { shards, after, scan, limit }: LatestFinishedRequest,
  source: Source,
  createDate: 'missing' | 'present',
): Query {
  const isDated = createDate === 'present';
  const conditions = [
    't.StreamingNo IS NOT NULL',
    't.StateDate IS NOT NULL',
    ...(after === null ? [] : [`t.StateDate >= ${secondAfter(':afterDate')}`]),
    ...ofShards(shards),
  ];
  return {
    sql: `SELECT * FROM (
  SELECT t.StreamingNo AS "StreamingNo", t.CustID AS "CustID", t.ProductID AS "ProductID",
    ${dateText('t.StateDate')} AS "StateDate"
  FROM (
    SELECT * FROM (
      SELECT ${byPollIndex('DESC')} t.StreamingNo, t.CustID, t.ProductID, t.StateDate
      FROM ${mainTable(tables, source)} t
      WHERE ${state} AND t.CreateDate IS ${isDated ? 'NOT NULL' : 'NULL'}
      ORDER BY t.CreateDate DESC, t.StreamingNo DESC
    ) WHERE ROWNUM <= :scanRows
  ) t
  WHERE ${conditions.join('\n    AND ')}${ourProducts(tables)}
  ORDER BY t.StateDate DESC
) WHERE ROWNUM <= :maxRows`,
    binds: { scanRows: scan, maxRows: limit, ...(after === null ? {} : { afterDate: after }) },
    expected: limit,
  };
}

function finishedStatement(
  tables: MiddleTables,
  request: FinishedRequest,
  step: FinishedStep,
  maxRows: number,
): Query {
  const { source, custIds, productId } = request;
  const customers = custIds === undefined ? null : wantedNumbers(custIds);
  const date = dateCondition(step.createDate);
  const conditions: readonly (readonly [condition: string, binds: Binds])[] = [
    // With known customers, the index on State would lead to all finished rows.
    [customers === null ? state : `CASE WHEN ${state} THEN 1 ELSE 0 END = 1`, {}],
    ['t.StreamingNo IS NOT NULL', {}],
    date,
    ...(step.streamingNoAfter === null
      ? []
      : [['t.StreamingNo > TO_NUMBER(:afterNo)', { afterNo: step.streamingNoAfter }] as const]),
    ...(productId === undefined ? [] : [['t.ProductID = TO_NUMBER(:productId)', { productId }] as const]),
    ...(customers === null ? [] : [[oneOf('t.CustID', customers.list), customers.binds] as const]),
  ];
  return {
    sql: `SELECT * FROM (
  SELECT ${customers === null ? `${byPollIndex()} ` : ''}${rowColumns(source)}, ${dateText('t.CreateDate')} AS "Position"
  FROM ${mainTable(tables, source)} t
  WHERE ${conditions.map(([condition]) => condition).join('\n    AND ')}${ourProducts(tables)}
  ORDER BY t.CreateDate, t.StreamingNo
) WHERE ROWNUM <= :maxRows`,
    binds: Object.assign({ maxRows }, ...conditions.map(([, binds]) => binds)) as Binds,
    expected: maxRows,
  };
}

const state = `t.State = ${State.Succeeded}`;

function dateCondition(createDate: FinishedStep['createDate']): readonly [condition: string, binds: Binds] {
  if (createDate === 'missing') return ['t.CreateDate IS NULL', {}];
  if (createDate === 'present') return ['t.CreateDate IS NOT NULL', {}];
  return 'is' in createDate
    ? [`t.CreateDate = ${boundDate(':afterDate')}`, { afterDate: createDate.is }]
    : [`t.CreateDate > ${boundDate(':afterDate')}`, { afterDate: createDate.after }];
}
