import type { Message, MessageAttribute } from './message.js';
import { areaCode, companyName, personName } from './names.js';
import type { Random } from './random.js';

/*
 * The legal operations of simulated customers. Each returns its message and applies it to what the simulator knows of
 * the customer, so that the next one is legal too.
 */

/** What all customers of a history share. */
export interface SimulationContext {
  readonly random: Random;
  readonly productIds: readonly string[];
  readonly customerSpecs: readonly string[];
  readonly accountSpecs: readonly string[];
}

/** A customer with the products it ever opened. */
export interface SimulatedCustomer {
  readonly custId: string;
  readonly custAccount: string;
  readonly areaCode: string;
  custName: string;
  readonly products: SimulatedProduct[];
  /** How many products and users it ever had, for their names. */
  productCount: number;
  userCount: number;
}

/** A product of a customer. */
export interface SimulatedProduct {
  readonly customer: SimulatedCustomer;
  readonly productId: string;
  readonly bizId: string;
  active: boolean;
  /** Must stay active: a correction to come relies on it. */
  pinned: boolean;
  /** No further operations: corrections to come rely on it as it is. */
  reserved: boolean;
  readonly users: SimulatedUser[];
}

/** A user of a product. */
export interface SimulatedUser {
  readonly userId: string;
  bound: boolean;
  /** No further operations: a correction to come relies on it as it is. */
  reserved: boolean;
}

/** A customer that has not opened anything yet. */
export function newCustomer(context: SimulationContext, custId: string): SimulatedCustomer {
  return {
    custId,
    custAccount: `qy${context.random.digits(3)}${custId.slice(-9)}`,
    areaCode: areaCode(context.random),
    custName: companyName(context.random),
    products: [],
    productCount: 0,
    userCount: 0,
  };
}

/** A product that its customer has not opened yet. */
export function newProduct(context: SimulationContext, customer: SimulatedCustomer): SimulatedProduct {
  customer.productCount += 1;
  return {
    customer,
    productId: context.random.pick(context.productIds),
    bizId: `${context.random.digits(11)}${String(customer.productCount).padStart(4, '0')}`,
    active: false,
    pinned: false,
    reserved: false,
    users: [],
  };
}

/** A user that is not bound yet. */
export function newUser(context: SimulationContext, product: SimulatedProduct): SimulatedUser {
  product.customer.userCount += 1;
  return {
    userId: `user${product.customer.userCount}@${product.customer.custAccount}`,
    bound: false,
    reserved: false,
  };
}

/** Open (0101), also of a product that was cancelled. */
export function open(context: SimulationContext, product: SimulatedProduct): Message {
  if (!product.customer.products.includes(product)) product.customer.products.push(product);
  product.active = true;
  const attributes = randomAttributes(context, context.customerSpecs, context.random.between(1, 4));
  return { ...customerMessage(product, '0101'), attributes };
}

/** Change (0102) of a customer's name or attributes, or both. */
export function change(context: SimulationContext, product: SimulatedProduct): Message {
  const { customer } = product;
  const renamed = context.random.chance(0.4);
  if (renamed) customer.custName = companyName(context.random);
  const attributes = randomAttributes(
    context,
    context.customerSpecs,
    context.random.between(renamed ? 0 : 1, 2),
  );
  return { ...customerMessage(product, '0102'), attributes };
}

/** Cancel (0103) of a product without bound users. */
export function cancel(product: SimulatedProduct): Message {
  product.active = false;
  return customerMessage(product, '0103');
}

/** Bind (0201) of a new user, or of one that was unbound. */
export function bind(context: SimulationContext, product: SimulatedProduct, user: SimulatedUser): Message {
  if (!product.users.includes(user)) product.users.push(user);
  user.bound = true;
  const attributes = randomAttributes(context, context.accountSpecs, context.random.between(0, 2));
  const accType = context.random.chance(0.2) ? '1' : '2';
  return {
    ...accountMessage(product, user.userId, '0201'),
    accType,
    accName: personName(context.random),
    attributes,
  };
}

/** Change (0202) of a bound user. */
export function changeUser(
  context: SimulationContext,
  product: SimulatedProduct,
  user: SimulatedUser,
): Message {
  const attributes = randomAttributes(context, context.accountSpecs, context.random.between(0, 2));
  return { ...accountMessage(product, user.userId, '0202'), accName: personName(context.random), attributes };
}

/** Unbind (0203) of a bound user. */
export function unbind(product: SimulatedProduct, user: SimulatedUser): Message {
  user.bound = false;
  return accountMessage(product, user.userId, '0203');
}

const customerRemarks = { '0101': '客户开通产品', '0102': '客户变更产品', '0103': '客户退订产品' } as const;
const accountRemarks = { '0201': '用户绑定产品', '0202': '用户信息变更', '0203': '用户解绑产品' } as const;

function customerMessage(product: SimulatedProduct, opFlag: keyof typeof customerRemarks): Message {
  const { customer } = product;
  return {
    source: 'CUST',
    productId: product.productId,
    bizId: product.bizId,
    areaCode: customer.areaCode,
    custId: customer.custId,
    custAccount: customer.custAccount,
    custName: customer.custName,
    userId: null,
    accType: null,
    accName: null,
    opFlag,
    attributes: [],
    remark: customerRemarks[opFlag],
  };
}

/** A message about a user that the product need not have. */
export function accountMessage(
  product: SimulatedProduct,
  userId: string,
  opFlag: keyof typeof accountRemarks,
): Message {
  return {
    source: 'ACCOUNT',
    productId: product.productId,
    bizId: product.bizId,
    areaCode: product.customer.areaCode,
    custId: product.customer.custId,
    custAccount: null,
    custName: null,
    userId,
    accType: null,
    accName: null,
    opFlag,
    attributes: [],
    remark: accountRemarks[opFlag],
  };
}

/** Attributes, now and then several of one spec, or one without a value. */
function randomAttributes(
  context: SimulationContext,
  specs: readonly string[],
  count: number,
): MessageAttribute[] {
  const { random } = context;
  return Array.from({ length: count }, () => ({
    attrSpecId: random.pick(specs),
    attrValue: random.chance(0.1) ? null : String(random.between(0, 200)),
  }));
}
