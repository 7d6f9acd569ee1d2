import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture } from '../middle.js';
import { account, byId, claimAll, cust, everything, ids, longAgo } from './rows.js';

/**
 * StateDates that cannot name an attempt, which tables may hold all the same.
 * @param plant - gives every row of both tables this StateDate
 */
export function strangeDateRules(
  fixture: Fixture,
  dates: readonly string[],
  plant: (date: string) => Promise<void>,
): void {
  describe.each(dates)('a StateDate %s', (date) => {
    it('is read as none', async () => {
      await fixture().plant([cust('1'), account('2', { state: State.Processing })]);
      await plant(date);
      const { rows } = await fixture().open().poll(everything());
      expect(ids(rows)).toEqual(['IF_BNET_CUST:1', 'IF_BNET_ACCOUNT:2']);
      expect(rows.map(({ stateDate }) => stateDate)).toEqual([null, null]);
    });

    it('gives way to a new attempt at the claim, in State 0 and 1', async () => {
      const attributes = [{ attrId: '1' }];
      await fixture().plant([
        cust('1', { attributes }),
        account('2', { state: State.Processing, attributes }),
      ]);
      await plant(date);
      const before = await fixture().now();
      const { claimed, rows, left } = await claimAll(fixture().open());
      const after = await fixture().now();
      expect([claimed, left]).toEqual([1, []]);
      const standing = await fixture().rows();
      for (const id of ['IF_BNET_CUST:1', 'IF_BNET_ACCOUNT:2']) {
        const { stateDate } = byId(rows, id);
        expect(stateDate! >= before && stateDate! <= after, `${stateDate}`).toBe(true);
        const attempt = { state: State.Processing, stateDate };
        expect(byId(standing, id)).toMatchObject({ ...attempt, attributes: [attempt] });
      }
      const marks = rows.map(({ source, streamingNo, stateDate }) => {
        return { source, streamingNo, attempt: stateDate!, custId: null, errContent: null };
      });
      const result = await fixture().open().mark(marks);
      expect(result).toEqual({ marked: 2, conflicts: [], left: [], heldBack: [] });
    });

    it('in State 1 is no attempt that a mark could answer: how the row stands is told without it', async () => {
      await fixture().plant([cust('1', { state: State.Processing })]);
      await plant(date);
      const mark = {
        source: 'CUST',
        streamingNo: '1',
        attempt: longAgo,
        custId: null,
        errContent: null,
      } as const;
      const { marked, conflicts } = await fixture().open().mark([mark]);
      expect([marked, conflicts]).toEqual([0, [{ mark, state: State.Processing, stateDate: null }]]);
    });
  });
}
