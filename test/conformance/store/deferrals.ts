import { describe, expect, it } from 'vitest';
import type { DeferralRequest, ProductStore } from '../../../src/store/port.js';
import type { AuditRecord } from '../../../src/store/admin-port.js';
import type { Fixture, WorkerFixture, WorkerStoreFixture } from '../store.js';
import { sharedSettings, identityOf } from './data.js';

/** In shard 7 of eight. */
const request: DeferralRequest = {
  source: 'CUST',
  streamingNo: '1141',
  custId: '200007',
  stage: 'mark',
  cause: 'refused',
  reason: 'new row violates check constraint "x" [23514]',
  tries: 1,
  shard: 7,
  delayMs: 60_000,
};
const retrying: AuditRecord = {
  who: 'wang',
  via: 'command',
  action: 'retry',
  what: '{}',
  rows: null,
  reason: null,
};
const key = { source: request.source, streamingNo: request.streamingNo };

/** A worker that holds every shard. */
async function holderOf(fixture: WorkerStoreFixture, workerId = 'worker 1'): Promise<ProductStore> {
  const store = fixture.open();
  await store.leases.register(identityOf(workerId), sharedSettings);
  await store.leases.renewAndAcquire();
  return store;
}

/** Deferred rows (P12). */
export function deferralRules(fixture: WorkerFixture): void {
  const holder = (workerId?: string) => holderOf(fixture(), workerId);

  describe('deferrals', () => {
    it('are known with the leases: to the worker that wrote them and to the one that takes over', async () => {
      const store = await holder();
      expect((await store.leases.renewAndAcquire()).deferrals).toEqual([]);
      await store.deferrals.put([request]);
      await store.leases.release();
      const { shard, delayMs, ...deferral } = request;
      const [known, ...more] = (await (await holder('worker 2')).leases.renewAndAcquire()).deferrals;
      expect(more).toEqual([]);
      expect(known).toMatchObject(deferral);
      expect(shard).toBe(7);
      expect(known?.remainingMs).toBeGreaterThan(delayMs - 30_000);
      expect(known?.remainingMs).toBeLessThanOrEqual(delayMs);
    });

    it('are due where the clock was set back since they were written', async () => {
      const store = await holder();
      await store.deferrals.put([request]);
      await fixture().shift('sync_deferral', 'next_at', 3_600_000);
      expect((await store.leases.renewAndAcquire()).deferrals).toMatchObject([
        { streamingNo: '1141', remainingMs: 0 },
      ]);
    });

    it('cost a check of the leases one statement where there are any, and none where there is not', async () => {
      const store = await holder();
      const before = await fixture().statementsDuring(() => store.leases.renewAndAcquire());
      await store.deferrals.put([request]);
      expect(await fixture().statementsDuring(() => store.leases.renewAndAcquire())).toBe(before + 1);
    });

    it('are not written by a worker that does not hold the shard any more', async () => {
      const store = await holder();
      await store.leases.releaseShards([7]);
      await store.deferrals.put([request, { ...request, streamingNo: '2', custId: '200006', shard: 6 }]);
      expect((await fixture().rows('sync_deferral')).map((row) => row['streaming_no'])).toEqual(['2']);
    });

    it('are one per row: the last try counts, and since when is kept while the stage stays', async () => {
      const store = await holder();
      await store.deferrals.put([request]);
      const [first] = await fixture().records.deferrals(10);
      await store.deferrals.put([{ ...request, tries: 2, cause: 'locked', reason: 'locked by 17' }]);
      const [second, ...more] = await fixture().records.deferrals(10);
      expect(more).toEqual([]);
      expect(second).toMatchObject({
        tries: 2,
        cause: 'locked',
        reason: 'locked by 17',
        since: first?.since,
      });
      await store.deferrals.put([{ ...request, stage: 'claim' }]);
      const [third] = await fixture().records.deferrals(10);
      expect(third?.stage).toBe('claim');
      expect(third!.since > first!.since).toBe(true);
    });

    it('keep 30 digits, a customer without a number, and leave out a row without a number', async () => {
      const store = await holder();
      const digits = '9'.repeat(30);
      await store.deferrals.put([
        { ...request, streamingNo: digits, custId: digits },
        { ...request, streamingNo: '5', custId: null },
        { ...request, streamingNo: 'abc' },
      ]);
      const rows = await fixture().records.deferrals(10);
      const names = rows.map(({ streamingNo, custId }) => `${streamingNo} ${custId}`).sort();
      expect(names).toEqual(['5 null', `${digits} ${digits}`]);
    });

    it('end with their rows, whoever holds the shard', async () => {
      const store = await holder();
      await store.deferrals.put([request, { ...request, source: 'ACCOUNT' }]);
      await store.leases.release();
      await store.deferrals.end([key, { source: 'CUST', streamingNo: 'abc' }]);
      expect((await fixture().rows('sync_deferral')).map((row) => row['source'])).toEqual(['ACCOUNT']);
    });
  });
}

/** Deferred rows as operators count them, search them and have them tried again. */
export function deferralRecordRules(fixture: Fixture): void {
  const holder = () => holderOf(fixture());

  describe('deferrals', () => {
    it('are counted by stage and cause', async () => {
      const store = await holder();
      await store.deferrals.put([
        request,
        { ...request, streamingNo: '2' },
        { ...request, streamingNo: '3', stage: 'claim', cause: 'locked' },
      ]);
      expect(await fixture().records.deferralCounts()).toEqual([
        { stage: 'claim', cause: 'locked', rows: 1 },
        { stage: 'mark', cause: 'refused', rows: 2 },
      ]);
    });

    it('are counted by customer, those without one as one', async () => {
      expect(await fixture().records.deferredCustomers()).toBe(0);
      const store = await holder();
      await store.deferrals.put([
        request,
        { ...request, streamingNo: '2' },
        { ...request, streamingNo: '3', custId: '8', shard: 0 },
        { ...request, streamingNo: '4', custId: null, shard: 0 },
        { ...request, streamingNo: '5', custId: null, shard: 0 },
      ]);
      expect(await fixture().records.deferredCustomers()).toBe(3);
    });

    it('of a row come before those of its customer, the ones deferred longest first', async () => {
      const store = await holder();
      for (const streamingNo of ['3', '2', '1']) {
        await store.deferrals.put([
          { ...request, streamingNo },
          { ...request, source: 'ACCOUNT', custId: '15' },
        ]);
        // No two within one millisecond.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const about = async (streamingNo: string, custId: string | null, limit = 9) =>
        (await fixture().records.deferralsAbout({ source: 'CUST', streamingNo }, custId, limit)).map(
          (row) => row.streamingNo,
        );
      expect(await about('1', request.custId)).toEqual(['1', '3', '2']);
      expect(await about('1', request.custId, 2)).toEqual(['1', '3']);
      expect(await about('1141', null)).toEqual([]);
      expect(await about('2', null)).toEqual(['2']);
    });

    it('are ended by an operator, on record', async () => {
      await (await holder()).deferrals.put([request]);
      const { records } = fixture();
      expect(await records.retry(key, retrying)).toBe(true);
      expect(await records.deferrals(10)).toEqual([]);
      expect(await records.actions({ before: null, limit: 10 })).toMatchObject([
        { who: 'wang', action: 'retry' },
      ]);
    });

    it('of a row that is not deferred leave no record of a retry', async () => {
      const { records } = fixture();
      expect(await records.retry(key, retrying)).toBe(false);
      expect(await records.actions({ before: null, limit: 10 })).toEqual([]);
    });
  });
}
