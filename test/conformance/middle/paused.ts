import { describe, expect, it } from 'vitest';
import { sources, type Source } from '../../../src/domain/keys.js';
import { State } from '../../../src/domain/states.js';
import type { Paused } from '../../../src/middle/port.js';
import type { Fixture } from '../middle.js';
import { account, cust, everything, ids, idsOf, later, longAgo, type PlantedRow } from './rows.js';

const thirtyDigits = '123456789012345678901234567890';
const nearest = '123456789012345678901234567891';
const plantOf = { CUST: cust, ACCOUNT: account } as const;
const otherOf: Readonly<Record<Source, Source>> = { CUST: 'ACCOUNT', ACCOUNT: 'CUST' };

const table = (...paused: Source[]): Paused => ({ sources: paused, productIds: [] });
const products = (...productIds: string[]): Paused => ({ sources: [], productIds });

/** What a poll leaves out for a pause, and that `hasOpenRows` says the same. */
export function pausedRules(fixture: Fixture): void {
  /** What a poll with this pause returns. */
  const polled = async (paused: Paused, request: Parameters<typeof everything>[0] = {}) =>
    idsOf(
      await fixture()
        .open()
        .poll(everything({ paused, ...request })),
    );

  describe('a paused product', () => {
    it('is left out with its rows of both tables and States, and no row of another or of none is', async () => {
      const inFlight = { state: State.Processing, stateDate: longAgo };
      await fixture().plant([
        cust('1', { productId: thirtyDigits }),
        account('2', { productId: thirtyDigits }),
        cust('3', { productId: thirtyDigits, ...inFlight }),
        account('4', { productId: thirtyDigits, ...inFlight }),
        cust('5', { productId: nearest }),
        account('6', { productId: nearest, ...inFlight }),
        cust('7', { productId: null }),
        account('8', { productId: '7' }),
      ]);
      const others = ['IF_BNET_CUST:5', 'IF_BNET_ACCOUNT:6', 'IF_BNET_CUST:7'];
      expect(await polled(products(thirtyDigits))).toEqual([...others, 'IF_BNET_ACCOUNT:8']);
      expect(await polled(products(thirtyDigits, '7', '8'))).toEqual(others);
    });

    it('takes no place in the page', async () => {
      const blocked = Array.from({ length: 30 }, (_, index) => cust(String(index + 1), { productId: '7' }));
      await fixture().plant([...blocked, account('99', { createDate: later(longAgo, 1) })]);
      expect(await polled(products('7'), { limit: 3 })).toEqual(['IF_BNET_ACCOUNT:99']);
    });

    it('may be one of a thousand', async () => {
      const paused = Array.from({ length: 1000 }, (_, index) => `${'4'.repeat(20)}${String(1000 + index)}`);
      await fixture().plant([
        cust('1', { productId: paused[0]! }),
        account('2', { productId: paused[999]! }),
        cust('3', { productId: '4'.repeat(20) }),
      ]);
      expect(await polled(products(...paused))).toEqual(['IF_BNET_CUST:3']);
    });
  });

  describe.each(sources)('paused %s', (source) => {
    const plant = plantOf[source];
    const plantOther = plantOf[otherOf[source]];

    it('is left out, and so are the other table’s rows of every customer with an open row in it', async () => {
      const soon = later(await fixture().now(), 3600);
      const free: PlantedRow[] = [plantOther('11', { custId: '1' }), plantOther('12', { custId: nearest })];
      await fixture().plant([
        plant('1', { custId: '2' }),
        plant('2', { custId: '3', state: State.Processing, stateDate: longAgo }),
        plant('3', { custId: '4', createDate: soon }),
        plant('4', { custId: thirtyDigits, createDate: null }),
        // Finished rows, and one that has no name to be answered by, hold nobody back.
        plant('5', { custId: '1', state: State.Succeeded, stateDate: longAgo }),
        plant('6', { custId: '1', state: State.Failed, stateDate: longAgo }),
        plant('7', { custId: '1', state: null }),
        ...free,
        ...['2', '3', '4', thirtyDigits].flatMap((custId, index) => [
          plantOther(String(index + 20), { custId }),
          plantOther(String(index + 30), { custId, state: State.Processing, stateDate: longAgo }),
        ]),
      ]);
      expect(await polled(table(source))).toEqual(ids(free));
      expect(await polled(table(otherOf[source]))).toEqual([]);
    });

    it('holds the rows without a CustID of the other back where it has such a row itself', async () => {
      await fixture().plant([plant('1', { custId: '1' }), plantOther('2', { custId: null })]);
      expect(await polled(table(source))).toEqual(ids([plantOther('2')]));
      await fixture().plant([plant('3', { custId: null }), plantOther('4', { custId: '2' })]);
      expect(await polled(table(source))).toEqual(ids([plantOther('4')]));
    });

    it('takes no place in the page, nor do those it holds back', async () => {
      await fixture().plant([
        ...Array.from({ length: 30 }, (_, index) => plant(String(index + 1), { custId: '1' })),
        ...Array.from({ length: 30 }, (_, index) => plantOther(String(index + 1), { custId: '1' })),
        plantOther('99', { custId: '2', createDate: later(longAgo, 1) }),
      ]);
      expect(await polled(table(source), { limit: 3 })).toEqual(ids([plantOther('99')]));
    });

    it('holds nobody back with rows of products that are not ours', async () => {
      await fixture().plant([
        plant('1', { custId: '1', productId: nearest }),
        plant('2', { custId: '2', productId: thirtyDigits }),
        plantOther('3', { custId: '1', productId: thirtyDigits }),
        plantOther('4', { custId: '2', productId: thirtyDigits }),
      ]);
      const middle = fixture().open({ productIds: [thirtyDigits] });
      expect(idsOf(await middle.poll(everything({ paused: table(source) })))).toEqual(ids([plantOther('3')]));
      expect(await middle.hasOpenRows({ paused: table(source) })).toBe(true);
      await fixture().remove({ source: otherOf[source], streamingNo: '3' });
      expect(await middle.hasOpenRows({ paused: table(source) })).toBe(false);
    });
  });

  describe('pauses', () => {
    it('of both tables leave nothing to poll', async () => {
      await fixture().plant([cust('1'), account('2', { custId: null }), account('3', { custId: '7' })]);
      const both = { sources, productIds: ['7'] };
      expect(await polled(both)).toEqual([]);
      expect(await fixture().open().hasOpenRows({ paused: both })).toBe(false);
    });

    it('hold beside everything else that a poll is told', async () => {
      const row = (streamingNo: string, custId: string, columns: Partial<PlantedRow> = {}) =>
        account(streamingNo, { custId, ...columns });
      const wait = {
        custId: '16',
        product: { productId: '42', custId: '16', bizId: 'BIZ1' },
        userId: 'U1',
        remainingMs: 1000,
      };
      await fixture().plant([
        row('1', '8'),
        row('2', '24'),
        row('3', '16', { opFlag: '0202' }),
        row('4', '16', { opFlag: '0201' }),
        row('5', '32', { productId: '7' }),
        row('6', '9'),
        row('7', '40', { createDate: later(await fixture().now(), 3600) }),
        row('8', '48'),
        cust('9', { custId: '48' }),
      ]);
      const told = {
        settleMs: 2000,
        shards: { count: 8, held: [0] },
        excluded: ['24', null],
        waits: [wait],
        paused: { sources: ['CUST'], productIds: ['7'] } as const,
      };
      expect(idsOf(await fixture().open().poll(everything(told)))).toEqual(
        ids([row('1', '8'), row('4', '16')]),
      );
    });

    it('leave open rows where a poll would return any later, settled or not, and none where all are held back', async () => {
      const middle = fixture().open();
      const soon = later(await fixture().now(), 3600);
      await fixture().plant([cust('1'), account('2'), account('3', { productId: '7', custId: null })]);
      expect(await middle.hasOpenRows({ paused: products('42') })).toBe(true);
      expect(await middle.hasOpenRows({ paused: products('42', '7') })).toBe(false);
      expect(await middle.hasOpenRows({ paused: { sources: ['CUST'], productIds: ['7'] } })).toBe(false);
      expect(await middle.hasOpenRows({ paused: table('CUST') })).toBe(true);
      expect(await middle.hasOpenRows()).toBe(true);
      await fixture().plant([account('4', { custId: '9', createDate: soon })]);
      expect(await middle.hasOpenRows({ paused: { sources: ['CUST'], productIds: ['7'] } })).toBe(true);
    });
  });
}
