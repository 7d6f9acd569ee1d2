import type { Executor } from '../../../database/database.js';
import type { Columns, Dialect, Fragment, Value } from '../../../database/dialects/dialect.js';
import { attributeTableOf, tableOf, type Source } from '../../../domain/keys.js';
import { middleDialects } from '../../../middle/knex/dialects.js';
import { State } from '../../../domain/states.js';
import { correctableRemarks } from '../bad-row.js';
import {
  attributeIdColumn,
  contentColumns,
  contentValues,
  type Message,
  type MessageAttribute,
} from '../message.js';

/*
 * The simulated platform's own adapter: its statements on a trial middle database, PostgreSQL or SQLite. The worker's
 * port has none of them, because only the platform inserts and edits rows. Many rows go in one statement, as a
 * recordset.
 */

/** A message that has its numbers. */
export interface NumberedMessage extends Message {
  readonly streamingNo: string;
  readonly attributes: readonly (MessageAttribute & { readonly attrId: string })[];
}

/** A refused row with its correction sent or about to be. */
export interface Answered {
  readonly streamingNo: string;
  readonly oldRemark: string;
  readonly newRemark: string;
}

function qualifiedTable(schema: string | undefined, table: string): string {
  return schema === undefined ? table : `"${schema.replaceAll('"', '""')}".${table}`;
}

/** The database's clock as `YYYY-MM-DD HH:MM:SS`. */
export async function clock(executor: Executor): Promise<string> {
  const { dateText, now } = middleDialects[executor.dialect.name];
  const { rows } = await executor.execute({ sql: `SELECT ${dateText(now)} AS now`, bindings: [] });
  return String(rows[0]?.['now']);
}

/** The highest number in a column of one of the tables; 0 where there is none. */
export async function highestNumber(
  executor: Executor,
  {
    schema,
    table,
    column,
  }: { readonly schema: string | undefined; readonly table: string; readonly column: string },
): Promise<bigint> {
  const order = middleDialects[executor.dialect.name].numberDescending(column);
  const { rows } = await executor.execute({
    sql: `SELECT CAST(${column} AS TEXT) AS highest FROM ${qualifiedTable(schema, table)}
          WHERE ${column} IS NOT NULL ORDER BY ${order} LIMIT 1`,
    bindings: [],
  });
  const highest = rows[0]?.['highest'];
  return typeof highest === 'string' && /^\d+$/.test(highest) ? BigInt(highest) : 0n;
}

/** The statements about one main table and its attribute table. */
export class TableStatements {
  readonly #source: Source;
  readonly #dialect: Dialect;
  readonly #main: string;
  readonly #attributes: string;

  constructor(source: Source, dialect: Dialect, schema: string | undefined) {
    this.#source = source;
    this.#dialect = dialect;
    this.#main = qualifiedTable(schema, tableOf[source]);
    this.#attributes = qualifiedTable(schema, attributeTableOf[source]);
  }

  /** Inserts rows in State 0; those without a CreateDate of their own get `createDate`. */
  insertRows(
    messages: readonly NumberedMessage[],
    remarkOf: (message: Message) => string,
    createDate: string,
  ): Fragment {
    const rows = messages.map((message) => [
      message.streamingNo,
      ...contentValues(message),
      message.createDate === undefined ? createDate : message.createDate,
      remarkOf(message),
    ]);
    const columns: Columns = {
      StreamingNo: 'number',
      ...contentTypes(this.#source),
      CreateDate: 'date',
      Remark: 'text',
    };
    return this.#insert(this.#main, columns, rows);
  }

  /** Inserts the attribute rows of these messages; null when there are none. */
  insertAttributes(messages: readonly NumberedMessage[], createDate: string): Fragment | null {
    const rows = messages.flatMap((message) =>
      message.attributes.map((attribute) => [
        attribute.attrId,
        message.streamingNo,
        message.custId,
        attribute.attrSpecId,
        attribute.attrValue,
        message.createDate === undefined ? createDate : message.createDate,
      ]),
    );
    const columns: Columns = {
      [attributeIdColumn[this.#source]]: 'number',
      StreamingNo: 'number',
      CustID: 'number',
      AttrSpecID: 'number',
      AttrValue: 'text',
      CreateDate: 'date',
    };
    return rows.length === 0 ? null : this.#insert(this.#attributes, columns, rows);
  }

  /** Reads rows refused with the code their Remark expects and not corrected yet. */
  selectCorrectable(limit: number): Fragment {
    const content = contentColumns[this.#source].map(
      ({ column, field }) => `CAST(${column} AS TEXT) AS "${field}"`,
    );
    const [start, end] = correctableRemarks;
    return {
      sql: `SELECT CAST(StreamingNo AS TEXT) AS "streamingNo", Remark AS "remark", ${content.join(', ')}
            FROM ${this.#main}
            WHERE State = ${State.Failed} AND Remark LIKE ${text} || substr(ErrContent, 1, 5) || ${text}
            ORDER BY CreateDate, length(CAST(StreamingNo AS TEXT)), StreamingNo LIMIT ${limit}`,
      bindings: [start, end],
    };
  }

  /** Reads the attribute rows of these rows. */
  selectAttributes(streamingNos: readonly string[]): Fragment {
    const asked = this.#asked(streamingNos);
    const id = attributeIdColumn[this.#source];
    return {
      sql: `SELECT CAST(x.StreamingNo AS TEXT) AS "streamingNo", CAST(x.${id} AS TEXT) AS "attrId",
                   CAST(x.AttrSpecID AS TEXT) AS "attrSpecId", x.AttrValue AS "attrValue"
            FROM ${asked.sql}, ${this.#attributes} AS x WHERE x.StreamingNo = n.new_StreamingNo`,
      bindings: asked.bindings,
    };
  }

  /** Notes in refused rows that they were corrected, unless others did meanwhile; returns the StreamingNos. */
  noteCorrected(answered: readonly Answered[]): Fragment {
    const rows = answered.map(({ streamingNo, newRemark, oldRemark }) => [streamingNo, newRemark, oldRemark]);
    return this.#updateRefused('Remark = n.new_Remark', {}, rows);
  }

  /** Writes the right content into refused rows and requeues them; returns the StreamingNos. */
  putBack(rows: readonly (Answered & { readonly message: Message })[]): Fragment {
    const content = contentColumns[this.#source].map(({ column }) => `${column} = n.new_${column}`);
    const set = ['Remark = n.new_Remark', `State = ${State.Initial}`, 'ErrContent = NULL', ...content];
    const values = rows.map(({ streamingNo, newRemark, oldRemark, message }) => [
      streamingNo,
      newRemark,
      oldRemark,
      ...contentValues(message),
    ]);
    return this.#updateRefused(set.join(', '), contentTypes(this.#source), values);
  }

  /** Lets the attribute rows follow requeued rows. */
  putBackAttributes(streamingNos: readonly string[]): Fragment {
    const asked = this.#asked(streamingNos);
    return {
      sql: `UPDATE ${this.#attributes} AS x SET State = ${State.Initial}, CustID = m.CustID
            FROM ${asked.sql}, ${this.#main} AS m
            WHERE x.StreamingNo = n.new_StreamingNo AND m.StreamingNo = n.new_StreamingNo`,
      bindings: asked.bindings,
    };
  }

  /** Counts the unanswered rows. */
  countOpen(): Fragment {
    const open = `State IN (${State.Initial}, ${State.Processing})`;
    return { sql: `SELECT count(*) AS count FROM ${this.#main} WHERE ${open}`, bindings: [] };
  }

  /** Counts the attribute rows that do not have their row's State. */
  countAttributesApart(): Fragment {
    return {
      sql: `SELECT count(*) AS count FROM ${this.#attributes} AS x JOIN ${this.#main} AS t ON t.StreamingNo = x.StreamingNo
            WHERE x.State <> t.State`,
      bindings: [],
    };
  }

  /** One statement per table that fails if it is missing. */
  probes(): readonly (Fragment & { readonly table: string })[] {
    const probe = (table: string) => ({
      table,
      sql: `SELECT StreamingNo, CreateDate, State FROM ${table} WHERE 1 = 0`,
      bindings: [],
    });
    return [probe(this.#main), probe(this.#attributes)];
  }

  #insert(table: string, columns: Columns, rows: readonly (readonly Value[])[]): Fragment {
    const recordset = this.#recordset(columns, rows);
    const names = Object.keys(columns);
    return {
      sql: `INSERT INTO ${table} (${names.join(', ')}, State)
            SELECT ${names.map((name) => `n.new_${name}`).join(', ')}, ${State.Initial} FROM ${recordset.sql}`,
      bindings: recordset.bindings,
    };
  }

  #updateRefused(set: string, more: Columns, rows: readonly (readonly Value[])[]): Fragment {
    const recordset = this.#recordset(
      { StreamingNo: 'number', Remark: 'text', OldRemark: 'text', ...more },
      rows,
    );
    return {
      sql: `UPDATE ${this.#main} AS t SET ${set} FROM ${recordset.sql}
            WHERE t.StreamingNo = n.new_StreamingNo AND t.State = ${State.Failed} AND t.Remark = n.new_OldRemark
            RETURNING CAST(StreamingNo AS TEXT) AS streaming_no`,
      bindings: recordset.bindings,
    };
  }

  #asked(streamingNos: readonly string[]): Fragment {
    return this.#recordset(
      { StreamingNo: 'number' },
      streamingNos.map((streamingNo) => [streamingNo]),
    );
  }

  /** A recordset `n` whose columns are named `new_…`, so that they differ from the table's. */
  #recordset(columns: Columns, rows: readonly (readonly Value[])[]): Fragment {
    const renamed = Object.fromEntries(Object.entries(columns).map(([name, type]) => [`new_${name}`, type]));
    return this.#dialect.recordset(renamed, rows, 'n');
  }
}

/** A placeholder that PostgreSQL knows to be text. */
const text = 'CAST(? AS TEXT)';

function contentTypes(source: Source): Columns {
  return Object.fromEntries(contentColumns[source].map(({ column, type }) => [column, type]));
}
