import { describe, expect, it } from 'vitest';
import type { Source } from '../../../src/domain/keys.js';
import type { BoundedCounts, FailedCount } from '../../../src/middle/admin-port.js';
import { failureGroups } from '../../../src/operator/failure-groups.js';
import type { Activity } from '../../../src/store/admin-port.js';
import {
  failedAccount,
  failedCustomer,
  middleOperations,
  middleSearch,
  storeOperations,
  storeRecords,
} from '../../support/operations.js';

const failure = (from: string, code: string | null, rows: number, more: Partial<Activity> = {}): Activity => {
  return { from, source: 'CUST', outcome: 'failed', code, rows, ...more };
};

async function groupsOf({
  present = [],
  day = [],
  week = [],
  stopped = [],
}: {
  present?: readonly FailedCount[];
  day?: readonly Activity[];
  week?: readonly Activity[];
  /** Tables with more failed rows than are counted. */
  stopped?: readonly Source[];
}) {
  const asked: [string, number][] = [];
  const countsOf = (source: Source): BoundedCounts => {
    return { '0': 0, '1': 0, '2': 0, '3': 0, stopped: stopped.includes(source) ? ['3'] : [] };
  };
  const list = await failureGroups({
    middle: middleOperations({
      queries: middleSearch({
        failedCounts: async () => present,
        countCapped: async () => ({ CUST: countsOf('CUST'), ACCOUNT: countsOf('ACCOUNT') }),
      }),
    }),
    store: storeOperations({
      now: async () => '2026-11-20T01:07:30.000Z',
      records: storeRecords({
        activity: async (since, spanMinutes) => {
          asked.push([since, spanMinutes]);
          return spanMinutes === 60 ? week : day;
        },
      }),
    }),
  });
  return { list, asked };
}

describe('groups of failures', () => {
  it('have the rows that stand in State 3 and those of the last hour, day and week', async () => {
    const { list, asked } = await groupsOf({
      present: [{ source: 'CUST', code: '00402', rows: 3, newest: failedCustomer({ streamingNo: '9' }) }],
      day: [
        failure('2026-11-20T00:05:00.000Z', '00402', 2),
        failure('2026-11-20T00:10:00.000Z', '00402', 1),
        failure('2026-11-20T01:05:00.000Z', '00402', 1),
        failure('2026-11-20T01:05:00.000Z', null, 50, { outcome: 'applied' }),
      ],
      week: [
        failure('2026-11-14T00:00:00.000Z', '00402', 5),
        failure('2026-11-20T00:00:00.000Z', '00402', 4),
      ],
    });
    expect(list).toEqual([
      {
        table: 'IF_BNET_CUST',
        code: '00402',
        text: '业务数据内容不存在',
        present: { rows: 3, atLeast: false },
        lastHour: 2,
        lastDay: 4,
        lastWeek: 9,
        newest: expect.objectContaining({ streamingNo: '9', code: '00402' }) as object,
      },
    ]);
    expect(asked).toEqual([
      ['2026-11-19T01:10:00.000Z', 5],
      ['2026-11-13T02:00:00.000Z', 60],
    ]);
  });

  it('come with most rows first, those of which none is left last', async () => {
    const { list } = await groupsOf({
      present: [
        { source: 'CUST', code: '00403', rows: 1, newest: failedCustomer() },
        { source: 'ACCOUNT', code: '00703', rows: 7, newest: failedAccount() },
        { source: 'CUST', code: null, rows: 1, newest: failedCustomer({ errContent: 'nonsense' }) },
      ],
      week: [failure('2026-11-14T00:00:00.000Z', '99999', 5)],
    });
    expect(list.map(({ table, code, text }) => [table, code, text])).toEqual([
      ['IF_BNET_ACCOUNT', '00703', 'CustID 不存在'],
      ['IF_BNET_CUST', null, null],
      ['IF_BNET_CUST', '00403', '数据格式不正确'],
      ['IF_BNET_CUST', '99999', null],
    ]);
    expect(list.at(-1)).toMatchObject({ present: { rows: 0, atLeast: false }, lastWeek: 5, newest: null });
  });

  it('of a table with more failed rows than are counted may each have more', async () => {
    const { list } = await groupsOf({
      stopped: ['CUST'],
      present: [
        { source: 'CUST', code: '00402', rows: 9998, newest: failedCustomer() },
        { source: 'CUST', code: '00403', rows: 2, newest: failedCustomer() },
        { source: 'ACCOUNT', code: '00402', rows: 9999, newest: failedAccount() },
      ],
    });
    expect(list.map(({ table, code, present }) => [table, code, present.atLeast])).toEqual([
      ['IF_BNET_ACCOUNT', '00402', false],
      ['IF_BNET_CUST', '00402', true],
      ['IF_BNET_CUST', '00403', true],
    ]);
  });
});
