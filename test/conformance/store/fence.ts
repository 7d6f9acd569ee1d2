import { describe, expect, it } from 'vitest';
import { LeaseLostError } from '../../../src/store/port.js';
import type { WorkerFixture } from '../store.js';
import { changesOf, contents, customer, nothing, record, startWorker, takeOver } from './data.js';

const minute = 60_000;

/** That a worker which lost a lease cannot change the store (P7). */
export function fenceRules(fixture: WorkerFixture): void {
  describe('the fence of an apply', () => {
    it.each([
      ['was taken by another', { owner: 'worker 2', term: 2 }],
      ['went and came back', { term: 3, compared_term: 3 }],
      ['went to another with the same term', { owner: 'worker 2' }],
      ['was given back', { owner: null, expires_at: null }],
    ])('stops it where a lease it relies on %s, and nothing is written or renewed', async (_what, taking) => {
      const { store, leases } = await startWorker(fixture());
      await fixture().update('sync_shard', taking, { shard: 3 });
      const before = await fixture().leases();
      let called = false;
      const late = store.apply(leases.slice(2, 6), async (transaction) => {
        called = true;
        await transaction.write(changesOf([customer()]));
      });
      await expect(late).rejects.toBeInstanceOf(LeaseLostError);
      expect(called).toBe(false);
      expect(await contents(fixture())).toEqual(nothing);
      const terms = (rows: typeof before) => rows.map(({ owner, term }) => [owner, term]);
      expect(terms(await fixture().leases())).toEqual(terms(before));
    });

    it('does not renew the leases it still holds where it lost another', async () => {
      const { store, leases } = await startWorker(fixture());
      await fixture().shift('sync_shard', 'expires_at', -minute / 2);
      await fixture().update('sync_shard', { term: 9 }, { shard: 3 });
      await expect(store.apply(leases, () => Promise.resolve())).rejects.toBeInstanceOf(LeaseLostError);
      for (const { remainingMs } of await fixture().leases())
        expect(remainingMs).toBeLessThanOrEqual(minute / 2);
    });

    it('lets it pass with the leases it still holds, whatever became of the others', async () => {
      const { store, leases } = await startWorker(fixture());
      await takeOver(fixture(), 3);
      await store.apply(
        leases.filter(({ shard }) => shard !== 3),
        (transaction) => transaction.record([record()], []),
      );
      expect((await contents(fixture()))['sync_journal']).toHaveLength(1);
    });

    it('stops it where a shard does not exist', async () => {
      const { store } = await startWorker(fixture());
      await expect(
        store.apply([{ shard: 99, term: 1, server: '' }], () => Promise.resolve()),
      ).rejects.toBeInstanceOf(LeaseLostError);
    });

    it('renews the leases it relies on, and no others', async () => {
      const { store, leases } = await startWorker(fixture());
      await fixture().shift('sync_shard', 'expires_at', -minute / 2);
      await store.apply(leases.slice(2, 4), () => Promise.resolve());
      for (const { shard, remainingMs } of await fixture().leases()) {
        const renewed = shard === 2 || shard === 3;
        expect(remainingMs! > minute / 2 + 1000, `shard ${String(shard)}: ${String(remainingMs)} ms`).toBe(
          renewed,
        );
      }
    });

    it('lets it pass where a lease ran out and nobody took it', async () => {
      const { apply } = await startWorker(fixture());
      await fixture().shift('sync_shard', 'expires_at', -2 * minute);
      await apply((transaction) => transaction.record([record()], []));
      expect((await contents(fixture()))['sync_journal']).toHaveLength(1);
      for (const { remainingMs } of await fixture().leases()) expect(remainingMs).toBeGreaterThan(0);
    });

    it('does not keep its renewal when the apply fails', async () => {
      const { apply } = await startWorker(fixture());
      await fixture().shift('sync_shard', 'expires_at', -minute / 2);
      await expect(apply(() => Promise.reject(new Error('half-way')))).rejects.toThrow('half-way');
      for (const { remainingMs } of await fixture().leases())
        expect(remainingMs).toBeLessThanOrEqual(minute / 2);
    });
  });
}
