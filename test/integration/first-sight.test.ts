import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Worker } from '../../src/worker/worker.js';
import {
  isAvailable,
  column,
  openPair,
  pairKinds,
  plant,
  standing,
  type Pair,
} from '../support/databases.js';
import { MovedTime } from '../support/moved-time.js';
import { sqlOf } from '../support/plain-access.js';
import { testWorker, toldOnce, until } from '../support/workers.js';
import { bind as bindOfProduct, open as openOfProduct } from '../support/sample-rows.js';

const product = { ProductID: '323002000', BizID: '40825826451003' };
const open = { ...openOfProduct, ...product };
const bind = { ...bindOfProduct, ...product };
const custId = '990947809';
const settleMs = 2000;
const dependencyGraceMs = 10_000;

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`rows by a clock that is behind, on ${kind}`, () => {
    let pair: Pair;
    let time: MovedTime;
    let stop: (() => Promise<void>) | undefined;
    beforeEach(async () => {
      pair = await openPair(kind);
      time = new MovedTime();
    });
    afterEach(async () => {
      await stop?.();
      await pair.close();
    });

    const start = (settings: object): Worker => {
      const { worker } = testWorker({
        middle: pair.openMiddle(),
        store: pair.openStore(),
        settings: { settleMs, dependencyGraceMs, ...settings },
        clock: time,
      });
      const running = worker.run();
      stop = async () => {
        stop = undefined;
        worker.stop();
        await running;
      };
      return worker;
    };
    /** A moment of the middle database's clock so many seconds ago. */
    const ago = async (seconds: number): Promise<string> => {
      const [now] = await column(pair.middle, sqlOf(pair.middle).clock);
      const moment = Date.parse(`${String(now).replace(' ', 'T')}Z`) - seconds * 1000;
      return new Date(moment).toISOString().slice(0, 19).replace('T', ' ');
    };
    const rowOf = async (key: string) => (await standing(pair.middle)).get(key);
    const isIn = (key: string, state: number) => until(async () => (await rowOf(key))?.state === state);
    /** The clock stands still meanwhile. */
    const polls = async (worker: Worker): Promise<void> => {
      // The first of them may have begun before what was planted last; without leases there is none.
      for (let polled = 0; polled < 3;)
        if ((await toldOnce(worker, 'polled')).durationMs !== null) polled += 1;
    };

    it.each([20, 8 * 3600])('a bind waits for its open with CreateDates %i s behind', async (behind) => {
      const bindDate = await ago(behind);
      await plant(pair.middle, 'ACCOUNT', {
        ...bind,
        CustID: custId,
        StreamingNo: '2',
        CreateDate: bindDate,
      });
      const worker = start({});
      await polls(worker);
      expect((await rowOf('ACCOUNT:2'))?.state).toBe(0);
      const waits = toldOnce(worker, 'waiting');
      time.advance(settleMs);
      expect((await waits).waits).toMatchObject([{ custId, remainingMs: dependencyGraceMs - settleMs }]);
      const openDate = await ago(behind + 1);
      await plant(pair.middle, 'CUST', { ...open, CustID: custId, StreamingNo: '1', CreateDate: openDate });
      await polls(worker);
      time.advance(settleMs);
      await isIn('ACCOUNT:2', 2);
      expect((await rowOf('CUST:1'))?.state).toBe(2);
    });

    it('a bind without an open is refused when its grace from the first sight is over', async () => {
      const createDate = await ago(8 * 3600);
      await plant(pair.middle, 'ACCOUNT', {
        ...bind,
        CustID: custId,
        StreamingNo: '2',
        CreateDate: createDate,
      });
      const worker = start({});
      await polls(worker);
      const waits = toldOnce(worker, 'waiting');
      time.advance(settleMs);
      await waits;
      time.advance(dependencyGraceMs - settleMs - 1);
      await polls(worker);
      expect((await rowOf('ACCOUNT:2'))?.state).toBe(0);
      time.advance(1);
      await isIn('ACCOUNT:2', 3);
      expect((await rowOf('ACCOUNT:2'))?.errContent).toMatch(/^00402/);
    });

    it('a row that appears late takes effect before a later one of its customer that is settling', async () => {
      const opened = await ago(3600);
      await plant(pair.middle, 'CUST', { ...open, CustID: custId, StreamingNo: '1', CreateDate: opened });
      const worker = start({ dependencyGraceMs: 0 });
      await polls(worker);
      time.advance(settleMs);
      await isIn('CUST:1', 2);
      const change = { ...product, CustID: custId, OPFlag: '0102' };
      const later = await ago(20);
      await plant(pair.middle, 'CUST', { ...change, CustName: 'later', StreamingNo: '3', CreateDate: later });
      await polls(worker);
      time.advance(settleMs - 1);
      const earlier = await ago(21);
      await plant(pair.middle, 'CUST', {
        ...change,
        CustName: 'earlier',
        StreamingNo: '2',
        CreateDate: earlier,
      });
      await polls(worker);
      time.advance(settleMs);
      await isIn('CUST:3', 2);
      expect(await column(pair.store, 'SELECT cust_name FROM bnet_customer')).toEqual(['later']);
      expect((await rowOf('CUST:2'))?.state).toBe(2);
    });

    it('a backlog does not settle page by page, but for its last page', async () => {
      const createDate = await ago(3600);
      for (let n = 1; n <= 18; n += 1) {
        const key = { CustID: String(n), StreamingNo: String(n), CreateDate: createDate };
        await plant(pair.middle, 'CUST', { ...open, ...key });
      }
      const worker = start({ batchSize: 5 });
      await isIn('CUST:15', 2);
      await polls(worker);
      expect((await rowOf('CUST:16'))?.state).toBe(0);
      time.advance(settleMs);
      await isIn('CUST:18', 2);
    });

    it('a bind in a backlog waits for its open, too', async () => {
      const createDate = await ago(3600);
      await plant(pair.middle, 'ACCOUNT', { ...bind, CustID: '1', StreamingNo: '1', CreateDate: createDate });
      for (let n = 2; n <= 4; n += 1) {
        const key = { CustID: String(n), StreamingNo: String(n), CreateDate: createDate };
        await plant(pair.middle, 'CUST', { ...open, ...key });
      }
      const worker = start({ batchSize: 2 });
      const { waits } = await toldOnce(worker, 'waiting');
      expect(waits).toMatchObject([{ custId: '1', remainingMs: dependencyGraceMs }]);
      const openDate = await ago(3601);
      await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '9', CreateDate: openDate });
      await polls(worker);
      time.advance(settleMs);
      await isIn('ACCOUNT:1', 2);
      time.advance(settleMs);
      await isIn('CUST:4', 2);
    });
  });
}
