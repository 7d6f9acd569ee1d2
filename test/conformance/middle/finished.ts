import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { ClaimedRequest, LatestFinished, LatestFinishedRequest } from '../../../src/middle/port.js';
import type { FinishedPosition, FinishedRequest, FinishedRows } from '../../../src/middle/admin-port.js';
import type { Fixture, MiddleFixture, MiddleSettings } from '../middle.js';
import { account, cust, ids, idsInOrder, later, longAgo, type PlantedRow } from './rows.js';

const done = { state: State.Succeeded, stateDate: longAgo };

/** All finished rows of a table, page by page, and how many pages there were. */
async function allPages(
  finished: FinishedRows,
  request: Omit<FinishedRequest, 'after'>,
): Promise<{ ids: string[]; pages: number }> {
  const found: string[] = [];
  let after: FinishedPosition | null = null;
  for (let pages = 1; ; pages += 1) {
    const page: Awaited<ReturnType<FinishedRows['page']>> = await finished.page({ ...request, after });
    found.push(...ids(page.rows));
    if (page.next === null || pages > 100) return { ids: found, pages };
    after = page.next;
  }
}

/** The rules of the port FinishedRows. */
export function finishedRules(fixture: Fixture<MiddleFixture>): void {
  const open = (settings?: MiddleSettings) => fixture().finished(settings);
  describe('finished rows', () => {
    const longest = '9'.repeat(30);
    const ordered: readonly PlantedRow[] = [
      cust('7', { ...done, createDate: null }),
      cust('10', { ...done, createDate: null }),
      cust(longest, { ...done, createDate: null }),
      cust('3', done),
      cust('20', done),
      cust('9'.repeat(29), done),
      cust('2', { ...done, createDate: later(longAgo, 1) }),
      cust('11', { ...done, createDate: later(longAgo, 1) }),
      cust('1', { ...done, createDate: later(longAgo, 86_400) }),
    ];

    it.each([1, 2, 3, 4, 8, 9, 10])(
      'come in order, each once, in pages of %i: without CreateDate first, ties by number, with 30 digits',
      async (limit) => {
        await fixture().plant(ordered);
        const { ids: found } = await allPages(open(), { source: 'CUST', limit });
        expect(found).toEqual(idsInOrder(ordered));
      },
    );

    it('are those in State 2 that have a StreamingNo, of the table asked for', async () => {
      const others = [State.Initial, State.Processing, State.Failed, null, 9];
      await fixture().plant([
        ...others.map((state, index) => cust(String(index + 1), { state })),
        cust('6', done),
        account('7', done),
      ]);
      const all = async (source: 'CUST' | 'ACCOUNT') => (await allPages(open(), { source, limit: 5 })).ids;
      expect(await all('CUST')).toEqual(['IF_BNET_CUST:6']);
      expect(await all('ACCOUNT')).toEqual(['IF_BNET_ACCOUNT:7']);
    });

    it('come with all columns, and with attributes in attribute-id order', async () => {
      const attributes = [
        { attrId: '10', attrSpecId: '1', attrValue: 'b' },
        { attrId: '9', attrSpecId: longest, attrValue: null },
      ];
      await fixture().plant([account(longest, { ...done, custId: longest, attributes }), account('1', done)]);
      const { rows } = await open().page({ source: 'ACCOUNT', after: null, limit: 5 });
      expect(rows).toEqual([
        expect.objectContaining({ streamingNo: '1', attributes: [] }),
        {
          ...{ source: 'ACCOUNT', streamingNo: longest, productId: '42', bizId: 'BIZ1', areaCode: null },
          ...{
            custId: longest,
            custAccount: null,
            custName: null,
            userId: 'U1',
            accType: '2',
            accName: '张三',
          },
          ...{ opFlag: '0201', createDate: longAgo, state: State.Succeeded, stateDate: longAgo },
          attributes: [
            { attrId: '9', attrSpecId: longest, attrValue: null },
            { attrId: '10', attrSpecId: '1', attrValue: 'b' },
          ],
        },
      ]);
    });

    it('of some customers only, of a product only, and never of products that are not ours', async () => {
      await fixture().plant([
        cust('1', { ...done, custId: '5', productId: '42' }),
        cust('2', { ...done, custId: longest, productId: '43' }),
        cust('3', { ...done, custId: '6', productId: '44' }),
        cust('4', { ...done, custId: null, productId: null }),
        cust('5', { custId: '5' }),
      ]);
      const found = async (more: Partial<FinishedRequest>, settings?: MiddleSettings) =>
        (await allPages(open(settings), { source: 'CUST', limit: 1, ...more })).ids.map((id) => id.slice(-1));
      expect(await found({})).toEqual(['1', '2', '3', '4']);
      expect(await found({ custIds: ['5', longest] })).toEqual(['1', '2']);
      expect(await found({ custIds: ['5', longest], productId: '43' })).toEqual(['2']);
      expect(await found({ productId: '44' })).toEqual(['3']);
      expect(await found({}, { productIds: ['42', '43'] })).toEqual(['1', '2']);
      expect(await found({ custIds: [] })).toEqual([]);
    });
  });

  latestFinishedRules(fixture, open);
}

/**
 * The rules of the port LatestFinished, which workers need too.
 * @param open - opens the adapter under test
 */
export function latestFinishedRules(
  fixture: Fixture,
  open: (settings?: MiddleSettings) => LatestFinished,
): void {
  describe('the rows finished last', () => {
    const at = (seconds: number) => later(longAgo, seconds);
    const finishedAt = (seconds: number, more: Partial<PlantedRow> = {}) => {
      return { ...done, stateDate: at(seconds), createDate: at(seconds), ...more };
    };
    const everything: LatestFinishedRequest = {
      shards: { count: 4, of: 'all' },
      after: null,
      scan: 1000,
      limit: 1000,
    };
    const latest = async (request: Partial<LatestFinishedRequest>, settings?: MiddleSettings) =>
      ids(await open(settings).latestFinished({ ...everything, ...request }));

    it('come latest first, of both tables, with what a comparison needs', async () => {
      const longest = '9'.repeat(30);
      await fixture().plant([
        cust('1', finishedAt(1)),
        account('2', finishedAt(3)),
        cust(longest, { ...finishedAt(2), custId: longest, productId: longest }),
        cust('4', { ...finishedAt(0), createDate: null }),
      ]);
      expect(await latest({})).toEqual([
        'IF_BNET_ACCOUNT:2',
        `IF_BNET_CUST:${longest}`,
        'IF_BNET_CUST:1',
        'IF_BNET_CUST:4',
      ]);
      const [, row] = await open().latestFinished(everything);
      expect(row).toEqual({
        ...{ source: 'CUST', streamingNo: longest, custId: longest, productId: longest },
        stateDate: at(2),
      });
    });

    it('are those in State 2 that have a StreamingNo and a StateDate', async () => {
      const others = [State.Initial, State.Processing, State.Failed, null, 9];
      await fixture().plant([
        ...others.map((state, index) => cust(String(index + 1), { ...finishedAt(0), state })),
        cust('6', { ...finishedAt(0), stateDate: null }),
        cust('7', finishedAt(0)),
      ]);
      expect(await latest({})).toEqual(['IF_BNET_CUST:7']);
    });

    it('are of our products, and of the shards asked for; without a CustID it is shard 0', async () => {
      const rows = ['4', '5', '6', null].map((custId, index) =>
        cust(String(index + 1), { ...finishedAt(index), custId, productId: index === 0 ? '8' : '7' }),
      );
      await fixture().plant(rows);
      expect(await latest({ shards: { count: 4, of: [0, 1] } })).toEqual([
        'IF_BNET_CUST:4',
        'IF_BNET_CUST:2',
        'IF_BNET_CUST:1',
      ]);
      expect(await latest({}, { productIds: ['8'] })).toEqual(['IF_BNET_CUST:1']);
    });

    it('were finished after the time given, not at it', async () => {
      await fixture().plant([1, 2, 3].map((second) => cust(String(second), finishedAt(second))));
      expect(await latest({ after: at(1) })).toEqual(['IF_BNET_CUST:3', 'IF_BNET_CUST:2']);
    });

    it('are among those created last, and those without a date with the greatest numbers: no more are read', async () => {
      await fixture().plant([
        cust('1', { ...finishedAt(1), stateDate: at(900) }),
        cust('2', finishedAt(2)),
        cust('3', finishedAt(3)),
        cust('8', { ...finishedAt(8), createDate: null }),
        cust('10', { ...finishedAt(9), createDate: null }),
      ]);
      expect(await latest({ scan: 2 })).toEqual([10, 8, 3, 2].map((number) => `IF_BNET_CUST:${number}`));
      expect(await latest({ scan: 1 })).toEqual([10, 3].map((number) => `IF_BNET_CUST:${number}`));
      expect(await latest({ limit: 2 })).toEqual(['IF_BNET_CUST:1', 'IF_BNET_CUST:10']);
    });

    it('come with the database’s clock', async () => {
      expect(await open().now()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    });

    it('come with the rows in State 1 that were claimed until a time, or have no StateDate, of our products and shards', async () => {
      const claimed = (seconds: number | null) => {
        return { state: State.Processing, stateDate: seconds === null ? null : at(seconds) };
      };
      await fixture().plant([
        cust('1', { ...claimed(1), custId: '1' }),
        account('2', { ...claimed(null), custId: '2' }),
        cust('3', { ...claimed(3), custId: '3' }),
        cust('4', { ...finishedAt(1), custId: '4' }),
        cust('5', { ...claimed(1), custId: '5', productId: '8' }),
        cust('6', { ...claimed(1), custId: null }),
      ]);
      const claimedUntil = async (request: Partial<ClaimedRequest>, settings?: MiddleSettings) => {
        const everything = { shards: { count: 4, of: 'all' }, until: at(2), limit: 10 } as const;
        return (await open(settings).claimedUntil({ ...everything, ...request })).map(({ custId }) => custId);
      };
      expect((await claimedUntil({})).sort()).toEqual(['1', '2', '5', null]);
      expect((await claimedUntil({}, { productIds: ['8'] })).sort()).toEqual(['5']);
      expect((await claimedUntil({ shards: { count: 4, of: [0, 2] } })).sort()).toEqual(['2', null]);
      expect(await claimedUntil({ limit: 2 })).toHaveLength(2);
    });
  });
}
