import { describe, expect, it } from 'vitest';
import type { ProductState } from '../../../src/domain/customer.js';
import { decide, type Effect, type Refused } from '../../../src/domain/decide.js';
import type { Operation } from '../../../src/domain/operation.js';
import type { Rules } from '../../../src/domain/rules.js';
import {
  account,
  accountOperation,
  attribute,
  before,
  customer,
  customerOperation,
  everyRules,
  rulesWith,
  stateWith,
} from '../../support/builders.js';

const limitSpec = '11002009001000000000';
const at = '2026-11-20T08:00:00.000Z';
const identityText = 'ProductID=323002000, CustID=990947809, BizID="B-1"';
const userText = `UserID="li@huawang", ${identityText}`;

const neverSeen = stateWith([], { customer: null });
const cancelled = (users: Parameters<typeof stateWith>[0] = []) =>
  stateWith(users, { customer: customer({ status: 'cancelled', cancelledAt: before }) });
const bound = stateWith([account()]);
const unbound = stateWith([account({ status: 'unbound', unboundAt: before })]);

function decided(state: ProductState, operation: Operation, rules: Partial<Rules> = {}): Effect | Refused {
  return decide(state, operation, { rules: rulesWith(rules), at });
}

function effectOf(state: ProductState, operation: Operation, rules: Partial<Rules> = {}): Effect {
  const decision = decided(state, operation, rules);
  if (decision.kind === 'refused')
    throw new Error(`refused: ${decision.refusal.code} ${decision.refusal.detail}`);
  return decision;
}

/** The settings of the rules under which nothing but these settings matters. */
function underEveryRule(fixed: Partial<Rules>, check: (rules: Rules) => void): void {
  for (const rules of everyRules(limitSpec)) check({ ...rules, ...fixed });
}

function refusal(code: string, detail: string, missing?: 'product' | 'user'): unknown {
  return { kind: 'refused', refusal: { code, detail }, ...(missing === undefined ? {} : { missing }) };
}

describe('an open (0101)', () => {
  const open = customerOperation('0101', { attributes: [attribute('5', 'new'), attribute('6', null)] });
  const opened = customer({
    areaCode: '020',
    custAccount: 'new account',
    custName: 'new name',
    openedAt: at,
    lastStreamingNo: '1001',
    attributes: open.attributes,
  });

  it('of a product that was never seen makes it active, with exactly its attributes', () => {
    underEveryRule({}, (rules) => {
      expect(decided(neverSeen, open, rules)).toEqual({ kind: 'effect', customer: opened, boundUsers: 0 });
    });
  });

  it('of a cancelled product opens it anew: no field, date or attribute of the old one is left', () => {
    const old = customer({
      status: 'cancelled',
      changedAt: before,
      cancelledAt: before,
      attributes: [attribute('5', 'old'), attribute('7', 'old')],
    });
    underEveryRule({}, (rules) => {
      expect(effectOf(stateWith([], { customer: old }), open, rules).customer).toEqual(opened);
    });
    const bare = customerOperation('0101', { areaCode: null });
    expect(effectOf(stateWith([], { customer: old }), bare).customer).toMatchObject({
      areaCode: null,
      attributes: [],
    });
  });

  it('of an active product is refused with 00404', () => {
    underEveryRule({ onDuplicateOpen: 'refuse' }, (rules) => {
      expect(decided(bound, open, rules)).toEqual(refusal('00404', `客户已开通该产品 (${identityText})`));
    });
  });

  it('of an active product is a change where the rules say so', () => {
    underEveryRule({ onDuplicateOpen: 'update' }, (rules) => {
      const change = customerOperation('0102', { ...open, opFlag: '0102' });
      expect(decided(bound, open, rules)).toEqual(decided(bound, change, rules));
      expect(effectOf(bound, open, rules).customer).toMatchObject({ openedAt: before, changedAt: at });
    });
  });
});

describe('a change of a customer (0102)', () => {
  const change = customerOperation('0102', { attributes: [attribute('5', 'new')] });

  it('replaces the fields that are given', () => {
    underEveryRule({}, (rules) => {
      const effect = effectOf(bound, change, rules);
      expect(effect.boundUsers).toBe(1);
      expect(effect.account).toBeUndefined();
      expect(effect.customer).toEqual(
        customer({
          areaCode: '020',
          custAccount: 'new account',
          custName: 'new name',
          changedAt: at,
          lastStreamingNo: '1001',
          attributes: [attribute('5', 'new')],
        }),
      );
    });
  });

  it('keeps the fields that are not given', () => {
    const nothing = customerOperation('0102', { areaCode: null, custAccount: null, custName: null });
    const expected = customer({ changedAt: at, lastStreamingNo: '1001' });
    underEveryRule({}, (rules) => expect(effectOf(bound, nothing, rules).customer).toEqual(expected));
    const one = customerOperation('0102', { areaCode: null, custAccount: 'x', custName: null });
    expect(effectOf(bound, one).customer).toEqual({ ...expected, custAccount: 'x' });
  });

  it('of a product that is not active is refused with 00402', () => {
    underEveryRule({}, (rules) => {
      expect(decided(cancelled(), change, rules)).toEqual(
        refusal('00402', `客户已退订该产品 (${identityText})`),
      );
      expect(decided(neverSeen, change, rules)).toEqual(
        refusal('00402', `客户未开通该产品 (${identityText})`, 'product'),
      );
    });
  });
});

describe('a cancel (0103)', () => {
  const cancel = customerOperation('0103', { attributes: [attribute('9', 'ignored')] });
  const kept = customer({ changedAt: before, attributes: [attribute('5', 'old')] });
  const gone = { ...kept, status: 'cancelled', cancelledAt: at, lastStreamingNo: '1001' };

  it('keeps everything but the status for the record', () => {
    underEveryRule({}, (rules) => {
      const expected = { kind: 'effect', customer: gone, boundUsers: 0 };
      expect(decided(stateWith([], { customer: kept }), cancel, rules)).toEqual(expected);
      expect(decided({ ...unbound, customer: kept }, cancel, rules)).toEqual(expected);
    });
  });

  it('is refused with 00405 while users are bound, also users that no row of the batch names', () => {
    underEveryRule({ onCancelWithUsers: 'refuse' }, (rules) => {
      expect(decided(bound, cancel, rules)).toEqual(refusal('00405', `仍有 1 个用户绑定 (${identityText})`));
      const unnamed = stateWith([], { boundUsers: 12 });
      expect(decided(unnamed, cancel, rules)).toEqual(
        refusal('00405', `仍有 12 个用户绑定 (${identityText})`),
      );
    });
  });

  it('unbinds all users where the rules say so', () => {
    underEveryRule({ onCancelWithUsers: 'unbind' }, (rules) => {
      const state = stateWith([account()], { customer: kept, boundUsers: 12 });
      expect(decided(state, cancel, rules)).toEqual({
        kind: 'effect',
        customer: gone,
        unbindsAll: true,
        boundUsers: 0,
      });
    });
  });

  it('of a product that is not active is refused with 00402', () => {
    underEveryRule({}, (rules) => {
      expect(decided(cancelled(), cancel, rules)).toEqual(
        refusal('00402', `客户已退订该产品 (${identityText})`),
      );
      expect(decided(neverSeen, cancel, rules)).toEqual(
        refusal('00402', `客户未开通该产品 (${identityText})`, 'product'),
      );
    });
  });
});

describe('a bind (0201)', () => {
  const bind = accountOperation('0201', { attributes: [attribute('5', 'new'), attribute('5', 'too', '2')] });
  const result = account({
    areaCode: '020',
    accType: '1',
    accName: 'new name',
    boundAt: at,
    lastStreamingNo: '2001',
    attributes: bind.attributes,
  });

  it('of a user that was never seen makes it bound, with exactly its attributes', () => {
    underEveryRule({}, (rules) => {
      expect(decided(stateWith(), bind, rules)).toEqual({ kind: 'effect', account: result, boundUsers: 1 });
    });
  });

  it('of an unbound user leaves nothing of the old binding', () => {
    const old = account({
      status: 'unbound',
      changedAt: before,
      unboundAt: before,
      attributes: [attribute('5', 'old'), attribute('7', 'old')],
    });
    underEveryRule({}, (rules) => expect(effectOf(stateWith([old]), bind, rules).account).toEqual(result));
    expect(effectOf(stateWith([old]), accountOperation('0201', { areaCode: null })).account).toMatchObject({
      areaCode: null,
      attributes: [],
    });
  });

  it('without an active product is refused with 00402', () => {
    underEveryRule({}, (rules) => {
      expect(decided(neverSeen, bind, rules)).toEqual(
        refusal('00402', `客户未开通该产品 (${identityText})`, 'product'),
      );
      for (const state of [cancelled(), cancelled([account({ status: 'unbound' })])]) {
        expect(decided(state, bind, rules)).toEqual(refusal('00402', `客户已退订该产品 (${identityText})`));
      }
    });
  });

  it('of a bound user is refused with 00404', () => {
    underEveryRule({ onDuplicateBind: 'refuse' }, (rules) => {
      expect(decided(bound, bind, rules)).toEqual(refusal('00404', `用户已绑定 (${userText})`));
    });
  });

  it('of a bound user is a change where the rules say so, also past the limit', () => {
    const full = { ...bound, customer: customer({ attributes: [attribute(limitSpec, '1')] }) };
    underEveryRule({ onDuplicateBind: 'update' }, (rules) => {
      const change = accountOperation('0202', { ...bind, opFlag: '0202' });
      for (const state of [bound, full])
        expect(decided(state, bind, rules)).toEqual(decided(state, change, rules));
      expect(effectOf(full, bind, rules).boundUsers).toBe(1);
    });
  });
});

describe('a change of a user (0202)', () => {
  const change = accountOperation('0202', { attributes: [attribute('5', 'new')] });

  it('replaces the fields that are given and keeps the others', () => {
    const whole = account({ changedAt: at, lastStreamingNo: '2001' });
    underEveryRule({}, (rules) => {
      const fields = { areaCode: '020', accType: '1', accName: 'new name', attributes: change.attributes };
      expect(decided(bound, change, rules)).toEqual({
        kind: 'effect',
        account: { ...whole, ...fields },
        boundUsers: 1,
      });
      const nothing = accountOperation('0202', { areaCode: null, accType: null, accName: null });
      expect(effectOf(bound, nothing, rules).account).toEqual(whole);
    });
  });
});

describe('an unbind (0203)', () => {
  it('keeps everything but the status for the record', () => {
    const old = account({ changedAt: before, attributes: [attribute('5', 'old')] });
    const unbind = accountOperation('0203', { attributes: [attribute('9', 'ignored')] });
    underEveryRule({}, (rules) => {
      const expected = { ...old, status: 'unbound', unboundAt: at, lastStreamingNo: '2001' };
      const state = stateWith([old], { boundUsers: 3 });
      expect(decided(state, unbind, rules)).toEqual({ kind: 'effect', account: expected, boundUsers: 2 });
    });
  });
});

describe.each(['0202', '0203'] as const)(
  'an operation %s on a user that is not bound is refused with 00402',
  (opFlag) => {
    const operation = accountOperation(opFlag);

    it('and may wait for the user only where the store has never seen it', () => {
      underEveryRule({}, (rules) => {
        expect(decided(stateWith(), operation, rules)).toEqual(
          refusal('00402', `用户未绑定 (${userText})`, 'user'),
        );
        expect(decided(unbound, operation, rules)).toEqual(refusal('00402', `用户已解绑 (${userText})`));
      });
    });

    it('and may wait for the product where the store has never seen that', () => {
      underEveryRule({}, (rules) => {
        const expected = refusal('00402', `客户未开通该产品 (${identityText})`, 'product');
        expect(decided(neverSeen, operation, rules)).toEqual(expected);
      });
    });

    it('and is not taken for another user’s', () => {
      const other = stateWith([account({ userId: 'LI@huawang' }), account({ userId: 'li@huawang ' })]);
      expect(decided(other, operation)).toMatchObject({ kind: 'refused', missing: 'user' });
    });
  },
);
