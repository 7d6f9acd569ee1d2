import { describe, expect, it } from 'vitest';
import { AlreadyDecidedError } from '../../../src/store/port.js';
import type { WorkerFixture } from '../store.js';
import { changesOf, contents, customer, record, startWorker } from './data.js';

const thirtyDigits = '123456789012345678901234567890';
const [first, second, third] = ['2026-11-01 08:00:00', '2026-11-01 08:00:01', '2026-11-01 08:00:02'] as const;
const refused = { outcome: 'failed', code: '00404', errContent: '00404 业务逻辑执行错误: 中文😀' } as const;

/** What the journal records, answers and refuses. */
export function journalRules(fixture: WorkerFixture): void {
  describe('the journal', () => {
    it('keeps every value of an entry exactly, with who decided it', async () => {
      const { apply } = await startWorker(fixture(), 'worker 7');
      const entry = record({
        ...refused,
        source: 'ACCOUNT',
        streamingNo: thirtyDigits,
        productId: '9'.repeat(30),
        custId: '8'.repeat(30),
        bizId: '业务 𠀀',
        userId: '用户😀',
        opFlag: '0203',
      });
      const bare = record({ productId: null, custId: null, bizId: null, userId: null, opFlag: null });
      const at = await apply(async (transaction) => {
        await transaction.record([entry, bare], []);
        return transaction.at;
      });
      const rows = await fixture().rows('sync_journal');
      const common = { attempt: first, worker: 'worker 7', decided_at: at, digest: 'd'.repeat(43) };
      expect(rows.map(({ superseded: _, ...row }) => row)).toEqual(
        expect.arrayContaining([
          {
            ...common,
            source: 'ACCOUNT',
            streaming_no: thirtyDigits,
            op_flag: '0203',
            product_id: '9'.repeat(30),
            cust_id: '8'.repeat(30),
            biz_id: '业务 𠀀',
            user_id: '用户😀',
            outcome: 'failed',
            code: '00404',
            err_content: refused.errContent,
          },
          {
            ...common,
            source: 'CUST',
            streaming_no: '1',
            op_flag: null,
            product_id: null,
            cust_id: null,
            biz_id: null,
            user_id: null,
            outcome: 'applied',
            code: null,
            err_content: null,
          },
        ]),
      );
      expect(rows).toHaveLength(2);
    });

    it('refuses a second current entry of a row, and nothing of its transaction is written', async () => {
      const { apply } = await startWorker(fixture());
      await apply((transaction) => transaction.record([record()], []));
      const before = await contents(fixture());
      const failing = apply(async (transaction) => {
        await transaction.write(changesOf([customer()]));
        await transaction.record([record({ streamingNo: '2' }), record({ attempt: second })], []);
      });
      await expect(failing).rejects.toBeInstanceOf(AlreadyDecidedError);
      expect(await contents(fixture())).toEqual(before);
    });

    it('refuses an attempt that is superseded already', async () => {
      const { apply } = await startWorker(fixture());
      await apply((transaction) => transaction.record([record({ ...refused })], []));
      await apply((transaction) => transaction.record([record({ attempt: second })], [record()]));
      const before = await contents(fixture());
      const again = apply((transaction) => transaction.record([record({ attempt: first })], [record()]));
      await expect(again).rejects.toBeInstanceOf(AlreadyDecidedError);
      expect(await contents(fixture())).toEqual(before);
    });

    it('takes the same StreamingNo and attempt in the other table for another row', async () => {
      const { apply } = await startWorker(fixture());
      await apply((transaction) => transaction.record([record(), record({ source: 'ACCOUNT' })], []));
      await apply((transaction) =>
        transaction.record(
          [record({ source: 'ACCOUNT', attempt: second })],
          [{ source: 'ACCOUNT', streamingNo: '1' }],
        ),
      );
      const entries = await apply((transaction) => transaction.journal([record()]));
      expect(entries).toMatchObject([{ source: 'CUST', attempt: first, superseded: false }]);
    });

    it('closes the old entry in the transaction that records the new one, and keeps both', async () => {
      const { apply } = await startWorker(fixture());
      await apply((transaction) =>
        transaction.record([record({ ...refused }), record({ streamingNo: '2', attempt: first })], []),
      );
      await apply((transaction) => transaction.record([record({ attempt: second })], [record()]));
      const rows = await fixture().rows('sync_journal');
      const inShort = rows.map((row) => [
        row['streaming_no'],
        row['attempt'],
        isTrue(row['superseded']),
        row['outcome'],
      ]);
      expect(inShort.sort()).toEqual([
        ['1', first, true, 'failed'],
        ['1', second, false, 'applied'],
        ['2', first, false, 'applied'],
      ]);
    });

    it('leaves the old entry open when the transaction that would close it fails', async () => {
      const { apply } = await startWorker(fixture());
      await apply((transaction) => transaction.record([record({ ...refused })], []));
      const before = await contents(fixture());
      const failing = apply(async (transaction) => {
        await transaction.record([record({ attempt: second })], [record()]);
        throw new Error('after the record');
      });
      await expect(failing).rejects.toThrow('after the record');
      expect(await contents(fixture())).toEqual(before);
    });

    it('answers current entries of the rows asked for, and superseded ones of these very attempts alone', async () => {
      const { apply } = await startWorker(fixture());
      const other = record({ streamingNo: '2' });
      await apply((transaction) => transaction.record([record({ ...refused }), other], []));
      await apply((transaction) => transaction.record([record({ ...refused, attempt: second })], [record()]));
      await apply((transaction) =>
        transaction.record([record({ attempt: third, digest: 'e'.repeat(43) })], [record()]),
      );
      const ask = (attempt: string, streamingNo = '1') =>
        apply((transaction) => transaction.journal([{ source: 'CUST', streamingNo, attempt }]));
      const key = { source: 'CUST', streamingNo: '1' };
      const current = {
        ...key,
        attempt: third,
        superseded: false,
        outcome: 'applied',
        errContent: null,
        digest: 'e'.repeat(43),
      };
      const old = {
        ...key,
        superseded: true,
        outcome: 'failed',
        errContent: refused.errContent,
        digest: 'd'.repeat(43),
      };
      expect(await ask('2026-11-01 09:00:00')).toEqual([current]);
      expect(await ask(third)).toEqual([current]);
      const answers = await ask(first);
      expect(answers).toHaveLength(2);
      expect(answers).toEqual(expect.arrayContaining([current, { ...old, attempt: first }]));
      expect(await ask(second)).toEqual(expect.arrayContaining([current, { ...old, attempt: second }]));
      expect(await ask(first, '3')).toEqual([]);
    });

    it('tells rows apart by all 30 digits', async () => {
      const { apply } = await startWorker(fixture());
      await apply((transaction) => transaction.record([record({ streamingNo: thirtyDigits })], []));
      const nearest = record({ streamingNo: `${thirtyDigits.slice(0, -1)}1` });
      await apply(async (transaction) => {
        expect(await transaction.journal([nearest])).toEqual([]);
        await transaction.record([nearest], []);
        expect(await transaction.journal([nearest])).toMatchObject([{ streamingNo: nearest.streamingNo }]);
      });
    });

    it('answers two thousand attempts at once, with one statement', async () => {
      const { apply } = await startWorker(fixture());
      const records = Array.from({ length: 2000 }, (_, index) => record({ streamingNo: String(index + 1) }));
      await apply((transaction) => transaction.record(records, []));
      let answered = 0;
      const statements = await fixture().statementsDuring(() =>
        apply(async (transaction) => {
          answered = (await transaction.journal(records)).length;
          expect(await transaction.journal([])).toEqual([]);
        }),
      );
      expect(answered).toBe(2000);
      // BEGIN, the leases, the journal, COMMIT.
      expect(statements).toBe(4);
    });
  });
}

function isTrue(text: string | null | undefined): boolean {
  return text === 'true' || text === '1';
}
