import { describe, expect, it } from 'vitest';
import type { Fixture } from '../store.js';
import { sharedSettings, identityOf, record, startWorker } from './data.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const epoch = '1970-01-01T00:00:00.000Z';
const refused = (code: string) => ({ outcome: 'failed', code, errContent: `${code} 文` }) as const;

/** Records of rows with other numbers than any before. */
function recorder() {
  let next = 1;
  return (columns: Parameters<typeof record>[0] = {}) => record({ streamingNo: String(next++), ...columns });
}

/** Counts of what was decided, for people. */
export function activityRules(fixture: Fixture): void {
  describe('activity', () => {
    it('counts what a batch decided by table, outcome and code, in five minutes of the store’s clock', async () => {
      const row = recorder();
      const { apply } = await startWorker(fixture());
      const at = await apply(async (transaction) => {
        const accounts = [row({ source: 'ACCOUNT' }), row({ source: 'ACCOUNT', ...refused('00404') })];
        await transaction.record(
          [row(), ...accounts, row(refused('00401')), row(), row(refused('00404'))],
          [],
        );
        return transaction.at;
      });
      const from = new Date(Math.floor(Date.parse(at) / (5 * minute)) * 5 * minute).toISOString();
      expect(await fixture().records.activity(epoch, 5)).toEqual([
        { from, source: 'CUST', outcome: 'applied', code: null, rows: 2 },
        { from, source: 'CUST', outcome: 'failed', code: '00401', rows: 1 },
        { from, source: 'CUST', outcome: 'failed', code: '00404', rows: 1 },
        { from, source: 'ACCOUNT', outcome: 'applied', code: null, rows: 1 },
        { from, source: 'ACCOUNT', outcome: 'failed', code: '00404', rows: 1 },
      ]);
    });

    it('adds up batches of one worker and of several', async () => {
      const row = recorder();
      const first = await startWorker(fixture(), 'worker 1');
      for (let batch = 0; batch < 3; batch += 1) {
        await first.apply((transaction) => transaction.record([row(), row(refused('00401'))], []));
      }
      await first.store.leases.release();
      const second = await startWorker(fixture(), 'worker 2');
      await second.apply((transaction) => transaction.record([row()], []));
      const counted = await fixture().records.activity(epoch, 24 * 60);
      expect(counted.map(({ outcome, rows }) => [outcome, rows])).toEqual([
        ['applied', 4],
        ['failed', 3],
      ]);
    });

    it('counts an attempt that closes another one as well', async () => {
      const { apply } = await startWorker(fixture());
      await apply((transaction) => transaction.record([record(refused('00401'))], []));
      const again = record({ attempt: '2026-11-01 08:00:05' });
      await apply((transaction) => transaction.record([again], [again]));
      const counted = await fixture().records.activity(epoch, 24 * 60);
      expect(counted.map(({ outcome, rows }) => [outcome, rows])).toEqual([
        ['applied', 1],
        ['failed', 1],
      ]);
    });

    it('counts nothing where the transaction fails, also where somebody else decided the row', async () => {
      const { apply } = await startWorker(fixture());
      const failing = apply(async (transaction) => {
        await transaction.record([record()], []);
        throw new Error('after the record');
      });
      await expect(failing).rejects.toThrow('after the record');
      expect(await fixture().records.activity(epoch, 5)).toEqual([]);
      await apply((transaction) => transaction.record([record()], []));
      await expect(apply((transaction) => transaction.record([record()], []))).rejects.toThrow();
      expect(await fixture().records.activity(epoch, 5)).toMatchObject([{ rows: 1 }]);
    });

    it('is summed up in longer spans, from the one on that the instant falls into', async () => {
      const row = recorder();
      const { apply } = await startWorker(fixture());
      await apply((transaction) => transaction.record([row()], []));
      const at = (text: string) => Date.parse(text);
      const [stands] = await fixture().rows('sync_activity');
      const put = async (bucket: string) => {
        await fixture().run('DELETE FROM sync_activity WHERE bucket = ?', [bucket]);
        await fixture().run(
          `INSERT INTO sync_activity (bucket, worker, source, outcome, code, rows) VALUES (?, 'w', 'CUST', 'applied', '', ?)`,
          [bucket, (at(bucket) / (5 * minute)) % 100],
        );
      };
      const buckets = ['09:55', '10:00', '10:05', '10:55', '11:00'].map(
        (time) => `2026-03-29T${time}:00.000Z`,
      );
      for (const bucket of buckets) await put(bucket);
      await fixture().run('DELETE FROM sync_activity WHERE bucket = ?', [stands!['bucket']]);
      const sum = (...places: number[]) =>
        places.reduce((total, place) => total + ((at(buckets[place]!) / (5 * minute)) % 100), 0);
      const hours = await fixture().records.activity('2026-03-29T10:31:07.5Z', 60);
      expect(hours.map(({ from, rows }) => [from, rows])).toEqual([
        ['2026-03-29T10:00:00.000Z', sum(1, 2, 3)],
        ['2026-03-29T11:00:00.000Z', sum(4)],
      ]);
      const fives = await fixture().records.activity('2026-03-29T10:07:00.000Z', 5);
      expect(fives.map(({ from }) => from)).toEqual(buckets.slice(2));
    });

    it.each([0, -5, 7, 2.5, NaN])('is not told in spans of %d minutes', async (minutes) => {
      await expect(fixture().records.activity(epoch, minutes)).rejects.toBeInstanceOf(RangeError);
    });

    it('is deleted after 35 days by the next worker that starts, and not before', async () => {
      const row = recorder();
      const { apply, store } = await startWorker(fixture());
      await apply((transaction) => transaction.record([row(), row(refused('00401'))], []));
      await store.leases.release();
      await fixture().shift('sync_activity', 'bucket', -35 * day + hour);
      await fixture().open().leases.register(identityOf('worker 2'), sharedSettings);
      expect(await fixture().records.activity(epoch, 5)).toHaveLength(2);
      await fixture().shift('sync_activity', 'bucket', -2 * hour, { outcome: 'failed' });
      await fixture().open().leases.register(identityOf('worker 3'), sharedSettings);
      expect(await fixture().records.activity(epoch, 5)).toMatchObject([{ outcome: 'applied' }]);
    });

    it('is deleted after 35 days also by a worker that never stops', async () => {
      const { apply, store } = await startWorker(fixture());
      await apply((transaction) => transaction.record([record()], []));
      await fixture().shift('sync_activity', 'bucket', -36 * day);
      for (let check = 0; check < 1000; check += 1) await store.leases.renewAndAcquire();
      expect(await fixture().rows('sync_activity')).toEqual([]);
    });
  });
}
