import type { Fragment } from '../../database/dialects/dialect.js';
import { rowId, type RowKey, type Source } from '../../domain/keys.js';
import { State } from '../../domain/states.js';
import type { NewAttempt } from '../changes.js';
import type { Mark } from '../port.js';
import { textColumns } from '../rows.js';
import type { GuardedUpdate } from './dialect.js';
import { attemptText, attributeTable, mainTable, ourProducts, type KnexTables } from './tables.js';

/*
 * Statements of claim, marks and requeuing, and their reads. The dialect turns a guarded update into statements.
 */

/** Starts new attempts. */
export function claimStatement(
  tables: KnexTables,
  source: Source,
  rows: readonly NewAttempt[],
): GuardedUpdate {
  const { dialect } = tables;
  const asked = dialect.recordset(
    { streaming_no: 'number', expects: 'integer', after: 'date' },
    rows.map(({ streamingNo, state, after }) => [streamingNo, state, after]),
    'a',
  );
  return {
    ...updated(tables, source, rows),
    asked,
    set: `State = ${State.Processing}, StateDate = ${dialect.newAttempt}`,
    leadsTo: [State.Processing],
    guard: `t.State = a.expects AND (a.expects = ${State.Initial} OR t.StateDate IS NULL
            OR NOT (${dialect.isAttempt('t.StateDate')}))`,
  };
}

/** Writes outcomes to rows in State 1 whose attempt is the mark's. */
export function markStatement(tables: KnexTables, source: Source, marks: readonly Mark[]): GuardedUpdate {
  const { dialect } = tables;
  const asked = dialect.recordset(
    { streaming_no: 'number', attempt: 'date', err_content: 'text' },
    marks.map((mark) => [mark.streamingNo, mark.attempt, mark.errContent]),
    'a',
  );
  return {
    ...updated(tables, source, marks),
    asked,
    set: `State = CASE WHEN a.err_content IS NULL THEN ${State.Succeeded} ELSE ${State.Failed} END,
          ErrContent = a.err_content, StateDate = ${dialect.laterOfNowAnd('a.attempt')}`,
    leadsTo: [State.Succeeded, State.Failed],
    guard: `t.State = ${State.Processing} AND ${dialect.sameAttempt}`,
  };
}

/** What is requeued, and which attribute rows follow. */
export interface RequeueScope {
  /** Rows, by `rowId`, whose attribute rows stay unchanged. */
  readonly attributesStay: ReadonlySet<string>;
  /** Only rows that failed until this second. */
  readonly failedUntil: string | undefined;
}

/** Requeues rows in State 3. */
export function requeueStatement(
  tables: KnexTables,
  source: Source,
  keys: readonly RowKey[],
  { attributesStay, failedUntil }: RequeueScope,
): GuardedUpdate {
  const { dialect } = tables;
  const isBounded = failedUntil !== undefined;
  const stateDate = dialect.laterOfNowAnd(isBounded ? 'a.failed_until' : 't.StateDate');
  const bound = isBounded ? ` AND (t.StateDate IS NULL OR t.StateDate < ${dialect.afterFailedUntil})` : '';
  return {
    ...updated(
      tables,
      source,
      keys.map((key) => ({ ...key, attributesStay: attributesStay.has(rowId(key)) })),
    ),
    asked: dialect.recordset(
      { streaming_no: 'number', ...(isBounded && { failed_until: 'date' }) },
      keys.map(({ streamingNo }) => [streamingNo, ...(isBounded ? [failedUntil] : [])]),
      'a',
    ),
    set: `State = ${State.Initial}, ErrContent = NULL, StateDate = ${stateDate}`,
    leadsTo: [State.Initial],
    guard: `t.State = ${State.Failed}${bound}`,
  };
}

function updated(
  tables: KnexTables,
  source: Source,
  rows: readonly { readonly streamingNo: string; readonly attributesStay?: boolean }[],
) {
  return {
    source,
    table: mainTable(tables, source),
    attributeTable: tables.markAttributes ? attributeTable(tables, source) : null,
    attributesStay: rows.filter((row) => row.attributesStay === true).map(({ streamingNo }) => streamingNo),
    ours: ourProducts(tables, 't'),
  };
}

/** Numbers that rows are found by. */
const keyColumns: ReadonlySet<string> = new Set(['StreamingNo', 'CustID']);

/** Select list of a main table's row under alias `t`, all as text, plus `more` columns. */
export function rowColumns(tables: KnexTables, source: Source, more: readonly string[] = []): string {
  const textOf = (column: string) =>
    keyColumns.has(column) ? tables.dialect.numberText(`t.${column}`) : `CAST(t.${column} AS TEXT)`;
  return [
    ...[...textColumns[source], ...more].map((column) => `${textOf(column)} AS "${column}"`),
    `${tables.dialect.dateText('t.CreateDate')} AS "CreateDate"`,
    `${attemptText(tables)} AS "StateDate"`,
    't.State AS "State"',
  ].join(', ');
}

/** Reads rows by StreamingNo, whatever their State. */
export function rowsStatement(
  tables: KnexTables,
  source: Source,
  streamingNos: readonly string[],
  more: readonly string[] = [],
): Fragment {
  return selectRows(tables, source, streamingNos, rowColumns(tables, source, more));
}

/** Reads the rows that a mark left unchanged. */
export function standingStatement(
  tables: KnexTables,
  source: Source,
  streamingNos: readonly string[],
): Fragment {
  const columns = `${tables.dialect.numberText('t.StreamingNo')} AS "StreamingNo", t.State AS "State",
                   ${attemptText(tables)} AS "StateDate"`;
  return selectRows(tables, source, streamingNos, columns);
}

function selectRows(
  tables: KnexTables,
  source: Source,
  streamingNos: readonly string[],
  columns: string,
): Fragment {
  const wanted = tables.dialect.numberIn('t.StreamingNo', streamingNos);
  const ours = ourProducts(tables, 't');
  return {
    sql: `SELECT ${columns} FROM ${mainTable(tables, source)} AS t WHERE ${wanted.sql}${ours.sql}`,
    bindings: [...wanted.bindings, ...ours.bindings],
  };
}

/** Reads the attribute rows of these rows. */
export function attributesStatement(
  tables: KnexTables,
  source: Source,
  streamingNos: readonly string[],
): Fragment {
  const id = source === 'CUST' ? 'CustAttrID' : 'AccAttrID';
  const wanted = tables.dialect.numberIn('x.StreamingNo', streamingNos);
  return {
    sql: `SELECT ${tables.dialect.numberText('x.StreamingNo')} AS "StreamingNo", CAST(x.${id} AS TEXT) AS "AttrID",
                 CAST(x.AttrSpecID AS TEXT) AS "AttrSpecID", x.AttrValue AS "AttrValue"
          FROM ${attributeTable(tables, source)} x WHERE ${wanted.sql}`,
    bindings: wanted.bindings,
  };
}

/** The same for people: at most `maxAttributes` and one per row. */
export function firstAttributesStatement(
  tables: KnexTables,
  source: Source,
  streamingNos: readonly string[],
): Fragment {
  const { sql, bindings } = attributesStatement(tables, source, streamingNos);
  const ranked = sql.replace('SELECT ', 'SELECT row_number() OVER (PARTITION BY x.StreamingNo) AS place, ');
  return { sql: `SELECT * FROM (${ranked}) AS n WHERE n.place <= ${tables.maxAttributes + 1}`, bindings };
}

/** How many attribute rows a row has, counted up to `maxAttributes` and one; its StreamingNo is an expression. */
export function attributeCount(tables: KnexTables, source: Source, streamingNo: string): string {
  return `(SELECT count(*) FROM (SELECT 1 FROM ${attributeTable(tables, source)} AS x WHERE x.StreamingNo = ${streamingNo}
           LIMIT ${tables.maxAttributes + 1}) AS n)`;
}

/**
 * Rows are found by StreamingNo: the CASE, and the + above, keep planners from walking all rows in that State by the
 * poll's index, or from underestimating them and comparing them with each requested row.
 */
export function mainUpdate(update: GuardedUpdate, condition = ''): string {
  return `UPDATE ${update.table} AS t SET ${update.set} FROM ${update.asked.sql} WHERE ${condition}${isAsked(update)}`;
}

/** The requested rows that satisfy the guard, as a condition over `t` and `a`. */
export function isAsked({ guard, ours }: GuardedUpdate): string {
  return `t.StreamingNo = a.streaming_no AND CASE WHEN ${guard} THEN TRUE ELSE FALSE END${ours.sql}`;
}
