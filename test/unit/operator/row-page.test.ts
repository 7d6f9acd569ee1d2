import { describe, expect, it } from 'vitest';
import type { FullRow } from '../../../src/middle/admin-port.js';
import { named } from '../../../src/operator/named.js';
import { rowPage } from '../../../src/operator/row-page.js';
import type { DeferralRecord, JournalLine } from '../../../src/store/admin-port.js';
import { account, customer } from '../../support/builders.js';
import {
  failedAccount,
  failedCustomer,
  journalLine,
  middleOperations,
  middleSearch,
  storeOperations,
  storeRecords,
} from '../../support/operations.js';

const key = { source: 'CUST', streamingNo: '50' } as const;
const records = [{ customer: customer(), users: [account()], more: true }];

/** The page of row 50 where the databases hold these rows and entries. */
function pageOf({
  found = [],
  history = [],
  ofCustomer = [],
  journalOf = [],
  put = [],
}: {
  found?: readonly FullRow[];
  history?: readonly JournalLine[];
  ofCustomer?: readonly FullRow[];
  journalOf?: readonly JournalLine[];
  put?: readonly DeferralRecord[];
}) {
  const asked: string[] = [];
  const ask = <T>(custId: string, answer: T): Promise<T> => {
    asked.push(custId);
    return Promise.resolve(answer);
  };
  const page = rowPage(
    {
      middle: middleOperations({
        find: async () => found,
        queries: middleSearch({ ofCustomer: (custId) => ask(custId, ofCustomer) }),
      }),
      store: storeOperations({
        history: async () => history,
        records: storeRecords({
          deferralsAbout: async () => put,
          customerRecords: (custId) => ask(custId, records),
          journalOf: (custId) => ask(custId, journalOf),
        }),
      }),
    },
    key,
  );
  return page.then((answer) => ({ ...answer, asked }));
}

const own = failedCustomer({ streamingNo: '50', createDate: '2026-11-20 08:00:50' });
const at = (second: number) => `2026-11-20 08:00:${second}`;

describe("a row's page", () => {
  it('has the row, its history, and what the store holds of its customer', async () => {
    const page = await pageOf({ found: [own], history: [journalLine(key)], ofCustomer: [own] });
    expect(page).toMatchObject({ table: 'IF_BNET_CUST', streamingNo: '50', rows: [named(own)], records });
    expect(page.journal).toHaveLength(1);
    expect(page.asked).toEqual(['990947809', '990947809', '990947809']);
    expect(page.relatedRows).toMatchObject([{ streamingNo: '50', place: 'this', state: 3 }]);
  });

  it('puts the rows of the customer in its order, with those that only the journal knows before all others', async () => {
    const page = await pageOf({
      found: [own],
      ofCustomer: [
        own,
        failedAccount({ streamingNo: '9', createDate: at(51), state: 2, errContent: null }),
        failedAccount({ streamingNo: '50', createDate: at(50), state: 0, errContent: null }),
        failedCustomer({ streamingNo: '300', createDate: at(49) }),
      ],
      journalOf: [
        journalLine({ streamingNo: '9', decidedAt: '2026-11-20T01:00:09.000Z' }),
        journalLine({ streamingNo: '7', superseded: true, outcome: 'failed', errContent: '00402' }),
        journalLine({ streamingNo: '7', decidedAt: '2026-11-20T01:00:07.000Z' }),
        journalLine({ streamingNo: '8', superseded: true }),
      ],
    });
    const seen = page.relatedRows.map(({ table, streamingNo, state, decidedAt, place }) => {
      return [table, streamingNo, state, decidedAt, place];
    });
    expect(seen).toEqual([
      ['IF_BNET_ACCOUNT', '7', null, '2026-11-20T01:00:07.000Z', 'before'],
      ['IF_BNET_ACCOUNT', '8', null, null, 'before'],
      ['IF_BNET_CUST', '300', 3, null, 'before'],
      ['IF_BNET_CUST', '50', 3, null, 'this'],
      ['IF_BNET_ACCOUNT', '50', 0, null, 'after'],
      ['IF_BNET_ACCOUNT', '9', 2, '2026-11-20T01:00:09.000Z', 'after'],
    ]);
    expect(page.relatedRows[0]).toMatchObject({ opFlag: '0201', userId: 'li@huawang', errContent: null });
  });

  it('shows the nearest twenty on each side', async () => {
    const many = Array.from({ length: 99 }, (_, number) =>
      failedCustomer({ streamingNo: String(number + 1), createDate: own.createDate }),
    );
    const { relatedRows } = await pageOf({ found: [own], ofCustomer: many });
    expect(relatedRows.map(({ streamingNo }) => Number(streamingNo))).toEqual(
      Array.from({ length: 41 }, (_, number) => number + 30),
    );
  });

  it('knows its own place also where the customer has more newer rows than are looked through', async () => {
    const { relatedRows } = await pageOf({
      found: [own],
      ofCustomer: [failedCustomer({ streamingNo: '60', createDate: at(59) })],
    });
    expect(relatedRows.map(({ streamingNo, place }) => [streamingNo, place])).toEqual([
      ['50', 'this'],
      ['60', 'after'],
    ]);
  });

  it('of a row that has left the middle database is made from the journal', async () => {
    const gone = journalLine({ ...key, opFlag: '0101' });
    const page = await pageOf({ history: [gone], journalOf: [gone], ofCustomer: [] });
    expect(page.relatedRows).toMatchObject([{ streamingNo: '50', state: null, place: 'this' }]);
    expect(page.records).toEqual(records);
  });

  it('says that it is deferred, and while it is open, for which other rows of its customer it waits', async () => {
    const other = {
      ...key,
      custId: '990947809',
      stage: 'mark',
      cause: 'refused',
      reason: 'no',
      tries: 4,
    } as const;
    const times = { since: '2026-11-20T01:00:00.000Z', nextAt: '2026-11-20T01:00:45.000Z', worker: 'w' };
    const put = [
      { ...other, ...times },
      { ...other, ...times, streamingNo: '49' },
    ];
    const pending = failedCustomer({ ...own, state: 0, errContent: null });
    expect(await pageOf({ found: [pending], put })).toMatchObject({
      deferred: { table: 'IF_BNET_CUST', streamingNo: '50', cause: 'refused' },
      heldBackBy: [{ streamingNo: '49' }],
    });
    const done = await pageOf({ found: [{ ...pending, state: 2 }], put: put.slice(1) });
    expect(done).toMatchObject({ deferred: null, heldBackBy: [] });
  });

  it.each([null, 'no number'])('of a row whose CustID is %s names no customer', async (custId) => {
    const page = await pageOf({ found: [failedCustomer({ ...own, custId })] });
    expect(page).toMatchObject({ records: [], relatedRows: [], asked: [] });
  });

  it('of a row that was never there is empty', async () => {
    expect(await pageOf({})).toMatchObject({ rows: [], journal: [], records: [], relatedRows: [] });
  });
});
