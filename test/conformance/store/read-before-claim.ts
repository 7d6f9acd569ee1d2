import { describe, expect, it } from 'vitest';
import { productKey, userKey } from '../../../src/domain/waiting.js';
import type { WorkerFixture } from '../store.js';
import { account, changesOf, customer, moments, product, record, startWorker, user } from './data.js';

const none = { products: [], users: [] };
const [first, second] = ['2026-11-01 08:00:00', '2026-11-01 08:00:01'] as const;

/** What a worker may know of rows before it claims them. */
export function readBeforeClaimRules(fixture: WorkerFixture): void {
  describe('what is read before a claim', () => {
    it('names every attempt recorded for each row, superseded or not', async () => {
      const { store, apply } = await startWorker(fixture());
      await apply((transaction) => transaction.record([record(), record({ streamingNo: '2' })], []));
      await apply((transaction) => transaction.record([record({ attempt: second })], [record()]));
      await fixture().update('sync_journal', { superseded: true }, { streaming_no: '1' });
      const keys = [
        { source: 'CUST', streamingNo: '1' },
        { source: 'CUST', streamingNo: '2' },
        { source: 'CUST', streamingNo: '3' },
        { source: 'ACCOUNT', streamingNo: '1' },
      ] as const;
      const { attempts, seen } = await store.readBeforeClaim(keys, none);
      const known = [...attempts].map(([id, ofRow]) => [id, [...ofRow].sort()]);
      expect(Object.fromEntries(known)).toEqual({
        'IF_BNET_CUST:1': [first, second],
        'IF_BNET_CUST:2': [first],
      });
      expect(seen.size).toBe(0);
    });

    it('tells which products and users were ever seen, whatever their status', async () => {
      const { store, apply } = await startWorker(fixture());
      const cancelled = customer({ bizId: 'BIZ2', status: 'cancelled', cancelledAt: moments[1] });
      const unbound = account({ userId: 'U/2', status: 'unbound', unboundAt: moments[1] });
      await apply((transaction) => transaction.write(changesOf([customer(), cancelled, account(), unbound])));
      const others = [
        { ...product, custId: '1001' },
        { ...product, productId: '43' },
      ];
      const strangers = [
        { ...user, userId: 'U3' },
        { ...user, bizId: 'BIZ2' },
      ];
      const { seen } = await store.readBeforeClaim([], {
        products: [product, cancelled, ...others],
        users: [user, unbound, ...strangers],
      });
      expect([...seen].sort()).toEqual(
        [productKey(product), productKey(cancelled), userKey(product, 'U1'), userKey(product, 'U/2')].sort(),
      );
    });

    it('is nothing where nothing is asked, and costs no statement', async () => {
      const { store } = await startWorker(fixture());
      let known: Awaited<ReturnType<typeof store.readBeforeClaim>> | undefined;
      const statements = await fixture().statementsDuring(async () => {
        known = await store.readBeforeClaim([], none);
      });
      expect([known!.attempts.size, known!.seen.size, statements]).toEqual([0, 0, 0]);
    });

    it('of two thousand rows costs three statements at most', async () => {
      const { store, apply } = await startWorker(fixture());
      const numbers = Array.from({ length: 2000 }, (_, index) => String(index + 1));
      const products = numbers.map((custId) => ({ ...product, custId }));
      const users = numbers.map((custId) => ({ ...user, custId }));
      const keys = numbers.map((streamingNo) => ({ source: 'ACCOUNT', streamingNo }) as const);
      await apply(async (transaction) => {
        await transaction.write(
          changesOf([...products.map((key) => customer(key)), ...users.map((key) => account(key))]),
        );
        await transaction.record(
          keys.map((key) => record(key)),
          [],
        );
      });
      let known: Awaited<ReturnType<typeof store.readBeforeClaim>> | undefined;
      const statements = await fixture().statementsDuring(async () => {
        known = await store.readBeforeClaim(keys, { products, users });
      });
      expect([known!.attempts.size, known!.seen.size]).toEqual([2000, 4000]);
      expect(statements).toBeLessThanOrEqual(3);
    });
  });
}
