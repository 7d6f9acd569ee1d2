import { OracleError, swapCase, unsupported } from './errors.js';
import { type CallEnd, type DescribedColumn, writeRows } from './messages.js';
import type { QueryResult } from './sessions.js';
import { encodeDate, encodeNumber } from './values.js';
import type { Writer } from './wire.js';

const OracleType = { Varchar2: 1, Number: 2, Date: 12 } as const;

/** PostgreSQL's numbers of types, by what they are here. */
const numbers = new Set([20, 21, 23, 26, 700, 701, 1700]);
const dates = new Set([1082, 1114]);
const texts = new Set([18, 19, 25, 705, 1042, 1043]);
const BOOLEAN = 16;

/** The rows of one query, handed out as the client fetches them. */
export class ResultSet {
  readonly columns: readonly DescribedColumn[];
  readonly #rows: readonly (readonly (string | null)[])[];
  #position = 0;

  constructor({ fields, rows }: QueryResult) {
    this.columns = fields.map(({ name, dataTypeID }) => {
      // Oracle 19c has no expression that is true or false.
      if (dataTypeID === BOOLEAN) throw new OracleError(923, 'FROM keyword not found where expected');
      return { name: swapCase(name), ...typeOf(dataTypeID) };
    });
    this.#rows = rows;
  }

  /** Writes the next rows, at most `count`; none when the client only wants the description. */
  writeNext(writer: Writer, count: number): Pick<CallEnd, 'rowCount' | 'exhausted'> {
    const rows = this.#rows.slice(this.#position, this.#position + count);
    this.#position += rows.length;
    writeRows(
      writer,
      rows.map((row) => row.map((value, index) => encode(this.columns[index]!, value))),
    );
    return { rowCount: this.#position, exhausted: count > 0 && this.#position >= this.#rows.length };
  }
}

function typeOf(number: number): Omit<DescribedColumn, 'name'> {
  if (numbers.has(number)) return { type: OracleType.Number, size: 22 };
  if (dates.has(number)) return { type: OracleType.Date, size: 7 };
  if (texts.has(number)) return { type: OracleType.Varchar2, size: 4000 };
  throw unsupported(`a column of PostgreSQL's type ${number}`);
}

function encode({ type }: DescribedColumn, value: string | null): Buffer | null {
  if (value === null) return null;
  if (type === OracleType.Number) return encodeNumber(value);
  return type === OracleType.Date ? encodeDate(value) : Buffer.from(value, 'utf8');
}
