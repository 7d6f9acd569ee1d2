import type { Rules } from '../../domain/rules.js';
import type { BadRowKind } from './bad-row.js';
import { makeBadRow } from './bad-row-kinds.js';
import type { Message } from './message.js';
import {
  bind,
  cancel,
  change,
  changeUser,
  newCustomer,
  newProduct,
  newUser,
  open,
  unbind,
  type SimulationContext,
  type SimulatedCustomer,
} from './operations.js';
import { Random } from './random.js';

/** What a history is made from; the same options always make the same history. */
export interface HistoryOptions {
  readonly seed: number;
  /** How many messages; Infinity: the history never ends. */
  readonly rows: number;
  /** How many customers take part. */
  readonly customers: number;
  /** CustID of the first customer; the others follow it. */
  readonly firstCustId: bigint;
  /** Share of the messages that are wrong on purpose, 0 to 1. */
  readonly badShare: number;
  /** The kinds of faults, see `faultKinds`. Each occurs once before any occurs again. */
  readonly faults: readonly BadRowKind[];
  readonly userLimitAttrSpecId: Rules['userLimitAttrSpecId'];
  /** Absent: three products, one of them with an id of 30 digits. */
  readonly productIds?: readonly string[];
}

const defaultProductIds = ['323002000', '11002009001000000000', '900000000000000000000000000200'];

const customerSpecs = [
  '11002001000000000000',
  '11002004000000000000',
  '11002009000000000000',
  '11002009001000000000',
  '11002009002000000000',
  '11002010000000000000',
];
const accountSpecs = ['11002001000000000000', '11002004000000000000', '11002005000000000000'];

/**
 * The messages of a plausible history, in sending order: customers open, change, cancel and reopen products, bind,
 * change and unbind users. Every message without a fault is legal when all before it are decided, and every one with a
 * fault is refused with its code.
 */
export function* history(options: HistoryOptions): Generator<Message, void, undefined> {
  const context = sceneOf(options);
  const faults = deckOf(options.faults, context.random);
  const badShare = options.faults.length === 0 ? 0 : options.badShare;
  const customers: SimulatedCustomer[] = [];
  let sent = 0;
  let bad = 0;
  while (sent < options.rows) {
    if (isNextCustomerDue(options, sent, customers.length)) {
      customers.push(newCustomer(context, String(options.firstCustId + BigInt(customers.length))));
    }
    const customer = context.random.chance(0.3) ? customers.at(-1) : context.random.pick(customers);
    if (customer === undefined) return;
    const isBadDue = bad < Math.round((sent + 1) * badShare);
    const stage = { ...context, customer, userLimitAttrSpecId: options.userLimitAttrSpecId };
    const messages = isBadDue ? makeBadRow(faults(), stage) : [nextLegal(context, customer)];
    if (isBadDue) bad += 1;
    for (const message of messages.slice(0, options.rows - sent)) yield message;
    sent += messages.length;
  }
}

function sceneOf({ seed, productIds = [], userLimitAttrSpecId }: HistoryOptions): SimulationContext {
  const notTheLimit = (spec: string): boolean => spec !== userLimitAttrSpecId;
  return {
    random: new Random(seed),
    productIds: productIds.length > 0 ? productIds : defaultProductIds,
    customerSpecs: customerSpecs.filter(notTheLimit),
    accountSpecs,
  };
}

/** Draws from a shuffled deck, reshuffled when empty. */
function deckOf<T>(cards: readonly T[], random: Random): () => T {
  let deck: T[] = [];
  return () => {
    if (deck.length === 0) deck = random.shuffled(cards);
    const card = deck.pop();
    if (card === undefined) throw new RangeError('the deck has no cards');
    return card;
  };
}

const rowsPerCustomerWithoutEnd = 8;

/** Customers appear evenly over the history. */
function isNextCustomerDue({ rows, customers }: HistoryOptions, sent: number, present: number): boolean {
  const share = Number.isFinite(rows) ? customers / rows : 1 / rowsPerCustomerWithoutEnd;
  return present === 0 || (present < customers && present < (sent + 1) * share);
}

const mostProducts = 3;
const mostUsers = 6;

interface Choice {
  readonly weight: number;
  readonly operate: () => Message;
}

/** The customer's next operation: one of those that are legal now. */
function nextLegal(context: SimulationContext, customer: SimulatedCustomer): Message {
  const choices: Choice[] = [];
  const free = customer.products.filter((product) => !product.reserved);
  if (free.length < mostProducts) {
    const weight = free.some((product) => product.active) ? 1 : 20;
    choices.push({ weight, operate: () => open(context, newProduct(context, customer)) });
  }
  for (const product of free) {
    if (!product.active) {
      choices.push({ weight: 3, operate: () => open(context, product) });
      continue;
    }
    choices.push({ weight: 4, operate: () => change(context, product) });
    if (product.users.filter((user) => user.bound).length < mostUsers) {
      choices.push({ weight: 6, operate: () => bind(context, product, newUser(context, product)) });
    }
    for (const user of product.users.filter(({ reserved }) => !reserved)) {
      if (!user.bound) choices.push({ weight: 1, operate: () => bind(context, product, user) });
      else choices.push({ weight: 1, operate: () => changeUser(context, product, user) });
      if (user.bound) choices.push({ weight: 1, operate: () => unbind(product, user) });
    }
    const isCancellable = !product.pinned && product.users.every((user) => !user.bound);
    if (isCancellable) choices.push({ weight: 2, operate: () => cancel(product) });
  }
  return weighted(choices, context.random).operate();
}

function weighted(choices: readonly Choice[], random: Random): Choice {
  let rest = random.next() * choices.reduce((sum, { weight }) => sum + weight, 0);
  for (const choice of choices) {
    rest -= choice.weight;
    if (rest < 0) return choice;
  }
  return random.pick(choices);
}

/** Customers that open one product each, with so many attributes: a load without any other operation. */
export function* opens(options: {
  readonly seed: number;
  readonly customers: number;
  readonly attributesEach: number;
  readonly firstCustId: bigint;
}): Generator<Message, void, undefined> {
  const { seed, customers, attributesEach, firstCustId } = options;
  const context: SimulationContext = {
    random: new Random(seed),
    productIds: defaultProductIds,
    customerSpecs,
    accountSpecs,
  };
  for (let index = 0; index < customers; index += 1) {
    const customer = newCustomer(context, String(firstCustId + BigInt(index)));
    const attributes = Array.from({ length: attributesEach }, (_, position) => ({
      attrSpecId: customerSpecs[position % customerSpecs.length] ?? null,
      attrValue: String(context.random.between(0, 200)),
    }));
    yield { ...open(context, newProduct(context, customer)), attributes };
  }
}
