import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreAlarmError } from '../../src/worker/store-guard.js';
import { isAvailable, openPair, plant, statesOf, type KnexPair } from '../support/databases.js';
import { lossFixture, openOf } from '../support/loss-fixture.js';
import { until } from '../support/workers.js';

/* What looks like a loss of the product store and is none: no worker stops for it. */

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(
    `that a product store on ${kind} has lost something is not suspected`,
    () => {
      let pair: KnexPair;
      let fixture: ReturnType<typeof lossFixture>;
      beforeEach(async () => {
        pair = await openPair(kind);
        fixture = lossFixture(pair);
      });
      afterEach(() => pair.close());

      it('of rows finished by hand that kept their StateDate, have none, or are older than what workers renewed since', async () => {
        for (const custId of [1, 2, 3, 4]) await plant(pair.middle, 'CUST', openOf(custId));
        await fixture.run(`UPDATE IF_BNET_CUST SET State = 2 WHERE StreamingNo = '2'`);
        await fixture.work();
        for (const custId of [5, 6]) await plant(pair.middle, 'CUST', openOf(custId));
        await fixture.finishByHand('5', fixture.secondsAgo(200));
        await fixture.finishByHand('6', fixture.secondsAgo(90));
        const told = await fixture.work();
        expect(fixture.alarm(told)).toBeUndefined();
        expect(await fixture.doctor()).toEqual([]);
      });

      it('of a row finished by hand just now where a row of its shard was taken later', async () => {
        await plant(pair.middle, 'CUST', openOf(1));
        await fixture.work();
        await plant(pair.middle, 'CUST', openOf(2));
        await fixture.finishByHand('2', fixture.secondsAgo(5));
        await plant(pair.middle, 'CUST', { ...openOf(10), StreamingNo: '10' });
        await fixture.runInStore('UPDATE sync_shard SET held_until = NULL');
        await fixture.runInStore(`UPDATE sync_origin SET middle_clock = '2026-01-01 00:00:00'`);
        await expect(fixture.work()).rejects.toThrow(StoreAlarmError);
        await fixture.accept();
        await fixture.work();
        await fixture.runInStore('UPDATE sync_shard SET held_until = NULL');
        await fixture.runInStore(`UPDATE sync_origin SET middle_clock = '2026-01-01 00:00:00'`);
        const told = await fixture.work();
        expect(told.find(({ name }) => name === 'finishedByOthers')?.event).toMatchObject({
          rows: 1,
          examples: [{ streamingNo: '2' }],
        });
        expect(fixture.alarm(told)).toBeUndefined();
      });

      it('where an old program goes on finishing rows and middle.othersFinishRows says so: a warning', async () => {
        await fixture.work();
        for (const custId of [1, 2]) await plant(pair.middle, 'CUST', openOf(custId));
        await fixture.finishByHand('1', fixture.secondsAgo(0));
        await expect(fixture.work()).rejects.toThrow(StoreAlarmError);
        await fixture.accept();
        await plant(pair.middle, 'CUST', openOf(3));
        await fixture.finishByHand('3', fixture.secondsAgo(-2));
        const told = await fixture.work({ othersFinishRows: true });
        expect(told.find(({ name }) => name === 'finishedByOthers')?.event).toMatchObject({ rows: 1 });
        expect(await fixture.stateOf('2')).toBe(2);
      });

      it('where productIds are widened: a product that joins begins then', async () => {
        await plant(pair.middle, 'CUST', openOf(1));
        await fixture.work({ productIds: ['1'] });
        await plant(pair.middle, 'CUST', { ...openOf(2), ProductID: '2' });
        await fixture.finishByHand('2', fixture.secondsAgo(0));
        expect(fixture.alarm(await fixture.work({ productIds: ['1'] }))).toBeUndefined();
        await plant(pair.middle, 'CUST', { ...openOf(3), ProductID: '2' });
        expect(fixture.alarm(await fixture.work({ productIds: ['1', '2'] }))).toBeUndefined();
        expect(await fixture.stateOf('3')).toBe(2);
        expect(fixture.alarm(await fixture.work({ productIds: [] }))).toBeUndefined();
      });

      it('after a purge of the journal and a restored middle database', async () => {
        for (const custId of [1, 2]) await plant(pair.middle, 'CUST', openOf(custId));
        await fixture.work();
        await fixture.run(
          `UPDATE IF_BNET_CUST SET StateDate = ${fixture.secondsAgo(40 * 86_400)} WHERE StreamingNo = '1'`,
        );
        await fixture.runInStore(`DELETE FROM sync_journal WHERE streaming_no = '1'`);
        expect(fixture.alarm(await fixture.work())).toBeUndefined();
        await fixture.run('UPDATE IF_BNET_CUST SET State = 0, StateDate = NULL');
        expect(fixture.alarm(await fixture.work())).toBeUndefined();
      });

      it('while 10,000 rows that succeeded are put back and answered again, over a worker that stops half-way', async () => {
        const settings = { batchSize: 1000 };
        await fixture.plantOpens(10_000);
        expect(fixture.alarm(await fixture.work(settings))).toBeUndefined();
        await fixture.run('UPDATE IF_BNET_CUST SET State = 0');
        const first = fixture.start(settings);
        await until(async () => ((await statesOf(pair.middle))[2] ?? 0) > 2000);
        first.worker.stop();
        await first.running;
        expect(fixture.alarm(first.told)).toBeUndefined();
        expect(fixture.alarm(await fixture.work(settings))).toBeUndefined();
        expect(await statesOf(pair.middle)).toEqual({ 2: 10_000 });
        expect(await fixture.doctor()).toEqual([]);
      });

      it('going back to the old program and forward again, with the step that docs/integration.md names', async () => {
        await plant(pair.middle, 'CUST', openOf(1));
        await fixture.work();
        await fixture.shiftRenewals(-3600);
        await plant(pair.middle, 'CUST', openOf(2));
        await fixture.finishByHand('2', fixture.secondsAgo(0));
        await fixture.accept();
        await plant(pair.middle, 'CUST', openOf(3));
        expect(fixture.alarm(await fixture.work())).toBeUndefined();
        expect(await fixture.stateOf('3')).toBe(2);
      });

      it.skipIf(kind === 'SQLite')('while workers come, go and share under load', async () => {
        const first = fixture.start();
        const all: (typeof first)[] = [first];
        for (let custId = 1; custId <= 200; custId += 1) {
          await plant(pair.middle, 'CUST', openOf(custId));
          if (custId % 40 === 0) all.push(fixture.start());
          if (custId % 60 === 0) all[custId / 60 - 1]?.worker.stop();
        }
        await until(async () => (await statesOf(pair.middle))[2] === 200);
        for (const { worker } of all) worker.stop();
        await Promise.all(all.map(({ running }) => running));
        for (const { told } of all) expect(fixture.alarm(told)).toBeUndefined();
      });
    },
  );
}
