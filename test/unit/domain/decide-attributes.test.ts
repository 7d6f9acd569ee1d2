import { describe, expect, it } from 'vitest';
import type { Attribute, ProductState } from '../../../src/domain/customer.js';
import { decide } from '../../../src/domain/decide.js';
import type { Operation } from '../../../src/domain/operation.js';
import type { Rules } from '../../../src/domain/rules.js';
import {
  account,
  accountOperation,
  attribute,
  customer,
  customerOperation,
  rulesWith,
  stateWith,
} from '../../support/builders.js';

const at = '2026-11-20T08:00:00.000Z';
const limitSpec = '11002009001000000000';

const decided = (state: ProductState, operation: Operation, rules: Partial<Rules>) =>
  decide(state, operation, { rules: rulesWith(rules), at });

/** The attributes after each kind of change, over these old ones. */
function afterChange(
  old: readonly Attribute[],
  given: readonly Attribute[],
  rules: Partial<Rules>,
): Attribute[][] {
  const all = { ...rules, onDuplicateOpen: 'update', onDuplicateBind: 'update' } as const;
  const state = stateWith([account({ attributes: old })], { customer: customer({ attributes: old }) });
  const operations = [
    customerOperation('0102', { attributes: given }),
    customerOperation('0101', { attributes: given }),
    accountOperation('0202', { attributes: given }),
    accountOperation('0201', { attributes: given }),
  ];
  return operations.map((operation) => {
    const decision = decided(state, operation, all);
    if (decision.kind === 'refused') throw new Error(decision.refusal.detail);
    return [...((operation.source === 'CUST' ? decision.customer : decision.account)?.attributes ?? [])];
  });
}

describe('attributes of a change, merged', () => {
  const merged = (old: Attribute[], given: Attribute[]) => afterChange(old, given, { attributes: 'merge' });

  it('all values given for a spec replace all its old values, and other specs stay', () => {
    const old = [
      attribute('5', 'a', '1'),
      attribute('5', 'b', '2'),
      attribute('6', 'c', '3'),
      attribute('6', 'd', '4'),
    ];
    const given = [attribute('5', 'x', '11'), attribute('7', 'y', '12')];
    for (const after of merged(old, given)) {
      expect(new Set(after)).toEqual(new Set([old[2], old[3], given[0], given[1]]));
      expect(after).toHaveLength(4);
    }
  });

  it('several values given for one spec are all kept, in their order', () => {
    const given = [attribute('5', 'x', '9'), attribute('5', 'y', '10'), attribute('5', 'x', '11')];
    for (const after of merged([attribute('5', 'old', '1')], given)) expect(after).toEqual(given);
  });

  it('an empty value takes the place of the old one', () => {
    for (const after of merged([attribute('5', 'old')], [attribute('5', null)]))
      expect(after).toEqual([attribute('5', null)]);
  });

  it('a spec is the same only where all of its digits are', () => {
    const old = [attribute('11002009001000000000', 'old')];
    const given = [attribute('11002009001000000001', 'new')];
    for (const after of merged(old, given)) expect(after).toEqual([...old, ...given]);
  });

  it('none given leaves all as they were', () => {
    const old = [attribute('5', 'a')];
    for (const after of merged(old, [])) expect(after).toEqual(old);
  });
});

describe('attributes of a change, replaced', () => {
  it('are the given ones alone, also where none is given', () => {
    const old = [attribute('5', 'a'), attribute('6', 'b')];
    for (const given of [[attribute('5', 'x')], [attribute('7', 'y')], []]) {
      for (const after of afterChange(old, given, { attributes: 'replace' })) expect(after).toEqual(given);
    }
  });
});

describe('the user limit', () => {
  const bindWith = (
    boundUsers: number,
    attributes: Attribute[],
    rules: Partial<Rules> = { userLimitAttrSpecId: limitSpec },
  ) =>
    decided(
      stateWith([], { customer: customer({ attributes }), boundUsers }),
      accountOperation('0201'),
      rules,
    );

  it('refuses a bind with 00406 once as many users are bound, and not before', () => {
    for (const [boundUsers, limit] of [
      [0, '0'],
      [1, '1'],
      [5, '5'],
      [6, '5'],
      [999_999_999, '999999999'],
    ] as const) {
      expect(bindWith(boundUsers, [attribute(limitSpec, limit)])).toEqual({
        kind: 'refused',
        refusal: {
          code: '00406',
          detail: `已绑定 ${boundUsers} 个用户, 上限 ${limit} (ProductID=323002000, CustID=990947809, BizID="B-1")`,
        },
      });
    }
    for (const [boundUsers, limit] of [
      [0, '1'],
      [4, '5'],
      [999, '1000'],
      [4, ' 5 '],
    ] as const) {
      expect(bindWith(boundUsers, [attribute(limitSpec, limit)])).toMatchObject({
        boundUsers: boundUsers + 1,
      });
    }
  });

  it('holds also with blanks around it', () => {
    expect(bindWith(5, [attribute(limitSpec, ' 5 ')])).toMatchObject({ refusal: { code: '00406' } });
  });

  it('is not there without the attribute, or where its value is no whole number', () => {
    for (const value of [null, 'many', '5.5', '-1', '1e3', '', '５', '不限']) {
      expect(bindWith(1000, [attribute(limitSpec, value)])).toMatchObject({
        kind: 'effect',
        boundUsers: 1001,
      });
    }
    expect(bindWith(1000, [])).toMatchObject({ kind: 'effect' });
    expect(bindWith(1000, [attribute('11002009001000000001', '1')])).toMatchObject({ kind: 'effect' });
  });

  it('is not there where the rules name no attribute', () => {
    expect(bindWith(1000, [attribute(limitSpec, '1')], {})).toMatchObject({ kind: 'effect' });
  });

  it('is the first of several values, in attribute-id order', () => {
    const values = [attribute(limitSpec, '2', '1'), attribute(limitSpec, '9', '2')];
    expect(bindWith(2, values)).toMatchObject({ refusal: { code: '00406' } });
    expect(bindWith(1, values)).toMatchObject({ kind: 'effect' });
  });

  it('is that of the customer, not of the user that is bound', () => {
    const operation = accountOperation('0201', { attributes: [attribute(limitSpec, '1')] });
    const decision = decided(stateWith([], { boundUsers: 7 }), operation, { userLimitAttrSpecId: limitSpec });
    expect(decision).toMatchObject({ kind: 'effect', boundUsers: 8 });
  });

  it('comes after the refusals that need no count', () => {
    const rules = { userLimitAttrSpecId: limitSpec };
    const full = customer({ attributes: [attribute(limitSpec, '1')] });
    const again = decided(stateWith([account()], { customer: full }), accountOperation('0201'), rules);
    expect(again).toMatchObject({ refusal: { code: '00404' } });
    const gone = decided(
      stateWith([], { customer: { ...full, status: 'cancelled' }, boundUsers: 1 }),
      accountOperation('0201'),
      rules,
    );
    expect(gone).toMatchObject({ refusal: { code: '00402' } });
  });
});
