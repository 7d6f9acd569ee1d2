import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture } from '../middle.js';
import { account, cust, later, longAgo } from './rows.js';

/** When there is anything left to do. */
export function openRowsRules(fixture: Fixture): void {
  describe('open rows', () => {
    it.each([cust('1'), account('1')])(
      'are there with a row of $source in State 0 or 1, settled or not',
      async (row) => {
        const middle = fixture().open();
        expect(await middle.hasOpenRows()).toBe(false);
        await fixture().plant([{ ...row, createDate: later(await fixture().now(), 3600) }]);
        expect(await middle.hasOpenRows()).toBe(true);
        const key = { source: row.source, streamingNo: '1' };
        await fixture().change(key, { state: State.Processing, stateDate: longAgo });
        expect(await middle.hasOpenRows()).toBe(true);
        for (const state of [State.Succeeded, State.Failed, null, 9]) {
          await fixture().change(key, { state });
          expect(await middle.hasOpenRows()).toBe(false);
        }
      },
    );

    it('may belong to nobody', async () => {
      await fixture().plant([account('1', { custId: null, productId: null, createDate: null })]);
      expect(await fixture().open().hasOpenRows()).toBe(true);
    });
  });
}
