import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture } from '../middle.js';
import { account, cust, everything, idsOf, later, longAgo } from './rows.js';

const thirtyDigits = '123456789012345678901234567890';
const nearest = '123456789012345678901234567891';

/** Which rows a poll never returns, and which customers it can be told to leave out. */
export function selectionRules(fixture: Fixture): void {
  describe('rows a poll leaves out', () => {
    it('are those in State 2 or 3, in no State, and in one the specification does not know', async () => {
      const states = [State.Succeeded, State.Failed, null, 9];
      await fixture().plant([
        ...states.map((state, index) => cust(String(index + 1), { state, stateDate: longAgo })),
        ...states.map((state, index) => account(String(index + 1), { state, stateDate: longAgo })),
        cust('5', { state: State.Initial }),
      ]);
      expect(idsOf(await fixture().open().poll(everything()))).toEqual(['IF_BNET_CUST:5']);
    });

    it('are those of excluded customers, in both tables', async () => {
      await fixture().plant([
        cust('1', { custId: thirtyDigits }),
        account('2', { custId: thirtyDigits, state: State.Processing, stateDate: longAgo }),
        cust('3', { custId: nearest }),
        account('4', { custId: '7' }),
        account('5', { custId: null }),
      ]);
      const middle = fixture().open();
      expect(idsOf(await middle.poll(everything({ excluded: [thirtyDigits] })))).toEqual([
        'IF_BNET_CUST:3',
        'IF_BNET_ACCOUNT:4',
        'IF_BNET_ACCOUNT:5',
      ]);
      const page = await middle.poll(everything({ excluded: [thirtyDigits, '7', '8'] }));
      expect(idsOf(page)).toEqual(['IF_BNET_CUST:3', 'IF_BNET_ACCOUNT:5']);
    });

    it('are those without a CustID where null is excluded, and no others', async () => {
      await fixture().plant([
        cust('1', { custId: null }),
        account('2', { custId: null }),
        cust('3', { custId: '0' }),
      ]);
      const middle = fixture().open();
      expect(idsOf(await middle.poll(everything({ excluded: [null] })))).toEqual(['IF_BNET_CUST:3']);
      expect(idsOf(await middle.poll(everything({ excluded: [null, '0'] })))).toEqual([]);
    });

    it('do not take the place of other customers’ rows in the page', async () => {
      const blocked = Array.from({ length: 30 }, (_, index) => cust(String(index + 1), { custId: '1' }));
      await fixture().plant([...blocked, account('99', { custId: '2', createDate: later(longAgo, 1) })]);
      const page = await fixture()
        .open()
        .poll(everything({ excluded: ['1'], limit: 3 }));
      expect(idsOf(page)).toEqual(['IF_BNET_ACCOUNT:99']);
    });

    it('can be those of a thousand customers at once', async () => {
      const customers = Array.from({ length: 1200 }, (_, index) => String(5000 + index));
      await fixture().plant([
        ...customers.map((custId, index) => cust(String(index + 1), { custId })),
        account('9999'),
      ]);
      const page = await fixture()
        .open()
        .poll(everything({ excluded: customers }));
      expect(idsOf(page)).toEqual(['IF_BNET_ACCOUNT:9999']);
    });

    it('can be those of five thousand customers with numbers of every length', async () => {
      const customers = Array.from({ length: 5000 }, (_, index) =>
        index % 2 === 0 ? String(100_000 + index) : `${'4'.repeat(26)}${String(1000 + (index >> 1))}`,
      );
      const others = ['4', '100001', '10000', '10', '44441', '4'.repeat(26), `1${'4'.repeat(25)}1000`];
      await fixture().plant([
        ...customers
          .filter((_, index) => index % 500 < 2)
          .flatMap((custId, index) => [
            cust(String(index + 1), { custId }),
            account(String(index + 1), { custId, state: State.Processing, stateDate: longAgo }),
          ]),
        ...others.map((custId, index) => account(String(index + 101), { custId })),
        cust('999', { custId: null }),
      ]);
      const page = await fixture()
        .open()
        .poll(everything({ excluded: customers }));
      expect(idsOf(page)).toEqual([
        ...others.map((_, index) => `IF_BNET_ACCOUNT:${String(index + 101)}`),
        'IF_BNET_CUST:999',
      ]);
    });
  });
}
