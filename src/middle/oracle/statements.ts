import type { Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import { errContentMaxBytes } from '../../domain/err-content.js';
import type { NewAttempt } from '../changes.js';
import type { Mark } from '../port.js';
import { textColumns } from '../rows.js';
import type { BatchStatement, Binds, Query } from './database.js';
import type { MiddleTables } from '../tables.js';
import {
  attributeTable,
  boundDate,
  attemptText,
  dateText,
  firstDate,
  longestList,
  mainTable,
  oneOf,
  oneSecond,
  ourProducts,
} from './tables.js';

/*
 * Statements of claim and marks, and their reads. Changes are batches: one statement with a StreamingNo, executed for
 * every row of values in one round trip, returning how many rows each changed. Attribute rows follow in a second batch
 * of the same transaction, whose last round trip commits.
 *
 * Numbers are bound as text and converted by TO_NUMBER, which keeps all digits.
 *
 * StateDate may be a TIMESTAMP with a fraction of a second. An attempt has whole seconds: rows are compared with it by
 * the text that a poll reads (`attemptText`).
 */

/** Longer than any number in text. */
const numberBytes = 60;
const dateBytes = 19;
const byStreamingNo = 't.StreamingNo = TO_NUMBER(:streamingNo)';
const noAttempt = `(t.StateDate IS NULL OR t.StateDate < ${firstDate})`;
/** The later of now and a date; now if it is more than a day ahead. */
const notBefore = (date: string, asDate = date): string =>
  `CASE WHEN ${date} <= SYSDATE + 1 THEN GREATEST(SYSDATE, ${asDate}) ELSE SYSDATE END`;
/** The row's StateDate; where the column is a TIMESTAMP, CASE does not take it beside a DATE (ORA-00932). */
const stateDate = 'CAST(t.StateDate AS DATE)';

/** Whether a row may be claimed: it is in State 0, or in State 1 without a StateDate that names an attempt. */
export const mayBeClaimed = `(t.State = ${State.Initial} OR (t.State = ${State.Processing} AND ${noAttempt}))`;

/** Starts new attempts. */
export function claimStatement(
  tables: MiddleTables,
  source: Source,
  rows: readonly NewAttempt[],
): BatchStatement {
  const later = [
    `CASE WHEN t.StateDate >= ${firstDate} AND t.StateDate <= SYSDATE + 1 THEN ${stateDate} + ${oneSecond} ELSE SYSDATE END`,
    `NVL(${boundDate(':after')} + ${oneSecond}, SYSDATE)`,
  ];
  return {
    sql: `UPDATE ${mainTable(tables, source)} t
SET t.State = ${State.Processing}, t.StateDate = GREATEST(SYSDATE, GREATEST(
  ${later.join(',\n  ')}))
WHERE ${byStreamingNo} AND t.State = :expects AND ${mayBeClaimed}${ourProducts(tables)}`,
    columns: { streamingNo: numberBytes, expects: 'number', after: dateBytes },
    rows: rows.map(({ streamingNo, state, after }) => ({ streamingNo, expects: state, after })),
  };
}

/** Writes outcomes to rows in State 1 whose attempt is the mark's. */
export function markStatement(tables: MiddleTables, source: Source, marks: readonly Mark[]): BatchStatement {
  const attempt = boundDate(':attempt');
  return {
    sql: `UPDATE ${mainTable(tables, source)} t
SET t.State = :state, t.ErrContent = :errContent, t.StateDate = ${notBefore(attempt)}
WHERE ${byStreamingNo} AND t.State = ${State.Processing}
  AND ${attemptText} = :attempt${ourProducts(tables)}`,
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

/** Requeues rows in State 3; with `failedUntil`, those that failed until that second. */
export function requeueStatement(
  tables: MiddleTables,
  source: Source,
  {
    streamingNos,
    failedUntil,
  }: { readonly streamingNos: readonly string[]; readonly failedUntil?: string | undefined },
): BatchStatement {
  const until = boundDate(':failedUntil');
  const [put, bound] =
    failedUntil === undefined
      ? [notBefore('t.StateDate', stateDate), '']
      : [notBefore(until), `\n  AND (t.StateDate IS NULL OR t.StateDate < ${until} + ${oneSecond})`];
  return {
    sql: `UPDATE ${mainTable(tables, source)} t
SET t.State = ${State.Initial}, t.ErrContent = NULL, t.StateDate = ${put}
WHERE ${byStreamingNo} AND t.State = ${State.Failed}${bound}${ourProducts(tables)}`,
    columns: { streamingNo: numberBytes, ...(failedUntil !== undefined && { failedUntil: dateBytes }) },
    rows: streamingNos.map((streamingNo) => ({
      streamingNo,
      ...(failedUntil !== undefined && { failedUntil }),
    })),
  };
}

/** Lets attribute rows follow the rows that a batch moved into one of these States. */
export function followStatement(
  tables: MiddleTables,
  source: Source,
  leadsTo: readonly State[],
  streamingNos: readonly string[],
): BatchStatement {
  return {
    sql: `UPDATE ${attributeTable(tables, source)} t
SET (State, StateDate) = (SELECT MAX(m.State), MAX(m.StateDate) FROM ${mainTable(tables, source)} m
  WHERE m.StreamingNo = t.StreamingNo AND ${oneOf('m.State', leadsTo)})
WHERE ${byStreamingNo} AND EXISTS (SELECT 1 FROM ${mainTable(tables, source)} m
  WHERE m.StreamingNo = t.StreamingNo AND ${oneOf('m.State', leadsTo)})`,
    columns: { streamingNo: numberBytes },
    rows: [...new Set(streamingNos)].map((streamingNo) => ({ streamingNo })),
  };
}

/** Select list of a main table's row under alias `t`, with the columns of `textColumns` and `more`. */
export function rowColumns(source: Source, more: readonly string[] = []): string {
  return [
    ...[...textColumns[source], ...more, 'State'].map((column) => `t.${column} AS "${column}"`),
    `${dateText('t.CreateDate')} AS "CreateDate"`,
    `${attemptText} AS "StateDate"`,
  ].join(',\n  ');
}

/** Reads rows by StreamingNo, whatever their State. */
export function rowsStatement(
  tables: MiddleTables,
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

/** Room for attribute rows in the first answer: more take a further round trip. */
const attributesPerRow = 10;

/** Reads the attribute rows of these rows. */
export function attributesStatement(
  tables: MiddleTables,
  source: Source,
  streamingNos: readonly string[],
): Query {
  const { list, binds } = wantedNumbers(streamingNos);
  return {
    sql: `SELECT ${attributeColumns(source)}
FROM ${attributeTable(tables, source)} t
WHERE ${oneOf('t.StreamingNo', list)}`,
    binds,
    expected: attributesPerRow * streamingNos.length,
  };
}

/** The same for people: at most `maxAttributes` and one per row. */
export function firstAttributesStatement(
  tables: MiddleTables,
  source: Source,
  streamingNos: readonly string[],
): Query {
  const { list, binds } = wantedNumbers(streamingNos);
  return {
    sql: `SELECT "StreamingNo", "AttrID", "AttrSpecID", "AttrValue" FROM (
  SELECT ${attributeColumns(source)},
    ROW_NUMBER() OVER (PARTITION BY t.StreamingNo ORDER BY t.StreamingNo) AS "place"
  FROM ${attributeTable(tables, source)} t
  WHERE ${oneOf('t.StreamingNo', list)}
) WHERE "place" <= :most`,
    binds: { ...binds, most: tables.maxAttributes + 1 },
    expected: attributesPerRow * streamingNos.length,
  };
}

function attributeColumns(source: Source): string {
  const id = source === 'CUST' ? 'CustAttrID' : 'AccAttrID';
  return `t.StreamingNo AS "StreamingNo", t.${id} AS "AttrID", t.AttrSpecID AS "AttrSpecID",
  t.AttrValue AS "AttrValue"`;
}

/** How many attribute rows a row has, counted up to `:mostAttributes`; its StreamingNo is an expression. */
export function attributeCount(tables: MiddleTables, source: Source, streamingNo: string): string {
  return `(SELECT COUNT(*) FROM ${attributeTable(tables, source)} x WHERE x.StreamingNo = ${streamingNo} AND ROWNUM <= :mostAttributes)`;
}

/** The value of `:mostAttributes`. */
export function mostAttributes({ maxAttributes }: MiddleTables): Binds {
  return { mostAttributes: maxAttributes + 1 };
}

/** Which rows to lock. */
export interface LockRequest {
  readonly source: Source;
  readonly streamingNos: readonly string[];
  /** The condition over `t`. */
  readonly where: string;
}

/** Locks rows, skipping those locked by others, and counts their attribute rows. */
export function lockStatement(tables: MiddleTables, request: LockRequest): Query {
  const query = lockableStatement(tables, request);
  return { ...query, sql: `${query.sql}\nFOR UPDATE OF t.State SKIP LOCKED` };
}

/** The same rows without a lock. */
export function lockableStatement(tables: MiddleTables, { source, streamingNos, where }: LockRequest): Query {
  const { list, binds } = wantedNumbers(streamingNos);
  return {
    sql: `SELECT t.StreamingNo AS "StreamingNo", ${attributeCount(tables, source, 't.StreamingNo')} AS "attributes"
FROM ${mainTable(tables, source)} t
WHERE ${oneOf('t.StreamingNo', list)} AND ${where}${ourProducts(tables)}`,
    binds: { ...binds, ...mostAttributes(tables) },
    expected: streamingNos.length,
  };
}

/** Locks attribute rows, skipping those locked by others. */
export function lockAttributesStatement(
  tables: MiddleTables,
  source: Source,
  streamingNos: readonly string[],
): Query {
  const { list, binds } = wantedNumbers(streamingNos);
  return {
    sql: `SELECT t.StreamingNo AS "StreamingNo"
FROM ${attributeTable(tables, source)} t
WHERE ${oneOf('t.StreamingNo', list)}
FOR UPDATE OF t.State SKIP LOCKED`,
    binds,
    expected: attributesPerRow * streamingNos.length,
  };
}

/** Reads the rows that a mark left unchanged. */
export function standingStatement(
  tables: MiddleTables,
  source: Source,
  streamingNos: readonly string[],
): Query {
  const { list, binds } = wantedNumbers(streamingNos);
  return {
    sql: `SELECT t.StreamingNo AS "StreamingNo", t.State AS "State", ${attemptText} AS "StateDate"
FROM ${mainTable(tables, source)} t
WHERE ${oneOf('t.StreamingNo', list)}${ourProducts(tables)}`,
    binds,
    expected: streamingNos.length,
  };
}

/** Lists of few lengths, padded with repeated numbers, so that there are few different statements. */
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
