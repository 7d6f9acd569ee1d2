import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  column,
  isAvailable,
  openPair,
  pairKinds,
  plant,
  standing,
  statesOf,
  type Pair,
} from '../support/databases.js';
import { sqlOf } from '../support/plain-access.js';
import {
  drain,
  quickSettings,
  testWorker,
  toldOnce,
  until,
  type TestWorkerParts,
} from '../support/workers.js';
import { customerBind as bind, customerOpen as open } from '../support/sample-rows.js';

const at = (second: number) => `2026-11-01 08:00:${String(second).padStart(2, '0')}`;

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`whole worker on ${kind}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await openPair(kind);
    });
    afterEach(async () => {
      await pair.close();
    });
    const parts = (): Pick<TestWorkerParts, 'middle' | 'store'> => ({
      middle: pair.openMiddle(),
      store: pair.openStore(),
    });

    it('applies operations of both tables in the order of their keys', async () => {
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '11', CreateDate: at(1) });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '10', CreateDate: at(1) });
      await plant(pair.middle, 'ACCOUNT', { ...bind, OPFlag: '0203', StreamingNo: '9', CreateDate: at(2) });
      await plant(pair.middle, 'CUST', { ...open, OPFlag: '0103', StreamingNo: '8', CreateDate: at(3) });
      await drain(parts());
      expect(await statesOf(pair.middle)).toEqual({ 2: 4 });
      expect(await column(pair.store, 'SELECT status FROM bnet_customer')).toEqual(['cancelled']);
      expect(await column(pair.store, 'SELECT status FROM bnet_account')).toEqual(['unbound']);
    });

    it('refuses a row with a registered code and goes on with the others', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', AreaCode: '57102' });
      await plant(pair.middle, 'CUST', {
        ...open,
        StreamingNo: '2',
        CustID: '7',
        CustAccount: ' ',
        CustName: '',
      });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '3', CreateDate: at(5) });
      await drain(parts());
      const rows = await standing(pair.middle);
      expect(rows.get('CUST:1')).toMatchObject({ state: 2, errContent: null });
      expect(rows.get('CUST:2')).toMatchObject({
        state: 3,
        errContent: '00401 关键数据项不能为空: CustAccount, CustName',
      });
      expect(rows.get('CUST:3')?.errContent).toMatch(/^00404 业务逻辑执行错误: 客户已开通该产品/);
      expect(
        await column(pair.store, `SELECT code FROM sync_journal WHERE outcome = 'failed' ORDER BY code`),
      ).toEqual(['00401', '00404']);
    });

    it('takes over a row that a stopped worker left in State 1 and keeps its attempt', async () => {
      const claimed = { State: 1, StateDate: at(7) };
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', ...claimed });
      await drain(parts());
      expect((await standing(pair.middle)).get('CUST:1')?.state).toBe(2);
      expect(await column(pair.store, 'SELECT attempt FROM sync_journal')).toEqual([at(7)]);
    });

    it('marks a success that was put back again without a second effect', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
      await drain(parts());
      await pair.middle.execute({ sql: 'UPDATE IF_BNET_CUST SET State = 0', bindings: [] });
      const told = await drain(parts());
      expect((await standing(pair.middle)).get('CUST:1')).toMatchObject({ state: 2, errContent: null });
      expect(told.filter(({ name }) => name === 'alreadyJournalled')).toHaveLength(1);
      expect(await column(pair.store, 'SELECT count(*) FROM sync_journal')).toEqual([
        expect.toSatisfy((n) => Number(n) === 1),
      ]);
    });

    it('decides a corrected row anew and closes the entry of its failed attempt', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', AreaCode: '57102', CustName: null });
      await drain(parts());
      expect((await standing(pair.middle)).get('CUST:1')?.state).toBe(3);
      await pair.middle.execute({
        sql: `UPDATE IF_BNET_CUST SET State = 0, StateDate = NULL, CustName = '企业'`,
        bindings: [],
      });
      await drain(parts());
      expect((await standing(pair.middle)).get('CUST:1')).toMatchObject({ state: 2, errContent: null });
      const entries = await pair.store.execute({
        sql: 'SELECT outcome, CASE WHEN superseded THEN 1 ELSE 0 END AS old FROM sync_journal ORDER BY attempt',
        bindings: [],
      });
      expect(entries.rows.map((row) => [row['outcome'], Number(row['old'])])).toEqual([
        ['failed', 1],
        ['applied', 0],
      ]);
    });

    it('refuses every row of a StreamingNo that stands twice, and applies none', async () => {
      await pair.testMiddle.dropCustomerKey();
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1', CustID: '7' });
      await drain(parts());
      const texts = await column(pair.middle, 'SELECT ErrContent FROM IF_BNET_CUST WHERE State = 3');
      expect(texts).toHaveLength(2);
      expect(texts[0]).toMatch(/^00404 .*StreamingNo 1 在表中重复出现 2 次/);
      expect(await column(pair.store, 'SELECT cust_id FROM bnet_customer')).toEqual([]);
    });

    it('lets a bind wait for its open, which overtakes it, while other customers go on', async () => {
      const now = String((await column(pair.middle, sqlOf(pair.middle).clock))[0]);
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '1', CreateDate: now });
      await plant(pair.middle, 'ACCOUNT', { ...bind, UserID: 'zwei', StreamingNo: '2', CreateDate: now });
      await plant(pair.middle, 'CUST', { ...open, CustID: '7', StreamingNo: '3', CreateDate: now });
      const { worker } = testWorker({ ...parts(), settings: { dependencyGraceMs: 60_000 } });
      const running = worker.run();
      await until(async () => (await standing(pair.middle)).get('CUST:3')?.state === 2);
      expect((await standing(pair.middle)).get('ACCOUNT:1')?.state).toBe(0);
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '4', CreateDate: now });
      await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 4);
      worker.stop();
      await running;
      expect(await column(pair.store, 'SELECT count(*) FROM bnet_account')).toEqual([
        expect.toSatisfy((n) => Number(n) === 2),
      ]);
    });

    it('refuses a bind with 00402 when its open does not come within the grace time', async () => {
      await plant(pair.middle, 'ACCOUNT', { ...bind, StreamingNo: '1' });
      await drain({ ...parts(), settings: { dependencyGraceMs: 1000 } });
      expect((await standing(pair.middle)).get('ACCOUNT:1')?.errContent).toMatch(
        /^00402 业务数据内容不存在: 客户未开通该产品/,
      );
    });

    it('never touches rows of other products', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
      await plant(pair.middle, 'CUST', { ...open, ProductID: '9', StreamingNo: '2' });
      await plant(pair.middle, 'CUST', { ...open, ProductID: null, StreamingNo: '3' });
      await drain({ ...parts(), middle: pair.openMiddle({ productIds: ['323002000'] }) });
      const rows = await standing(pair.middle);
      expect(['CUST:1', 'CUST:2', 'CUST:3'].map((key) => rows.get(key)?.state)).toEqual([2, 0, 0]);
    });

    it('finishes what it has in flight when it is stopped, and gives its leases back', async () => {
      for (let n = 1; n <= 200; n += 1)
        await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) });
      const { worker } = testWorker({ ...parts(), settings: { batchSize: 20 } });
      const running = worker.run();
      await toldOnce(worker, 'applied');
      worker.stop();
      await running;
      const states = await statesOf(pair.middle);
      expect(states[1]).toBeUndefined();
      expect(states[0]).toBeGreaterThan(0);
      expect(await column(pair.store, 'SELECT count(*) FROM sync_shard WHERE owner IS NOT NULL')).toEqual([
        expect.toSatisfy((n) => Number(n) === 0),
      ]);
    });

    it('works with pages smaller than one customer’s rows', async () => {
      await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
      for (let n = 2; n <= 60; n += 1)
        await plant(pair.middle, 'ACCOUNT', { ...bind, UserID: `u${n}`, StreamingNo: String(n) });
      await drain({ ...parts(), settings: { batchSize: 7, settleMs: 1000 } });
      expect(await statesOf(pair.middle)).toEqual({ 2: 60 });
      expect(quickSettings.batchSize).toBeGreaterThan(7);
    });
  });
}
