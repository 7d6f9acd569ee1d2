import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreAlarmError } from '../../src/worker/store-guard.js';
import { isAvailable, openPair, plant, standing, type KnexPair } from '../support/databases.js';
import { change, lossFixture, open, openOf } from '../support/loss-fixture.js';
import { operatorsOf } from '../support/operators.js';
import { contentsOf, repairPair } from '../support/repairs.js';
import { verifyPair } from '../support/verification.js';

/* Repairs where an alarm was accepted, workers went on, and rows of the same customers were decided since. */

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(`a repair after workers went on, on ${kind}`, () => {
    let pair: KnexPair;
    let fixture: ReturnType<typeof lossFixture>;
    beforeEach(async () => {
      pair = await openPair(kind);
      fixture = lossFixture(pair);
    });
    afterEach(() => pair.close());
    const nameOf = async (custId: string) => {
      const { rows } = await fixture.runInStore(
        `SELECT cust_name FROM bnet_customer WHERE cust_id = '${custId}'`,
      );
      return rows[0]?.['cust_name'];
    };

    /** One change is lost, the loss is accepted, and workers go on. */
    async function goOnWithLoss(): Promise<void> {
      await fixture.loseOneChange();
      await expect(fixture.work()).rejects.toThrow(StoreAlarmError);
      await fixture.accept();
      await fixture.work();
    }

    it('puts a lost row where it belongs, before the rows that were applied since', async () => {
      await goOnWithLoss();
      expect(await nameOf('1')).toBe('B');
      await plant(pair.middle, 'CUST', { ...change('4', ''), CustName: null, AreaCode: 'z' });
      await fixture.work();
      await fixture.runInStore(`UPDATE bnet_customer SET area_code = NULL WHERE cust_id = '1'`);
      expect(await repairPair(pair, { all: true })).toMatchObject({
        ...{ rows: 0, left: [{ custId: '1', reason: 'historyIncomplete', streamingNo: '2', rows: 1 }] },
      });
      await fixture.runInStore(`UPDATE bnet_customer SET area_code = 'z' WHERE cust_id = '1'`);
      const dry = await repairPair(pair, { all: true, dryRun: true });
      expect(dry).toMatchObject({ rows: 1, customers: 1, replayed: 1, left: [] });
      expect(await repairPair(pair, { all: true })).toMatchObject({ ...dry, dryRun: false, action: '4' });
      expect(await nameOf('1')).toBe('B');
      expect((await verifyPair(pair)).differences).toEqual([]);
      expect(await repairPair(pair, { all: true })).toMatchObject({ rows: 0, replayed: 0, left: [] });
    });

    /** An open is lost, the loss is accepted, and a bind and a change that need it are refused. */
    async function refuseForLoss(): Promise<void> {
      await plant(pair.middle, 'CUST', openOf(9));
      await fixture.work();
      const older = await fixture.copy();
      await plant(pair.middle, 'CUST', open);
      await fixture.work();
      await older.putBack();
      await fixture.accept();
      await plant(pair.middle, 'ACCOUNT', bindOf('2'));
      await plant(pair.middle, 'CUST', change('3', 'A'));
      await plant(pair.middle, 'ACCOUNT', { ...bindOf('4'), OPFlag: '0203', UserID: 'v' });
      await fixture.work();
      expect(await statesOf()).toEqual({
        'ACCOUNT:2': 3,
        'ACCOUNT:4': 3,
        'CUST:1': 2,
        'CUST:3': 3,
        'CUST:9': 2,
      });
    }
    const bindOf = (streamingNo: string) => ({
      ...{ ProductID: '1', BizID: 'b', CustID: '1', OPFlag: '0201', StreamingNo: streamingNo },
      ...{ UserID: 'u', AccType: '1', AccName: 'U' },
    });
    const statesOf = async (): Promise<Record<string, unknown>> =>
      Object.fromEntries(
        [...(await standing(pair.middle))].map(([key, { state }]) => [key, state] as const).sort(),
      );

    it('takes back what was refused only because of the loss, where it is told to, and names it', async () => {
      await refuseForLoss();
      const told = await repairPair(pair, { all: true, takeBack: true, dryRun: true });
      expect(told).toMatchObject({ rows: 1, replayed: 0, falselyRefused: { rows: 2, takenBack: 0 } });
      expect(told.falselyRefused.examples).toMatchObject([{ streamingNo: '2' }, { streamingNo: '3' }]);
      expect(await repairPair(pair, { all: true, takeBack: true })).toMatchObject({
        ...{ rows: 1, left: [], falselyRefused: { rows: 2, takenBack: 2 } },
      });
      expect(await nameOf('1')).toBe('A');
      expect(await statesOf()).toMatchObject({ 'ACCOUNT:2': 0, 'ACCOUNT:4': 3, 'CUST:3': 0 });
      const before = await contentsOf(pair);
      await fixture.work();
      expect(await contentsOf(pair)).toEqual(before);
      expect(await statesOf()).toMatchObject({ 'ACCOUNT:2': 2, 'ACCOUNT:4': 3, 'CUST:3': 2 });
      expect((await verifyPair(pair)).differences).toEqual([]);
      const [recorded] = await operatorsOf(pair).store.records.actions({ before: null, limit: 1 });
      expect(recorded).toMatchObject({ action: 'repair', rows: 1, status: 'done' });
      const takenBack: unknown = JSON.parse(recorded?.outcome?.what ?? '{}');
      expect(takenBack).toMatchObject({ takenBack: ['IF_BNET_ACCOUNT 2', 'IF_BNET_CUST 3'] });
    });

    it('leaves what was refused as it is where it is not told to take it back, and names it', async () => {
      await refuseForLoss();
      expect(await repairPair(pair, { all: true })).toMatchObject({
        ...{ rows: 1, left: [], falselyRefused: { rows: 2, takenBack: 0 } },
      });
      expect(await nameOf('1')).toBe('O');
      expect(await statesOf()).toMatchObject({ 'ACCOUNT:2': 3, 'ACCOUNT:4': 3, 'CUST:3': 3 });
      expect((await verifyPair(pair)).differences).toEqual([]);
    });

    it('takes nothing back that was corrected or put back meanwhile', async () => {
      await refuseForLoss();
      await fixture.run(`UPDATE IF_BNET_CUST SET CustName = 'corrected' WHERE StreamingNo = '3'`);
      await fixture.run(`UPDATE IF_BNET_ACCOUNT SET State = 0, ErrContent = NULL WHERE StreamingNo = '2'`);
      expect(await repairPair(pair, { all: true, takeBack: true })).toMatchObject({
        ...{ rows: 1, falselyRefused: { rows: 0, takenBack: 0 } },
      });
      await fixture.work();
      expect(await statesOf()).toMatchObject({ 'ACCOUNT:2': 2, 'CUST:3': 3 });
      expect((await verifyPair(pair)).differences).toEqual([]);
    });

    it('leaves a row to a worker that is not in State 3 any more, and takes the others back', async () => {
      await refuseForLoss();
      const putBack = `UPDATE IF_BNET_CUST SET State = 0, ErrContent = NULL WHERE StreamingNo = '3'`;
      const meanwhile = () => fixture.run(putBack);
      expect(await repairPair(pair, { all: true, takeBack: true }, {}, { meanwhile })).toMatchObject({
        ...{ rows: 1, left: [], falselyRefused: { rows: 1, takenBack: 1 } },
      });
      await fixture.work();
      expect(await statesOf()).toMatchObject({ 'ACCOUNT:2': 2, 'ACCOUNT:4': 3, 'CUST:3': 2 });
      expect(await nameOf('1')).toBe('A');
      expect((await verifyPair(pair)).differences).toEqual([]);
    });

    it('leaves such a customer where it is decided on while the repair looks, and repairs it at the next look', async () => {
      await goOnWithLoss();
      expect(await repairPair(pair, { all: true }, {}, { moves: () => true })).toMatchObject({
        ...{ rows: 0, left: [{ custId: '1', reason: 'busy', rows: 1 }] },
      });
      expect(await repairPair(pair, { all: true }, {}, { movesOnce: () => true })).toMatchObject({
        ...{ rows: 1, replayed: 1, left: [] },
      });
    });
  });
}
