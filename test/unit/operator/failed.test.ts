import { describe, expect, it } from 'vitest';
import type { FailedSearch } from '../../../src/middle/admin-port.js';
import { InvalidCursorError, codeOf, failedList, findFailedRows } from '../../../src/operator/failed.js';
import { failedRows } from '../../support/failed-rows.js';
import { failedAccount, failedCustomer, middleOperations, middleSearch } from '../../support/operations.js';

const longest = '123456789012345678901234567890';
const names = (rows: readonly { table: string; streamingNo: string }[]) =>
  rows.map(({ table, streamingNo }) => `${table} ${streamingNo}`);
const at = (second: number) => `2026-11-20 08:00:${String(second).padStart(2, '0')}`;

describe('the list of failed rows', () => {
  it('names the table as the specification does, and keeps every number as text', async () => {
    const rows = [
      failedCustomer({ streamingNo: longest }),
      failedAccount({ errContent: '00406 绑定用户已超上限' }),
    ];
    const queries = middleSearch({ failedPage: async () => ({ rows, next: null }) });
    const listed = await failedList(middleOperations({ queries }), {}, { limit: 50 });
    expect(listed.rows[0]).toEqual({
      table: 'IF_BNET_CUST',
      streamingNo: longest,
      opFlag: '0101',
      productId: '323002000',
      custId: '990947809',
      bizId: 'B-1',
      userId: null,
      custName: '华望公司',
      accName: null,
      code: '00402',
      errContent: '00402 业务数据内容不存在: 客户未开通该产品',
      createDate: '2026-11-20 08:00:00',
      stateDate: '2026-11-20 08:00:05',
    });
    expect(listed.rows[1]).toMatchObject({ table: 'IF_BNET_ACCOUNT', userId: 'li@huawang', code: '00406' });
    expect(listed.next).toBeNull();
  });

  it('goes on where the part before it ended, also at a row without a StateDate', async () => {
    const rows = [
      failedCustomer({ streamingNo: '1', stateDate: at(9) }),
      failedAccount({ streamingNo: longest, stateDate: at(8) }),
      failedCustomer({ streamingNo: '3', stateDate: null }),
      failedAccount({ streamingNo: '3', stateDate: null }),
    ];
    const { middle } = failedRows(rows);
    const listed: string[] = [];
    let next: string | null = null;
    do {
      const part = await failedList(middle, {}, { limit: 1, ...(next === null ? {} : { after: next }) });
      expect(part.next ?? '').toMatch(/^[\w-]*$/);
      listed.push(...names(part.rows));
      next = part.next;
    } while (next !== null);
    expect(listed).toEqual([
      'IF_BNET_CUST 1',
      `IF_BNET_ACCOUNT ${longest}`,
      'IF_BNET_CUST 3',
      'IF_BNET_ACCOUNT 3',
    ]);
  });

  it('reads no more than a fixed number of rows for a part, however few match', async () => {
    const asked: FailedSearch[] = [];
    const queries = middleSearch({
      failedPage: async (request) => {
        asked.push(request);
        return { rows: [], next: { source: 'CUST', streamingNo: '7', stateDate: at(1) } };
      },
    });
    const part = await failedList(
      middleOperations({ queries }),
      { code: '00402', custId: '7' },
      { limit: 5 },
    );
    expect(asked).toEqual([{ filter: { code: '00402', custId: '7' }, after: null, limit: 5, scan: 5000 }]);
    expect([part.rows, part.next]).toEqual([[], expect.any(String)]);
  });

  it.each([
    '',
    'nonsense',
    '!',
    'e30',
    Buffer.from('null').toString('base64url'),
    ...[
      { v: 2, source: 'CUST', streamingNo: '1', stateDate: null },
      { v: 1, source: 'OTHER', streamingNo: '1', stateDate: null },
      { v: 1, source: 'CUST', streamingNo: '1 OR 1=1', stateDate: null },
      { v: 1, source: 'CUST', streamingNo: 1, stateDate: null },
      { v: 1, source: 'CUST', streamingNo: '1', stateDate: 'yesterday' },
      { v: 1, source: 'CUST', streamingNo: '1' },
      { v: 1, source: 'CUST', streamingNo: '1', stateDate: null, more: 'x' },
    ].map((made) => Buffer.from(JSON.stringify(made)).toString('base64url')),
    'A'.repeat(10_000),
  ])('refuses a cursor that is none of its own: %s', async (after) => {
    await expect(failedList(middleOperations({}), {}, { limit: 5, after })).rejects.toThrow(
      InvalidCursorError,
    );
  });
});

describe('a search for failed rows', () => {
  const many = Array.from({ length: 12_000 }, (_, number) =>
    failedCustomer({
      streamingNo: String(number + 1),
      stateDate: at(7),
      errContent: number % 4000 === 0 ? '00403 数据格式不正确' : '00402 业务数据内容不存在',
    }),
  );

  it('goes on until enough rows match', async () => {
    const rows = failedRows(many);
    const found = await findFailedRows(rows.middle, { filter: { code: '00403' }, limit: 2 });
    expect(found.map(({ streamingNo }) => streamingNo)).toEqual(['8001', '4001']);
    expect(rows.steps).toBe(2);
  });

  it('ends where nothing is left, and says at each step how far it has come', async () => {
    const places: (string | null)[] = [];
    const found = await findFailedRows(
      failedRows(many).middle,
      { filter: { code: '00403' }, limit: 50 },
      ({ found: rows, position }) => places.push(`${rows} at ${position.streamingNo}`),
    );
    expect(found).toHaveLength(3);
    expect(places).toEqual(['1 at 7001', '2 at 2001']);
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
