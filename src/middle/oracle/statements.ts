import type { Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import { errContentMaxBytes } from '../../domain/err-content.js';
import type { ClaimRequest, Mark } from '../port.js';
import { textColumns } from '../rows.js';
import type { Batch, Binds, Query } from './database.js';
import {
  attributeTable,
  dateOf,
  dateText,
  longestList,
  mainTable,
  oneOf,
  ourProducts,
  type OracleTables,
} from './tables.js';

/*
 * Statements of the claim, the marks, and what both read. Changes are batches: one statement with a StreamingNo, which
 * the server executes for every row of values in one round trip and tells how many rows each changed. Attribute rows
 * follow the rows that were changed in a second batch of the same transaction, whose last round trip commits.
 *
 * Numbers are bound as text and converted by TO_NUMBER, which keeps all digits.
 */

/** Longer than any number in text. */
const numberBytes = 60;
const dateBytes = 19;
const byStreamingNo = 't.StreamingNo = TO_NUMBER(:streamingNo)';
const oneSecond = `INTERVAL '1' SECOND`;

/** Starts a new attempt at rows in this State; rows in State 1 only where they have no StateDate. */
export function claimBatch(
  tables: OracleTables,
  source: Source,
  expects: State,
  requests: readonly ClaimRequest[],
): Batch {
  const later = [
    `NVL(t.StateDate + ${oneSecond}, SYSDATE)`,
    `NVL(${dateOf(':newest')} + ${oneSecond}, SYSDATE)`,
  ];
  const guard = `t.State = ${expects}${expects === State.Initial ? '' : ' AND t.StateDate IS NULL'}`;
  return {
    sql: `UPDATE ${mainTable(tables, source)} t
SET t.State = ${State.Processing}, t.StateDate = GREATEST(SYSDATE, GREATEST(
  ${later.join(',\n  ')}))
WHERE ${byStreamingNo} AND ${guard}${ourProducts(tables)}`,
    columns: { streamingNo: numberBytes, newest: dateBytes },
    rows: requests.map(({ row, newestAttempt }) => ({ streamingNo: row.streamingNo, newest: newestAttempt })),
  };
}

/** Writes outcomes to rows in State 1 whose attempt is the mark's. */
export function markBatch(tables: OracleTables, source: Source, marks: readonly Mark[]): Batch {
  const attempt = dateOf(':attempt');
  return {
    sql: `UPDATE ${mainTable(tables, source)} t
SET t.State = :state, t.ErrContent = :errContent, t.StateDate = GREATEST(SYSDATE, ${attempt})
WHERE ${byStreamingNo} AND t.State = ${State.Processing}
  AND t.StateDate = ${attempt}${ourProducts(tables)}`,
    columns: {
      state: 'number',
      errContent: errContentMaxBytes,
      attempt: dateBytes,
      streamingNo: numberBytes,
    },
    rows: marks.map(({ streamingNo, attempt: date, errContent }) => ({
      state: errContent === null ? State.Succeeded : State.Failed,
      errContent,
      attempt: date,
      streamingNo,
    })),
  };
}

/** Puts rows in State 3 back to State 0. */
export function requeueBatch(tables: OracleTables, source: Source, streamingNos: readonly string[]): Batch {
  return {
    sql: `UPDATE ${mainTable(tables, source)} t
SET t.State = ${State.Initial}, t.ErrContent = NULL, t.StateDate = GREATEST(SYSDATE, NVL(t.StateDate, SYSDATE))
WHERE ${byStreamingNo} AND t.State = ${State.Failed}${ourProducts(tables)}`,
    columns: { streamingNo: numberBytes },
    rows: streamingNos.map((streamingNo) => ({ streamingNo })),
  };
}

/** Lets attribute rows follow the rows that a batch moved into one of these States. */
export function attributesBatch(
  tables: OracleTables,
  source: Source,
  leadsTo: readonly State[],
  streamingNos: readonly string[],
): Batch {
  return {
    sql: `UPDATE ${attributeTable(tables, source)} t
SET (State, StateDate) = (SELECT MAX(m.State), MAX(m.StateDate) FROM ${mainTable(tables, source)} m
  WHERE m.StreamingNo = t.StreamingNo AND ${oneOf('m.State', leadsTo)})
WHERE ${byStreamingNo}`,
    columns: { streamingNo: numberBytes },
    rows: [...new Set(streamingNos)].map((streamingNo) => ({ streamingNo })),
  };
}

/** Select list of a main table's row under alias `t`, with the columns of `textColumns` and `more`. */
export function rowColumns(source: Source, more: readonly string[] = []): string {
  return [
    ...[...textColumns[source], ...more, 'State'].map((column) => `t.${column} AS "${column}"`),
    ...['CreateDate', 'StateDate'].map((column) => `${dateText(`t.${column}`)} AS "${column}"`),
  ].join(',\n  ');
}

/** Reads rows by StreamingNo, whatever their State. */
export function rowsQuery(
  tables: OracleTables,
  source: Source,
  streamingNos: readonly string[],
  more: readonly string[] = [],
): Query {
  const { list, binds } = wantedNumbers(streamingNos);
  return {
    sql: `SELECT ${rowColumns(source, more)}
FROM ${mainTable(tables, source)} t
WHERE ${oneOf('t.StreamingNo', list)}${ourProducts(tables)}`,
    binds,
    expected: streamingNos.length,
  };
}

/** Room for attribute rows in the first answer: more of them take a further round trip. */
const attributesPerRow = 10;

/** Reads the attribute rows of these rows. */
export function attributesQuery(
  tables: OracleTables,
  source: Source,
  streamingNos: readonly string[],
): Query {
  const { list, binds } = wantedNumbers(streamingNos);
  const id = source === 'CUST' ? 'CustAttrID' : 'AccAttrID';
  return {
    sql: `SELECT t.StreamingNo AS "StreamingNo", t.${id} AS "AttrID", t.AttrSpecID AS "AttrSpecID",
  t.AttrValue AS "AttrValue"
FROM ${attributeTable(tables, source)} t
WHERE ${oneOf('t.StreamingNo', list)}`,
    binds,
    expected: attributesPerRow * streamingNos.length,
  };
}

/** Reads how rows stand that a mark did not change. */
export function standingQuery(tables: OracleTables, source: Source, streamingNos: readonly string[]): Query {
  const { list, binds } = wantedNumbers(streamingNos);
  return {
    sql: `SELECT t.StreamingNo AS "StreamingNo", t.State AS "State", ${dateText('t.StateDate')} AS "StateDate"
FROM ${mainTable(tables, source)} t
WHERE ${oneOf('t.StreamingNo', list)}${ourProducts(tables)}`,
    binds,
    expected: streamingNos.length,
  };
}

/** Lists of few lengths, with numbers repeated to fill them, so that there are few different statements. */
const listLengths = [1, 10, 50, 100, 200, 500, longestList];

/** A list of numbers, and the values to bind for it. */
export function wantedNumbers(streamingNos: readonly string[]): { list: readonly string[]; binds: Binds } {
  const numbers = [...new Set(streamingNos)];
  const length =
    listLengths.find((room) => room >= numbers.length) ??
    longestList * Math.ceil(numbers.length / longestList);
  const names = Array.from({ length }, (_, index) => `n${index + 1}`);
  return {
    list: names.map((name) => `TO_NUMBER(:${name})`),
    binds: Object.fromEntries(names.map((name, index) => [name, numbers[index % numbers.length] ?? null])),
  };
}
