import { describe, expect, it } from 'vitest';
import type { Account, Customer } from '../../../src/domain/customer.js';
import type { WorkerFixture } from '../store.js';
import {
  account,
  asking,
  attributes,
  changesOf,
  customer,
  moments,
  product,
  startWorker,
  user,
} from './data.js';

const thirtyDigits = '9'.repeat(30);
const identity = { productId: thirtyDigits, custId: `${'9'.repeat(29)}8`, bizId: '业务/𠀀 \'"\\?' };

/** That what is written is what is read. */
export function snapshotRules(fixture: WorkerFixture): void {
  describe('a snapshot', () => {
    it.each<[string, Customer]>([
      [
        'full',
        customer({
          ...identity,
          areaCode: '00571',
          custAccount: 'a@b',
          custName: '中国电信😀 "分" \\ ?:x',
          status: 'cancelled',
          openedAt: moments[0],
          changedAt: moments[1],
          cancelledAt: moments[2],
          lastStreamingNo: thirtyDigits,
          attributes: attributes(['9', '7', '值'], ['10', '7', null], [thirtyDigits, thirtyDigits, '😀 ']),
        }),
      ],
      ['bare', customer({ areaCode: null, custAccount: null, custName: null })],
    ])('reads a %s customer as it was written', async (_name, written) => {
      const { apply } = await startWorker(fixture());
      await apply((transaction) => transaction.write(changesOf([written])));
      const { customers } = await apply((transaction) =>
        transaction.snapshot(asking([written].map(identityOf))),
      );
      expect(customers).toEqual([written]);
    });

    it.each<[string, Account]>([
      [
        'full',
        account({
          ...identity,
          userId: '用户/😀 \'"\\?',
          areaCode: '00571',
          accType: '1',
          accName: '张三 𠀀',
          status: 'unbound',
          boundAt: moments[0],
          changedAt: moments[1],
          unboundAt: moments[2],
          lastStreamingNo: thirtyDigits,
          attributes: attributes(['9', '7', '值'], ['10', '7', null], [thirtyDigits, thirtyDigits, '😀 ']),
        }),
      ],
      ['bare', account({ areaCode: null, accType: null, accName: null })],
    ])('reads a %s user as it was written', async (_name, written) => {
      const { apply } = await startWorker(fixture());
      await apply((transaction) => transaction.write(changesOf([written])));
      const asked = { ...identityOf(written), userId: written.userId };
      const { accounts } = await apply((transaction) => transaction.snapshot(asking([asked])));
      expect(accounts).toEqual([written]);
    });

    it('keeps several values of one spec, in the numeric order of their attribute ids', async () => {
      const { apply } = await startWorker(fixture());
      const inOrder = attributes(
        ['2', '7', 'b'],
        ['9', '7', 'a'],
        ['10', '7', 'a'],
        ['100', '6', 'c'],
        [thirtyDigits, '7', 'd'],
      );
      const shuffled = [3, 0, 4, 2, 1].map((index) => inOrder[index]!);
      await apply((transaction) =>
        transaction.write(changesOf([customer({ attributes: shuffled }), account({ attributes: shuffled })])),
      );
      const { customers, accounts } = await apply((transaction) =>
        transaction.snapshot(asking([product, user])),
      );
      expect(customers[0]!.attributes).toEqual(inOrder);
      expect(accounts[0]!.attributes).toEqual(inOrder);
    });

    it('holds those asked for and no others, each with its own attributes', async () => {
      const { apply } = await startWorker(fixture());
      const nearest = [
        customer({ custId: '1001', attributes: attributes(['1', '7', 'of 1001']) }),
        customer({ bizId: 'BIZ2', attributes: attributes(['2', '7', 'of BIZ2']) }),
        customer({ productId: '43', attributes: attributes(['3', '7', 'of 43']) }),
        account({ userId: 'U2', attributes: attributes(['4', '7', 'of U2']) }),
        account({ bizId: 'BIZ2', attributes: attributes(['5', '7', 'U1 of BIZ2']) }),
      ];
      const own = [
        customer({ attributes: attributes(['6', '7', 'mine']) }),
        account({ attributes: attributes(['7', '7', 'mine']) }),
      ];
      await apply((transaction) => transaction.write(changesOf([...nearest, ...own])));
      const { customers, accounts } = await apply((transaction) =>
        transaction.snapshot(
          asking([product, { ...product, custId: '404' }, user, { ...user, userId: 'U404' }]),
        ),
      );
      expect([...customers, ...accounts]).toEqual(own);
    });

    it('counts the bound users of the products asked for', async () => {
      const { apply } = await startWorker(fixture());
      const users = ['U1', 'U2', 'U3'].map((userId) => account({ userId }));
      const gone = account({ userId: 'U4', status: 'unbound', unboundAt: moments[1] });
      const elsewhere = [account({ bizId: 'BIZ2' }), account({ bizId: 'BIZ3' })];
      await apply((transaction) => transaction.write(changesOf([...users, gone, ...elsewhere])));
      const counted = [product, { ...product, bizId: 'BIZ2' }, { ...product, bizId: 'BIZ4' }];
      const { boundUsers } = await apply((transaction) => transaction.snapshot(asking([], counted)));
      const counts = new Map(boundUsers.map(({ bizId, count }) => [bizId, count]));
      expect(counts.get('BIZ1')).toBe(3);
      expect(counts.get('BIZ2')).toBe(1);
      expect(counts.has('BIZ3')).toBe(false);
      expect(counts.get('BIZ4') ?? 0).toBe(0);
    });

    it('sees what its own transaction wrote', async () => {
      const { apply } = await startWorker(fixture());
      await apply(async (transaction) => {
        await transaction.write(changesOf([customer(), account()]));
        const { customers, accounts, boundUsers } = await transaction.snapshot(
          asking([product, user], [product]),
        );
        expect([customers, accounts]).toEqual([[customer()], [account()]]);
        expect(boundUsers).toEqual([{ ...product, count: 1 }]);
      });
    });

    it('is empty where nothing is asked', async () => {
      const { apply } = await startWorker(fixture());
      const empty = { customers: [], accounts: [], boundUsers: [] };
      expect(await apply((transaction) => transaction.snapshot(asking([])))).toEqual(empty);
    });
  });
}

function identityOf({ productId, custId, bizId }: Customer | Account) {
  return { productId, custId, bizId };
}
