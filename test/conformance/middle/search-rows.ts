import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture, MiddleFixture } from '../middle.js';
import { account, cust, ids, later, longAgo } from './rows.js';

const long = '123456789012345678901234567890';
const nearby = '123456789012345678901234567891';

/** Counts, rows in flight and a customer's rows. */
export function lookingAboutRules(fixture: Fixture<MiddleFixture>): void {
  describe('counts by State', () => {
    const states = [
      State.Initial,
      State.Processing,
      State.Processing,
      State.Failed,
      State.Failed,
      State.Failed,
      null,
      9,
    ];
    const rows = states.map((state, index) =>
      cust(String(index + 1), { state, productId: String(index % 2) }),
    );

    it('are exact below the limit', async () => {
      await fixture().plant([...rows, account('1', { state: State.Succeeded })]);
      expect(await fixture().openSearch().countCapped(4)).toEqual({
        CUST: { '0': 1, '1': 2, '2': 0, '3': 3, other: 2, stopped: [] },
        ACCOUNT: { '0': 0, '1': 0, '2': 1, '3': 0, stopped: [] },
      });
    });

    it('stop at the limit, and say so, after one statement', async () => {
      await fixture().plant(rows);
      const middle = fixture().openSearch();
      const statements = await fixture().statementsDuring(async () => {
        expect((await middle.countCapped(2)).CUST).toEqual({
          '0': 1,
          '1': 2,
          '2': 0,
          '3': 2,
          other: 2,
          stopped: ['1', '3'],
        });
      });
      expect(statements).toBe(1);
    });

    it('with productIds count these alone, and stop where too many others were read', async () => {
      await fixture().plant(rows);
      const middle = fixture().openSearch({ productIds: ['1', '5'] });
      expect((await middle.countCapped(100)).CUST).toEqual({
        ...{ '0': 0, '1': 1, '2': 0, '3': 2, other: 1 },
        stopped: [],
      });
      const few = (await middle.countCapped(3)).CUST;
      expect(few).toEqual({ '0': 0, '1': 1, '2': 0, '3': 2, other: 1, stopped: ['3'] });
    });
  });

  describe('counts of failures by code', () => {
    const failed = (stateDate: string | null, errContent: string | null) => ({
      state: State.Failed,
      stateDate,
      errContent,
    });
    const rows = [
      cust('1', failed(longAgo, '00401 a')),
      cust('2', failed(later(longAgo, 9), '00401')),
      cust('3', failed(later(longAgo, 1), '004019 no code')),
      cust('4', failed(later(longAgo, 2), null)),
      cust('5', failed(null, '00401: 中文')),
      account('6', failed(null, '00404 x')),
      account('7', failed(later(longAgo, 1), 'text 00404')),
    ];
    const countsOf = async (scan: number, productIds: readonly string[] = []) =>
      (await fixture().openSearch({ productIds }).failedCounts(scan))
        .map(({ source, code, rows: number, newest }) => [source, code, number, ...ids([newest])])
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

    it('group rows of a table by the code they start with, with the one that failed last', async () => {
      await fixture().plant(rows);
      expect(await countsOf(100)).toEqual([
        ['ACCOUNT', '00404', 1, 'IF_BNET_ACCOUNT:6'],
        ['ACCOUNT', null, 1, 'IF_BNET_ACCOUNT:7'],
        ['CUST', '00401', 3, 'IF_BNET_CUST:2'],
        ['CUST', null, 2, 'IF_BNET_CUST:4'],
      ]);
    });

    it('are about the rows of each table that failed last', async () => {
      await fixture().plant(rows);
      expect(await countsOf(2)).toEqual([
        ['ACCOUNT', '00404', 1, 'IF_BNET_ACCOUNT:6'],
        ['ACCOUNT', null, 1, 'IF_BNET_ACCOUNT:7'],
        ['CUST', '00401', 1, 'IF_BNET_CUST:2'],
        ['CUST', null, 1, 'IF_BNET_CUST:4'],
      ]);
    });

    it('with productIds leave out rows of other products, which are read all the same', async () => {
      await fixture().plant(
        rows.map((row) => ({ ...row, productId: row.streamingNo === '2' ? nearby : long })),
      );
      expect(await countsOf(3, [long])).toEqual([
        ['ACCOUNT', '00404', 1, 'IF_BNET_ACCOUNT:6'],
        ['ACCOUNT', null, 1, 'IF_BNET_ACCOUNT:7'],
        ['CUST', null, 2, 'IF_BNET_CUST:4'],
      ]);
    });

    it('show the newest row whole', async () => {
      await fixture().plant([cust(long, { ...failed(longAgo, '00401 关键'), remark: '备注' })]);
      const [count] = await fixture().openSearch().failedCounts(10);
      expect(count?.newest).toMatchObject({
        streamingNo: long,
        stateDate: longAgo,
        remark: '备注',
        state: 3,
        attributes: [],
      });
    });
  });

  describe('rows in State 1', () => {
    it('come with their age, those that have been there longest first', async () => {
      const now = await fixture().now();
      const inFlight = (seconds: number) => ({ state: State.Processing, stateDate: later(now, -seconds) });
      await fixture().plant([
        cust('1', inFlight(60)),
        cust('2', { state: State.Processing, stateDate: null }),
        account('3', inFlight(3600)),
        account('4', { ...inFlight(10), state: State.Failed }),
        account('5', inFlight(-3600)),
      ]);
      const rows = await fixture().openSearch().processing(10);
      expect(ids(rows)).toEqual([
        'IF_BNET_CUST:2',
        'IF_BNET_ACCOUNT:3',
        'IF_BNET_CUST:1',
        'IF_BNET_ACCOUNT:5',
      ]);
      const [none, hour, minute, future] = rows.map(({ ageSeconds }) => ageSeconds);
      expect([none, future]).toEqual([null, 0]);
      expect(hour).toBeGreaterThanOrEqual(3600);
      expect(hour).toBeLessThan(3660);
      expect(minute).toBeGreaterThanOrEqual(60);
      expect(minute).toBeLessThan(120);
    });

    it('are at most so many of each table, those of our products', async () => {
      const rows = [cust, account].flatMap((plant) =>
        [1, 2, 3, 4].map((no) =>
          plant(String(no), {
            state: State.Processing,
            stateDate: later(longAgo, -no),
            productId: no < 4 ? long : nearby,
          }),
        ),
      );
      await fixture().plant(rows);
      expect(
        ids(
          await fixture()
            .openSearch({ productIds: [long] })
            .processing(2),
        ),
      ).toEqual(['IF_BNET_CUST:3', 'IF_BNET_ACCOUNT:3', 'IF_BNET_CUST:2', 'IF_BNET_ACCOUNT:2']);
    });
  });

  describe('rows of a customer', () => {
    const created = (createDate: string | null, custId = long) => ({ custId, createDate });
    const rows = [
      cust('5', created(longAgo)),
      cust('40', created(longAgo)),
      account('40', created(longAgo)),
      cust('1', created(later(longAgo, 5))),
      account('2', created(null)),
      account('3', { ...created(later(longAgo, 9)), state: State.Succeeded, productId: nearby }),
      cust('9', created(longAgo, nearby)),
      account('9', { custId: null }),
    ];

    it('come in the reverse of their order, whatever their State', async () => {
      await fixture().plant(rows);
      expect(ids(await fixture().openSearch().ofCustomer(long, 10))).toEqual([
        'IF_BNET_ACCOUNT:3',
        'IF_BNET_CUST:1',
        'IF_BNET_ACCOUNT:40',
        'IF_BNET_CUST:40',
        'IF_BNET_CUST:5',
        'IF_BNET_ACCOUNT:2',
      ]);
    });

    it('are at most so many of each table, the newest', async () => {
      await fixture().plant(rows);
      expect(ids(await fixture().openSearch().ofCustomer(long, 2))).toEqual([
        'IF_BNET_ACCOUNT:3',
        'IF_BNET_CUST:1',
        'IF_BNET_ACCOUNT:40',
        'IF_BNET_CUST:40',
      ]);
    });

    it('are those of our products, and none where a number is none', async () => {
      await fixture().plant(rows);
      const middle = fixture().openSearch({ productIds: [nearby] });
      expect(ids(await middle.ofCustomer(`00${long}`.slice(2), 10))).toEqual(['IF_BNET_ACCOUNT:3']);
      expect(await middle.ofCustomer('', 10)).toEqual([]);
      expect(await middle.ofCustomer('1 OR 1=1', 10)).toEqual([]);
    });
  });
}
