import { beforeEach, describe, expect, it } from 'vitest';
import type { RunResult } from '../../../src/store/verification-port.js';
import { differencesKept, runsKept } from '../../../src/store/verification-port.js';
import type { Lease } from '../../../src/store/port.js';
import type { Fixture } from '../store.js';
import { sharedSettings } from './data.js';

const summary = '{"differences":2,"byKind":{"missing":2}}';
const differences = ['{"custId":"1","found":"\\u0000 <b> 😀"}', '{"custId":"2","found":"%_\'"}'];
const finished: RunResult & { readonly state: 'finished' } = { state: 'finished', summary, differences };

/** The record of verifications. */
export function verificationRules(fixture: Fixture): void {
  describe('the record of verifications', () => {
    const take = async (workerId: string): Promise<Lease> => {
      const { leases } = fixture().open();
      await leases.register({ workerId, host: 'app', pid: 1 }, sharedSettings);
      const { leases: held } = await leases.renewAndAcquire();
      return held.find(({ shard }) => shard === 0)!;
    };
    let lease: Lease;
    beforeEach(async () => {
      lease = await take('w-1');
    });
    const begin = async (worker = 'w-1', held = lease): Promise<string> => {
      const id = await fixture().verifications.begin(worker, held);
      if (id === null) throw new Error('not begun');
      return id;
    };
    const states = async () => (await fixture().verifications.runs()).runs.map(({ state }) => state);

    it('keeps a run of a schedule from its begin to its end, by the store’s clock, with what it found', async () => {
      const { verifications } = fixture();
      const before = await fixture().now();
      const id = await begin();
      const running = await verifications.runs();
      const common = { id, via: 'schedule', who: 'w-1' };
      expect(running.runs).toMatchObject([
        { ...common, state: 'running', endedAt: null, summary: null, error: null },
      ]);
      expect(await verifications.lastFinished()).toBeNull();
      expect(await verifications.end(id, finished)).toBe(true);
      const { now, runs } = await verifications.runs();
      expect(runs).toMatchObject([{ ...common, state: 'finished', summary, error: null }]);
      expect(await verifications.lastFinished()).toEqual(runs[0]);
      const times = [before, runs[0]?.startedAt, runs[0]?.endedAt, now];
      expect(times.every((at) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(at ?? ''))).toBe(true);
      expect([...times].sort()).toEqual(times);
      expect(await verifications.differences(id)).toEqual(differences);
      expect(await verifications.differences('999999')).toEqual([]);
    });

    it('says why a run failed or was cancelled, and none of the two is the last that finished', async () => {
      const { verifications } = fixture();
      await verifications.end(await begin(), finished);
      await verifications.end(await begin(), { state: 'failed', error: '磁盘已满 "x"' });
      await verifications.end(await begin(), { state: 'cancelled', error: 'the worker stops' });
      expect((await verifications.runs()).runs).toMatchObject([
        { state: 'cancelled', error: 'the worker stops', summary: null },
        { state: 'failed', error: '磁盘已满 "x"', summary: null },
        { state: 'finished', error: null },
      ]);
      expect((await verifications.lastFinished())?.summary).toBe(summary);
    });

    it('lets none begin but the holder of the lease, under the term at which it was taken', async () => {
      const { verifications } = fixture();
      expect(await verifications.begin('w-2', lease)).toBeNull();
      expect(await verifications.begin('w-1', { ...lease, term: lease.term + 1 })).toBeNull();
      expect(await verifications.begin('w-1', { ...lease, shard: 99 })).toBeNull();
      await fixture().update('sync_shard', { owner: 'w-2', term: lease.term + 1 }, { shard: 0 });
      expect(await verifications.begin('w-1', lease)).toBeNull();
      expect(await states()).toEqual([]);
    });

    it('abandons a run that another worker has begun, which can then not be ended', async () => {
      const { verifications } = fixture();
      const first = await begin();
      await fixture().update('sync_shard', { owner: 'w-2', term: lease.term + 1 }, { shard: 0 });
      expect(await verifications.begin('w-1', lease)).toBeNull();
      expect(await states()).toEqual(['running']);
      const second = await begin('w-2', { ...lease, term: lease.term + 1 });
      expect(await states()).toEqual(['running', 'abandoned']);
      expect(await verifications.end(first, finished)).toBe(false);
      expect(await verifications.differences(first)).toEqual([]);
      expect(await verifications.end(second, finished)).toBe(true);
      expect(await verifications.end(second, { state: 'failed', error: 'again' })).toBe(false);
      expect(await states()).toEqual(['finished', 'abandoned']);
      expect((await verifications.runs()).runs[1]?.endedAt).not.toBeNull();
    });

    it('keeps what a command has found', async () => {
      const { verifications } = fixture();
      const startedAt = '2026-11-29T01:02:03.456Z';
      await verifications.add({ who: '王@app-1', startedAt, summary, differences });
      const run = { via: 'command', who: '王@app-1', state: 'finished', startedAt, summary };
      const last = await verifications.lastFinished();
      expect(last).toMatchObject(run);
      expect(await verifications.differences(last!.id)).toEqual(differences);
    });

    it('keeps so many differences of a run and no more, in their order', async () => {
      const { verifications } = fixture();
      const many = Array.from({ length: differencesKept + 5 }, (_, number) => JSON.stringify({ number }));
      const id = await begin();
      await verifications.end(id, { ...finished, differences: many });
      expect(await verifications.differences(id)).toEqual(many.slice(0, differencesKept));
    });

    it('keeps the last runs and the last that finished, with their differences, and deletes the others', async () => {
      const { verifications } = fixture();
      await verifications.end(await begin(), finished);
      const kept = await begin();
      await verifications.end(kept, finished);
      for (let run = 0; run < runsKept + 3; run += 1)
        await verifications.end(await begin(), { state: 'failed', error: 'x' });
      const ids = (await verifications.runs()).runs.map(({ id }) => id);
      expect(ids).toHaveLength(runsKept + 1);
      expect(ids.at(-1)).toBe(kept);
      expect((await verifications.lastFinished())?.id).toBe(kept);
      expect(await fixture().rows('sync_difference')).toHaveLength(differences.length);
      expect(await verifications.differences(kept)).toEqual(differences);
    });
  });
}
