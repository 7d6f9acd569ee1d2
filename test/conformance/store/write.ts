import { describe, expect, it } from 'vitest';
import type { Changes } from '../../../src/domain/working-set.js';
import type { WorkerFixture } from '../store.js';
import {
  account,
  asking,
  attributes,
  changesOf,
  contents,
  customer,
  moments,
  noChanges,
  product,
  record,
  startWorker,
  user,
} from './data.js';

const [one, other] = [attributes(['1', '7', 'old']), attributes(['2', '7', 'other'])];

/** What a batch's changes do to what stood there. */
export function writeRules(fixture: WorkerFixture): void {
  describe('a write', () => {
    it('replaces the customers and users it names, and no others', async () => {
      const { apply } = await startWorker(fixture());
      const stays = [customer({ custId: '1001' }), account({ userId: 'U2' })];
      await apply((transaction) => transaction.write(changesOf([customer(), account(), ...stays])));
      const changed = [
        customer({
          areaCode: null,
          custName: '新名',
          status: 'cancelled',
          cancelledAt: moments[2],
          lastStreamingNo: '9',
        }),
        account({
          accType: '1',
          accName: null,
          status: 'unbound',
          unboundAt: moments[2],
          lastStreamingNo: '9',
        }),
      ];
      await apply((transaction) => transaction.write(changesOf(changed)));
      const asked = asking([product, { ...product, custId: '1001' }, user, { ...user, userId: 'U2' }]);
      const { customers, accounts } = await apply((transaction) => transaction.snapshot(asked));
      const found = [...customers, ...accounts];
      expect(found).toHaveLength(4);
      expect(found).toEqual(expect.arrayContaining([...changed, ...stays]));
    });

    it('replaces the attributes of the subjects given for it alone', async () => {
      const { apply } = await startWorker(fixture());
      const before = [
        customer({ attributes: one }),
        customer({ bizId: 'BIZ2', attributes: other }),
        account({ attributes: one }),
        account({ userId: 'U2', attributes: other }),
      ];
      await apply((transaction) => transaction.write(changesOf(before)));
      const replaced = attributes(['3', '8', 'new'], ['4', '7', null]);
      const [changed, bound] = [customer({ attributes: replaced }), account({ attributes: [] })];
      const untouched = [
        customer({ bizId: 'BIZ2', custName: '只改名', attributes: [] }),
        account({ userId: 'U2', accName: '只改名', attributes: [] }),
      ];
      const changes: Changes = {
        ...changesOf([changed, bound, ...untouched]),
        customerAttributes: [{ subject: changed, hadAttributes: true }],
        accountAttributes: [{ subject: bound, hadAttributes: true }],
      };
      await apply((transaction) => transaction.write(changes));
      const asked = asking([product, { ...product, bizId: 'BIZ2' }, user, { ...user, userId: 'U2' }]);
      const { customers, accounts } = await apply((transaction) => transaction.snapshot(asked));
      expect([...customers, ...accounts]).toEqual(
        expect.arrayContaining([
          changed,
          { ...untouched[0], attributes: other },
          bound,
          { ...untouched[1], attributes: other },
        ]),
      );
    });

    it('unbinds every bound user of a product, with the row and the moment that did it', async () => {
      const { apply } = await startWorker(fixture());
      const gone = account({ userId: 'U2', status: 'unbound', unboundAt: moments[1], lastStreamingNo: '7' });
      const elsewhere = account({ bizId: 'BIZ2' });
      await apply((transaction) =>
        transaction.write(changesOf([account(), account({ userId: 'U3' }), gone, elsewhere])),
      );
      const [, at] = moments;
      const unboundAll = [{ ...product, streamingNo: '9'.repeat(30), at }];
      await apply((transaction) => transaction.write({ ...noChanges, unboundAll }));
      const users = ['U1', 'U2', 'U3'].map((userId) => ({ ...user, userId }));
      const asked = asking([...users, { ...user, bizId: 'BIZ2' }]);
      const { accounts } = await apply((transaction) => transaction.snapshot(asked));
      const unbound = { status: 'unbound', unboundAt: at, lastStreamingNo: '9'.repeat(30) } as const;
      const expected = [account(unbound), gone, account({ ...unbound, userId: 'U3' }), elsewhere];
      expect(accounts).toHaveLength(4);
      expect(accounts).toEqual(expect.arrayContaining(expected));
    });

    it('unbinds before it writes users: who was bound again in the same batch stays bound', async () => {
      const { apply } = await startWorker(fixture());
      await apply((transaction) => transaction.write(changesOf([account(), account({ userId: 'U2' })])));
      const again = account({ boundAt: moments[2], lastStreamingNo: '11' });
      await apply((transaction) =>
        transaction.write({
          ...changesOf([again], true),
          unboundAll: [{ ...product, streamingNo: '10', at: moments[1] }],
        }),
      );
      const { accounts } = await apply((transaction) =>
        transaction.snapshot(asking([user, { ...user, userId: 'U2' }])),
      );
      expect(accounts).toEqual(
        expect.arrayContaining([again, expect.objectContaining({ userId: 'U2', status: 'unbound' })]),
      );
    });

    it('and the record of two thousand rows of each table take a bounded number of statements', async () => {
      const { apply } = await startWorker(fixture());
      const numbers = Array.from({ length: 2000 }, (_, index) => String(index + 1));
      const filled = (value: string) =>
        numbers.flatMap((custId) => [
          customer({ custId, attributes: attributes([custId, '7', value]) }),
          account({ custId, attributes: attributes([custId, '7', value]) }),
        ]);
      const records = numbers.map((streamingNo) => record({ streamingNo, attempt: '2026-11-01 08:00:00' }));
      const again = numbers.map((streamingNo) => record({ streamingNo, attempt: '2026-11-01 08:00:01' }));
      await apply(async (transaction) => {
        await transaction.write(changesOf(filled('old')));
        await transaction.record(records, []);
      });
      const changes = changesOf(filled('new'), true);
      const unboundAll = numbers.map((custId) => ({
        ...product,
        custId,
        streamingNo: custId,
        at: moments[1],
      }));
      const statements = await fixture().statementsDuring(() =>
        apply(async (transaction) => {
          await transaction.snapshot(
            asking(
              numbers.flatMap((custId) => [
                { ...product, custId },
                { ...user, custId },
              ]),
              numbers.map((custId) => ({ ...product, custId })),
            ),
          );
          await transaction.write({ ...changes, unboundAll });
          await transaction.record(again, records);
        }),
      );
      // SQLite counts them with a statement of its own.
      expect(statements).toBeLessThanOrEqual(18);
      const after = await contents(fixture());
      expect(Object.values(after).map((rows) => rows.length)).toEqual([2000, 2000, 2000, 2000, 4000]);
      expect(after['bnet_customer_attr']!.every((row) => row['attr_value'] === 'new')).toBe(true);
      expect(after['bnet_account_attr']!.every((row) => row['attr_value'] === 'new')).toBe(true);
    });
  });
}
