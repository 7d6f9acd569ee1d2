import { describe, expect, it } from 'vitest';
import { LeaseLostError, type LeaseSnapshot, type ProductStore } from '../../../src/store/port.js';
import type { StoreSettings, Values, WorkerFixture } from '../store.js';
import { sharedSettings, identityOf, shardCount, startWorker } from './data.js';

const allShards = Array.from({ length: shardCount }, (_, shard) => shard);
const minute = 60_000;

const shardsOf = ({ leases }: Pick<LeaseSnapshot, 'leases'>): number[] => leases.map(({ shard }) => shard);
const inOrder = (shards: readonly number[]): number[] => [...shards].sort((a, b) => a - b);

/** How the workers that are alive share the shards. */
export function sharingRules(fixture: WorkerFixture): void {
  evenSharingRules(fixture);
  joiningRules(fixture);
  deadWorkerRules(fixture);
}

function evenSharingRules(fixture: WorkerFixture): void {
  const shares: readonly (readonly number[])[] = [
    [8],
    [4, 4],
    [3, 3, 2],
    [2, 2, 2, 1, 1],
    [1, 1, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 1, 1, 1, 1, 0],
  ];

  describe('sharing eight shards', () => {
    it.each(shares.map((expected) => [expected.length, expected] as const))(
      'among %i workers is even: the first in the order of their start have one more',
      async (_workers, expected) => {
        const stores: ProductStore[] = [];
        for (const index of expected.keys()) stores.push(await registered(fixture, `worker ${index}`));
        const holdings = await keepAll(stores);
        expect(holdings.map(({ leases, share }) => [leases.length, share])).toEqual(
          expected.map((share) => [share, share]),
        );
        expect(new Set(holdings.map(({ workers }) => workers))).toEqual(new Set([expected.length]));
        expect(inOrder(holdings.flatMap(shardsOf))).toEqual(allShards);
        expect(await keepAll(stores)).toEqual(holdings);
      },
    );

    it.each(shares.map((expected) => [expected.length, expected] as const))(
      'comes out even where %i workers start one after another and each gives back its surplus',
      async (_workers, expected) => {
        const stores: ProductStore[] = [];
        for (const index of expected.keys()) {
          stores.push(await registered(fixture, `worker ${index}`));
          for (const { store, surplus } of await surplusOf(stores)) await store.leases.releaseShards(surplus);
          await keepAll(stores);
        }
        const holdings = await keepAll(stores);
        expect(holdings.map(({ leases }) => leases.length)).toEqual(expected);
        expect(inOrder(holdings.flatMap(shardsOf))).toEqual(allShards);
      },
    );

    it('goes by the order of their start, not of their names or of their heartbeats', async () => {
      const [first, second] = [await registered(fixture, 'worker z'), await registered(fixture, 'worker a')];
      const third = await registered(fixture, 'worker k');
      await fixture().shift('sync_worker', 'started_at', -2000, { worker_id: 'worker z' });
      await fixture().shift('sync_worker', 'started_at', -1000, { worker_id: 'worker a' });
      const holdings = await keepAll([third, second, first]);
      expect(holdings.map(({ share }) => share)).toEqual([2, 3, 3]);
    });
  });

  /** What each worker holds above its share, the last ones; asked of all before any of it is given back. */
  async function surplusOf(stores: readonly ProductStore[]) {
    const holdings = await keepAll(stores);
    return stores.map((store, index) => {
      const holding = holdings[index]!;
      return { store, surplus: shardsOf(holding).slice(holding.share) };
    });
  }
}

function joiningRules(fixture: WorkerFixture): void {
  describe('a worker that joins', () => {
    it('takes nothing while the other one has everything, which keeps it and is told its share', async () => {
      const { store, leases } = await startWorker(fixture(), 'worker 1');
      const second = await registered(fixture, 'worker 2');
      expect(await second.leases.renewAndAcquire()).toMatchObject({ leases: [], share: 4, workers: 2 });
      await fixture().shift('sync_shard', 'expires_at', -minute / 2);
      expect(await store.leases.renewAndAcquire()).toMatchObject({ leases, share: 4, workers: 2 });
      for (const { owner, remainingMs } of await fixture().leases()) {
        expect(owner).toBe('worker 1');
        expect(remainingMs).toBeGreaterThan(minute / 2);
      }
    });

    it('gets at its next check exactly those given back, and their terms are raised', async () => {
      const { store } = await startWorker(fixture(), 'worker 1');
      const second = await registered(fixture, 'worker 2');
      await second.leases.renewAndAcquire();
      await store.leases.releaseShards([1, 4, 6]);
      expect(
        (await fixture().leases()).map(({ owner, term, remainingMs }) => [owner, term, remainingMs !== null]),
      ).toEqual(
        allShards.map((shard) => ([1, 4, 6].includes(shard) ? [null, 1, false] : ['worker 1', 1, true])),
      );
      expect((await second.leases.renewAndAcquire()).leases).toMatchObject(
        [1, 4, 6].map((shard) => ({ shard, term: 2 })),
      );
      expect(shardsOf(await store.leases.renewAndAcquire())).toEqual([0, 2, 3, 5, 7]);
    });

    it('leaves to the first one what is its share, when that gives back too much', async () => {
      const { store } = await startWorker(fixture(), 'worker 1');
      const second = await registered(fixture, 'worker 2');
      await store.leases.releaseShards(allShards);
      expect(shardsOf(await second.leases.renewAndAcquire())).toEqual([0, 1, 2, 3]);
      expect((await store.leases.renewAndAcquire()).leases).toMatchObject(
        [4, 5, 6, 7].map((shard) => ({ shard, term: 2 })),
      );
    });
  });

  describe('giving shards back', () => {
    it('does nothing to those of others, and to none where none is named', async () => {
      const { store } = await startWorker(fixture(), 'worker 1');
      const second = await registered(fixture, 'worker 2');
      await store.leases.releaseShards([5]);
      await second.leases.renewAndAcquire();
      await store.leases.releaseShards([5]);
      await store.leases.releaseShards([]);
      await second.leases.releaseShards([0, 1]);
      expect((await fixture().leases()).map(({ owner }) => owner)).toEqual(
        allShards.map((shard) => (shard === 5 ? 'worker 2' : 'worker 1')),
      );
    });

    it('raises the term at each taking', async () => {
      const { store } = await startWorker(fixture(), 'worker 1');
      for (const term of [2, 3, 4]) {
        await store.leases.releaseShards([3]);
        expect((await fixture().leases())[3]).toMatchObject({ owner: null, term: term - 1 });
        expect((await store.leases.renewAndAcquire()).leases[3]).toMatchObject({ shard: 3, term });
      }
    });
  });
}

function deadWorkerRules(fixture: WorkerFixture): void {
  describe('a worker whose heartbeat is older than its lease time', () => {
    it('has no share any more, and its shards are taken when they have run out', async () => {
      await startWorker(fixture(), 'worker 1');
      const second = await registered(fixture, 'worker 2');
      await fixture().shift('sync_worker', 'heartbeat_at', -minute - 1, { worker_id: 'worker 1' });
      expect(await second.leases.renewAndAcquire()).toMatchObject({ leases: [], share: 8, workers: 1 });
      await fixture().shift('sync_shard', 'expires_at', -minute - 1);
      expect((await second.leases.renewAndAcquire()).leases).toMatchObject(
        allShards.map((shard) => ({ shard, term: 2 })),
      );
    });

    it('is told from a live one by its own lease time, not by that of who asks', async () => {
      await registered(fixture, 'worker 1', { leaseTtlMs: 10 * minute });
      const second = await registered(fixture, 'worker 2', { leaseTtlMs: minute });
      await registered(fixture, 'worker 3', { leaseTtlMs: minute });
      for (const silent of ['worker 1', 'worker 3'])
        await fixture().shift('sync_worker', 'heartbeat_at', -2 * minute, { worker_id: silent });
      expect(await second.leases.renewAndAcquire()).toMatchObject({ share: 4, workers: 2 });
      await fixture().shift('sync_worker', 'heartbeat_at', -9 * minute, { worker_id: 'worker 1' });
      expect(await second.leases.renewAndAcquire()).toMatchObject({ share: 8, workers: 1 });
    });

    it('leaves its shards to the others up to the new share, never beyond', async () => {
      const [dead, second, third] = [
        await registered(fixture, 'worker 1'),
        await registered(fixture, 'worker 2'),
        await registered(fixture, 'worker 3'),
      ];
      const held = await keepAll([dead, second, third]);
      expect(held.map(shardsOf)).toEqual([
        [0, 1, 2],
        [3, 4, 5],
        [6, 7],
      ]);
      await fixture().shift('sync_worker', 'heartbeat_at', -2 * minute, { worker_id: 'worker 1' });
      await fixture().shift('sync_shard', 'expires_at', -2 * minute, { owner: 'worker 1' });
      const first = await second.leases.renewAndAcquire();
      expect(first).toMatchObject({ share: 4, workers: 2 });
      expect(first.leases).toMatchObject([{ shard: 0, term: 2 }, ...held[1]!.leases]);
      expect((await fixture().leases()).filter(({ owner }) => owner === 'worker 1')).toHaveLength(2);
      expect((await third.leases.renewAndAcquire()).leases).toMatchObject([
        { shard: 1, term: 2 },
        { shard: 2, term: 2 },
        ...held[2]!.leases,
      ]);
    });

    it('has its share again at its next check, and finds its shards with the others', async () => {
      const { store } = await startWorker(fixture(), 'worker 1');
      const second = await registered(fixture, 'worker 2');
      await fixture().shift('sync_worker', 'heartbeat_at', -2 * minute, { worker_id: 'worker 1' });
      await fixture().shift('sync_shard', 'expires_at', -2 * minute);
      await second.leases.renewAndAcquire();
      expect(await store.leases.renewAndAcquire()).toMatchObject({ leases: [], share: 4, workers: 2 });
      expect(await second.leases.renewAndAcquire()).toMatchObject({ share: 4 });
    });
  });

  describe('a store whose clock was set back an hour', () => {
    const setBack = async (workers: Values = {}) => {
      await fixture().shift('sync_worker', 'heartbeat_at', 60 * minute, workers);
      await fixture().shift('sync_shard', 'expires_at', 60 * minute);
      await fixture().shift('sync_shard', 'held_until', 60 * minute);
    };

    it('gives the shards of a worker that died before to the one that checks next, under a new term', async () => {
      const { apply } = await startWorker(fixture(), 'worker 1');
      const second = await registered(fixture, 'worker 2');
      await setBack({ worker_id: 'worker 1' });
      expect(await second.leases.renewAndAcquire()).toMatchObject({
        share: 8,
        workers: 1,
        leases: allShards.map((shard) => ({ shard, term: 2 })),
      });
      await expect(apply(() => Promise.resolve())).rejects.toBeInstanceOf(LeaseLostError);
    });

    it('keeps both of two live workers on the register after a check of each, with their even shares', async () => {
      const stores = [await registered(fixture, 'worker 1'), await registered(fixture, 'worker 2')];
      await keepAll(stores);
      await setBack();
      const [first, second] = stores;
      await first!.leases.renewAndAcquire();
      expect(await second!.leases.renewAndAcquire()).toMatchObject({ share: 4, workers: 2 });
      const { leases, share } = await first!.leases.renewAndAcquire();
      await first!.leases.releaseShards(leases.map(({ shard }) => shard).slice(share));
      expect((await keepAll(stores)).map((holding) => holding.leases.length)).toEqual([4, 4]);
    });

    it('lets a worker start whose settings differ from those of one that died before', async () => {
      await startWorker(fixture(), 'worker 1');
      await setBack();
      const store = fixture().open();
      await store.leases.register(identityOf('worker 2'), { ...sharedSettings, productIds: ['7'] });
      expect((await store.leases.renewAndAcquire()).leases).toHaveLength(8);
    });
  });

  describe('a store whose clock was set back by less than a lease time', () => {
    it('takes nothing from a live worker', async () => {
      const { leases } = await startWorker(fixture(), 'worker 1');
      const second = await registered(fixture, 'worker 2');
      await fixture().shift('sync_worker', 'heartbeat_at', minute - 10_000, { worker_id: 'worker 1' });
      await fixture().shift('sync_shard', 'expires_at', minute - 10_000);
      expect(await second.leases.renewAndAcquire()).toMatchObject({ leases: [], share: 4, workers: 2 });
      expect((await fixture().leases()).map(({ owner, term }) => [owner, term])).toEqual(
        leases.map(({ term }) => ['worker 1', term]),
      );
    });
  });

  describe('a worker that was taken off the register while it slept', () => {
    it('comes back at its next check, as the last in the order', async () => {
      const first = await registered(fixture, 'worker 1');
      const others = [await registered(fixture, 'worker 2'), await registered(fixture, 'worker 3')];
      await keepAll([first, ...others]);
      await fixture().remove('sync_worker', { worker_id: 'worker 1' });
      await fixture().shift('sync_worker', 'started_at', -1000);
      expect((await keepAll(others)).map(({ share }) => share)).toEqual([4, 4]);
      expect(await first.leases.renewAndAcquire()).toMatchObject({ share: 2, workers: 3 });
      expect((await keepAll(others)).map(({ share }) => share)).toEqual([3, 3]);
      const back = (await fixture().rows('sync_worker')).find((row) => row['worker_id'] === 'worker 1');
      expect(back).toMatchObject({ host: 'host', pid: '4711', lease_ttl_ms: String(minute) });
      expect(back!['shared_settings']).not.toBeNull();
    });
  });
}

/** A worker on the register that holds nothing yet. */
async function registered(
  fixture: WorkerFixture,
  workerId: string,
  settings: StoreSettings = {},
): Promise<ProductStore> {
  const store = fixture().open(settings);
  await store.leases.register(identityOf(workerId), sharedSettings);
  return store;
}

/** One check of each worker, one after another. */
async function keepAll(stores: readonly ProductStore[]): Promise<LeaseSnapshot[]> {
  const holdings: LeaseSnapshot[] = [];
  for (const store of stores) {
    const { leases, uncompared, share, workers, pauses, alarms, deferrals } =
      await store.leases.renewAndAcquire();
    holdings.push({ leases, uncompared, share, workers, pauses, alarms, deferrals });
  }
  return holdings;
}
