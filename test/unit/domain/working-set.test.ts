import { describe, expect, it } from 'vitest';
import type { Account, Customer } from '../../../src/domain/customer.js';
import type { Operation } from '../../../src/domain/operation.js';
import type { Rules } from '../../../src/domain/rules.js';
import { snapshotRequest, WorkingSet, type Changes } from '../../../src/domain/working-set.js';
import {
  account,
  accountOperation,
  attribute,
  customer,
  customerOperation,
  everyRules,
  identity,
  rulesWith,
} from '../../support/builders.js';
import { contentsOf, decideBatch, memoryStore } from '../../support/memory-store.js';
import type { StoreTables } from '../../simulation/store/tables.js';

const at = '2026-11-20T08:00:00.000Z';
const limitSpec = '11002009001000000000';
const noChanges: Changes = {
  unboundAll: [],
  customers: [],
  accounts: [],
  customerAttributes: [],
  accountAttributes: [],
};

function storeOf(customers: readonly Customer[], accounts: readonly Account[] = []): StoreTables {
  const store = memoryStore();
  const attributesOf = <T extends Customer | Account>(subjects: readonly T[]) =>
    subjects.map((subject) => ({ subject, hadAttributes: false }));
  const customerAttributes = attributesOf(customers);
  store.product.write(
    { unboundAll: [], customers, accounts, customerAttributes, accountAttributes: attributesOf(accounts) },
    null,
  );
  return store;
}

const changesOf = (
  store: StoreTables,
  operations: readonly Operation[],
  rules: Partial<Rules> = {},
): Changes => decideBatch(store, operations, { rules: rulesWith(rules), at }).changes;

describe('what a batch reads', () => {
  const user = { ...identity, userId: 'li@huawang' };

  it('is nothing for no operation', () => {
    expect(snapshotRequest([], rulesWith())).toEqual({ products: [], users: [], counted: [] });
  });

  it('is each product and each user once', () => {
    const operations = [
      customerOperation('0101'),
      customerOperation('0102'),
      accountOperation('0201'),
      accountOperation('0202'),
      accountOperation('0201', { userId: 'wang' }),
    ];
    expect(snapshotRequest(operations, rulesWith())).toEqual({
      products: [identity],
      users: [user, { ...identity, userId: 'wang' }],
      counted: [],
    });
  });

  it('is the count of bound users only where a cancel, or a bind under a limit, looks at it', () => {
    const limited = rulesWith({ userLimitAttrSpecId: limitSpec });
    const counted = (operation: Operation, rules: Rules) => snapshotRequest([operation], rules).counted;
    for (const rules of everyRules(limitSpec)) {
      expect(counted(customerOperation('0103'), rules)).toEqual([identity]);
      for (const flag of ['0101', '0102'] as const)
        expect(counted(customerOperation(flag), rules)).toEqual([]);
      for (const flag of ['0202', '0203'] as const)
        expect(counted(accountOperation(flag), rules)).toEqual([]);
    }
    expect(counted(accountOperation('0201'), limited)).toEqual([identity]);
    expect(counted(accountOperation('0201'), rulesWith())).toEqual([]);
  });

  it('is each product and user, however alike their BizIDs and UserIDs are', () => {
    const inB = { ...identity, bizId: 'A/B' };
    const operations = [
      accountOperation('0202', { identity: { ...identity, bizId: 'A' }, userId: 'B/C' }),
      accountOperation('0202', { identity: inB, userId: 'C' }),
    ];
    expect(snapshotRequest(operations, rulesWith()).users).toHaveLength(2);
  });
});

describe('a batch', () => {
  it('sees the effects of its earlier rows', () => {
    const operations = [
      customerOperation('0101'),
      customerOperation('0101'),
      accountOperation('0201'),
      accountOperation('0201'),
      customerOperation('0103'),
      accountOperation('0203'),
      accountOperation('0203'),
      customerOperation('0103'),
      accountOperation('0201'),
    ];
    const { answers } = decideBatch(storeOf([]), operations, { rules: rulesWith(), at });
    expect(answers.map((answer) => answer?.slice(0, 5) ?? null)).toEqual([
      null,
      '00404',
      null,
      '00404',
      '00405',
      null,
      '00402',
      null,
      '00402',
    ]);
  });

  it('counts users it binds and unbinds against the limit, which its changes move', () => {
    const limited = (value: string) =>
      customerOperation('0102', { attributes: [attribute(limitSpec, value)] });
    const bind = (userId: string) => accountOperation('0201', { userId });
    const operations = [
      limited('2'),
      bind('a'),
      bind('b'),
      accountOperation('0203'),
      bind('b'),
      limited('3'),
      bind('c'),
    ];
    const { answers } = decideBatch(storeOf([customer()], [account()]), operations, {
      rules: rulesWith({ userLimitAttrSpecId: limitSpec }),
      at,
    });
    expect(answers.map((answer) => answer?.slice(0, 5) ?? null)).toEqual([
      null,
      null,
      '00406',
      null,
      null,
      null,
      null,
    ]);
  });

  it('leaves the state of a refused operation as it was', () => {
    const request = snapshotRequest([customerOperation('0101')], rulesWith());
    const work = new WorkingSet(request, { customers: [customer()], accounts: [], boundUsers: [] });
    expect(work.decide(customerOperation('0101'), { rules: rulesWith(), at }).kind).toBe('refused');
    expect(work.changes()).toEqual(noChanges);
  });

  it('must not hold an operation that its snapshot was not asked for', () => {
    const work = new WorkingSet(snapshotRequest([], rulesWith()), {
      customers: [],
      accounts: [],
      boundUsers: [],
    });
    expect(() => work.stateOf(customerOperation('0101'))).toThrow(/not in the snapshot/);
  });
});

describe('the changes of a batch', () => {
  const a = attribute('5', 'a');

  it('are none where nothing took effect', () => {
    const store = storeOf([customer({ attributes: [a] })], [account({ attributes: [a] })]);
    expect(changesOf(store, [])).toEqual(noChanges);
    expect(
      changesOf(store, [customerOperation('0101'), accountOperation('0201'), customerOperation('0103')]),
    ).toEqual(noChanges);
  });

  it('hold each customer and user once, as it is in the end', () => {
    const operations = [
      customerOperation('0102', { custName: 'first' }),
      customerOperation('0102', { custName: 'second' }),
      accountOperation('0202', { accName: 'first' }),
      accountOperation('0203'),
    ];
    const changes = changesOf(
      storeOf([customer()], [account(), account({ userId: 'untouched' })]),
      operations,
    );
    expect(changes.customers.map(({ custName }) => custName)).toEqual(['second']);
    expect(changes.accounts).toMatchObject([{ userId: 'li@huawang', accName: 'first', status: 'unbound' }]);
  });

  it('leave attributes alone that no row touched', () => {
    const store = storeOf([customer({ attributes: [a] })], [account({ attributes: [a] })]);
    const operations = [
      customerOperation('0102'),
      accountOperation('0202'),
      accountOperation('0203'),
      customerOperation('0103'),
    ];
    const changes = changesOf(store, operations);
    expect([changes.customers.length, changes.accounts.length]).toEqual([1, 1]);
    expect([changes.customerAttributes, changes.accountAttributes]).toEqual([[], []]);
  });

  it('say whether the store holds attributes that must go first', () => {
    const [open, bind] = [
      customerOperation('0101', { attributes: [a] }),
      accountOperation('0201', { attributes: [a] }),
    ];
    const first = changesOf(storeOf([]), [open, bind]);
    expect(first.customerAttributes).toMatchObject([{ hadAttributes: false, subject: { attributes: [a] } }]);
    expect(first.accountAttributes).toMatchObject([{ hadAttributes: false, subject: { attributes: [a] } }]);
    const old = [attribute('6', 'b')];
    const stored = storeOf(
      [customer({ status: 'cancelled', attributes: old })],
      [account({ status: 'unbound', attributes: old })],
    );
    const again = changesOf(stored, [open, bind]);
    expect(again.customerAttributes).toMatchObject([{ hadAttributes: true, subject: { attributes: [a] } }]);
    expect(again.accountAttributes).toMatchObject([{ hadAttributes: true, subject: { attributes: [a] } }]);
  });

  it('say that nothing must go first where customer and user are stored without attributes', () => {
    const changes = changesOf(storeOf([customer()], [account()]), [
      customerOperation('0102', { attributes: [a] }),
      accountOperation('0202', { attributes: [a] }),
    ]);
    expect(changes.customerAttributes).toMatchObject([{ hadAttributes: false }]);
    expect(changes.accountAttributes).toMatchObject([{ hadAttributes: false }]);
  });

  it('need no attributes written for a first open without any', () => {
    const changes = changesOf(storeOf([]), [customerOperation('0101'), accountOperation('0201')]);
    expect([changes.customerAttributes, changes.accountAttributes]).toEqual([[], []]);
  });
});

describe('a cancel that unbinds all users', () => {
  const rules = { onCancelWithUsers: 'unbind' } as const;
  const cancel = (streamingNo: string) => customerOperation('0103', { streamingNo });
  const open = (streamingNo: string) => customerOperation('0101', { streamingNo });
  const bind = (userId: string, streamingNo: string) => accountOperation('0201', { userId, streamingNo });
  const users = () => storeOf([customer()], [account(), account({ userId: 'unnamed' })]);

  it('unbinds those that the batch names and those that it does not', () => {
    const store = users();
    const change = accountOperation('0202', { streamingNo: '11' });
    store.product.write(changesOf(store, [change, cancel('12')], rules), null);
    expect(contentsOf(store).accounts).toMatchObject([
      { userId: 'li@huawang', accName: 'new name', status: 'unbound', unboundAt: at, lastStreamingNo: '12' },
      { userId: 'unnamed', status: 'unbound', unboundAt: at, lastStreamingNo: '12' },
    ]);
  });

  it('does not unbind users bound again later in the batch', () => {
    const store = users();
    store.product.write(changesOf(store, [cancel('11'), open('12'), bind('li@huawang', '13')], rules), null);
    expect(contentsOf(store).accounts).toMatchObject([
      { userId: 'li@huawang', status: 'bound', unboundAt: null, lastStreamingNo: '13' },
      { userId: 'unnamed', status: 'unbound', lastStreamingNo: '11' },
    ]);
  });

  it('is the row that users unbound by it name, also where another such cancel follows in the batch', () => {
    const store = users();
    const operations = [cancel('11'), open('12'), bind('li@huawang', '13'), cancel('14')];
    store.product.write(changesOf(store, operations, rules), null);
    expect(contentsOf(store).accounts).toMatchObject([
      { userId: 'li@huawang', status: 'unbound', lastStreamingNo: '14' },
      { userId: 'unnamed', status: 'unbound', lastStreamingNo: '11' },
    ]);
  });
});
