import { describe, expect, it } from 'vitest';
import type { Account } from '../../../src/domain/customer.js';
import type { Fixture } from '../store.js';
import { account, attributes, changesOf, customer, record, shardCount, startWorker } from './data.js';

const thirtyDigits = '123456789012345678901234567890';

/** What people look up about a customer. */
export function customerRecordRules(fixture: Fixture): void {
  describe('the records of a customer', () => {
    it('are its products with attributes and users, and nobody else’s', async () => {
      const mine = { custId: thirtyDigits };
      const open = customer({ ...mine, attributes: attributes(['1', '5', 'a'], ['2', '5', 'b']) });
      const second = customer({ ...mine, productId: '43', status: 'cancelled', cancelledAt: open.openedAt });
      const users = ['U1', 'U2', '用户'].map((userId) => account({ ...mine, userId }));
      const withValue: Account = { ...users[0]!, attributes: attributes(['3', '7', null]) };
      const { apply } = await startWorker(fixture());
      await apply((transaction) =>
        transaction.write(
          changesOf([
            open,
            second,
            withValue,
            ...users.slice(1),
            customer({ custId: `${thirtyDigits.slice(0, -1)}1` }),
            account({ custId: `${thirtyDigits.slice(0, -1)}1`, userId: 'theirs' }),
          ]),
        ),
      );
      const found = await fixture().records.customerRecords(thirtyDigits, 10);
      expect(found).toEqual([
        { customer: open, users: [withValue, ...users.slice(1)], more: false },
        { customer: second, users: [], more: false },
      ]);
      expect(await fixture().records.customerRecords('99', 10)).toEqual([]);
    });

    it('are at most so many products, each with at most so many users, and it says where there are more', async () => {
      const products = ['41', '42', '43', '44'].map((productId) => customer({ productId }));
      const usersOf = (productId: string, count: number) =>
        Array.from({ length: count }, (_, n) => account({ productId, userId: `U${String(n)}` }));
      const { apply } = await startWorker(fixture());
      await apply((transaction) =>
        transaction.write(changesOf([...products, ...usersOf('41', 3), ...usersOf('42', 4)])),
      );
      const found = await fixture().records.customerRecords('1000', 3);
      const inShort = found.map(({ customer: { productId }, users, more }) => [
        productId,
        users.map(({ userId }) => userId).join(),
        more,
      ]);
      expect(inShort).toEqual([
        ['41', 'U0,U1,U2', false],
        ['42', 'U0,U1,U2', true],
        ['43', '', false],
      ]);
    });

    it('take six statements, whatever there is of them', async () => {
      const products = Array.from({ length: 20 }, (_, n) => customer({ productId: String(100 + n) }));
      const users = products.flatMap(({ productId }) =>
        ['U1', 'U2'].map((userId) => account({ productId, userId, attributes: attributes(['1', '2', '3']) })),
      );
      const { apply } = await startWorker(fixture());
      await apply((transaction) => transaction.write(changesOf([...products, ...users])));
      const statements = await fixture().statementsDuring(async () => {
        expect(await fixture().records.customerRecords('1000', 20)).toHaveLength(20);
      });
      expect(statements).toBe(6);
    });

    it('in the journal are read newest first, closed ones as well, and no more than asked for', async () => {
      const { apply } = await startWorker(fixture());
      const failed = { outcome: 'failed', code: '00401', errContent: '00401 缺' } as const;
      await apply((transaction) => transaction.record([record({ streamingNo: '1', ...failed })], []));
      const again = record({ streamingNo: '1', attempt: '2026-11-01 08:00:09' });
      await apply((transaction) => transaction.record([again], [again]));
      await apply((transaction) =>
        transaction.record([record({ streamingNo: '3', custId: '7' }), record({ streamingNo: '2' })], []),
      );
      // Batches follow one another within a millisecond; the store's clock tells no less.
      await fixture().shift('sync_journal', 'decided_at', -2000, { outcome: 'failed' });
      await fixture().shift('sync_journal', 'decided_at', -1000, { attempt: '2026-11-01 08:00:09' });
      const lines = await fixture().records.journalOf('1000', 10);
      expect(lines.map(({ streamingNo, superseded }) => [streamingNo, superseded])).toEqual([
        ['2', false],
        ['1', false],
        ['1', true],
      ]);
      expect(lines[2]).toMatchObject({ ...failed, custId: '1000', worker: 'worker 1', opFlag: '0101' });
      expect(await fixture().records.journalOf('1000', 1)).toHaveLength(1);
    });
  });

  it('the owners of the shards are told in shard order, null where nobody holds one', async () => {
    await startWorker(fixture(), 'worker 1');
    await fixture().run('UPDATE sync_shard SET owner = NULL WHERE shard = 3');
    const owners = Array.from({ length: shardCount }, (_, shard) => (shard === 3 ? null : 'worker 1'));
    expect(await fixture().records.shardOwners()).toEqual(owners);
  });
}
