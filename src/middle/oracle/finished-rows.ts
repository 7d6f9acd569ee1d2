import { State } from '../../domain/states.js';
import { readFinishedPage, type FinishedStep } from '../finished.js';
import type { FinishedPage, FinishedRequest, FinishedRows } from '../port.js';
import type { Binds, OracleDatabase, Query } from './database.js';
import { attributesQuery, rowColumns, wantedNumbers } from './statements.js';
import { dateOf, dateText, mainTable, oneOf, ourProducts, type OracleTables } from './tables.js';

/** The finished rows of a middle database on Oracle. */
export class OracleFinishedRows implements FinishedRows {
  readonly #database: OracleDatabase;
  readonly #tables: OracleTables;

  constructor(database: OracleDatabase, tables: OracleTables) {
    this.#database = database;
    this.#tables = tables;
  }

  async page(request: FinishedRequest): Promise<FinishedPage> {
    return readFinishedPage(request, {
      rows: (step, limit) => this.#database.query(finishedQuery(this.#tables, request, step, limit)),
      attributes: (streamingNos) =>
        this.#database.query(attributesQuery(this.#tables, request.source, streamingNos)),
    });
  }
}

function finishedQuery(
  tables: OracleTables,
  request: FinishedRequest,
  step: FinishedStep,
  maxRows: number,
): Query {
  const { source, custIds, productId } = request;
  const customers = custIds === undefined ? null : wantedNumbers(custIds);
  const date = dateCondition(step.createDate);
  const conditions: readonly (readonly [condition: string, binds: Binds])[] = [
    // Where the customers are known, the index on State would lead to all finished rows.
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
  SELECT ${rowColumns(source)}, ${dateText('t.CreateDate')} AS "Position"
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
    ? [`t.CreateDate = ${dateOf(':afterDate')}`, { afterDate: createDate.is }]
    : [`t.CreateDate > ${dateOf(':afterDate')}`, { afterDate: createDate.after }];
}
