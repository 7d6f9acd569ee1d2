import { attributeTableOf, sources, tableOf } from '../../domain/keys.js';
import type { IndexDescription, MiddleKind } from '../../middle/port.js';
import { fine, type Finding } from './finding.js';
import { qualified } from './names.js';

/** Where statements to create indexes shall put them. */
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

/** The poll's columns as they are written in CREATE INDEX. */
const pollList: Readonly<Record<MiddleKind, string>> = {
  oracle: 'State, CreateDate, StreamingNo',
  postgresql: 'State, CreateDate NULLS FIRST, StreamingNo',
  sqlite: 'State, CreateDate, length(StreamingNo), StreamingNo',
};

/** Looks for the indexes of the poll and of the attribute rows; without them all is right, and slower from day to day. */
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
      table: attributeTableOf[source],
      columns: ['streamingno'],
      list: 'StreamingNo',
      suffix: 'row',
      consequence: 'every batch reads the whole table',
    }),
  ]);
  return findings.length > 0
    ? findings
    : [fine('indexes', 'the poll and the attribute rows have their indexes')];
}

interface WantedIndex {
  readonly table: string;
  readonly columns: readonly string[];
  readonly list: string;
  readonly suffix: string;
  readonly consequence: string;
}

function indexFinding(
  context: IndexContext,
  indexes: readonly IndexDescription[],
  wanted: WantedIndex,
): Finding[] {
  const { table, columns, list, consequence } = wanted;
  const ofTable = indexes.filter((index) => index.table.toLowerCase() === table.toLowerCase());
  if (ofTable.some((index) => columns.every((column, place) => index.columns[place] === column))) return [];
  const finding = `${table} has no index on (${list}): ${consequence}`;
  return [{ area: 'indexes', level: 'warning', finding, whatToDo: createIndex(context, wanted) }];
}

/** A remark stands in front of the semicolon: SQL*Plus takes none behind it. */
function createIndex({ kind, schema }: IndexContext, { table, list, suffix }: WantedIndex): string {
  const concurrently = kind === 'postgresql' ? ' CONCURRENTLY' : '';
  const plainName = `${table.toLowerCase()}_${suffix}`;
  // PostgreSQL puts an index where its table is, and takes no schema for it; Oracle puts it where it is told to.
  const name = kind === 'oracle' ? qualified(kind, schema, plainName) : plainName;
  const online = kind === 'oracle' ? ` ONLINE /* ${onlineRemark} */` : '';
  return `CREATE INDEX${concurrently} ${name} ON ${qualified(kind, schema, table)} (${list})${online};`;
}

const onlineRemark = 'ONLINE needs Enterprise Edition; without it nobody can change the table meanwhile';
