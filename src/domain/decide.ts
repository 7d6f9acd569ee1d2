import type { Account, Attribute, Customer, Identity, ProductState } from './customer.js';
import { quoted, type Refusal } from './err-content.js';
import type { AccountOperation, CustomerOperation, Operation } from './operation.js';
import type { Rules } from './rules.js';

/** An operation takes effect: what becomes of the customer's product, of one user, and of all bound users. */
export interface Effect {
  readonly kind: 'effect';
  /** The customer's product as it is afterwards; absent where the operation leaves it as it was. */
  readonly customer?: Customer;
  /** The operation's user as it is afterwards. */
  readonly account?: Account;
  /** Every bound user of the product is unbound (`rules.onCancelWithUsers: unbind`). */
  readonly unbindsAll?: true;
  readonly boundUsers: number;
}

/** An operation is refused. */
export interface Refused {
  readonly kind: 'refused';
  readonly refusal: Refusal;
  /** What the store has never seen and the row may wait for (`worker.dependencyGraceMs`). */
  readonly missing?: 'product' | 'user';
}

/** What a decision needs besides the state: the rules, and the time that the store gives the transaction. */
export interface DecisionContext {
  readonly rules: Rules;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/**
 * Decides one operation over the state of its customer's product and users. Pure: the same arguments always give
 * the same answer. The table of operations, needs, effects and refusals is in docs/operations-table.md.
 */
export function decide(
  state: ProductState,
  operation: Operation,
  context: DecisionContext,
): Effect | Refused {
  switch (operation.opFlag) {
    case '0101':
      return open(state, operation, context);
    case '0102':
      return changeCustomer(state, operation, context);
    case '0103':
      return cancel(state, operation, context);
    case '0201':
      return bind(state, operation, context);
    case '0202':
      return changeAccount(state, operation, context);
    case '0203':
      return unbind(state, operation, context);
  }
}

function open(state: ProductState, operation: CustomerOperation, context: DecisionContext): Effect | Refused {
  const old = state.customer;
  if (old?.status === 'active') {
    if (context.rules.onDuplicateOpen === 'update') return changeCustomer(state, operation, context);
    return refused('00404', `客户已开通该产品 (${identityText(operation.identity)})`);
  }
  const { productId, custId, bizId } = operation.identity;
  const customer: Customer = {
    productId,
    custId,
    bizId,
    areaCode: operation.areaCode,
    custAccount: operation.custAccount,
    custName: operation.custName,
    status: 'active',
    openedAt: context.at,
    changedAt: null,
    cancelledAt: null,
    lastStreamingNo: operation.streamingNo,
    attributes: operation.attributes,
  };
  return { kind: 'effect', customer, boundUsers: state.boundUsers };
}

function changeCustomer(
  state: ProductState,
  operation: CustomerOperation,
  context: DecisionContext,
): Effect | Refused {
  const old = state.customer;
  if (old?.status !== 'active') return noActiveProduct(state, operation.identity);
  const customer: Customer = {
    ...old,
    areaCode: operation.areaCode ?? old.areaCode,
    custAccount: operation.custAccount ?? old.custAccount,
    custName: operation.custName ?? old.custName,
    changedAt: context.at,
    lastStreamingNo: operation.streamingNo,
    attributes: changedAttributes(old.attributes, operation.attributes, context.rules),
  };
  return { kind: 'effect', customer, boundUsers: state.boundUsers };
}

function cancel(
  state: ProductState,
  operation: CustomerOperation,
  context: DecisionContext,
): Effect | Refused {
  const old = state.customer;
  if (old?.status !== 'active') return noActiveProduct(state, operation.identity);
  if (state.boundUsers > 0 && context.rules.onCancelWithUsers === 'refuse') {
    return refused('00405', `仍有 ${state.boundUsers} 个用户绑定 (${identityText(operation.identity)})`);
  }
  const customer: Customer = {
    ...old,
    status: 'cancelled',
    cancelledAt: context.at,
    lastStreamingNo: operation.streamingNo,
  };
  return {
    kind: 'effect',
    customer,
    boundUsers: 0,
    ...(state.boundUsers > 0 ? { unbindsAll: true as const } : {}),
  };
}

function bind(state: ProductState, operation: AccountOperation, context: DecisionContext): Effect | Refused {
  const product = state.customer;
  if (product?.status !== 'active') return noActiveProduct(state, operation.identity);
  const old = state.users.get(operation.userId);
  if (old?.status === 'bound') {
    if (context.rules.onDuplicateBind === 'update') return changeAccount(state, operation, context);
    return refused(
      '00404',
      `用户已绑定 (UserID=${quoted(operation.userId)}, ${identityText(operation.identity)})`,
    );
  }
  const limit = userLimit(product, context.rules);
  if (limit !== null && state.boundUsers >= limit) {
    return refused(
      '00406',
      `已绑定 ${state.boundUsers} 个用户, 上限 ${limit} (${identityText(operation.identity)})`,
    );
  }
  const { productId, custId, bizId } = operation.identity;
  const account: Account = {
    productId,
    custId,
    bizId,
    userId: operation.userId,
    areaCode: operation.areaCode,
    accType: operation.accType,
    accName: operation.accName,
    status: 'bound',
    boundAt: context.at,
    changedAt: null,
    unboundAt: null,
    lastStreamingNo: operation.streamingNo,
    attributes: operation.attributes,
  };
  return { kind: 'effect', account, boundUsers: state.boundUsers + 1 };
}

function changeAccount(
  state: ProductState,
  operation: AccountOperation,
  context: DecisionContext,
): Effect | Refused {
  const old = state.users.get(operation.userId);
  if (old?.status !== 'bound') return notBound(state, operation);
  const account: Account = {
    ...old,
    areaCode: operation.areaCode ?? old.areaCode,
    accType: operation.accType ?? old.accType,
    accName: operation.accName ?? old.accName,
    changedAt: context.at,
    lastStreamingNo: operation.streamingNo,
    attributes: changedAttributes(old.attributes, operation.attributes, context.rules),
  };
  return { kind: 'effect', account, boundUsers: state.boundUsers };
}

function unbind(
  state: ProductState,
  operation: AccountOperation,
  context: DecisionContext,
): Effect | Refused {
  const old = state.users.get(operation.userId);
  if (old?.status !== 'bound') return notBound(state, operation);
  const account: Account = {
    ...old,
    status: 'unbound',
    unboundAt: context.at,
    lastStreamingNo: operation.streamingNo,
  };
  return { kind: 'effect', account, boundUsers: state.boundUsers - 1 };
}

/** All values that a message gives for a spec replace all old values of that spec; other specs stay. */
function changedAttributes(
  old: readonly Attribute[],
  given: readonly Attribute[],
  rules: Rules,
): readonly Attribute[] {
  if (rules.attributes === 'replace') return given;
  if (given.length === 0) return old;
  const givenSpecs = new Set(given.map((attribute) => attribute.attrSpecId));
  return [...old.filter((attribute) => !givenSpecs.has(attribute.attrSpecId)), ...given];
}

/** The most users the customer may have bound; null where the rules name no attribute, or it is absent or no whole number. */
function userLimit(customer: Customer, rules: Rules): number | null {
  const value = customer.attributes.find(
    (attribute) => attribute.attrSpecId === rules.userLimitAttrSpecId,
  )?.attrValue;
  return value !== null && value !== undefined && /^\d{1,9}$/.test(value.trim()) ? Number(value) : null;
}

function noActiveProduct(state: ProductState, identity: Identity): Refused {
  if (state.customer !== null) return refused('00402', `客户已退订该产品 (${identityText(identity)})`);
  return { ...refused('00402', `客户未开通该产品 (${identityText(identity)})`), missing: 'product' };
}

function notBound(state: ProductState, operation: AccountOperation): Refused {
  if (state.customer === null) return noActiveProduct(state, operation.identity);
  const user = `UserID=${quoted(operation.userId)}, ${identityText(operation.identity)}`;
  if (state.users.has(operation.userId)) return refused('00402', `用户已解绑 (${user})`);
  return { ...refused('00402', `用户未绑定 (${user})`), missing: 'user' };
}

function refused(code: Refusal['code'], detail: string): Refused {
  return { kind: 'refused', refusal: { code, detail } };
}

function identityText({ productId, custId, bizId }: Identity): string {
  return `ProductID=${productId}, CustID=${custId}, BizID=${quoted(bizId)}`;
}
