import { describe, expect, it } from 'vitest';
import type { SharedSettings } from '../../../src/domain/cluster.js';
import { SettingsDifferError } from '../../../src/store/port.js';
import type { WorkerFixture } from '../store.js';
import { sharedSettings, identityOf, shardCount, startWorker } from './data.js';

const minute = 60_000;
const theirs: SharedSettings = { ...sharedSettings, productIds: ['12', '7'] };

/** What the workers of a store must have in common. */
export function sharedSettingsRules(fixture: WorkerFixture): void {
  const register = (workerId: string, own: SharedSettings) =>
    fixture().open().leases.register(identityOf(workerId), own);
  const registered = async () => (await fixture().rows('sync_worker')).map((row) => row['worker_id']).sort();

  describe('registering beside a live worker', () => {
    it.each<[string, SharedSettings, string]>([
      [
        'serves other products',
        { ...theirs, productIds: ['12', '8'] },
        'middle.productIds is ["12","8"] here and ["12","7"] there',
      ],
      [
        'serves all products',
        { ...theirs, productIds: [] },
        'middle.productIds is [] here and ["12","7"] there',
      ],
      [
        'has another rule',
        { ...theirs, rules: { ...theirs.rules, onDuplicateBind: 'update' } },
        'rules.onDuplicateBind is "update" here and "refuse" there',
      ],
      [
        'has a rule that the other leaves out',
        { ...theirs, rules: { ...theirs.rules, userLimitAttrSpecId: '11' } },
        'rules.userLimitAttrSpecId is "11" here and null there',
      ],
    ])('is refused to one that %s', async (_what, own, differences) => {
      await register('worker 1', theirs);
      const refused = register('worker 2', own);
      await expect(refused).rejects.toBeInstanceOf(SettingsDifferError);
      await expect(refused).rejects.toThrow(`(process 4711 on host) with other settings: ${differences}. `);
      expect(await registered()).toEqual(['worker 1']);
    });

    it('is refused where the live worker counts other shards', async () => {
      await register('worker 1', theirs);
      const [worker] = await fixture().rows('sync_worker');
      const settings = worker!['shared_settings']!.replaceAll(String(shardCount), '64');
      await fixture().update('sync_worker', { shared_settings: settings });
      await expect(register('worker 2', theirs)).rejects.toThrow('worker.shards is 8 here and 64 there');
      expect(await registered()).toEqual(['worker 1']);
    });

    it('names everything in which they differ', async () => {
      await register('worker 1', theirs);
      const rules = { ...theirs.rules, attributes: 'replace', onCancelWithUsers: 'unbind' } as const;
      await expect(register('worker 2', { ...theirs, productIds: ['9'], rules })).rejects.toThrow(
        'middle.productIds is ["9"] here and ["12","7"] there; rules.attributes is "replace" here and "merge" there; ' +
          'rules.onCancelWithUsers is "unbind" here and "refuse" there',
      );
    });

    it('leaves the refused one nothing to hold, and the other everything', async () => {
      const { store, leases } = await startWorker(fixture(), 'worker 1');
      await store.leases.releaseShards([3]);
      await expect(register('worker 2', theirs)).rejects.toBeInstanceOf(SettingsDifferError);
      expect((await fixture().leases()).map(({ owner }) => owner)).not.toContain('worker 2');
      expect(await store.leases.renewAndAcquire()).toMatchObject({
        leases: { length: leases.length },
        workers: 1,
      });
    });

    it('is granted where the same settings are written otherwise', async () => {
      await register('worker 1', theirs);
      const rules = Object.fromEntries(
        Object.entries(theirs.rules).reverse(),
      ) as unknown as SharedSettings['rules'];
      await register('worker 2', { rules, productIds: ['007', '12', '7'], shards: shardCount });
      expect(await registered()).toEqual(['worker 1', 'worker 2']);
    });
  });

  describe('registering does not ask what a worker had set', () => {
    it('that is dead', async () => {
      await register('worker 1', theirs);
      await fixture().shift('sync_worker', 'heartbeat_at', -minute - 1);
      await register('worker 2', sharedSettings);
      expect(await registered()).toEqual(['worker 1', 'worker 2']);
    });

    it('that has ended', async () => {
      const first = fixture().open();
      await first.leases.register(identityOf('worker 1'), theirs);
      await first.leases.release();
      await register('worker 2', sharedSettings);
      expect(await registered()).toEqual(['worker 2']);
    });

    it('of an older version, which does not say', async () => {
      await register('worker 1', theirs);
      await fixture().update('sync_worker', { shared_settings: null });
      await register('worker 2', sharedSettings);
      expect(await registered()).toEqual(['worker 1', 'worker 2']);
    });
  });
}
