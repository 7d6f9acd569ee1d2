import { describe, expect, it } from 'vitest';
import type { FailedFilter } from '../../../src/middle/port.js';
import { codeOf, failed, parseSince, type FailedQuery } from '../../../src/operator/failed.js';
import { failedAccount, failedCustomer, middleOperations } from '../../support/operations.js';

/** The filter that the middle database is asked with. */
async function filterOf(query: FailedQuery, now = '2026-11-21 08:00:00'): Promise<FailedFilter> {
  let asked: FailedFilter | undefined;
  const middle = middleOperations({
    now: async () => now,
    failed: async (filter) => {
      asked = filter;
      return [];
    },
  });
  await failed(middle, query);
  if (asked === undefined) throw new Error('the middle database was not asked');
  return asked;
}

describe('the list of failed rows', () => {
  it('names the table as the specification does, and keeps every number as text', async () => {
    const streamingNo = '123456789012345678901234567890';
    const rows = [failedCustomer({ streamingNo }), failedAccount({ errContent: '00406 绑定用户已超上限' })];
    const listed = await failed(middleOperations({ failed: async () => rows }), { limit: 50 });
    expect(listed[0]).toEqual({
      table: 'IF_BNET_CUST',
      streamingNo,
      opFlag: '0101',
      productId: '323002000',
      custId: '990947809',
      bizId: 'B-1',
      userId: null,
      code: '00402',
      errContent: '00402 业务数据内容不存在: 客户未开通该产品',
      createDate: '2026-11-20 08:00:00',
      stateDate: '2026-11-20 08:00:05',
    });
    expect(listed[1]).toMatchObject({ table: 'IF_BNET_ACCOUNT', userId: 'li@huawang', code: '00406' });
  });

  it('passes filters on and leaves out those that were not given', async () => {
    expect(await filterOf({ limit: 5, code: '00402', custId: '7' })).toEqual({
      limit: 5,
      code: '00402',
      custId: '7',
    });
  });

  it('counts a time span back from the clock of the middle database', async () => {
    const since = { agoMs: 24 * 3_600_000 };
    expect((await filterOf({ limit: 5, since }, '2026-03-01 00:30:00')).since).toBe('2026-02-28 00:30:00');
  });
});

describe('a text that says since when', () => {
  it.each([
    ['2026-11-21', { date: '2026-11-21 00:00:00' }],
    ['2026-11-21 08:05', { date: '2026-11-21 08:05:00' }],
    ['2026-11-21 08:05:07', { date: '2026-11-21 08:05:07' }],
    ['2026-11-21T08:05:07', { date: '2026-11-21 08:05:07' }],
    ['30m', { agoMs: 1_800_000 }],
    ['24h', { agoMs: 86_400_000 }],
    ['7d', { agoMs: 604_800_000 }],
  ])('%s', (text, since) => {
    expect(parseSince(text)).toEqual(since);
  });

  it.each([
    '',
    'yesterday',
    '24',
    'h',
    '-1h',
    '1.5h',
    '2026-02-30',
    '2026-13-01',
    '2026-11-21 25:00',
    '21.11.2026',
  ])('is refused: "%s"', (text) => {
    expect(parseSince(text)).toBeNull();
  });
});

describe('the code of an error text', () => {
  it('is its first five digits, where they stand alone', () => {
    expect(codeOf('00402 业务数据内容不存在')).toBe('00402');
    expect(codeOf('00402')).toBe('00402');
    expect(codeOf('004021 something else')).toBeNull();
    expect(codeOf('ORA-00402')).toBeNull();
    expect(codeOf(null)).toBeNull();
  });
});
