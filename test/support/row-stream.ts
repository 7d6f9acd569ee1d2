import { setTimeout as pause } from 'node:timers/promises';
import { column, plant } from './databases.js';
import { sqlOf, type PlainAccess } from './plain-access.js';
import { type ModelRow, runModel } from './sequential-model.js';

/** The pause after each round: about a hundred rows a second, which leaves room on a busy machine. */
const ROUND_PAUSE_MS = 30;

const empty = {
  productId: '323002000',
  bizId: 'b1',
  areaCode: null,
  custAccount: null,
  custName: null,
  userId: null,
  accType: null,
  accName: null,
  attributes: [],
};

/**
 * A platform that keeps inserting rows: opens, changes and binds, some of which are invalid on purpose. Each round opens
 * a customer and changes an earlier one, so that rows depend on rows of any age.
 */
export class RowStream {
  readonly #middle: PlainAccess;
  readonly #planted: ModelRow[] = [];
  #goesOn = true;
  readonly #ended: Promise<void>;

  /** Starts inserting at once. */
  constructor(middle: PlainAccess) {
    this.#middle = middle;
    this.#ended = this.#run();
    // A failure is reported by stop().
    this.#ended.catch(() => undefined);
  }

  /** How many rows have been inserted. */
  get count(): number {
    return this.#planted.length;
  }

  /** Ends the stream after the current round. */
  async stop(): Promise<void> {
    this.#goesOn = false;
    await this.#ended;
  }

  /** Whether each row is valid, by `table:StreamingNo`, when all take effect in order on a store that loses nothing. */
  validity(): Map<string, boolean> {
    const { outcomes } = runModel(this.#planted);
    return new Map(
      outcomes.map(({ source, streamingNo, code }) => [`${source}:${streamingNo}`, code === null]),
    );
  }

  async #run(): Promise<void> {
    for (let round = 1; this.#goesOn; round += 1) {
      const createDate = String((await column(this.#middle, sqlOf(this.#middle).clock))[0]);
      for (const row of roundOf(round))
        await this.#plant({ ...row, streamingNo: String(this.count + 1) }, createDate);
      await pause(ROUND_PAUSE_MS);
    }
  }

  async #plant(row: ModelRow, createDate: string): Promise<void> {
    const own =
      row.source === 'CUST'
        ? { CustAccount: row.custAccount, CustName: row.custName }
        : { UserID: row.userId, AccType: row.accType, AccName: row.accName };
    await plant(this.#middle, row.source, {
      StreamingNo: row.streamingNo,
      ProductID: row.productId,
      BizID: row.bizId,
      CustID: row.custId,
      OPFlag: row.opFlag,
      CreateDate: createDate,
      ...own,
    });
    this.#planted.push(row);
  }
}

/** The rows of one round; customers are numbered by the rounds that open them. */
function roundOf(round: number): Omit<ModelRow, 'streamingNo'>[] {
  // Multiples of the golden ratio fall evenly between 0 and 1.
  const earlier = 1 + Math.floor(((round * 0.618034) % 1) * round);
  const customer = (custId: number, opFlag: string) => ({
    ...empty,
    source: 'CUST' as const,
    custId: String(custId),
    opFlag,
    custAccount: 'a',
    custName: `企业${round}`,
  });
  const user = (custId: number, opFlag: string, userId: string) => ({
    ...empty,
    source: 'ACCOUNT' as const,
    custId: String(custId),
    opFlag,
    userId,
    accType: '1',
    accName: `张${round}`,
  });
  return [
    customer(round, '0101'),
    user(round, '0201', 'first'),
    customer(earlier, '0102'),
    user(earlier, '0202', 'first'),
    user(earlier, '0201', `user ${round}`),
    ...(round % 5 === 0 ? [customer(earlier, '0101')] : []),
    ...(round % 7 === 0 ? [customer(1_000_000 + round, '0102')] : []),
  ];
}
