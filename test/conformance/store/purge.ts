import { describe, expect, it } from 'vitest';
import type { RowKey } from '../../../src/domain/keys.js';
import type { Fixture } from '../store.js';
import { record, startWorker, type HoldingWorker } from './data.js';

const day = 24 * 3600 * 1000;
const thirtyDigits = '123456789012345678901234567890';
const failed = { outcome: 'failed', code: '00401', errContent: '00401 缺' } as const;
const second = '2026-11-01 08:00:09';

/** What may be deleted of the journal, and what may not. */
export function purgeRules(fixture: Fixture): void {
  /** A row that was refused and then applied: a superseded entry and a current one. */
  const corrected = async ({ apply }: HoldingWorker, streamingNo: string) => {
    await apply((transaction) => transaction.record([record({ streamingNo, ...failed })], []));
    const again = record({ streamingNo, attempt: second });
    await apply((transaction) => transaction.record([again], [again]));
  };
  const daysAgo = async (days: number) =>
    new Date(Date.parse(await fixture().now()) - days * day).toISOString();
  const left = async () =>
    (await fixture().rows('sync_journal')).map(
      (row) => `${row['source']!} ${row['streaming_no']!} ${row['attempt']!}`,
    );

  describe('purging superseded entries', () => {
    it('deletes those that are old, the oldest first and no more at once than asked for', async () => {
      const worker = await startWorker(fixture());
      for (const streamingNo of ['1', '2', '3', '4']) {
        await corrected(worker, streamingNo);
        const age = -(10 - Number(streamingNo)) * day;
        await fixture().shift('sync_journal', 'decided_at', age, `streaming_no = '${streamingNo}'`);
      }
      const { records } = fixture();
      const before = await daysAgo(6.5);
      expect([await records.countSuperseded(before, 100), await records.countSuperseded(before, 2)]).toEqual([
        3, 2,
      ]);
      expect(await records.purgeSuperseded(before, 2)).toBe(2);
      expect((await left()).filter((entry) => !entry.endsWith(second)).sort()).toEqual([
        `CUST 3 ${record().attempt}`,
        `CUST 4 ${record().attempt}`,
      ]);
      expect(await records.purgeSuperseded(before, 2)).toBe(1);
      expect(await records.purgeSuperseded(before, 2)).toBe(0);
      expect(await left()).toHaveLength(5);
    });

    it('keeps a superseded success: what its row once did stands nowhere else', async () => {
      const worker = await startWorker(fixture());
      await worker.apply((transaction) => transaction.record([record()], []));
      const again = record({ attempt: second, ...failed });
      await worker.apply((transaction) => transaction.record([again], [again]));
      await fixture().shift('sync_journal', 'decided_at', -1000 * day);
      const { records } = fixture();
      expect(await records.countSuperseded(await daysAgo(1), 100)).toBe(0);
      expect(await records.purgeSuperseded(await daysAgo(1), 100)).toBe(0);
      expect(await left()).toHaveLength(2);
    });

    it('deletes no current entry, however old', async () => {
      const worker = await startWorker(fixture());
      await worker.apply((transaction) =>
        transaction.record([record(), record({ streamingNo: '2', ...failed })], []),
      );
      await fixture().shift('sync_journal', 'decided_at', -1000 * day);
      expect(await fixture().records.purgeSuperseded(await daysAgo(1), 100)).toBe(0);
      expect(await left()).toHaveLength(2);
    });
  });

  describe('looking for rows to forget', () => {
    it('goes through all current entries part by part, and returns the old ones', async () => {
      const worker = await startWorker(fixture());
      const numbers = ['1', '2', '9', '10', thirtyDigits, `${thirtyDigits.slice(0, -1)}1`];
      const rows = numbers.flatMap((streamingNo) => [
        record({ streamingNo }),
        record({ streamingNo, source: 'ACCOUNT' }),
      ]);
      await worker.apply((transaction) => transaction.record(rows, []));
      await corrected(worker, '77');
      await fixture().shift('sync_journal', 'decided_at', -10 * day, `streaming_no <> '10'`);
      const before = await daysAgo(5);
      const found: string[] = [];
      let after: RowKey | null = null;
      let parts = 0;
      for (;;) {
        const part = await fixture().records.currentBefore(before, { after, scan: 2 });
        found.push(
          ...part.lines.map(
            ({ source, streamingNo, superseded }) => `${source} ${streamingNo} ${superseded}`,
          ),
        );
        parts += 1;
        if (part.next === null) break;
        after = part.next;
      }
      const expected = numbers
        .filter((streamingNo) => streamingNo !== '10')
        .flatMap((streamingNo) => [`CUST ${streamingNo} false`, `ACCOUNT ${streamingNo} false`]);
      expect(found.sort()).toEqual([...expected, 'CUST 77 false'].sort());
      expect(parts).toBe(7);
    });
  });

  describe('forgetting rows', () => {
    it('deletes all their entries, and no other row’s', async () => {
      const worker = await startWorker(fixture());
      await corrected(worker, '1');
      await corrected(worker, '2');
      await worker.apply((transaction) =>
        transaction.record([record({ source: 'ACCOUNT', attempt: second })], []),
      );
      expect(await fixture().records.forget([record({ attempt: second })])).toBe(2);
      expect((await left()).sort()).toEqual([
        `ACCOUNT 1 ${second}`,
        `CUST 2 ${record().attempt}`,
        `CUST 2 ${second}`,
      ]);
      expect(await fixture().records.forget([])).toBe(0);
    });

    it('leaves a row alone that was decided anew since it was found', async () => {
      const worker = await startWorker(fixture());
      await worker.apply((transaction) => transaction.record([record()], []));
      const [found] = (await fixture().records.currentBefore(await daysAgo(-1), { after: null, scan: 10 }))
        .lines;
      const again = record({ attempt: second });
      await worker.apply((transaction) => transaction.record([again], [again]));
      expect(await fixture().records.forget([found!])).toBe(0);
      expect(await left()).toHaveLength(2);
    });
  });
}
