import { describe, expect, it } from 'vitest';
import { ShardsDifferError, WorkerUnregisteredError } from '../../../src/store/port.js';
import { migrations } from '../../../src/store/knex/migrations.js';
import { StoreNewerError, StoreNotMigratedError } from '../../../src/store/setup-port.js';
import type { Fixture, WorkerFixture } from '../store.js';
import { sharedSettings, identityOf, shardCount, startWorker } from './data.js';

const newest = migrations.at(-1)!.name;
const allShards = Array.from({ length: shardCount }, (_, shard) => shard);
const minute = 60_000;
const day = 24 * 60 * minute;

/** How shards are taken, kept and given back. */
export function leaseRules(fixture: WorkerFixture): void {
  describe('registering', () => {
    it.each([7, 9, 64])(
      'is refused to a worker that counts %i shards where there are eight',
      async (shards) => {
        const store = fixture().open();
        const refused = store.leases.register(identityOf('worker 1'), { ...sharedSettings, shards });
        await expect(refused).rejects.toBeInstanceOf(ShardsDifferError);
        await expect(refused).rejects.toThrow('set worker.shards to 8');
        expect(await fixture().rows('sync_worker')).toEqual([]);
      },
    );

    it('takes no shard yet, and names the worker with its moment', async () => {
      const store = fixture().open();
      const before = await fixture().now();
      await store.leases.register({ workerId: 'worker 1', host: '主机', pid: 4711 }, sharedSettings);
      const after = await fixture().now();
      const [worker, ...others] = await fixture().rows('sync_worker');
      expect(others).toEqual([]);
      expect(worker).toMatchObject({ worker_id: 'worker 1', host: '主机', pid: '4711' });
      const { started_at: startedAt, heartbeat_at: heartbeatAt } = worker!;
      expect([startedAt! >= before && startedAt! <= after, heartbeatAt! >= before]).toEqual([true, true]);
      expect((await fixture().leases()).map(({ owner }) => owner)).toEqual(allShards.map(() => null));
    });

    it('is needed before anything else', async () => {
      const store = fixture().open();
      await expect(store.leases.renewAndAcquire()).rejects.toBeInstanceOf(WorkerUnregisteredError);
      await expect(
        store.apply([{ shard: 0, term: 1, server: '' }], () => Promise.resolve()),
      ).rejects.toThrow();
      await expect(store.leases.release()).resolves.toBeUndefined();
    });

    it('takes those off the register that were silent for more than a day', async () => {
      await fixture().open().leases.register(identityOf('long gone'), sharedSettings);
      await fixture().shift('sync_worker', 'heartbeat_at', -day - minute);
      await fixture().open().leases.register(identityOf('gone'), sharedSettings);
      await fixture().open().leases.register(identityOf('new'), sharedSettings);
      expect((await fixture().rows('sync_worker')).map((row) => row['worker_id']).sort()).toEqual([
        'gone',
        'new',
      ]);
    });
  });

  describe('keeping leases', () => {
    it('takes every free shard and raises its term', async () => {
      for (const shard of allShards) await fixture().update('sync_shard', { term: shard }, { shard });
      const { leases } = await startWorker(fixture(), 'worker 1', { leaseTtlMs: minute });
      expect(leases).toMatchObject(allShards.map((shard) => ({ shard, term: shard + 1 })));
      for (const lease of await fixture().leases()) {
        expect(lease).toMatchObject({ owner: 'worker 1', term: lease.shard + 1 });
        expect(lease.remainingMs).toBeGreaterThan(minute - 10_000);
        expect(lease.remainingMs).toBeLessThanOrEqual(minute);
      }
    });

    it('renews those held and keeps their terms, also when they had run out and nobody took them', async () => {
      const { store, leases } = await startWorker(fixture());
      await fixture().shift('sync_shard', 'expires_at', -minute / 2);
      expect((await store.leases.renewAndAcquire()).leases).toEqual(leases);
      await fixture().shift('sync_shard', 'expires_at', -2 * minute);
      expect((await store.leases.renewAndAcquire()).leases).toEqual(leases);
      for (const { remainingMs } of await fixture().leases()) expect(remainingMs).toBeGreaterThan(minute / 2);
    });

    it('does not take shards that another worker holds', async () => {
      await startWorker(fixture(), 'worker 1');
      const before = await fixture().leases();
      const second = await startWorker(fixture(), 'worker 2');
      expect(second.leases).toEqual([]);
      expect((await fixture().leases()).map(({ owner, term }) => [owner, term])).toEqual(
        before.map(({ owner, term }) => [owner, term]),
      );
    });

    it('takes those of another worker that have run out, and no others, and raises their terms', async () => {
      const first = await startWorker(fixture(), 'worker 1');
      await fixture().update('sync_shard', { owner: null }, { shard: 3 });
      await fixture().shift('sync_shard', 'expires_at', -2 * minute);
      await first.store.leases.renewAndAcquire();
      for (const shard of [2, 5]) await fixture().shift('sync_shard', 'expires_at', -2 * minute, { shard });
      await fixture().update('sync_shard', { owner: null, expires_at: null }, { shard: 7 });
      const second = await startWorker(fixture(), 'worker 2');
      expect(second.leases).toMatchObject([
        { shard: 2, term: 2 },
        { shard: 5, term: 2 },
        { shard: 7, term: 2 },
      ]);
      expect((await first.store.leases.renewAndAcquire()).leases.map(({ shard }) => shard)).toEqual([
        0, 1, 3, 4, 6,
      ]);
    });

    it('is a heartbeat', async () => {
      const { store } = await startWorker(fixture());
      await fixture().shift('sync_worker', 'heartbeat_at', -minute);
      const before = await fixture().now();
      await store.leases.renewAndAcquire();
      expect((await fixture().rows('sync_worker'))[0]!['heartbeat_at']! >= before).toBe(true);
    });
  });

  describe('giving leases back', () => {
    it('frees them at once, keeps their terms, and takes the worker off the register', async () => {
      const { store } = await startWorker(fixture(), 'worker 1');
      await store.leases.release();
      expect(await fixture().leases()).toEqual(
        allShards.map((shard) => ({ shard, owner: null, term: 1, remainingMs: null })),
      );
      expect(await fixture().rows('sync_worker')).toEqual([]);
      const next = await startWorker(fixture(), 'worker 2');
      expect(next.leases).toMatchObject(allShards.map((shard) => ({ shard, term: 2 })));
    });

    it('does not touch the leases and registration of others', async () => {
      const first = await startWorker(fixture(), 'worker 1');
      for (const shard of [0, 1, 2, 3])
        await fixture().update('sync_shard', { owner: null, expires_at: null }, { shard });
      await startWorker(fixture(), 'worker 2');
      await first.store.leases.release();
      const owners = (await fixture().leases()).map(({ owner }) => owner);
      expect(owners).toEqual(allShards.map((shard) => (shard < 4 ? 'worker 2' : null)));
      expect((await fixture().rows('sync_worker')).map((row) => row['worker_id'])).toEqual(['worker 2']);
    });
  });
}

/** When a worker is refused for how the store was set up. */
export function setupRules(fixture: Fixture): void {
  describe('registering', () => {
    it('is refused where there are no shards, with the way out', async () => {
      const store = fixture().open();
      await fixture().run('DELETE FROM sync_shard');
      try {
        const refused = store.leases.register(identityOf('worker 1'), sharedSettings);
        await expect(refused).rejects.toBeInstanceOf(StoreNotMigratedError);
      } finally {
        for (const shard of allShards)
          await fixture().run('INSERT INTO sync_shard (shard, term) VALUES (?, 0)', [shard]);
      }
    });

    it('is refused where the newest migration has not run, with the way out', async () => {
      const store = fixture().open();
      await fixture().run(`DELETE FROM sync_migration WHERE name = '${newest}'`);
      try {
        const refused = store.leases.register(identityOf('worker 1'), sharedSettings);
        await expect(refused).rejects.toThrow('run "bnet-sync migrate" first');
      } finally {
        await fixture().run(`INSERT INTO sync_migration (name) VALUES ('${newest}')`);
      }
    });

    it('is refused where a newer version has migrated the store: both are named, and what to do', async () => {
      const store = fixture().open();
      await fixture().run(`INSERT INTO sync_migration (name, version) VALUES ('0099_of_tomorrow', '9.1.0')`);
      try {
        const refused = store.leases.register(identityOf('worker 1'), sharedSettings);
        await expect(refused).rejects.toThrow(StoreNewerError);
        await expect(refused).rejects.toThrow(
          new RegExp(`bnet-sync 9\\.1\\.0 \\(0099_of_tomorrow\\).*up to ${newest} only: run that version`),
        );
        expect(await fixture().rows('sync_worker')).toEqual([]);
      } finally {
        await fixture().run(`DELETE FROM sync_migration WHERE name = '0099_of_tomorrow'`);
      }
    });

    it('is refused where a table is gone, and names it', async () => {
      const store = fixture().open();
      await fixture().run('ALTER TABLE sync_activity RENAME TO gone');
      try {
        const refused = store.leases.register(identityOf('worker 1'), sharedSettings);
        await expect(refused).rejects.toThrow(/lost tables .*: sync_activity: stop the workers and restore/);
      } finally {
        await fixture().run('ALTER TABLE gone RENAME TO sync_activity');
      }
    });
  });
}
