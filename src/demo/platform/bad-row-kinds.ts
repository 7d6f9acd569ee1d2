import { badRowOf, type Correction, type BadRowKind } from './bad-row.js';
import type { Message } from './message.js';
import {
  accountMessage,
  bind,
  cancel,
  change,
  newProduct,
  newUser,
  open,
  type SimulationContext,
  type SimulatedCustomer,
  type SimulatedProduct,
} from './operations.js';

/*
 * How each fault arises: the messages before it, then the faulty one. What its correction relies on is pinned or
 * sealed, so that the correction is legal however late it is sent.
 */

/** What a fault scene works on. */
interface Stage extends SimulationContext {
  readonly customer: SimulatedCustomer;
  /** AttrSpecID of the customer attribute that limits the bound users. */
  readonly userLimitAttrSpecId: string | null;
}

/** The messages of a fault of this kind; the last one is the faulty one. */
export function makeBadRow(kind: BadRowKind, stage: Stage): Message[] {
  return scenes[kind](stage);
}

const scenes: Readonly<Record<BadRowKind, (stage: Stage) => Message[]>> = {
  'missing-cust-account': (stage) => [
    faultyOpen('missing-cust-account', stage, { custAccount: null }, 'put back'),
  ],
  'missing-several-fields': (stage) => [
    faultyOpen(
      'missing-several-fields',
      stage,
      { bizId: null, custAccount: null, custName: null },
      'new row',
    ),
  ],
  'area-code-too-long': (stage) => [
    faultyOpen('area-code-too-long', stage, { areaCode: '571020' }, 'put back'),
  ],
  'attr-spec-id-malformed': malformedSpec,
  'missing-cust-id': (stage) => faultyBind('missing-cust-id', stage, { custId: null }, 'put back'),
  'missing-acc-name': (stage) => faultyBind('missing-acc-name', stage, { accName: null }, 'new row'),
  'acc-type-unknown': (stage) => faultyBind('acc-type-unknown', stage, { accType: '3' }, 'new row'),
  'op-flag-unknown': (stage) => faultyChange('op-flag-unknown', stage, { opFlag: '0104' }, 'put back'),
  'product-never-opened': (stage) => {
    const bizId = `X${stage.random.digits(11)}`;
    return faultyChange('product-never-opened', stage, { bizId }, 'new row');
  },
  'product-cancelled': changeAfterCancel,
  'user-never-bound': unbindOfUnknown,
  'opened-twice': (stage) => {
    const { before, product } = activeProduct(stage);
    return [...before, { ...open(stage, product), fault: badRowOf('opened-twice', null) }];
  },
  'bound-twice': (stage) => {
    const { before, product } = activeProduct(stage);
    const bound = product.users.find((user) => user.bound && !user.reserved);
    const user = bound ?? newUser(stage, product);
    if (bound === undefined) before.push(bind(stage, product, user));
    return [...before, { ...bind(stage, product, user), fault: badRowOf('bound-twice', null) }];
  },
  'cancelled-with-users': cancelWithUsers,
  'user-limit-passed': passUserLimit,
};

type Wrong = Partial<
  Pick<
    Message,
    'bizId' | 'areaCode' | 'custId' | 'custAccount' | 'custName' | 'accType' | 'accName' | 'opFlag'
  >
>;

/** The message with wrong fields, and the correction that fixes them. */
function corrupt(kind: BadRowKind, right: Message, wrong: Wrong, how: Correction['how']): Message {
  const fields = Object.keys(wrong) as (keyof Wrong)[];
  const set = Object.fromEntries(
    fields.flatMap((field) => (right[field] === null ? [] : [[field, right[field]]])),
  );
  return { ...right, ...wrong, fault: badRowOf(kind, { how, set }) };
}

/** An open of a product used for nothing else. */
function faultyOpen(kind: BadRowKind, stage: Stage, wrong: Wrong, how: Correction['how']): Message {
  return corrupt(kind, open(stage, sealedProduct(stage)), wrong, how);
}

function malformedSpec(stage: Stage): Message[] {
  const right = open(stage, sealedProduct(stage));
  const spec = stage.random.pick(stage.customerSpecs);
  const wrongSpec = `${spec.slice(0, 8)}-O1`;
  const attributes = [...right.attributes, { attrSpecId: wrongSpec, attrValue: '1' }];
  const correction: Correction = { how: 'new row', attrSpecIds: { [wrongSpec]: spec } };
  return [{ ...right, attributes, fault: badRowOf('attr-spec-id-malformed', correction) }];
}

/** A bind of a user used for nothing else. */
function faultyBind(kind: BadRowKind, stage: Stage, wrong: Wrong, how: Correction['how']): Message[] {
  const { before, product } = pinnedProduct(stage);
  const user = newUser(stage, product);
  const right = bind(stage, product, user);
  user.reserved = true;
  return [...before, corrupt(kind, right, wrong, how)];
}

function faultyChange(kind: BadRowKind, stage: Stage, wrong: Wrong, how: Correction['how']): Message[] {
  const { before, product } = pinnedProduct(stage);
  return [...before, corrupt(kind, change(stage, product), wrong, how)];
}

function changeAfterCancel(stage: Stage): Message[] {
  const product = sealedProduct(stage);
  const opened = open(stage, product);
  const faulty = { ...change(stage, product), fault: badRowOf('product-cancelled', null) };
  return [opened, cancel(product), faulty];
}

/** The unbind of a user whose name is mistyped. */
function unbindOfUnknown(stage: Stage): Message[] {
  const { before, product } = pinnedProduct(stage);
  const user = newUser(stage, product);
  const bound = bind(stage, product, user);
  user.reserved = true;
  const right = accountMessage(product, user.userId, '0203');
  const userId = user.userId.replace('user', 'usre');
  const correction: Correction = { how: 'new row', set: { userId: user.userId } };
  return [...before, bound, { ...right, userId, fault: badRowOf('user-never-bound', correction) }];
}

/** A cancel while users are bound: they must be unbound first. */
function cancelWithUsers(stage: Stage): Message[] {
  const product = sealedProduct(stage);
  const users = Array.from({ length: stage.random.between(1, 3) }, () => newUser(stage, product));
  const before = [open(stage, product), ...users.map((user) => bind(stage, product, user))];
  const first = users.map(({ userId }) => ({ opFlag: '0203' as const, userId }));
  return [
    ...before,
    { ...cancel(product), fault: badRowOf('cancelled-with-users', { how: 'new row', first }) },
  ];
}

/** A bind past the limit of one user: the limit must be raised first. */
function passUserLimit(stage: Stage): Message[] {
  const spec = stage.userLimitAttrSpecId;
  if (spec === null) throw new Error('no attribute limits the users');
  const product = sealedProduct(stage);
  const opened = { ...open(stage, product), attributes: [{ attrSpecId: spec, attrValue: '1' }] };
  const within = bind(stage, product, newUser(stage, product));
  const past = bind(stage, product, newUser(stage, product));
  const correction: Correction = { how: 'new row', first: [{ opFlag: '0102', attributes: [[spec, '2']] }] };
  return [opened, within, { ...past, fault: badRowOf('user-limit-passed', correction) }];
}

/** A product not used by the customer's other operations. */
function sealedProduct(stage: Stage): SimulatedProduct {
  const product = newProduct(stage, stage.customer);
  product.reserved = true;
  return product;
}

/** An active product of the customer, opened if needed. */
function activeProduct(stage: Stage): { before: Message[]; product: SimulatedProduct } {
  const active = stage.customer.products.find((product) => product.active && !product.reserved);
  if (active !== undefined) return { before: [], product: active };
  const product = newProduct(stage, stage.customer);
  return { before: [open(stage, product)], product };
}

function pinnedProduct(stage: Stage): { before: Message[]; product: SimulatedProduct } {
  const found = activeProduct(stage);
  found.product.pinned = true;
  return found;
}
