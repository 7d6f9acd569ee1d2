import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { FinishedPosition, FinishedRequest, FinishedRows } from '../../../src/middle/port.js';
import type { Fixture, MiddleSettings } from '../middle.js';
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
export function finishedRules(fixture: Fixture): void {
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
}
