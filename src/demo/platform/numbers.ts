import type { Executor } from '../../database/database.js';
import { attributeTableOf, sources, tableOf, type Source } from '../../domain/keys.js';
import { attributeIdColumn, type Message } from './message.js';
import { clock, highestNumber, type NumberedMessage } from './knex/statements.js';

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
      for (const table of tables) found.push(await highestNumber(executor, { schema, table, column }));
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

/** The message with the numbers it lacks. */
export function withNumbers(message: Message, numbers: Numbers): NumberedMessage {
  const attributes = message.attributes.map((attribute) => ({
    ...attribute,
    attrId: attribute.attrId ?? numbers.nextAttributeId(message.source),
  }));
  return { ...message, attributes, streamingNo: message.streamingNo ?? numbers.nextStreamingNo() };
}
