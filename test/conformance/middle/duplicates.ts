import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture } from '../middle.js';
import { account, claimAll, cust, everything, idsOf, later, longAgo } from './rows.js';

/** Tables without a primary key: rows that share a StreamingNo, or have none. */
export function duplicateRules(fixture: Fixture): void {
  describe('where the tables have no primary key', () => {
    it('a poll returns every row of a key', async () => {
      await fixture().plant([cust('1'), cust('1', { custId: '2000' }), account('1'), account('1')]);
      expect(idsOf(await fixture().open().poll(everything()))).toEqual([
        'IF_BNET_CUST:1',
        'IF_BNET_CUST:1',
        'IF_BNET_ACCOUNT:1',
        'IF_BNET_ACCOUNT:1',
      ]);
    });

    it('a claim moves and returns every row of a key that is in State 0', async () => {
      await fixture().plant([cust('1', { custId: '1' }), cust('1', { custId: '2' })]);
      const middle = fixture().open();
      const { rows: polled } = await middle.poll(everything());
      const { claimed, rows } = await middle.claim([{ row: polled[0]!, after: null }]);
      expect(claimed).toBe(2);
      expect(rows.map((row) => row.custId).sort()).toEqual(['1', '2']);
      expect((await fixture().rows()).map((row) => row.state)).toEqual([1, 1]);
    });

    it('a claim returns a finished row of the key too, untouched', async () => {
      const finished = { state: State.Failed, stateDate: longAgo, errContent: '00404', custName: '已完成' };
      await fixture().plant([account('1', { attributes: [{ attrId: '1' }] }), account('1', finished)]);
      const { claimed, rows, left } = await claimAll(fixture().open());
      expect([claimed, left]).toEqual([1, []]);
      expect(rows.map((row) => row.state).sort()).toEqual([State.Processing, State.Failed]);
      const standing = await fixture().rows();
      expect(standing.find((row) => row.state === State.Failed)).toMatchObject({ stateDate: longAgo });
    });

    it('a claim dates each row of the key after its own StateDate', async () => {
      const future = later(await fixture().now(), 43_200);
      await fixture().plant([cust('1', { stateDate: future }), cust('1', { stateDate: later(future, 50) })]);
      const middle = fixture().open();
      const { rows: polled } = await middle.poll(everything());
      const { rows } = await middle.claim([{ row: polled[0]!, after: null }]);
      expect(rows.map((row) => row.stateDate).sort()).toEqual([later(future, 1), later(future, 51)]);
    });

    it('a mark answers every row of a key with its own attempt', async () => {
      const moments = [longAgo, later(longAgo, 1)];
      await fixture().plant(moments.map((stateDate) => cust('1', { state: State.Processing, stateDate })));
      const marks = moments.map((attempt) => ({
        ...key,
        attempt,
        custId: null,
        errContent: '00404 业务逻辑执行错误',
      }));
      const result = await fixture().open().mark(marks);
      expect(result).toEqual({ marked: 2, conflicts: [], left: [], heldBack: [] });
      expect((await fixture().rows()).map((row) => row.state)).toEqual([State.Failed, State.Failed]);
    });

    it('rows without a StreamingNo are nobody’s: they cannot be answered', async () => {
      await fixture().plant([cust(null), account(null, { state: State.Processing })]);
      const middle = fixture().open();
      const before = await fixture().rows();
      expect(idsOf(await middle.poll(everything()))).toEqual([]);
      expect(await middle.hasOpenRows()).toBe(false);
      await fixture().plant([cust('1')]);
      expect((await claimAll(middle)).claimed).toBe(1);
      expect((await fixture().rows()).filter((row) => row.streamingNo === null)).toEqual(before);
    });
  });
}

const key = { source: 'CUST', streamingNo: '1' } as const;
