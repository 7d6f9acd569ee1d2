import type { OracleError } from './errors.js';
import { Writer } from './wire.js';

/*
 * Answers of the server. Every answer ends with exactly one status or one end-of-call message, and nothing follows it.
 */

/** Pretends to be 19.1 on this level: the driver leaves out whatever is newer. */
const FIELD_VERSION = 12;
const UTF8 = 873;
const UTF16 = 2000;

const Message = {
  DataTypes: 2,
  End: 4,
  RowHeader: 6,
  Row: 7,
  Parameter: 8,
  Status: 9,
  Describe: 16,
} as const;
const NO_DATA_FOUND = 1403;

export function protocolReply(): Buffer {
  const compileTime = Buffer.alloc(53);
  compileTime[0] = 6;
  compileTime[4] = 0xea;
  compileTime[7] = FIELD_VERSION;
  compileTime[15] = 0x29;
  compileTime[23] = 0xcf;
  compileTime[37] = 0xb8;
  // The database has a time zone; texts of 32 K are off.
  const runTime = Buffer.from([2, 1, 0, 0, 0, 0, 0]);
  const nationalCharacters = Buffer.alloc(11);
  nationalCharacters.writeUInt16BE(UTF16, 9);
  const banner = Buffer.from('x86_64/Linux 2.4.xx\0');
  return new Writer()
    .u8(1, 6, 0)
    .raw(banner)
    .u16LittleEndian(UTF8)
    .u8(1)
    .u16LittleEndian(0)
    .u16(nationalCharacters.length)
    .raw(nationalCharacters)
    .bytes(compileTime)
    .bytes(runTime)
    .done();
}

/** The database's time zone, +00:00, and no types: the driver knows them. */
export function dataTypesReply(): Buffer {
  const timeZone = Buffer.from([0x80, 0, 0, 0, 60, 60, 0x80, 0, 0, 0, 0]);
  return new Writer().u8(Message.DataTypes).raw(timeZone).u16(0).done();
}

/** What every end of a call says of the session. */
export interface CallStatus {
  readonly inTransaction: boolean;
  readonly sequence: number;
}

export function status({ inTransaction, sequence }: CallStatus): Buffer {
  return new Writer()
    .u8(Message.Status)
    .varint(inTransaction ? 2 : 0, sequence)
    .done();
}

/** A row of a batch that failed. */
export interface BatchError {
  /** Which row, counted from 0. */
  readonly row: number;
  readonly error: OracleError;
}

/** How an execution or a fetch ended. */
export interface CallEnd {
  readonly cursorId?: number;
  readonly rowCount?: number;
  readonly error?: OracleError;
  readonly batchErrors?: readonly BatchError[];
  /** The query has no more rows. */
  readonly exhausted?: boolean;
}

export function endOfCall(writer: Writer, { inTransaction, sequence }: CallStatus, end: CallEnd): Buffer {
  const { cursorId = 0, rowCount = 0, error, batchErrors = [], exhausted = false } = end;
  const number = error?.number ?? (exhausted ? NO_DATA_FOUND : 0);
  writer.u8(Message.End).varint(inTransaction ? 2 : 0, sequence, rowCount, number, 0, 0, cursorId);
  writer.varint(error?.offset ?? 0).u8(0, 0, 0, 0, 0, 0);
  // No row id, and no error of the operating system.
  writer.varint(0, 0).u8(0).varint(0, 0);
  writer.varint(0).u8(0, 0).varint(0, 0, 0);
  writeList(writer, batchErrors, (each) => writer.varint(each.error.number));
  writeList(writer, batchErrors, (each) => writer.varint(each.row));
  writeList(writer, batchErrors, (each) => {
    const message = `${each.error.message}\n`;
    writer.varint(Buffer.byteLength(message)).text(message).u8(0, 0);
  });
  writer.varint(number, rowCount);
  if (number !== 0) writer.text(`${error?.message ?? 'ORA-01403: no data found'}\n`);
  return writer.done();
}

function writeList<Item>(writer: Writer, items: readonly Item[], write: (item: Item) => void): void {
  writer.varint(items.length);
  if (items.length > 0) writer.u8(1);
  items.forEach(write);
}

/** How many rows each execution of a batch changed. */
export function writeRowCounts(writer: Writer, counts: readonly number[]): void {
  writer.u8(Message.Parameter).varint(0, 0, 0, 0, counts.length, ...counts);
}

/** A column of a result as the driver hears of it. */
export interface DescribedColumn {
  readonly name: string;
  /** The protocol's number of the type. */
  readonly type: number;
  /** In bytes; the driver takes a column of none for NULL. */
  readonly size: number;
}

export function writeDescription(writer: Writer, columns: readonly DescribedColumn[]): void {
  const rowSize = columns.reduce((sum, { size }) => sum + size, 0);
  writer.u8(Message.Describe, 0).varint(rowSize, columns.length);
  if (columns.length > 0) writer.u8(0);
  columns.forEach(({ name, type, size }, index) => {
    const isText = type === 1;
    // Precision 0 and scale -127: NUMBER without either.
    writer.u8(type, 0x80, 0, type === 2 ? -127 : 0).varint(size, 0, 0, 0, 0);
    writer
      .varint(isText ? UTF8 : 0)
      .u8(isText ? 1 : 0)
      .varint(isText ? size : 0, 0);
    writer
      .u8(1, Math.min(name.length, 255))
      .sizedText(name)
      .sizedText('')
      .sizedText('')
      .varint(index + 1, 0);
  });
  writer.varint(0, 0, 0, 0, 0, 0);
}

/** Rows whose values are encoded already; null is NULL. */
export function writeRows(writer: Writer, rows: readonly (readonly (Uint8Array | null)[])[]): void {
  if (rows.length === 0) return;
  writer.u8(Message.RowHeader, 0).varint(rows[0]!.length, 0, rows.length, 0, 0, 0);
  for (const row of rows) {
    writer.u8(Message.Row);
    for (const value of row) writer.bytes(value);
  }
}
