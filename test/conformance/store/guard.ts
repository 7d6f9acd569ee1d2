import { describe, expect, it } from 'vitest';
import { AlarmOpenError, StoreWentBackError, type LossEvidence } from '../../../src/store/guard-port.js';
import { repairedBy, type AuditRecord } from '../../../src/store/admin-port.js';
import { LeaseLostError } from '../../../src/store/port.js';
import type { Fixture, WorkerFixture } from '../store.js';
import {
  contents,
  identityOf,
  nothing,
  record,
  startWorker,
  takeOver,
  sharedSettings,
  type HoldingWorker,
} from './data.js';

const evidence: LossEvidence = {
  kind: 'finishedRows',
  rows: 2,
  examples: [{ source: 'CUST', streamingNo: '9'.repeat(30), custId: null, stateDate: '2026-11-01 08:00:00' }],
};
const action: AuditRecord = {
  ...({ who: 'li', via: 'command', action: 'repair-accept' } as const),
  ...{ what: '{}', rows: null, reason: 'because' },
};

const decide = ({ apply }: HoldingWorker, streamingNo: string, attempt = '2026-11-01 08:00:00') =>
  apply((transaction) => transaction.record([record({ streamingNo, attempt })], []));
const allHeldUntil = async (fixture: WorkerFixture): Promise<(string | null)[]> =>
  (await fixture().rows('sync_shard')).map(({ held_until: heldUntil = null }) => heldUntil);

/** That nothing is decided on a store that has lost something (P13). */
export function guardRules(fixture: WorkerFixture): void {
  describe('the guard', () => {
    describe('looks for the commits that were acknowledged', () => {
      it('before each apply, which fails and writes nothing once one of them is gone, until they are forgotten', async () => {
        const worker = await startWorker(fixture());
        await decide(worker, '1');
        await decide(worker, '2');
        await fixture().remove('sync_journal', { streaming_no: '2' });
        const failed: unknown = await decide(worker, '3').catch((error: unknown) => error);
        expect(failed).toBeInstanceOf(StoreWentBackError);
        expect(failed).toMatchObject({ lost: [{ source: 'CUST', streamingNo: '2' }] });
        await expect(decide(worker, '4')).rejects.toBeInstanceOf(StoreWentBackError);
        expect((await contents(fixture()))['sync_journal']).toHaveLength(1);
        worker.store.guard.forgetCommits();
        await decide(worker, '4');
        expect((await contents(fixture()))['sync_journal']).toHaveLength(2);
      });

      it('and the last one stands for those before it: what a store loses is the end of its history', async () => {
        const worker = await startWorker(fixture());
        await decide(worker, '1');
        await decide(worker, '2');
        await fixture().remove('sync_journal', { streaming_no: '1' });
        await decide(worker, '3');
      });

      it('and takes one for gone that another worker has decided anew under the same attempt', async () => {
        const worker = await startWorker(fixture());
        await decide(worker, '1');
        await fixture().update('sync_journal', { worker: 'worker 2' });
        await expect(decide(worker, '2')).rejects.toMatchObject({ lost: [{ streamingNo: '1' }] });
      });

      it('and lets no renewal tell that the store holds everything while one is gone', async () => {
        const worker = await startWorker(fixture());
        await decide(worker, '1');
        await fixture().update('sync_shard', { held_until: null });
        await fixture().remove('sync_journal');
        await worker.store.leases.renewAndAcquire();
        expect(new Set(await allHeldUntil(fixture))).toEqual(new Set([null]));
      });

      it('and takes one that was superseded since for there', async () => {
        const worker = await startWorker(fixture());
        const first = { ...record(), outcome: 'failed', code: '00402', errContent: '00402 x' } as const;
        await worker.apply((transaction) => transaction.record([first], []));
        await fixture().update('sync_journal', { superseded: true });
        await decide(worker, '2');
      });

      it('and expects nothing of an apply that recorded nothing, or failed', async () => {
        const worker = await startWorker(fixture());
        await worker.apply(() => Promise.resolve());
        await worker
          .apply(async (transaction) => {
            await transaction.record([record()], []);
            throw new Error('half-way');
          })
          .catch(() => undefined);
        await decide(worker, '2');
      });

      it('in the statement of the fence: an apply costs as many statements as without any', async () => {
        const worker = await startWorker(fixture());
        const first = await fixture().statementsDuring(() => decide(worker, '1'));
        expect(await fixture().statementsDuring(() => decide(worker, '2'))).toBe(first);
      });
    });

    describe('by its alarms', () => {
      it('lets no worker decide anything while one is open', async () => {
        const worker = await startWorker(fixture());
        await worker.store.guard.raise('alarm 1', evidence);
        await expect(decide(worker, '1')).rejects.toBeInstanceOf(AlarmOpenError);
        expect(await contents(fixture())).toEqual(nothing);
        const told = { ...evidence, alarmId: 'alarm 1', worker: 'worker 1', host: 'host' };
        expect((await worker.store.leases.renewAndAcquire()).alarms).toMatchObject([told]);
        expect(await fixture().guard.openAlarms()).toMatchObject([told]);
      });

      it('raises each once, and may have several', async () => {
        const { store } = await startWorker(fixture());
        await store.guard.raise('alarm 1', evidence);
        await store.guard.raise('alarm 1', { ...evidence, rows: 99 });
        await store.guard.raise('alarm 2', { kind: 'noOrigin', rows: 0, examples: [] });
        const alarms = await store.guard.openAlarms();
        expect(alarms.map(({ alarmId, kind, rows }) => [alarmId, kind, rows])).toEqual([
          ['alarm 1', 'finishedRows', 2],
          ['alarm 2', 'noOrigin', 0],
        ]);
      });

      it('goes on once an operator has accepted the store', async () => {
        const worker = await startWorker(fixture());
        const { guard } = worker.store;
        await guard.raise('alarm 1', evidence);
        expect(await guard.isClosed('alarm 1')).toBe(false);
        const origins = [{ productId: null, middleClock: '2026-11-02 00:00:00' }];
        expect(await fixture().guard.accept(origins, action)).toBe(1);
        expect(await guard.isClosed('alarm 1')).toBe(true);
        expect(await guard.isClosed('alarm 2')).toBe(false);
        expect((await worker.store.leases.renewAndAcquire()).alarms).toEqual([]);
        expect(await guard.origins()).toEqual(origins);
        await decide(worker, '1');
      });
    });

    describe('by its origins', () => {
      it('keeps those that are there when others are added, and moves them when the store is accepted', async () => {
        const { store } = await startWorker(fixture());
        const at = (productId: string | null, day: number) => {
          return { productId, middleClock: `2026-11-0${String(day)} 00:00:00` };
        };
        await store.guard.addOrigins([at(null, 1), at('9'.repeat(30), 1)]);
        await store.guard.addOrigins([at(null, 2), at('7', 2)]);
        await store.guard.addOrigins([]);
        expect(await store.guard.origins()).toEqual([at(null, 1), at('7', 2), at('9'.repeat(30), 1)]);
        await fixture().guard.accept([at(null, 3)], action);
        expect(await fixture().guard.origins()).toEqual([at(null, 3), at('7', 2), at('9'.repeat(30), 1)]);
      });
    });

    describe('by the shards that were compared', () => {
      it('lets no row of a shard be decided that was taken and not compared under this term', async () => {
        const store = fixture().open();
        await store.leases.register(identityOf('worker 1'), sharedSettings);
        const { leases, uncompared } = await store.leases.renewAndAcquire();
        expect(uncompared).toEqual(leases.map(({ shard }) => shard));
        const worker = { store, leases, apply: (work: never) => store.apply(leases, work) } as HoldingWorker;
        await expect(decide(worker, '1')).rejects.toBeInstanceOf(LeaseLostError);
        await store.leases.compared(leases.slice(1));
        await expect(decide(worker, '1')).rejects.toBeInstanceOf(LeaseLostError);
        await store.leases.compared(leases);
        expect((await store.leases.renewAndAcquire()).uncompared).toEqual([]);
        await decide(worker, '1');
        await fixture().update('sync_shard', { term: 2 }, { shard: 3 });
        expect((await store.leases.renewAndAcquire()).uncompared).toEqual([3]);
      });

      it('lets none be decided that was compared on another server: a lease of long ago came back with a fail-over', async () => {
        const worker = await startWorker(fixture());
        await fixture().update('sync_shard', { compared_on: 'elsewhere' }, { shard: 3 });
        await expect(decide(worker, '1')).rejects.toBeInstanceOf(LeaseLostError);
        expect((await worker.store.leases.renewAndAcquire()).uncompared).toEqual([3]);
        await worker.store.leases.compared(worker.leases.slice(3, 4));
        await decide(worker, '1');
      });

      it('lets none be decided with a lease that was read on another server, nor notes its comparison', async () => {
        const { store, leases } = await startWorker(fixture());
        const elsewhere = leases.map((lease) => ({ ...lease, server: 'elsewhere' }));
        const late = store.apply(elsewhere, () => Promise.resolve());
        await expect(late).rejects.toBeInstanceOf(LeaseLostError);
        await fixture().update('sync_shard', { compared_term: null });
        await store.leases.compared(elsewhere);
        expect((await store.leases.renewAndAcquire()).uncompared).toHaveLength(8);
      });

      it('lets rows be decided that were compared for their batch alone, which does not tell until when the store holds everything', async () => {
        const store = fixture().open();
        await store.leases.register(identityOf('worker 1'), sharedSettings);
        const { leases } = await store.leases.renewAndAcquire();
        const provisional = leases.map((lease) => ({ ...lease, provisional: true }) as const);
        await store.apply(provisional, (transaction) => transaction.record([record()], []));
        expect((await contents(fixture()))['sync_journal']).toHaveLength(1);
        expect(new Set(await allHeldUntil(fixture))).toEqual(new Set([null]));
        expect((await store.leases.renewAndAcquire()).uncompared).toHaveLength(8);
      });

      it('compares nothing that another worker has taken meanwhile', async () => {
        const { store, leases } = await startWorker(fixture());
        await takeOver(fixture(), 3);
        await store.leases.compared(leases);
        const [shard] = (await fixture().rows('sync_shard')).filter(({ shard: number }) => number === '3');
        expect(shard).toMatchObject({ term: '2', compared_term: '1' });
      });

      it('knows until when the store holds everything: by renewals and applies of those alone that were compared', async () => {
        const store = fixture().open();
        await store.leases.register(identityOf('worker 1'), sharedSettings);
        const { leases } = await store.leases.renewAndAcquire();
        await store.leases.renewAndAcquire();
        expect(new Set(await allHeldUntil(fixture))).toEqual(new Set([null]));
        await store.leases.compared(leases);
        for (const { shard } of leases.slice(1))
          await fixture().update('sync_shard', { held_until: null }, { shard });
        await store.apply(leases.slice(1, 2), () => Promise.resolve());
        const { now, heldUntil } = await store.guard.heldShards([0, 1, 2]);
        expect([...heldUntil.keys()]).toEqual([0, 1, 2]);
        expect(heldUntil.get(0)! <= heldUntil.get(1)! && heldUntil.get(1)! <= now).toBe(true);
        expect(heldUntil.get(2)).toBeNull();
        await store.leases.renewAndAcquire();
        expect(await allHeldUntil(fixture)).not.toContain(null);
        await store.leases.release();
        const before = await allHeldUntil(fixture);
        await store.leases.register(identityOf('worker 1'), sharedSettings);
        await store.leases.renewAndAcquire();
        await store.leases.renewAndAcquire();
        expect(await allHeldUntil(fixture)).toEqual(before);
        expect((await store.guard.heldShards('all')).heldUntil.size).toBe(8);
      });

      it('reads the current outcome of rows, whatever their numbers', async () => {
        const worker = await startWorker(fixture());
        const long = '9'.repeat(30);
        await decide(worker, long);
        await worker.apply((transaction) =>
          transaction.record(
            [record({ streamingNo: '2', outcome: 'failed', code: '00402', errContent: '00402 x' })],
            [],
          ),
        );
        const keys = ['2', '3', long].map((streamingNo) => ({ source: 'CUST' as const, streamingNo }));
        const found = await worker.store.guard.outcomes([...keys, { source: 'ACCOUNT', streamingNo: long }]);
        const attempt = '2026-11-01 08:00:00';
        expect(Object.fromEntries(found)).toEqual({
          'IF_BNET_CUST:2': { outcome: 'failed', attempt, repaired: false },
          [`IF_BNET_CUST:${long}`]: { outcome: 'applied', attempt, repaired: false },
        });
        await fixture().update('sync_journal', { worker: `${repairedBy}operator` });
        const ofRepair = await worker.store.guard.outcomes(keys);
        expect([...ofRepair.values()].map(({ repaired }) => repaired)).toEqual([true, true]);
        await fixture().update('sync_journal', { superseded: true });
        expect((await worker.store.guard.outcomes(keys)).size).toBe(0);
      });
    });
  });
}

/** That what operators do about an alarm is on record. */
export function acceptanceRules(fixture: Fixture): void {
  describe('the guard', () => {
    describe('by its alarms', () => {
      it('goes on once an operator has accepted the store, which is recorded with it', async () => {
        const worker = await startWorker(fixture());
        await worker.store.guard.raise('alarm 1', evidence);
        expect(await fixture().guard.accept([], action)).toBe(1);
        expect(await fixture().rows('sync_audit')).toMatchObject([{ who: 'li', action: 'repair-accept' }]);
        await decide(worker, '1');
      });

      it('accepts nothing where the action cannot be recorded', async () => {
        const { store } = await startWorker(fixture());
        await store.guard.raise('alarm 1', evidence);
        const unfit = { ...action, who: null as unknown as string };
        await expect(fixture().guard.accept([], unfit)).rejects.toMatchObject({ kind: 'constraint' });
        expect(await store.guard.openAlarms()).toHaveLength(1);
      });
    });
  });
}
