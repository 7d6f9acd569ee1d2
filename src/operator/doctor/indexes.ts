import { attributeTableOf, sources, tableOf, type Source } from '../../domain/keys.js';
import type { IndexDescription, MiddleKind } from '../../middle/admin-port.js';
import type { Finding } from '../contract/checks.js';
import { fine } from './finding.js';
import { qualified } from './names.js';

/** Where to create indexes. */
export interface IndexContext {
  readonly kind: MiddleKind;
  /** Schema of the tables; absent: wherever unqualified names lead. */
  readonly schema?: string;
}

/** What the poll's index must begin with. */
const pollColumns: Readonly<Record<MiddleKind, readonly string[]>> = {
  oracle: ['state', 'createdate', 'streamingno'],
  postgresql: ['state', 'createdate nulls first', 'streamingno'],
  sqlite: ['state', 'createdate'],
};

/** The poll's columns as in CREATE INDEX. */
const pollList: Readonly<Record<MiddleKind, string>> = {
  oracle: 'State, CreateDate, StreamingNo',
  postgresql: 'State, CreateDate NULLS FIRST, StreamingNo',
  sqlite: 'State, CreateDate, length(StreamingNo), StreamingNo',
};

/** A customer's columns as in CREATE INDEX. Any index that begins with CustID will do. */
const customerList: Readonly<Record<MiddleKind, string>> = {
  oracle: 'CustID, CreateDate, StreamingNo',
  postgresql: 'CustID, CreateDate NULLS FIRST, StreamingNo',
  sqlite: 'CustID, CreateDate, length(StreamingNo), StreamingNo',
};

/** What the index of the failed rows must begin with. */
const failedColumns: Readonly<Record<MiddleKind, readonly string[]>> = {
  oracle: ['case state when 3 then statedate end', 'case state when 3 then streamingno end'],
  postgresql: ['statedate', 'streamingno'],
  sqlite: ['statedate'],
};

/** Its columns as in CREATE INDEX. */
const failedList: Readonly<Record<MiddleKind, string>> = {
  oracle: 'CASE State WHEN 3 THEN StateDate END, CASE State WHEN 3 THEN StreamingNo END',
  postgresql: 'StateDate, StreamingNo',
  sqlite: 'StateDate, length(StreamingNo), StreamingNo',
};

/** Checks the indexes that statements are written for; without them all works, and slower from day to day. */
export function indexFindings(context: IndexContext, indexes: readonly IndexDescription[]): Finding[] {
  const findings = sources.flatMap((source) => [
    ...indexFinding(context, indexes, {
      table: tableOf[source],
      columns: pollColumns[context.kind],
      list: pollList[context.kind],
      suffix: 'poll',
      consequence: 'the poll reads and sorts all open rows',
    }),
    ...indexFinding(context, indexes, {
      table: tableOf[source],
      columns: failedColumns[context.kind],
      list: failedList[context.kind],
      // On Oracle the expressions themselves exclude all other rows.
      ...(context.kind !== 'oracle' && { where: { asDescribed: 'state=3', asWritten: 'State = 3' } }),
      suffix: 'failed',
      consequence:
        'the console and "failed" read all failed rows for a page of them; the worker does without',
    }),
    ...indexFinding(context, indexes, {
      table: tableOf[source],
      columns: ['custid'],
      list: customerList[context.kind],
      suffix: 'customer',
      consequence:
        "the console for a customer's rows, and the poll while this table is paused, read all of it",
    }),
    ...indexFinding(context, indexes, {
      table: attributeTableOf[source],
      columns: ['streamingno'],
      list: 'StreamingNo',
      suffix: 'row',
      consequence: 'every batch reads the whole table',
    }),
  ]);
  return findings.length > 0
    ? findings
    : [fine('indexes', 'polls, attribute rows, failed rows and customers have their indexes')];
}

/** From this many rows of other products in front of ours, an index by ProductID is advised. */
const manyOthers = 1000;

/** The poll's columns after ProductID, as the database describes such an index. */
const productColumns = (kind: MiddleKind): readonly string[] => ['productid', ...pollColumns[kind]];

/**
 * With `middle.productIds`, rows of other products are in the poll's index too, and every poll reads those that stay in
 * State 0. An index by ProductID excludes them: after ProductID if there is one of ours, or, on PostgreSQL, over our
 * rows only. `others` were counted in front of ours, `counted` of them at most.
 */
export function productIndexFindings(
  context: IndexContext,
  indexes: readonly IndexDescription[],
  { productIds, others, counted }: OtherProducts,
): Finding[] {
  if (productIds.length === 0) return [];
  const { kind } = context;
  const isPartial = kind === 'postgresql' && productIds.length > 1;
  const findings = sources.flatMap((source): Finding[] => {
    const table = tableOf[source];
    const isThere = indexes.some(
      (index) =>
        index.table.toLowerCase() === table.toLowerCase() &&
        (startsWith(index, productColumns(kind)) ||
          (startsWith(index, pollColumns[kind]) && index.where?.includes('productid') === true)),
    );
    const number = others[source];
    if (isThere || number < manyOthers) return [];
    const rows = number >= counted ? `${counted} or more` : `${number}`;
    const list = isPartial ? pollList[kind] : `ProductID, ${pollList[kind]}`;
    const ids = productIds.join(', ');
    const wanted = {
      ...{ table, columns: [], list, suffix: 'product', consequence: '' },
      ...(isPartial && { where: { asDescribed: '', asWritten: `ProductID IN (${ids})` } }),
    };
    const finding = `${rows} rows of other products stand in State 0 of ${table} in front of those of middle.productIds, and every poll reads them: no index on (${list})${condition(wanted)}`;
    return [{ area: 'indexes', level: 'warning', finding, whatToDo: createIndex(context, wanted) }];
  });
  return findings.length > 0
    ? findings
    : [fine('indexes', 'rows of other products do not stand in front of ours, or an index leaves them out')];
}

/** Rows of other products that were counted in front of ours. */
export interface OtherProducts {
  /** `middle.productIds`. */
  readonly productIds: readonly string[];
  readonly others: Readonly<Record<Source, number>>;
  /** Counting stopped there. */
  readonly counted: number;
}

function startsWith(index: IndexDescription, columns: readonly string[]): boolean {
  return columns.every((column, place) => index.columns[place] === column);
}

interface WantedIndex {
  readonly table: string;
  readonly columns: readonly string[];
  readonly list: string;
  /** Condition of a partial index. */
  readonly where?: { readonly asDescribed: string; readonly asWritten: string };
  readonly suffix: string;
  readonly consequence: string;
}

function indexFinding(
  context: IndexContext,
  indexes: readonly IndexDescription[],
  wanted: WantedIndex,
): Finding[] {
  const { table, columns, list, consequence } = wanted;
  const isOfRows = ({ where }: IndexDescription) => where === wanted.where?.asDescribed;
  const ofTable = indexes.filter(
    (index) => index.table.toLowerCase() === table.toLowerCase() && isOfRows(index),
  );
  if (ofTable.some((index) => columns.every((column, place) => index.columns[place] === column))) return [];
  const finding = `${table} has no index on (${list})${condition(wanted)}: ${consequence}`;
  return [{ area: 'indexes', level: 'warning', finding, whatToDo: createIndex(context, wanted) }];
}

/** A remark precedes the semicolon: SQL*Plus accepts none after it. */
function createIndex({ kind, schema }: IndexContext, wanted: WantedIndex): string {
  const { table, list, suffix } = wanted;
  const concurrently = kind === 'postgresql' ? ' CONCURRENTLY' : '';
  const plainName = `${table.toLowerCase()}_${suffix}`;
  // PostgreSQL puts an index where its table is, and accepts no schema; Oracle puts it where told.
  const name = kind === 'oracle' ? qualified(kind, schema, plainName) : plainName;
  const online = kind === 'oracle' ? ` ONLINE /* ${onlineRemark} */` : '';
  return `CREATE INDEX${concurrently} ${name} ON ${qualified(kind, schema, table)} (${list})${condition(wanted)}${online};`;
}

function condition({ where }: WantedIndex): string {
  return where === undefined ? '' : ` WHERE ${where.asWritten}`;
}

const onlineRemark = 'ONLINE needs Enterprise Edition; without it nobody can change the table meanwhile';
