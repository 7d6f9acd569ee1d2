import { describe, expect, it } from 'vitest';
import type { Customer } from '../../../src/domain/customer.js';
import type { WorkerFixture } from '../store.js';
import {
  account,
  attributes,
  changesOf,
  contents,
  customer,
  noChanges,
  nothing,
  record,
  startWorker,
} from './data.js';

const iso8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A customer that the store refuses. */
const impossible = customer({ custId: '2000', status: 'half-open' as Customer['status'] });

/** That an apply commits everything its work wrote, or nothing, and says which. */
export function applyRules(fixture: WorkerFixture): void {
  describe('an apply', () => {
    it('commits everything that its work wrote, and returns what it returned', async () => {
      const { apply } = await startWorker(fixture());
      const open = customer({ attributes: attributes(['1', '5', 'a']) });
      const bound = account({ attributes: attributes(['2', '5', 'b']) });
      const result = await apply(async (transaction) => {
        await transaction.write(changesOf([open, bound]));
        await transaction.record([record()], []);
        return 'the result';
      });
      expect(result).toBe('the result');
      const after = await contents(fixture());
      expect(Object.values(after).map((rows) => rows.length)).toEqual([1, 1, 1, 1, 1]);
    });

    it('writes nothing when its work throws, and throws the same', async () => {
      const { apply } = await startWorker(fixture());
      const reason = new Error('half-way');
      const failing = apply(async (transaction) => {
        await transaction.write(
          changesOf([customer({ attributes: attributes(['1', '5', 'a']) }), account()]),
        );
        await transaction.record([record()], []);
        throw reason;
      });
      await expect(failing).rejects.toBe(reason);
      expect(await contents(fixture())).toEqual(nothing);
    });

    it('writes nothing when a statement fails, and says for which kind of reason', async () => {
      const { apply } = await startWorker(fixture());
      const failing = apply(async (transaction) => {
        await transaction.record([record()], []);
        await transaction.write(changesOf([customer(), impossible]));
      });
      await expect(failing).rejects.toMatchObject({ name: 'DatabaseError', kind: 'constraint' });
      expect(await contents(fixture())).toEqual(nothing);
    });

    it('never reports success for what the database has undone, though its work swallowed the failure', async () => {
      const { apply } = await startWorker(fixture());
      const outcome = await apply(async (transaction) => {
        await transaction.write(changesOf([customer()]));
        await transaction.write(changesOf([impossible])).catch(() => undefined);
      }).then(
        () => 'committed',
        () => 'failed',
      );
      const { bnet_customer: customers } = await contents(fixture());
      expect({ outcome, customers: customers?.length }).toEqual(
        outcome === 'failed' ? { outcome, customers: 0 } : { outcome, customers: 1 },
      );
    });

    it('leaves the store in order after a failure: the next one works', async () => {
      const { apply } = await startWorker(fixture(), 'worker 1');
      await expect(apply((transaction) => transaction.write(changesOf([impossible])))).rejects.toThrow();
      await expect(apply(() => Promise.reject(new Error('half-way')))).rejects.toThrow('half-way');
      await apply((transaction) => transaction.write(changesOf([customer()])));
      expect((await contents(fixture()))['bnet_customer']).toHaveLength(1);
    });

    it('dates what it writes by the store’s clock, with one moment', async () => {
      const { apply } = await startWorker(fixture());
      const before = await fixture().now();
      const at = await apply(async (transaction) => {
        await transaction.record([record(), record({ streamingNo: '2' })], []);
        return transaction.at;
      });
      const after = await fixture().now();
      expect(at).toMatch(iso8601);
      expect(at >= before && at <= after, `${before} <= ${at} <= ${after}`).toBe(true);
      const journal = await fixture().rows('sync_journal');
      expect(journal.map((row) => row['decided_at'])).toEqual([at, at]);
    });

    it('that changes nothing leaves nothing', async () => {
      const { apply } = await startWorker(fixture());
      await apply(async (transaction) => {
        await transaction.write(noChanges);
        await transaction.record([], []);
      });
      expect(await contents(fixture())).toEqual(nothing);
    });
  });
}
