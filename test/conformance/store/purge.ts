import { describe, expect, it } from 'vitest';
import type { RowKey } from '../../../src/domain/keys.js';
import type { SupersededPlace } from '../../../src/store/admin-port.js';
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

  /** A row that was refused once for each of these attempts; all but the last are superseded. */
  const refused = async ({ apply }: HoldingWorker, streamingNo: string, attempts: readonly string[]) => {
    for (const [index, attempt] of attempts.entries()) {
      const entry = record({ streamingNo, attempt, ...failed });
      await apply((transaction) => transaction.record([entry], index === 0 ? [] : [entry]));
    }
  };
  /** Deletes in sets of `scan` and returns how many entries went with each. */
  const purge = async (before: string, scan: number) => {
    const { records } = fixture();
    const sets: number[] = [];
    let after: SupersededPlace | null = null;
    do {
      const part = await records.supersededBefore(before, { after, scan });
      sets.push(await records.forgetSuperseded(part.entries));
      after = part.next;
    } while (after !== null);
    return sets;
  };

  describe('purging superseded entries', () => {
    it('deletes those that are old, the oldest first, set by set', async () => {
      const worker = await startWorker(fixture());
      for (const streamingNo of ['4', '3', '2', thirtyDigits]) {
        await refused(worker, streamingNo, [record().attempt, second]);
        const age = -(streamingNo === thirtyDigits ? 9 : 10 - Number(streamingNo)) * day;
        await fixture().shift('sync_journal', 'decided_at', age, { streaming_no: streamingNo });
      }
      const before = await daysAgo(6.5);
      const { entries, next } = await fixture().records.supersededBefore(before, { after: null, scan: 2 });
      expect(entries.map(({ streamingNo }) => streamingNo)).toEqual([thirtyDigits, '2']);
      expect(next).toMatchObject({ streamingNo: '2' });
      expect(await purge(before, 2)).toEqual([2, 1]);
      expect((await left()).filter((entry) => !entry.endsWith(second))).toEqual([
        `CUST 4 ${record().attempt}`,
      ]);
      expect(await purge(before, 2)).toEqual([0]);
      expect(await left()).toHaveLength(5);
    });

    it('keeps the last failure of a row that was applied in the end, however often it was refused', async () => {
      const worker = await startWorker(fixture());
      const attempts = ['2026-11-01 08:00:01', '2026-11-01 08:00:02', '2026-11-01 08:00:03'];
      for (const streamingNo of ['1', '2', '3', '4', '5']) {
        await refused(worker, streamingNo, attempts);
        if (streamingNo === '5') continue;
        const applied = record({ streamingNo, attempt: second });
        await worker.apply((transaction) => transaction.record([applied], [applied]));
      }
      await fixture().shift('sync_journal', 'decided_at', -10 * day);
      // Each set ends among entries that stay.
      expect((await purge(await daysAgo(1), 3)).reduce((sum, each) => sum + each, 0)).toBe(10);
      expect((await left()).sort()).toEqual(
        ['1', '2', '3', '4', '5'].flatMap((streamingNo) => [
          `CUST ${streamingNo} 2026-11-01 08:00:03`,
          ...(streamingNo === '5' ? [] : [`CUST ${streamingNo} ${second}`]),
        ]),
      );
    });

    it('deletes nothing else, whatever it is asked to', async () => {
      const worker = await startWorker(fixture());
      await corrected(worker, '1');
      await worker.apply((transaction) => transaction.record([record({ streamingNo: '2', ...failed })], []));
      const all = [record({ streamingNo: '1' }), record({ streamingNo: '1', attempt: second })];
      const { records } = fixture();
      expect(await records.forgetSuperseded([...all, record({ streamingNo: '2' })])).toBe(0);
      expect(await records.forgetSuperseded([])).toBe(0);
      expect(await left()).toHaveLength(3);
    });

    it('keeps a superseded success: what its row once did stands nowhere else', async () => {
      const worker = await startWorker(fixture());
      await worker.apply((transaction) => transaction.record([record()], []));
      const again = record({ attempt: second, ...failed });
      await worker.apply((transaction) => transaction.record([again], [again]));
      await fixture().shift('sync_journal', 'decided_at', -1000 * day);
      expect(await purge(await daysAgo(1), 100)).toEqual([0]);
      expect(await left()).toHaveLength(2);
    });

    it('deletes no current entry, however old', async () => {
      const worker = await startWorker(fixture());
      await worker.apply((transaction) =>
        transaction.record([record(), record({ streamingNo: '2', ...failed })], []),
      );
      await fixture().shift('sync_journal', 'decided_at', -1000 * day);
      expect(await purge(await daysAgo(1), 100)).toEqual([0]);
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
      await fixture().shift('sync_journal', 'decided_at', -10 * day);
      await fixture().shift('sync_journal', 'decided_at', 10 * day, { streaming_no: '10' });
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
