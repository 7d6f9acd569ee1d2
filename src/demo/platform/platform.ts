import type { Database, Executor } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import { DatabaseError } from '../../database/errors.js';
import { sources, type RowKey, type Source } from '../../domain/keys.js';
import { badRowRemark } from './bad-row.js';
import type { Message } from './message.js';
import { Numbers, withNumbers } from './numbers.js';
import {
  edited,
  refusedRows,
  resent,
  sentCorrection,
  type RefusedSimulatedRow,
  type SentCorrection,
} from './refused-rows.js';
import { clock, TableStatements, type NumberedMessage } from './knex/statements.js';

/** The platform (ISMP-B), played on a trial middle database. */
export class Platform {
  readonly #database: Database;
  readonly #schema: string | undefined;
  readonly #tables: Readonly<Record<Source, TableStatements>>;
  #numbers: Numbers | undefined;
  #latestCreateDate = '';

  constructor(database: Database, schema?: string) {
    this.#database = database;
    this.#schema = schema;
    this.#tables = {
      CUST: new TableStatements('CUST', database.dialect, schema),
      ACCOUNT: new TableStatements('ACCOUNT', database.dialect, schema),
    };
  }

  /** The interface tables that do not exist. */
  async missingTables(): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const { table, ...probe } of sources.flatMap((source) => this.#tables[source].probes())) {
      try {
        await this.#database.execute(probe);
      } catch (error) {
        if (!isMissingTable(error)) throw error;
        missing.push(table);
      }
    }
    return missing;
  }

  /** The first CustID that no row had when the platform was first used, nor any above it. */
  async firstCustId(): Promise<bigint> {
    return (await this.#takeNumbers()).firstCustId;
  }

  /**
   * Inserts messages as rows in State 0, in one transaction with their attribute rows. Rows get ascending StreamingNos
   * and a CreateDate never below that of earlier ones, so that they take effect in sending order.
   */
  async send(messages: readonly Message[]): Promise<readonly RowKey[]> {
    const numbers = await this.#takeNumbers();
    const numbered = messages.map((message) => withNumbers(message, numbers));
    await this.#database.transaction(async (transaction) => {
      await this.#insert(transaction, numbered);
    });
    return numbered.map(({ source, streamingNo }) => ({ source, streamingNo }));
  }

  /**
   * Sends the corrections of at most `limit` refused rows of each table (specification 5.2.2.5, step 4), as new rows or
   * by requeuing. Rows refused for another reason than their own fault are left alone.
   */
  async correct(limit: number): Promise<readonly SentCorrection[]> {
    const sent: SentCorrection[] = [];
    for (const source of sources) {
      const refused = await this.#readCorrectable(source, limit);
      if (refused.length > 0) sent.push(...(await this.#sendCorrections(source, refused)));
    }
    return sent;
  }

  /** The number of rows in State 0 or 1. */
  async countOpen(): Promise<number> {
    return this.#count((tables) => tables.countOpen());
  }

  /** The number of attribute rows that do not have their row's State. */
  async countAttributesApart(): Promise<number> {
    return this.#count((tables) => tables.countAttributesApart());
  }

  async #count(statementOf: (tables: TableStatements) => Fragment): Promise<number> {
    let count = 0;
    for (const source of sources) {
      const { rows } = await this.#database.execute(statementOf(this.#tables[source]));
      count += Number(rows[0]?.['count']);
    }
    return count;
  }

  async #takeNumbers(): Promise<Numbers> {
    this.#numbers ??= await Numbers.above(this.#database, this.#schema);
    return this.#numbers;
  }

  async #insert(executor: Executor, messages: readonly NumberedMessage[]): Promise<void> {
    const now = await clock(executor);
    if (now > this.#latestCreateDate) this.#latestCreateDate = now;
    for (const source of sources) {
      const ofTable = messages.filter((message) => message.source === source);
      if (ofTable.length === 0) continue;
      const attributes = this.#tables[source].insertAttributes(ofTable, this.#latestCreateDate);
      if (attributes !== null) await executor.execute(attributes);
      await executor.execute(this.#tables[source].insertRows(ofTable, remarkOf, this.#latestCreateDate));
    }
  }

  async #readCorrectable(source: Source, limit: number): Promise<readonly RefusedSimulatedRow[]> {
    const { rows } = await this.#database.execute(this.#tables[source].selectCorrectable(limit));
    if (rows.length === 0) return [];
    const streamingNos = rows.map((row) => String(row['streamingNo']));
    const attributes = await this.#database.execute(this.#tables[source].selectAttributes(streamingNos));
    return refusedRows(source, rows, attributes.rows);
  }

  /** Of several platforms that read a refused row, the one that changes its Remark corrects it. */
  async #sendCorrections(
    source: Source,
    refused: readonly RefusedSimulatedRow[],
  ): Promise<readonly SentCorrection[]> {
    const numbers = await this.#takeNumbers();
    const anew = refused
      .filter(({ correction }) => correction.how === 'new row')
      .map((row) => resent(row, numbers));
    const back = refused.filter(({ correction }) => correction.how === 'put back').map(edited);
    return this.#database.transaction(async (transaction) => {
      const tables = this.#tables[source];
      const noted = await changedBy(transaction, anew.length > 0 ? tables.noteCorrected(anew) : null);
      const wentBack = await changedBy(transaction, back.length > 0 ? tables.putBack(back) : null);
      if (wentBack.size > 0) await transaction.execute(tables.putBackAttributes([...wentBack]));
      const replaced = anew.filter(({ streamingNo }) => noted.has(streamingNo));
      await this.#insert(
        transaction,
        replaced.flatMap(({ messages }) => messages),
      );
      return [
        ...replaced.map(({ row, messages }) => sentCorrection(row, messages)),
        ...back
          .filter(({ streamingNo }) => wentBack.has(streamingNo))
          .map(({ row, message }) => sentCorrection(row, [message])),
      ];
    });
  }
}

async function changedBy(
  executor: Executor,
  statement: Parameters<Executor['execute']>[0] | null,
): Promise<Set<string>> {
  if (statement === null) return new Set();
  const { rows } = await executor.execute(statement);
  return new Set(rows.map((row) => String(row['streaming_no'])));
}

function remarkOf(message: Message): string {
  return message.fault === undefined ? message.remark : badRowRemark(message.fault);
}

function isMissingTable(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  return error.code === '42P01' || error.code === '3F000' || /no such table/i.test(error.message);
}
