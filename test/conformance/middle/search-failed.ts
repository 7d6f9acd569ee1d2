import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type {
  FailedRowsPage,
  FailedSearch,
  FullRow,
  BoundedQueries,
  RowFilter,
} from '../../../src/middle/admin-port.js';
import type { Fixture, MiddleFixture } from '../middle.js';
import { account, cust, ids, later, longAgo, type PlantedRow } from './rows.js';

type Plant = typeof cust;
type Columns = Partial<PlantedRow>;

const long = '123456789012345678901234567890';
const nearby = '123456789012345678901234567891';

/** A row that failed so many seconds after `longAgo`; null: nobody knows when. */
function failed(
  plant: Plant,
  streamingNo: string,
  seconds: number | null,
  columns: Columns = {},
): PlantedRow {
  return plant(streamingNo, {
    state: State.Failed,
    stateDate: seconds === null ? null : later(longAgo, seconds),
    errContent: '00401 关键数据项不能为空: BizID',
    ...columns,
  });
}

function search(part: Partial<FailedSearch> = {}): FailedSearch {
  return { filter: {}, after: null, limit: 100, scan: 1000, ...part };
}

/** Goes through all pages; fails where one does not lead on. */
export async function pagesOf(
  middle: BoundedQueries,
  part: Partial<FailedSearch>,
  most = 2000,
): Promise<readonly FailedRowsPage[]> {
  const pages: FailedRowsPage[] = [];
  let after: FailedSearch['after'] = null;
  do {
    const page: FailedRowsPage = await middle.failedPage(search({ ...part, after }));
    expect(page.next).not.toEqual(after ?? undefined);
    pages.push(page);
    after = page.next;
  } while (after !== null && pages.length < most);
  expect(after).toBeNull();
  return pages;
}

/** How failed rows are listed. */
export function failedListRules(fixture: Fixture<MiddleFixture>): void {
  describe('the list of failed rows', () => {
    orderOfTheList(fixture);
    pagesOfTheList(fixture);
    filtersOfTheList(fixture);
  });
}

const listed = async (
  fixture: Fixture<MiddleFixture>,
  filter: RowFilter = {},
  productIds: readonly string[] = [],
) => ids((await fixture().openSearch({ productIds }).failedPage(search({ filter }))).rows);

function orderOfTheList(fixture: Fixture<MiddleFixture>): void {
  it('begins with those that failed last, by number on a tie, customers first; without StateDate last', async () => {
    await fixture().plant([
      failed(account, '5', 0),
      failed(cust, '5', 0),
      failed(cust, '10', 0),
      failed(cust, long, 0),
      failed(account, nearby, 0),
      failed(cust, '7', null),
      failed(account, '8', null),
      failed(cust, '1', 3600),
      failed(account, '2', 1),
    ]);
    const expected = [
      'IF_BNET_CUST:1',
      'IF_BNET_ACCOUNT:2',
      `IF_BNET_ACCOUNT:${nearby}`,
      `IF_BNET_CUST:${long}`,
      'IF_BNET_CUST:10',
      'IF_BNET_CUST:5',
      'IF_BNET_ACCOUNT:5',
      'IF_BNET_ACCOUNT:8',
      'IF_BNET_CUST:7',
    ];
    expect(await listed(fixture)).toEqual(expected);
  });

  it('holds rows in State 3 alone, and those that have a StreamingNo', async () => {
    const others = [State.Initial, State.Processing, State.Succeeded].map((state, index) =>
      failed(cust, String(index + 1), 0, { state }),
    );
    await fixture().plant([...others, failed(cust, '9', 0), failed(account, '9', 0, { state: null })]);
    expect(await listed(fixture)).toEqual(['IF_BNET_CUST:9']);
  });

  it('is empty where nothing has failed, and ends at once', async () => {
    expect(await fixture().openSearch().failedPage(search())).toEqual({ rows: [], next: null });
  });

  it('has all columns of a row, without attributes', async () => {
    const columns = { productId: long, areaCode: '571', remark: '备注', errContent: '00404 x', bizId: null };
    await fixture().plant([
      failed(cust, nearby, 0, { ...columns, attributes: [{ attrId: '1', attrValue: 'a' }] }),
      failed(account, '2', null, { accName: `O'Hara_%` }),
    ]);
    const { rows } = await fixture().openSearch().failedPage(search());
    const usual = { custId: '1000', createDate: longAgo, state: 3, attributes: [] };
    expect(rows).toEqual([
      {
        ...usual,
        ...columns,
        source: 'CUST',
        streamingNo: nearby,
        stateDate: longAgo,
        opFlag: '0101',
        custAccount: 'account',
        custName: '某某公司',
        userId: null,
        accType: null,
        accName: null,
      },
      expect.objectContaining({ stateDate: null, accName: `O'Hara_%`, userId: 'U1', custName: null }),
    ]);
  });
}

/** Rows in ties of ten, some without a StateDate, in both tables with the same numbers; every 10th fails with 00402. */
function manyRows(): PlantedRow[] {
  return [cust, account].flatMap((plant, table) =>
    Array.from({ length: 60 }, (_, index) => {
      const seconds = index >= 50 ? null : Math.floor(index / 10);
      const isOdd = (index * 7 + table) % 10 === 0;
      return failed(plant, String(index % 2 === 0 ? index + 1 : BigInt(long) + BigInt(index)), seconds, {
        errContent: isOdd ? '00402 业务数据内容不存在' : '00401 x',
        productId: index % 3 === 0 ? '42' : '43',
      });
    }),
  );
}

function pagesOfTheList(fixture: Fixture<MiddleFixture>): void {
  const cases = [
    { limit: 7, scan: 1000 },
    { limit: 1, scan: 1 },
    { limit: 50, scan: 3 },
    { limit: 10, scan: 10 },
    { limit: 10, scan: 11 },
    { limit: 1000, scan: 1000 },
  ];

  it.each(cases)('comes in pages that have each row once, in order: %o', async ({ limit, scan }) => {
    await fixture().plant(manyRows());
    const middle = fixture().openSearch();
    const whole = (await middle.failedPage(search({ limit: 1000, scan: 1000 }))).rows;
    expect(new Set(ids(whole)).size).toBe(120);
    const pages = await pagesOf(middle, { limit, scan });
    expect(pages.every(({ rows }) => rows.length <= limit)).toBe(true);
    expect(ids(pages.flatMap(({ rows }) => rows))).toEqual(ids(whole));
  });

  it.each([...cases, { limit: 2, scan: 5 }])(
    'has each matching row once where a filter skips most: %o',
    async ({ limit, scan }) => {
      await fixture().plant(manyRows());
      const middle = fixture().openSearch({ productIds: ['42'] });
      const pages = await pagesOf(middle, { limit, scan, filter: { code: '00402' } });
      const found = pages.flatMap(({ rows }) => rows);
      expect(found.every((row) => row.productId === '42' && row.errContent!.startsWith('00402'))).toBe(true);
      const expected = manyRows().filter(
        (row) => row.productId === '42' && row.errContent!.startsWith('00402'),
      );
      expect(ids(found).sort()).toEqual(ids(expected).sort());
      expect(expected.length).toBeGreaterThan(3);
      expect(ids(found)).toEqual(await listed(fixture, { code: '00402' }, ['42']));
    },
  );

  it.each([
    { since: later(longAgo, 3) },
    { until: later(longAgo, 4) },
    { since: later(longAgo, 3), until: later(longAgo, 5), source: 'ACCOUNT' as const },
  ])('in a span of time has each row once, and none without a StateDate: %o', async (filter) => {
    await fixture().plant(manyRows());
    const { since = '', until = '9', source } = filter as RowFilter;
    const expected = manyRows().filter(
      (row) =>
        row.stateDate! >= since &&
        row.stateDate! < until &&
        row.stateDate !== null &&
        row.source === (source ?? row.source),
    );
    for (const [limit, scan] of [
      [3, 4],
      [1000, 1000],
      [10, 10],
    ] as const) {
      const pages = await pagesOf(fixture().openSearch(), { limit, scan, filter });
      expect(ids(pages.flatMap(({ rows }) => rows)).sort()).toEqual(ids(expected).sort());
    }
  });

  it('goes on where the first of both scans stopped: an empty page is not the last one', async () => {
    await fixture().plant([
      ...[9, 8, 7, 6, 5].map((seconds) => failed(cust, String(seconds), seconds)),
      ...[4, 3].map((seconds) => failed(account, String(seconds), seconds)),
      failed(cust, '1', 1, { errContent: '00404' }),
    ]);
    const middle = fixture().openSearch();
    const filter = { code: '00404' };
    const first = await middle.failedPage(search({ filter, scan: 2 }));
    expect(first).toEqual({
      rows: [],
      next: { source: 'CUST', streamingNo: '8', stateDate: later(longAgo, 8) },
    });
    const pages = await pagesOf(middle, { filter, scan: 2 });
    expect(ids(pages.flatMap(({ rows }) => rows))).toEqual(['IF_BNET_CUST:1']);
    expect(pages.length).toBeLessThanOrEqual(5);
  });

  it('goes on after the last row returned where a page is full', async () => {
    await fixture().plant([1, 2, 3].map((seconds) => failed(account, String(seconds), seconds)));
    const middle = fixture().openSearch();
    const first = await middle.failedPage(search({ limit: 2 }));
    expect(first.next).toEqual({ source: 'ACCOUNT', streamingNo: '2', stateDate: later(longAgo, 2) });
    const second = await middle.failedPage(search({ limit: 2, after: first.next }));
    expect([ids(second.rows), second.next]).toEqual([['IF_BNET_ACCOUNT:1'], null]);
  });

  it('goes on from a position whose row is gone, and does not come back to what failed since', async () => {
    await fixture().plant([1, 2, 3].map((seconds) => failed(cust, String(seconds), seconds)));
    const middle = fixture().openSearch();
    const { next } = await middle.failedPage(search({ limit: 2 }));
    await fixture().remove({ source: 'CUST', streamingNo: '2' });
    await fixture().plant([failed(cust, '9', 9)]);
    expect(ids((await middle.failedPage(search({ after: next }))).rows)).toEqual(['IF_BNET_CUST:1']);
  });
}

function filtersOfTheList(fixture: Fixture<MiddleFixture>): void {
  const matching: FullRow['streamingNo'][] = ['1'];

  it.each<[string, RowFilter, Columns, Columns]>([
    ['table', { source: 'ACCOUNT' }, {}, {}],
    ['code', { code: '00403' }, { errContent: '00403' }, { errContent: '004031' }],
    ['code, with text behind it', { code: '00403' }, { errContent: '00403: x' }, { errContent: null }],
    ['no code', { code: null }, { errContent: '004031' }, { errContent: '00403 x' }],
    ['no code, no text', { code: null }, { errContent: null }, { errContent: '00403' }],
    ['product', { productId: long }, { productId: long }, { productId: nearby }],
    ['product with zeros in front', { productId: '0042' }, { productId: '42' }, { productId: null }],
    ['customer', { custId: nearby }, { custId: nearby }, { custId: null }],
    ['user', { userId: 'U2' }, { userId: 'U2' }, { userId: 'u2' }],
    ['OPFlag', { opFlag: '0203' }, { opFlag: '0203' }, { opFlag: '0201' }],
    ['time since', { since: longAgo }, {}, { stateDate: later(longAgo, -1) }],
    ['time until', { until: longAgo }, { stateDate: later(longAgo, -1) }, {}],
    ['text of the error', { text: '不能为空: A' }, { errContent: '00401 不能为空: AccName' }, {}],
    ['text of the name', { text: '张三%' }, { accName: '小张三%_' }, { accName: '张三丰' }],
    ['text with _', { text: 'a_c' }, { accName: 'a_c' }, { accName: 'abc' }],
    ['text with a quote', { text: `O'H` }, { accName: `O'Hara` }, { accName: 'OHara' }],
    ['text in its case', { text: 'Abc' }, { accName: 'xAbcx' }, { accName: 'xabcx' }],
    ['text with ? and :b', { text: '?:b' }, { accName: '?:b1' }, { accName: '?b' }],
    [
      'all at once',
      {
        source: 'ACCOUNT',
        code: '00401',
        productId: '42',
        custId: '1000',
        userId: 'U1',
        opFlag: '0201',
        text: '张',
      },
      {},
      { userId: 'U2' },
    ],
  ])('by %s', async (_, filter, one, other) => {
    await fixture().plant([
      failed(account, '1', 0, one),
      failed(account, '2', 0, other),
      failed(cust, '3', 0, other),
    ]);
    const found = (await listed(fixture, filter)).filter((id) => id.startsWith('IF_BNET_ACCOUNT'));
    const everywhere = filter.source === 'ACCOUNT' && Object.keys(filter).length === 1;
    expect(found).toEqual(
      everywhere ? ['IF_BNET_ACCOUNT:2', 'IF_BNET_ACCOUNT:1'] : matching.map((no) => `IF_BNET_ACCOUNT:${no}`),
    );
    if (filter.userId !== undefined || filter.source !== undefined)
      expect(await listed(fixture, filter)).toEqual(found);
  });

  it("by a text in a customer's name", async () => {
    await fixture().plant([
      failed(cust, '1', 0, { custName: '甲_公司' }),
      failed(cust, '2', 0, { custName: '甲x公司' }),
    ]);
    expect(await listed(fixture, { text: '甲_公' })).toEqual(['IF_BNET_CUST:1']);
  });

  it('by nothing where a text is empty, and by nothing that exists where a number is none', async () => {
    await fixture().plant([failed(account, '1', 0)]);
    expect(await listed(fixture, { text: '', userId: '', code: '' })).toEqual(['IF_BNET_ACCOUNT:1']);
    expect(await listed(fixture, { productId: '42; DROP' })).toEqual([]);
    expect(await listed(fixture, { custId: '1'.repeat(31) })).toEqual([]);
  });

  it('with productIds has no rows of other products', async () => {
    await fixture().plant([
      failed(cust, '1', 3, { productId: nearby }),
      failed(cust, '2', 2, { productId: long }),
      failed(account, '3', 1, { productId: null }),
      failed(account, '4', null, { productId: '7' }),
    ]);
    expect(await listed(fixture, {}, [long, '7'])).toEqual(['IF_BNET_CUST:2', 'IF_BNET_ACCOUNT:4']);
    expect(await listed(fixture, { productId: nearby }, [long, '7'])).toEqual([]);
  });
}
