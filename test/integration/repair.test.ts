import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shardOf } from '../../src/domain/keys.js';
import { StoreAlarmError } from '../../src/worker/store-guard.js';
import { isAvailable, openPair, plant, type KnexPair } from '../support/databases.js';
import { change, lossFixture, open, openOf } from '../support/loss-fixture.js';
import { operatorsOf } from '../support/operators.js';
import { contentsOf, repairPair } from '../support/repairs.js';
import { verifyPair } from '../support/verification.js';
import { until } from '../support/workers.js';

/* What a product store has lost takes effect once more (P14). Losses are copies of the store that are put back. */

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(`a repair of a product store on ${kind}`, () => {
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

    /** One change is lost, and the next one is pending: the alarm is open. */
    async function loseOneChange(): Promise<void> {
      await fixture.loseOneChange();
      await expect(fixture.work()).rejects.toThrow(StoreAlarmError);
    }

    it('puts the smallest case right: one change is applied again, the alarm closed, and the next change follows', async () => {
      await loseOneChange();
      expect(await repairPair(pair)).toMatchObject({
        ...{ rows: 1, customers: 1, left: [], byOthers: 0, alarmsClosed: 1 },
        examples: [{ table: 'IF_BNET_CUST', streamingNo: '2', custId: '1', opFlag: '0102' }],
      });
      expect(await nameOf('1')).toBe('A');
      expect(await fixture.stateOf('2')).toBe(2);
      await fixture.work();
      expect(await nameOf('1')).toBe('B');
      expect((await verifyPair(pair)).differences).toEqual([]);
      const [recorded] = await operatorsOf(pair).store.records.actions({ before: null, limit: 1 });
      expect(recorded).toMatchObject({ who: 'li', action: 'repair', rows: 1, status: 'done' });
    });

    it('changes nothing with a dry run, and says the same', async () => {
      await loseOneChange();
      const before = await contentsOf(pair);
      const { examples, ...report } = await repairPair(pair, { dryRun: true });
      expect(report).toMatchObject({ dryRun: true, action: null, rows: 1, customers: 1, alarmsClosed: 0 });
      expect(examples).toHaveLength(1);
      expect(await contentsOf(pair)).toEqual(before);
      expect((await fixture.statusNow()).alarms).toHaveLength(1);
    });

    it('leaves everything else as it is, to the moment', async () => {
      for (const custId of [2, 3, 4]) await plant(pair.middle, 'CUST', openOf(100 + custId));
      await loseOneChange();
      const others = async () =>
        (await fixture.runInStore(`SELECT * FROM bnet_customer WHERE cust_id <> '1' ORDER BY cust_id`)).rows;
      const before = await others();
      await repairPair(pair);
      expect(before).toHaveLength(3);
      expect(await others()).toEqual(before);
    });

    it('finds nothing the second time', async () => {
      await loseOneChange();
      await repairPair(pair);
      const after = await contentsOf(pair);
      expect(await repairPair(pair)).toMatchObject({ rows: 0, customers: 0, left: [], alarmsClosed: 0 });
      expect(await contentsOf(pair)).toEqual(after);
    });

    it('lets workers go on that lost commits of their own, and those that had not noticed', async () => {
      const workers = [fixture.start(), fixture.start()];
      for (let custId = 1; custId <= 8; custId += 1) await plant(pair.middle, 'CUST', openOf(custId));
      await until(async () => (await fixture.statusNow()).tables.IF_BNET_CUST[2] === 8);
      const older = await fixture.copy();
      for (let custId = 1; custId <= 8; custId += 1)
        await plant(pair.middle, 'CUST', { ...change(String(100 + custId), 'A'), CustID: String(custId) });
      await until(async () => (await fixture.statusNow()).tables.IF_BNET_CUST[2] === 16);
      await older.putBack();
      for (let custId = 1; custId <= 8; custId += 1)
        await plant(pair.middle, 'CUST', { ...change(String(200 + custId), 'B'), CustID: String(custId) });
      await until(async () => (await fixture.statusNow()).alarms.length > 0);
      await until(async () => (await repairPair(pair)).alarmsClosed > 0);
      await until(async () => (await fixture.statusNow()).tables.IF_BNET_CUST[2] === 24);
      expect((await fixture.statusNow()).alarms).toEqual([]);
      for (const { worker, running } of workers) {
        worker.stop();
        await running;
      }
      const { rows } = await fixture.runInStore('SELECT DISTINCT cust_name FROM bnet_customer');
      expect(rows).toEqual([{ cust_name: 'B' }]);
      expect((await verifyPair(pair)).differences).toEqual([]);
    });

    it('fills a new store from all finished rows, whoever finished them', async () => {
      await fixture.plantOpens(1200);
      await fixture.work();
      await plant(pair.middle, 'CUST', change('2001', 'A'));
      await fixture.work();
      const before = await contentsOf(pair);
      for (const table of ['bnet_customer', 'sync_journal', 'sync_origin'])
        await fixture.runInStore(`DELETE FROM ${table}`);
      await expect(repairPair(pair)).rejects.toThrow(/new, or was wiped.*repair --all/);
      await fixture.accept('new-store');
      expect(await repairPair(pair)).toMatchObject({ rows: 0, byOthers: 0 });
      expect(await repairPair(pair, { all: true })).toMatchObject({ rows: 1201, customers: 1200, left: [] });
      expect(await contentsOf(pair)).toEqual(before);
      expect((await verifyPair(pair)).differences).toEqual([]);
    });

    it('leaves a customer as it is where a lost row cannot take effect, with all its rows, and keeps the alarm', async () => {
      await loseOneChange();
      await fixture.runInStore('DELETE FROM bnet_customer');
      await plant(pair.middle, 'CUST', openOf(7));
      expect(await repairPair(pair)).toMatchObject({
        ...{ rows: 0, alarmsClosed: 0 },
        left: [{ custId: '1', reason: 'impossible', why: expect.stringMatching(/^00402/) as string }],
      });
      expect((await fixture.statusNow()).alarms).toHaveLength(1);
      expect(await fixture.stateOf('7')).toBe(0);
    });

    it('takes no row for lost where others finish rows as well, unless it is told to', async () => {
      await loseOneChange();
      const settings = { othersFinishRows: true };
      expect(await repairPair(pair, {}, settings)).toMatchObject({ rows: 0, byOthers: 1, alarmsClosed: 0 });
      expect(await repairPair(pair, { all: true }, settings)).toMatchObject({ rows: 1, alarmsClosed: 1 });
    });

    it('reads a customer again that changed meanwhile, and leaves it in the end; what else was left stays named', async () => {
      await loseOneChange();
      await plant(pair.middle, 'CUST', openOf(5));
      await fixture.finishByHand('5', fixture.secondsAgo(0));
      const isOther = (custId: string) => custId === '5';
      expect(await repairPair(pair, {}, {}, { movesOnce: isOther })).toMatchObject({
        ...{ rows: 2, left: [], alarmsClosed: 1 },
      });
      await plant(pair.middle, 'CUST', { ...change('6', 'C'), CustID: '8' });
      await fixture.finishByHand('6', fixture.secondsAgo(0));
      await plant(pair.middle, 'CUST', openOf(7));
      await fixture.finishByHand('7', fixture.secondsAgo(0));
      const report = await repairPair(pair, {}, {}, { moves: (custId) => custId === '7' });
      expect(report.left.map(({ custId, reason }) => [custId, reason]).sort()).toEqual([
        ['7', 'busy'],
        ['8', 'impossible'],
      ]);
      expect(report).toMatchObject({ rows: 0, alarmsClosed: 0 });
    });

    it('takes the many lost rows of a customer in parts, and names none of them impossible in a dry run', async () => {
      await plant(pair.middle, 'CUST', open);
      await fixture.work();
      const older = await fixture.copy();
      for (let no = 2; no <= 603; no += 1) await plant(pair.middle, 'CUST', change(String(no), `name ${no}`));
      await plant(pair.middle, 'CUST', openOf(700));
      await fixture.work();
      await older.putBack();
      const all = { all: true };
      expect(await repairPair(pair, { ...all, dryRun: true })).toMatchObject({ rows: 603, left: [] });
      expect(await repairPair(pair, all)).toMatchObject({ rows: 603, customers: 2, left: [] });
      expect(await nameOf('1')).toBe('name 603');
    });

    it('of one customer closes no alarm', async () => {
      await loseOneChange();
      expect(await repairPair(pair, { custId: '2' })).toMatchObject({ rows: 0, alarmsOpen: 1 });
      expect(await repairPair(pair, { custId: '1' })).toMatchObject({ rows: 1, alarmsOpen: 1 });
      expect(await repairPair(pair)).toMatchObject({ rows: 0, alarmsClosed: 1, alarmsOpen: 0 });
    });

    it('does not take what it has applied for a sign that others finished the lost rows before it', async () => {
      const isSibling = (custId: string) => custId !== '1' && shardOf(custId, 8) === shardOf('1', 8);
      const sibling = Array.from({ length: 100 }, (_, index) => String(index + 10)).find(isSibling);
      const ofSibling = { CustID: sibling ?? '' };
      await plant(pair.middle, 'CUST', open);
      await plant(pair.middle, 'CUST', { ...open, ...ofSibling, StreamingNo: '2' });
      await fixture.work();
      const older = await fixture.copy();
      await plant(pair.middle, 'CUST', { ...change('3', 'A'), ...ofSibling });
      await plant(pair.middle, 'CUST', change('4', 'B'));
      await fixture.work();
      await fixture.finishByHand('4', fixture.secondsAgo(-30));
      await older.putBack();
      await plant(pair.middle, 'CUST', change('5', 'C'));
      await expect(fixture.work()).rejects.toThrow(StoreAlarmError);
      expect(await repairPair(pair, { custId: '1' })).toMatchObject({ rows: 1, byOthers: 0, alarmsOpen: 1 });
      expect(await fixture.doctor()).toMatchObject([{ level: 'error' }]);
      expect(await repairPair(pair)).toMatchObject({ rows: 1, byOthers: 0, alarmsClosed: 1, alarmsOpen: 0 });
      expect(await nameOf(sibling ?? '')).toBe('A');
    });

    it('closes no alarm where another loss shows in the end, and says that it is open', async () => {
      await loseOneChange();
      const meanwhile = () => fixture.finishByHand('3', fixture.secondsAgo(0));
      const report = await repairPair(pair, {}, {}, { meanwhile });
      expect(report).toMatchObject({ rows: 1, left: [], alarmsClosed: 0, alarmsOpen: 1 });
      expect(await repairPair(pair)).toMatchObject({ rows: 1, left: [], alarmsClosed: 1, alarmsOpen: 0 });
    });

    it('takes rows for those of others that were finished by hand while workers went on', async () => {
      await plant(pair.middle, 'CUST', open);
      await fixture.work();
      await plant(pair.middle, 'CUST', { ...openOf(9), State: 2 });
      await fixture.finishByHand('9', fixture.secondsAgo(600));
      await plant(pair.middle, 'CUST', { ...change('10', 'A') });
      await fixture.work();
      expect(await repairPair(pair)).toMatchObject({ rows: 0, left: [] });
      expect(await nameOf('9')).toBeUndefined();
    });
  });
}
