import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Difference } from '../../src/operator/contract/checks.js';
import { purgeJournal } from '../../src/operator/purge.js';
import { column, isAvailable, openPair, plant, type Pair, type Planted } from '../support/databases.js';
import { clear } from '../support/model-rows.js';
import { operatorsOf } from '../support/operators.js';
import { sqlOf } from '../support/plain-access.js';
import { verifyPair } from '../support/verification.js';
import { drain, quickSettings } from '../support/workers.js';
import { bind as bindOfProduct, open as openOfProduct } from '../support/sample-rows.js';

const product = { ProductID: '323002000', BizID: 'b1', CustID: '8' };
const open = { ...openOfProduct, ...product, AreaCode: '020' };
const change = { ...product, OPFlag: '0102' };
const cancel = { ...product, OPFlag: '0103' };
const bind = { ...bindOfProduct, ...product };
const at = (second: number) => `2026-11-01 08:00:0${second}`;
const actor = { name: 'li', via: 'command' } as const;

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(kind))(`the order that verify expects, on ${kind}`, () => {
    let pair: Pair;
    beforeAll(async () => {
      pair = await openPair(kind);
    });
    afterAll(() => pair.close());
    beforeEach(async () => {
      await clear(pair);
      await applied('CUST', { ...open, StreamingNo: '1', CreateDate: at(1) });
    });
    // The guard would stop a worker on a store that has lost rows: here it is to go on.
    const work = (settings: Partial<typeof quickSettings> = {}) =>
      drain({
        middle: pair.openMiddle(),
        store: pair.openStore(),
        settings: { othersFinishRows: true, ...settings },
      });
    const inMiddle = (sql: string) => pair.middle.execute({ sql, bindings: [] });
    const inStore = (sql: string) => pair.store.execute({ sql, bindings: [] });
    const arrives = (source: 'CUST' | 'ACCOUNT', row: Planted) => plant(pair.middle, source, row);
    const applied = async (source: 'CUST' | 'ACCOUNT', row: Planted) => {
      await arrives(source, row);
      await work();
    };

    const brief = ({ kind: found, table, streamingNo, laterTable, laterStreamingNo, ...rest }: Difference) =>
      found === 'outOfOrder'
        ? [found, rest.custId, table, streamingNo, laterTable, laterStreamingNo]
        : [found, rest.custId, rest.userId, rest.field, rest.expected, rest.found];
    const verified = async () => {
      const { summary, differences } = await verifyPair(pair);
      expect(summary.notJudgedExamples).toEqual([]);
      return { late: summary.lateRows, differences: differences.map(brief) };
    };
    const none = { requeued: 0, waited: 0, undated: 0, sameValues: 0 };
    const clean = (late: Partial<typeof none>) => ({ late: { ...none, ...late }, differences: [] });

    it('a change that a fail-over lost, and that was put back after a later one', async () => {
      await applied('CUST', { ...change, StreamingNo: '2', CreateDate: at(2), CustName: 'A' });
      await inStore(`DELETE FROM sync_journal WHERE streaming_no = '2'`);
      await inStore(`UPDATE bnet_customer SET cust_name = '企业', last_streaming_no = '1'`);
      await applied('CUST', { ...change, StreamingNo: '3', CreateDate: at(3), CustName: 'B' });
      await inMiddle(`UPDATE IF_BNET_CUST SET State = 0 WHERE StreamingNo = '2'`);
      await work();
      expect(await column(pair.store, 'SELECT cust_name FROM bnet_customer')).toEqual(['A']);
      expect(await verified()).toEqual({
        late: none,
        differences: [
          ['outOfOrder', '8', 'IF_BNET_CUST', '2', 'IF_BNET_CUST', '3'],
          ['different', '8', null, 'cust_name', 'B', 'A'],
          ['different', '8', null, 'last_streaming_no', '3', '2'],
        ],
      });
      // Put right in the store, by whatever means: the journal says what happened, the store what holds.
      await inStore(`UPDATE bnet_customer SET cust_name = 'B', last_streaming_no = '3'`);
      expect(await verified()).toEqual(clean({ sameValues: 1 }));
    });

    it('a row that became visible late is the same to it where it changes values, and else is only counted', async () => {
      await applied('CUST', { ...change, StreamingNo: '3', CreateDate: at(3), CustName: 'B' });
      await applied('CUST', { ...change, StreamingNo: '2', CreateDate: at(2), AreaCode: '571' });
      await applied('ACCOUNT', { ...bind, StreamingNo: '2', CreateDate: at(2) });
      expect(await verified()).toEqual(clean({ sameValues: 2 }));
      await applied('CUST', { ...change, StreamingNo: '4', CreateDate: at(2), CustName: 'A' });
      expect((await verified()).differences[0]).toEqual([
        ...['outOfOrder', '8', 'IF_BNET_CUST', '4', 'IF_BNET_CUST', '3'],
      ]);
      expect((await verified()).late).toEqual({ ...none, sameValues: 2 });
    });

    it('across both tables: a bind before a cancel and another open, a cancel before a bind', async () => {
      const rules = { ...quickSettings.rules, onCancelWithUsers: 'unbind' } as const;
      await arrives('CUST', { ...cancel, StreamingNo: '3', CreateDate: at(3) });
      await arrives('CUST', { ...open, StreamingNo: '4', CreateDate: at(4) });
      await work({ rules });
      await applied('ACCOUNT', { ...bind, StreamingNo: '2', CreateDate: at(2) });
      expect((await verified()).differences).toEqual([
        ['outOfOrder', '8', 'IF_BNET_ACCOUNT', '2', 'IF_BNET_CUST', '3'],
        ['different', '8', 'ap', 'status', 'unbound', 'bound'],
        ['different', '8', 'ap', 'last_streaming_no', '3', '2'],
      ]);

      await clear(pair);
      await applied('CUST', { ...open, StreamingNo: '1', CreateDate: at(1) });
      await applied('ACCOUNT', { ...bind, StreamingNo: '3', CreateDate: at(3) });
      await arrives('CUST', { ...cancel, StreamingNo: '2', CreateDate: at(2) });
      await work({ rules });
      expect((await verified()).differences).toEqual([
        ['outOfOrder', '8', 'IF_BNET_CUST', '2', 'IF_BNET_ACCOUNT', '3'],
        ['surplus', '8', 'ap', null, null, 'unbound'],
      ]);
    });

    it('other customers’ and products’ rows have no order among them', async () => {
      await applied('CUST', { ...open, StreamingNo: '3', CreateDate: at(3), ProductID: '4' });
      await applied('CUST', { ...change, StreamingNo: '2', CreateDate: at(2), CustName: 'A' });
      await applied('CUST', { ...open, StreamingNo: '5', CreateDate: at(1), CustID: '9' });
      expect(await verified()).toEqual(clean({ sameValues: 1 }));
    });

    describe('a requeued row', () => {
      beforeEach(async () => {
        await applied('CUST', { ...change, StreamingNo: '2', CreateDate: at(2), CustName: 'A' });
        // Refused twice, each time for something else.
        await inStore(`DELETE FROM sync_journal WHERE streaming_no = '2'`);
        await inStore(`UPDATE bnet_customer SET cust_name = '企业', last_streaming_no = '1'`);
        for (const wrong of ['BizID = NULL', `BizID = 'b2'`]) {
          await inMiddle(`UPDATE IF_BNET_CUST SET State = 0, ${wrong} WHERE StreamingNo = '2'`);
          await work();
        }
        await applied('CUST', { ...change, StreamingNo: '3', CreateDate: at(3), CustName: 'B' });
        await inMiddle(
          `UPDATE IF_BNET_CUST SET State = 0, ErrContent = NULL, BizID = 'b1' WHERE StreamingNo = '2'`,
        );
        await work();
      });

      it('took effect late on purpose, also after a purge of the journal', async () => {
        expect(await verified()).toEqual(clean({ requeued: 1 }));
        const request = { olderThanMs: 0, gone: true, productIds: [], dryRun: false };
        expect(await purgeJournal(operatorsOf(pair), actor, request)).toMatchObject({ superseded: 1 });
        expect(await verified()).toEqual(clean({ requeued: 1 }));
      });

      it('is known by nothing but its superseded failures', async () => {
        await inStore(`DELETE FROM sync_journal WHERE superseded`);
        expect((await verified()).differences[0]).toEqual([
          ...['outOfOrder', '8', 'IF_BNET_CUST', '2', 'IF_BNET_CUST', '3'],
        ]);
      });
    });

    it('a row without CreateDate comes before all others, whenever it arrives', async () => {
      await applied('CUST', { ...change, StreamingNo: '2', CreateDate: null, CustName: 'A' });
      expect(await verified()).toEqual(clean({ undated: 1 }));
    });

    describe('an open and a bind that overtook', () => {
      const young = { CustID: '9' };
      const grace = { dependencyGraceMs: 60_000 };
      let now: string;
      beforeEach(async () => {
        now = String((await column(pair.middle, sqlOf(pair.middle).clock))[0]);
      });
      /** A change of a user, a bind and an open, each of which comes later than what needs it. */
      const plantWaiting = async () => {
        const CreateDate = now;
        const user = { ...bind, ...young, CreateDate };
        await arrives('ACCOUNT', { ...user, StreamingNo: '11', OPFlag: '0202', AccName: '李四' });
        await arrives('CUST', { ...change, ...young, CreateDate, StreamingNo: '12', CustName: 'A' });
        await arrives('CUST', { ...open, ...young, CreateDate, StreamingNo: '13' });
        await arrives('ACCOUNT', { ...user, StreamingNo: '14' });
        await work(grace);
        const inOrder = `SELECT streaming_no FROM sync_journal WHERE cust_id = '9' ORDER BY decided_at, streaming_no`;
        expect((await column(pair.store, inOrder)).map(String)).toEqual(['13', '14', '11', '12']);
      };

      it('left rows behind that are not late', async () => {
        await plantWaiting();
        expect(await verified()).toEqual(clean({ waited: 2 }));
      });

      it('leave no other row behind', async () => {
        await plantWaiting();
        await applied('CUST', {
          ...{ ...change, ...young, StreamingNo: '10', CreateDate: now, CustName: 'Z' },
        });
        expect((await verified()).differences).toContainEqual([
          ...['outOfOrder', '9', 'IF_BNET_CUST', '10', 'IF_BNET_ACCOUNT', '14'],
        ]);
      });

      it('are none where the row that needed them had them already', async () => {
        const rules = { ...quickSettings.rules, onDuplicateOpen: 'update' } as const;
        const CreateDate = now;
        await arrives('CUST', { ...open, ...young, CreateDate, StreamingNo: '13', CustName: 'C' });
        await work({ rules });
        await arrives('CUST', { ...open, ...young, CreateDate, StreamingNo: '11', CustName: 'A' });
        await arrives('CUST', { ...cancel, ...young, CreateDate, StreamingNo: '12' });
        await work({ rules });
        expect((await verified()).differences.slice(0, 2)).toEqual([
          ['outOfOrder', '9', 'IF_BNET_CUST', '11', 'IF_BNET_CUST', '13'],
          ['outOfOrder', '9', 'IF_BNET_CUST', '12', 'IF_BNET_CUST', '13'],
        ]);
      });
    });
  });
}
