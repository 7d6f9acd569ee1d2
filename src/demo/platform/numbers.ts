import type { Executor } from '../../database/database.js';
import { attributeTableOf, sources, tableOf, type Source } from '../../domain/keys.js';
import { attributeIdColumn, type Message } from './message.js';
import { clock, qualifiedTable, type NumberedMessage } from './statements.js';

/** Gives out the numbers of new rows: StreamingNos from one sequence over both main tables, so that they order all rows. */
export class Numbers {
  #streamingNo: bigint;
  readonly #attributeIds: Record<Source, bigint>;
  /** The first CustID that no row has, nor any above it. */
  readonly firstCustId: bigint;

  private constructor(first: { streamingNo: bigint; custId: bigint; attributeIds: Record<Source, bigint> }) {
    this.#streamingNo = first.streamingNo;
    this.#attributeIds = first.attributeIds;
    this.firstCustId = first.custId;
  }

  /**
   * Starts above the highest numbers in the tables, and at 30 digits: StreamingNos with the day by the database's clock,
   * such as 202611210000000000000000000001.
   */
  static async above(executor: Executor, schema: string | undefined): Promise<Numbers> {
    const highest = async (column: string, tables: readonly string[]): Promise<bigint[]> => {
      const found: bigint[] = [];
      for (const table of tables)
        found.push(await highestIn(executor, column, qualifiedTable(schema, table)));
      return found;
    };
    const main = sources.map((source) => tableOf[source]);
    const day = (await clock(executor)).slice(0, 10).replaceAll('-', '');
    return new Numbers({
      streamingNo: above(BigInt(day) * 10n ** 22n, await highest('StreamingNo', main)),
      custId: above(10n ** 29n, await highest('CustID', main)),
      attributeIds: {
        CUST: above(3n * 10n ** 29n, await highest(attributeIdColumn.CUST, [attributeTableOf.CUST])),
        ACCOUNT: above(4n * 10n ** 29n, await highest(attributeIdColumn.ACCOUNT, [attributeTableOf.ACCOUNT])),
      },
    });
  }

  nextStreamingNo(): string {
    return inRange(this.#streamingNo++);
  }

  /** The next CustAttrID or AccAttrID. */
  nextAttributeId(source: Source): string {
    return inRange(this.#attributeIds[source]++);
  }
}

function above(floor: bigint, highest: readonly bigint[]): bigint {
  return highest.reduce((most, number) => (number > most ? number : most), floor) + 1n;
}

const pastTheLast = 10n ** 30n;

function inRange(number: bigint): string {
  if (number >= pastTheLast)
    throw new RangeError('the tables hold numbers so high that none of 30 digits is left');
  return String(number);
}

async function highestIn(executor: Executor, column: string, table: string): Promise<bigint> {
  // In SQLite numbers are text: the longest is the highest. PostgreSQL finds the highest in the primary key's index.
  const order = executor.dialect.name === 'pg' ? `${column} DESC` : `length(${column}) DESC, ${column} DESC`;
  const { rows } = await executor.execute({
    sql: `SELECT CAST(${column} AS TEXT) AS highest FROM ${table} WHERE ${column} IS NOT NULL ORDER BY ${order} LIMIT 1`,
    bindings: [],
  });
  const highest = rows[0]?.['highest'];
  return typeof highest === 'string' && /^\d+$/.test(highest) ? BigInt(highest) : 0n;
}

/** The message with the numbers it lacks. */
export function withNumbers(message: Message, numbers: Numbers): NumberedMessage {
  const attributes = message.attributes.map((attribute) => ({
    ...attribute,
    attrId: attribute.attrId ?? numbers.nextAttributeId(message.source),
  }));
  return { ...message, attributes, streamingNo: message.streamingNo ?? numbers.nextStreamingNo() };
}
