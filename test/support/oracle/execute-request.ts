import { unsupported } from './errors.js';
import { decodeDate, decodeNumber } from './values.js';
import type { Reader } from './wire.js';

/* Requests that execute a statement: the first time with its text, and again by the number of its cursor. */

const Option = { Execute: 0x20, Fetch: 0x40, Commit: 0x100, BatchErrors: 0x80000 } as const;
const ROW_COUNTS = 0x4000;
const ROW_DATA = 7;
/** Values longer than this come after the others of their row. */
const LONGEST_INLINE = 4000;
const UTF16_FORM = 2;

export interface BindDescription {
  /** The protocol's number of the type. */
  readonly type: number;
  readonly maxSize: number;
  readonly isUtf16: boolean;
}

/** A row of binds as text. */
export type BoundRow = readonly (string | null)[];

/** What to do with a statement. */
export interface Execution {
  readonly executes: boolean;
  /** Rows to send back at once; null when the client will fetch. */
  readonly prefetch: number;
  readonly commits: boolean;
  readonly batchErrors: boolean;
  readonly rowCounts: boolean;
  /** Whether the answer describes the columns. */
  readonly describes: boolean;
  /** One for each execution; empty rows where nothing is bound. */
  readonly rows: readonly BoundRow[];
}

export interface ExecuteRequest {
  readonly cursorId: number;
  /** Null: the cursor's. */
  readonly sql: string | null;
  /** Null: as before. */
  readonly binds: readonly BindDescription[] | null;
  readonly execution: Execution;
}

/** Reads a first execution. `bindsOf` gives the binds of a cursor that is executed again with the same ones. */
export function readExecute(
  reader: Reader,
  bindsOf: (cursorId: number) => readonly BindDescription[],
): ExecuteRequest {
  const options = reader.varint();
  const cursorId = reader.varint();
  reader.skip(1);
  const length = reader.varint();
  reader.skip(1);
  reader.varint();
  reader.skip(3);
  const prefetch = reader.varint();
  reader.varint();
  reader.skip(1);
  const bindCount = reader.varint();
  reader.skip(6);
  const defineCount = reader.varint();
  reader.varint();
  reader.skip(3);
  reader.varint();
  reader.skip(1);
  reader.varints(2);
  reader.skip(1);
  reader.varint();
  // Since 12.2.
  reader.skip(2);
  reader.varint();
  reader.skip(1);
  reader.varint();
  reader.skip(2);
  reader.varint();
  const sql = length > 0 ? reader.text() : null;
  const settings = reader.varints(13);
  if (defineCount > 0) readBindDescriptions(reader, defineCount);
  const binds = bindCount > 0 ? readBindDescriptions(reader, bindCount) : null;
  // A query is executed once: where the server knows its cursor, the driver counts there the rows that it will fetch.
  const iterations = settings[7]! === 1 ? 1 : settings[1]!;
  return {
    cursorId,
    sql,
    binds: binds ?? (sql === null ? null : []),
    execution: {
      executes: (options & Option.Execute) !== 0,
      prefetch: options & Option.Fetch ? prefetch : 0,
      commits: (options & Option.Commit) !== 0,
      batchErrors: (options & Option.BatchErrors) !== 0,
      rowCounts: (settings[9]! & ROW_COUNTS) !== 0,
      describes: true,
      rows: readRows(reader, binds ?? (sql === null ? bindsOf(cursorId) : []), iterations),
    },
  };
}

/** Reads an execution of a statement that the server knows: `fetches` for queries. */
export function readExecuteAgain(
  reader: Reader,
  fetches: boolean,
  bindsOf: (cursorId: number) => readonly BindDescription[],
): ExecuteRequest {
  const cursorId = reader.varint();
  const count = reader.varint();
  reader.varint();
  const commits = (reader.varint() & 1) !== 0;
  return {
    cursorId,
    sql: null,
    binds: null,
    execution: {
      executes: true,
      prefetch: fetches ? count : 0,
      commits,
      batchErrors: false,
      rowCounts: false,
      describes: false,
      rows: readRows(reader, bindsOf(cursorId), fetches ? 1 : count),
    },
  };
}

function readBindDescriptions(reader: Reader, count: number): BindDescription[] {
  return Array.from({ length: count }, () => {
    const type = reader.u8();
    reader.skip(3);
    const maxSize = reader.varint();
    reader.varints(2);
    if (reader.varint() > 0) reader.bytes();
    reader.varints(2);
    const form = reader.u8();
    reader.varints(2);
    return { type, maxSize, isUtf16: form === UTF16_FORM };
  });
}

function readRows(reader: Reader, binds: readonly BindDescription[], count: number): BoundRow[] {
  const isLong = ({ maxSize }: BindDescription) => maxSize > LONGEST_INLINE;
  return Array.from({ length: Math.max(1, count) }, () => {
    const row = new Array<string | null>(binds.length).fill(null);
    if (binds.length === 0 || reader.left === 0) return row;
    if (reader.u8() !== ROW_DATA) throw new Error('A row of binds was expected.');
    const read = (long: boolean) => {
      binds.forEach((bind, index) => {
        if (isLong(bind) === long) row[index] = readValue(reader, bind);
      });
    };
    read(false);
    read(true);
    return row;
  });
}

function readValue(reader: Reader, { type, isUtf16 }: BindDescription): string | null {
  const bytes = reader.bytes();
  if (bytes === null) return null;
  switch (type) {
    case 1:
    case 96:
      return isUtf16 ? Buffer.from(bytes).swap16().toString('utf16le') : bytes.toString('utf8');
    case 2:
      return decodeNumber(bytes);
    case 12:
    case 180:
      return decodeDate(bytes);
    default:
      throw unsupported(`a bind of type ${type}`);
  }
}
