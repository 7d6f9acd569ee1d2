import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture } from '../middle.js';
import { account, cust, everything, idsOf, later } from './rows.js';

const tenMinutes = 600_000;

/** Which rows a poll leaves to settle: rows with smaller keys may still become visible. */
export function settleRules(fixture: Fixture): void {
  describe('settling', () => {
    it('leaves rows alone that are younger than settleMs by the clock of the database', async () => {
      const now = await fixture().now();
      await fixture().plant([
        cust('1', { createDate: later(now, -1200) }),
        account('2', { createDate: later(now, -1200) }),
        cust('3', { createDate: later(now, -60) }),
        account('4', { createDate: later(now, -60) }),
        cust('5', { createDate: later(now, 3600) }),
      ]);
      const middle = fixture().open();
      expect(idsOf(await middle.poll(everything({ settleMs: tenMinutes })))).toEqual([
        'IF_BNET_CUST:1',
        'IF_BNET_ACCOUNT:2',
      ]);
      expect(idsOf(await middle.poll(everything({ settleMs: 30_000 })))).toHaveLength(4);
      expect(idsOf(await middle.poll(everything({ settleMs: 2 * 3_600_000 })))).toHaveLength(0);
    });

    it('never holds back a row without CreateDate', async () => {
      await fixture().plant([cust('1', { createDate: null }), account('2', { createDate: null })]);
      const page = await fixture()
        .open()
        .poll(everything({ settleMs: tenMinutes }));
      expect(idsOf(page)).toEqual(['IF_BNET_CUST:1', 'IF_BNET_ACCOUNT:2']);
    });

    it('is off with settleMs 0, even for rows dated in the future', async () => {
      const future = later(await fixture().now(), 86_400);
      await fixture().plant([
        cust('1', { createDate: future }),
        account('2', { createDate: '9999-12-31 23:59:59' }),
      ]);
      const page = await fixture()
        .open()
        .poll(everything({ settleMs: 0 }));
      expect(idsOf(page)).toEqual(['IF_BNET_CUST:1', 'IF_BNET_ACCOUNT:2']);
    });

    it('never leaves a row in State 1 behind, however young it is', async () => {
      const createDate = later(await fixture().now(), 3600);
      const stateDate = await fixture().now();
      await fixture().plant([
        cust('1', { createDate, state: State.Processing, stateDate }),
        account('2', { createDate, state: State.Processing, stateDate: null }),
      ]);
      const page = await fixture()
        .open()
        .poll(everything({ settleMs: tenMinutes }));
      expect(idsOf(page)).toEqual(['IF_BNET_CUST:1', 'IF_BNET_ACCOUNT:2']);
    });

    it('does not let young rows take the place of settled ones in the page', async () => {
      const now = await fixture().now();
      const young = Array.from({ length: 20 }, (_, index) =>
        cust(String(index + 1), { createDate: later(now, -60 + index) }),
      );
      await fixture().plant([...young, cust('99', { createDate: later(now, -1200) })]);
      const page = await fixture()
        .open()
        .poll(everything({ settleMs: tenMinutes, limit: 5 }));
      expect(idsOf(page)).toEqual(['IF_BNET_CUST:99']);
    });
  });
}
