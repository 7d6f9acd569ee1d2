import type { Rules } from '../../../src/domain/rules.js';
import { badRowKinds } from '../../../src/demo/platform/bad-row.js';
import { history, opens } from '../../../src/demo/platform/history.js';
import type { Message } from '../../../src/demo/platform/message.js';

/*
 * The rows of a comparison, in the order in which they are sent. The same number of rows always makes the same rows.
 */

const seed = 20260101;
const firstCustId = 100000000000000000000000000001n;

/** Which rows a comparison is made with. */
export interface Mix {
  readonly name: string;
  readonly title: string;
  /** Whether customers have several rows, whose order must be kept. */
  readonly ordered: boolean;
  messages(rows: number): Iterable<Message>;
}

/** New customers only, with three attributes each. */
export const opensMix: Mix = {
  name: 'opens',
  title: 'opens with 3 attributes',
  ordered: false,
  messages: (rows) => opens({ seed, customers: rows, attributesEach: 3, firstCustId }),
};

const defaultRules: Rules = {
  onDuplicateOpen: 'refuse',
  onDuplicateBind: 'refuse',
  onCancelWithUsers: 'refuse',
  attributes: 'merge',
  userLimitAttrSpecId: null,
};

const rowsPerCustomer = 8;

/** What a platform really sends: customers with about eight rows each, of all six operations, 2 % of them refused. */
export const realisticMix: Mix = {
  name: 'mix',
  title: 'realistic mix, 2 % refused',
  ordered: true,
  messages: (rows) =>
    history({
      seed,
      rows,
      customers: Math.ceil(rows / rowsPerCustomer),
      firstCustId,
      badShare: 0.02,
      faults: badRowKinds('pg', defaultRules),
      userLimitAttrSpecId: null,
    }),
};

/** Customers with two rows each, one after the other: an open, and a bind that needs it. */
export const smallMix: Mix = {
  name: 'small',
  title: 'customers of 2 rows',
  ordered: true,
  messages: function* (rows) {
    const customers = Math.ceil(rows / 2);
    for (const message of opens({ seed, customers, attributesEach: 3, firstCustId })) {
      yield message;
      yield bindTo(message);
    }
  },
};

function bindTo(open: Message): Message {
  return {
    ...open,
    source: 'ACCOUNT',
    opFlag: '0201',
    custAccount: null,
    custName: null,
    userId: `admin@${open.custAccount ?? ''}`,
    accType: '1',
    accName: '张三',
    attributes: open.attributes.slice(0, 1),
  };
}

/** The customer with most of the rows in the mix `hot`. */
export const hotCustId = String(firstCustId);

/** The first of the ordinary customers in `hot` and `spread`: all that are not below it are ordinary. */
export const firstOrdinaryCustId = String(firstCustId + 10n ** 9n);

/**
 * Two rows of one customer, then one of an ordinary customer, and so on. With `spread`, the very same rows but for the
 * CustID: where one customer had them, many have.
 */
function besideOrdinary(name: 'hot' | 'spread', title: string): Mix {
  return {
    name,
    title,
    ordered: true,
    messages: function* (rows) {
      let index = 0;
      for (const message of opens({ seed, customers: rows, attributesEach: 3, firstCustId })) {
        const isOrdinary = index % 3 === 2;
        const first = isOrdinary ? BigInt(firstOrdinaryCustId) : firstCustId;
        const isAlone = isOrdinary || name === 'spread';
        yield { ...message, custId: String(first + (isAlone ? BigInt(index) : 0n)) };
        index += 1;
      }
    },
  };
}

/** One customer with two thirds of the rows. */
export const hotMix = besideOrdinary('hot', 'one hot customer beside ordinary ones');

/** The same rows, of as many customers. */
export const spreadMix = besideOrdinary('spread', 'the same rows spread over many customers');
