import type { Account, Attribute, Customer, Identity, ProductState } from '../../src/domain/customer.js';
import type { AccountOperation, CustomerOperation } from '../../src/domain/operation.js';
import type { AttributeRow, InterfaceRow, PolledRow } from '../../src/domain/rows.js';
import type { Rules } from '../../src/domain/rules.js';
import { State } from '../../src/domain/states.js';
import { nothingPaused } from '../../src/middle/port.js';
import type { PreviewSettings } from '../../src/operator/preview.js';

/*
 * Rows, operations and states of one customer of one product, valid and complete as they are: a test overrides the one
 * thing it is about.
 */

/** The product of the customer that all builders are about. */
export const identity: Identity = { productId: '323002000', custId: '990947809', bizId: 'B-1' };

/** When the stored customers and users were opened and bound. */
export const before = '2026-11-01T00:00:00.000Z';

const claimed = {
  createDate: '2026-11-20 08:00:00',
  state: State.Processing,
  stateDate: '2026-11-20 08:00:05',
};

/** A claimed row of IF_BNET_CUST: an open with all its fields, without attributes. */
export function customerRow(overrides: Partial<InterfaceRow> = {}): InterfaceRow {
  return {
    source: 'CUST',
    streamingNo: '1001',
    ...identity,
    areaCode: '571',
    custAccount: 'huawang',
    custName: '华望公司',
    userId: null,
    accType: null,
    accName: null,
    opFlag: '0101',
    ...claimed,
    attributes: [],
    ...overrides,
  };
}

/** A claimed row of IF_BNET_ACCOUNT: a bind with all its fields, without attributes. */
export function accountRow(overrides: Partial<InterfaceRow> = {}): InterfaceRow {
  return {
    source: 'ACCOUNT',
    streamingNo: '2001',
    ...identity,
    areaCode: '571',
    custAccount: null,
    custName: null,
    userId: 'li@huawang',
    accType: '2',
    accName: '李明',
    opFlag: '0201',
    ...claimed,
    attributes: [],
    ...overrides,
  };
}

/** A row of an attribute table. */
export function attributeRow(overrides: Partial<AttributeRow> = {}): AttributeRow {
  return { attrId: '1', attrSpecId: '11002009001000000000', attrValue: 'value', ...overrides };
}

/** A row as the poll reads it, of the table that its operation belongs to. */
export function polledRow(opFlag: string, overrides: Partial<PolledRow> = {}): PolledRow {
  const ofAccount = opFlag.startsWith('02');
  return {
    source: ofAccount ? 'ACCOUNT' : 'CUST',
    streamingNo: ofAccount ? '2001' : '1001',
    ...identity,
    userId: ofAccount ? 'li@huawang' : null,
    opFlag,
    createDate: '2026-11-20 08:00:00',
    state: State.Initial,
    stateDate: null,
    attributes: 0,
    ...overrides,
  };
}

/** An operation on a customer that gives every field. */
export function customerOperation(
  opFlag: CustomerOperation['opFlag'],
  overrides: Partial<CustomerOperation> = {},
): CustomerOperation {
  const given = { areaCode: '020', custAccount: 'new account', custName: 'new name', attributes: [] };
  return { source: 'CUST', opFlag, streamingNo: '1001', identity, ...given, ...overrides };
}

/** An operation on a user that gives every field. */
export function accountOperation(
  opFlag: AccountOperation['opFlag'],
  overrides: Partial<AccountOperation> = {},
): AccountOperation {
  const given = { areaCode: '020', accType: '1', accName: 'new name', attributes: [] };
  return {
    source: 'ACCOUNT',
    opFlag,
    streamingNo: '2001',
    identity,
    userId: 'li@huawang',
    ...given,
    ...overrides,
  };
}

/** An attribute value; its id tells it from others. */
export function attribute(
  attrSpecId: string,
  attrValue: string | null,
  attrId: string | null = '1',
): Attribute {
  return { attrSpecId, attrId, attrValue };
}

/** A stored customer whose product is active. */
export function customer(overrides: Partial<Customer> = {}): Customer {
  return {
    ...identity,
    areaCode: '571',
    custAccount: 'old account',
    custName: 'old name',
    status: 'active',
    openedAt: before,
    changedAt: null,
    cancelledAt: null,
    lastStreamingNo: '1',
    attributes: [],
    ...overrides,
  };
}

/** A stored user that is bound. */
export function account(overrides: Partial<Account> = {}): Account {
  return {
    ...identity,
    userId: 'li@huawang',
    areaCode: '571',
    accType: '2',
    accName: 'old name',
    status: 'bound',
    boundAt: before,
    changedAt: null,
    unboundAt: null,
    lastStreamingNo: '2',
    attributes: [],
    ...overrides,
  };
}

/** The state of an active product with these users, of whom those bound are counted. */
export function stateWith(
  users: readonly Account[] = [],
  overrides: Partial<Pick<ProductState, 'customer' | 'boundUsers'>> = {},
): ProductState {
  return {
    customer: customer(),
    users: new Map(users.map((user) => [user.userId, user])),
    boundUsers: users.filter((user) => user.status === 'bound').length,
    ...overrides,
  };
}

/** The rules where the configuration says nothing. */
export function rulesWith(overrides: Partial<Rules> = {}): Rules {
  return {
    onDuplicateOpen: 'refuse',
    onDuplicateBind: 'refuse',
    onCancelWithUsers: 'refuse',
    attributes: 'merge',
    userLimitAttrSpecId: null,
    ...overrides,
  };
}

/** Every setting of the rules, with and without a user limit held by this attribute. */
export function everyRules(limitSpec: string): Rules[] {
  const settings: Rules[] = [];
  for (const onDuplicateOpen of ['refuse', 'update'] as const)
    for (const onDuplicateBind of ['refuse', 'update'] as const)
      for (const onCancelWithUsers of ['refuse', 'unbind'] as const)
        for (const attributes of ['merge', 'replace'] as const)
          for (const userLimitAttrSpecId of [null, limitSpec])
            settings.push({
              onDuplicateOpen,
              onDuplicateBind,
              onCancelWithUsers,
              attributes,
              userLimitAttrSpecId,
            });
  return settings;
}

/** A preview that lets no row settle or wait. */
export const previewSettings: PreviewSettings = {
  limit: 50,
  rules: rulesWith(),
  settleMs: 0,
  dependencyGraceMs: 0,
  maxAttributes: 10_000,
  paused: nothingPaused,
};
