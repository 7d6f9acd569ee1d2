import { describe, expect, it } from 'vitest';
import type { AuditRecord } from '../../../src/store/admin-port.js';
import type { PauseTarget } from '../../../src/store/port.js';
import type { WorkerFixture } from '../store.js';
import { startWorker } from './data.js';

const thirtyDigits = '123456789012345678901234567890';
const by: AuditRecord = {
  ...{ who: '运维 王', via: 'command', action: 'pause', what: '{}', rows: null },
  reason: 'they send the same opens twice',
};

/** Pauses, as they are set and as a worker learns of them. */
export function pauseRules(fixture: WorkerFixture): void {
  describe('pauses', () => {
    it('stand with who set them, when and why, tables first', async () => {
      const { records } = fixture();
      expect(await records.pauses()).toEqual([]);
      const before = await fixture().now();
      const targets: PauseTarget[] = [
        { productId: thirtyDigits },
        { source: 'ACCOUNT' },
        { productId: '42' },
        { source: 'CUST' },
      ];
      for (const target of targets) expect(await records.pause(target, { ...by, reason: null })).toBe(true);
      const pauses = await records.pauses();
      expect(pauses.map(({ target }) => target).slice(0, 2)).toEqual([
        { source: 'CUST' },
        { source: 'ACCOUNT' },
      ]);
      expect(pauses.map(({ target }) => target).slice(2)).toEqual(
        expect.arrayContaining([{ productId: '42' }, { productId: thirtyDigits }]),
      );
      const after = await fixture().now();
      for (const { since, who, reason } of pauses) {
        expect([who, reason, since >= before && since <= after]).toEqual([by.who, null, true]);
      }
    });

    it('are set once: the one who came first stays on record', async () => {
      const { records } = fixture();
      for (const target of [{ source: 'CUST' }, { productId: '42' }] as const) {
        expect(await records.pause(target, by)).toBe(true);
        expect(await records.pause(target, { ...by, who: 'other', reason: 'another' })).toBe(false);
      }
      expect((await records.pauses()).map(({ who, reason }) => ({ who, reason }))).toEqual([
        { who: by.who, reason: by.reason },
        { who: by.who, reason: by.reason },
      ]);
    });

    it('end alone: the others stand, and an end without a pause is told', async () => {
      const { records } = fixture();
      for (const target of [{ source: 'CUST' }, { productId: '42' }, { productId: '43' }] as const) {
        await records.pause(target, by);
      }
      expect(await records.resume({ productId: '42' }, by)).toBe(true);
      expect(await records.resume({ productId: '42' }, by)).toBe(false);
      expect(await records.resume({ source: 'ACCOUNT' }, by)).toBe(false);
      expect(await records.resume({ source: 'CUST' }, by)).toBe(true);
      expect((await records.pauses()).map(({ target }) => target)).toEqual([{ productId: '43' }]);
      expect(await records.pause({ source: 'CUST' }, by)).toBe(true);
    });

    it('are told to a worker whenever it keeps its leases, at the price of one statement while there are any', async () => {
      const { store } = await startWorker(fixture());
      const without = await fixture().statementsDuring(async () => {
        expect((await store.leases.renewAndAcquire()).pauses).toEqual([]);
      });
      await fixture().records.pause({ source: 'ACCOUNT' }, by);
      let told: unknown;
      const statements = await fixture().statementsDuring(async () => {
        told = (await store.leases.renewAndAcquire()).pauses;
      });
      expect(told).toEqual(await fixture().records.pauses());
      // Heartbeat with renewal (two statements on SQLite), shards, workers.
      expect(without).toBeLessThanOrEqual(4);
      expect(statements).toBe(without + 1);
      await fixture().records.resume({ source: 'ACCOUNT' }, by);
      expect((await store.leases.renewAndAcquire()).pauses).toEqual([]);
    });
  });
}
