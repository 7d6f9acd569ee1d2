import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byTable,
  compareNumbers,
  compareRows,
  groupByKey,
  isCanonicalNumber,
  oncePerKey,
  rowId,
  shardOf,
  type RowKey,
  type RowOrder,
} from '../../../src/domain/keys.js';

const digits = fc.bigInt({ min: 0n, max: 10n ** 30n - 1n }).map(String);
const fewNumbers = fc.constantFrom(
  '0',
  '1',
  '9',
  '10',
  '99',
  '100',
  '9'.repeat(29),
  `1${'0'.repeat(29)}`,
  '9'.repeat(30),
);
const number = fc.oneof(digits, fewNumbers);
const signed = fc.oneof(
  number,
  number.map((text) => (text === '0' ? text : `-${text}`)),
);
const rows: fc.Arbitrary<RowOrder> = fc.record({
  source: fc.constantFrom('CUST', 'ACCOUNT'),
  streamingNo: number,
  createDate: fc.constantFrom(null, '2026-11-20 08:00:00', '2026-11-20 08:00:01', '2025-12-31 23:59:59'),
});

function row(createDate: string | null, streamingNo: string, source: RowOrder['source'] = 'CUST'): RowOrder {
  return { source, streamingNo, createDate };
}

describe('the order of rows', () => {
  it('is by CreateDate, whatever the StreamingNo', () => {
    expect(compareRows(row('2026-11-20 08:00:00', '9'), row('2026-11-20 08:00:01', '1'))).toBeLessThan(0);
    expect(compareRows(row('2025-12-31 23:59:59', '9'), row('2026-01-01 00:00:00', '1'))).toBeLessThan(0);
  });

  it('puts a missing CreateDate first', () => {
    expect(compareRows(row(null, '9'), row('0001-01-01 00:00:00', '1'))).toBeLessThan(0);
    expect(compareRows(row(null, '1'), row(null, '9'))).toBeLessThan(0);
  });

  it('is numeric by StreamingNo within a CreateDate, across lengths and beyond 2^53', () => {
    expect(compareRows(row(null, '9'), row(null, '10'))).toBeLessThan(0);
    expect(compareRows(row(null, '9007199254740993'), row(null, '9007199254740992'))).toBeGreaterThan(0);
    expect(compareRows(row(null, '9'.repeat(29)), row(null, `1${'0'.repeat(29)}`))).toBeLessThan(0);
  });

  it('puts customers before accounts where everything else is equal, and only there', () => {
    expect(compareRows(row(null, '5', 'CUST'), row(null, '5', 'ACCOUNT'))).toBeLessThan(0);
    expect(compareRows(row(null, '4', 'ACCOUNT'), row(null, '5', 'CUST'))).toBeLessThan(0);
  });

  it('is total: no two different rows are equal, and either comes first', () => {
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        expect(Math.sign(compareRows(a, b))).toBe(-Math.sign(compareRows(b, a)) || 0);
        expect(compareRows(a, a)).toBe(0);
        const same = rowId(a) === rowId(b) && a.createDate === b.createDate;
        expect(compareRows(a, b) === 0).toBe(same);
      }),
      { numRuns: 1000 },
    );
  });

  it('is transitive', () => {
    fc.assert(
      fc.property(rows, rows, rows, (a, b, c) => {
        const [x, y, z] = [a, b, c].sort(compareRows) as [RowOrder, RowOrder, RowOrder];
        expect(compareRows(x, y)).toBeLessThanOrEqual(0);
        expect(compareRows(y, z)).toBeLessThanOrEqual(0);
        expect(compareRows(x, z)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('of numbers kept as text is that of the numbers', () => {
    fc.assert(
      fc.property(signed, signed, (a, b) => {
        const [x, y] = [BigInt(a), BigInt(b)];
        expect(Math.sign(compareNumbers(a, b))).toBe(x < y ? -1 : x > y ? 1 : 0);
      }),
    );
  });
});

describe('a row id', () => {
  it('names table and StreamingNo, so that rows of the two tables never share one', () => {
    expect(rowId({ source: 'CUST', streamingNo: '1141' })).toBe('IF_BNET_CUST:1141');
    expect(rowId({ source: 'ACCOUNT', streamingNo: '1141' })).toBe('IF_BNET_ACCOUNT:1141');
  });
});

describe('rows by key', () => {
  const key = (source: RowKey['source'], streamingNo: string, attempt = 'first') => {
    return { source, streamingNo, attempt };
  };
  const keys = [
    key('ACCOUNT', '1'),
    key('CUST', '2'),
    key('CUST', '1'),
    key('CUST', '2', 'second'),
    key('ACCOUNT', '3'),
  ];

  it('are parted by table in the order in which they came, customers first, and tables without rows are left out', () => {
    expect(byTable(keys)).toEqual([
      { source: 'CUST', streamingNos: ['2', '1', '2'] },
      { source: 'ACCOUNT', streamingNos: ['1', '3'] },
    ]);
    expect(byTable([key('ACCOUNT', '1')])).toEqual([{ source: 'ACCOUNT', streamingNos: ['1'] }]);
    expect(byTable([])).toEqual([]);
  });

  it('stand in one list where they share a key', () => {
    expect(Object.fromEntries(groupByKey(keys))).toEqual({
      'IF_BNET_ACCOUNT:1': [keys[0]],
      'IF_BNET_CUST:2': [keys[1], keys[3]],
      'IF_BNET_CUST:1': [keys[2]],
      'IF_BNET_ACCOUNT:3': [keys[4]],
    });
  });

  it('are one for each key where one stands for all', () => {
    expect(oncePerKey(keys).map(rowId)).toEqual([
      'IF_BNET_ACCOUNT:1',
      'IF_BNET_CUST:2',
      'IF_BNET_CUST:1',
      'IF_BNET_ACCOUNT:3',
    ]);
  });
});

describe('a canonical number', () => {
  it('is every whole number of up to 30 digits as a database writes it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n) + 1n, max: 10n ** 30n - 1n }), (n) =>
        isCanonicalNumber(String(n)),
      ),
    );
  });

  it('is nothing else', () => {
    for (const text of [
      '',
      ' ',
      '-',
      '-0',
      '00',
      '01',
      '+1',
      '1.0',
      '1e3',
      '1 ',
      '\n1',
      '1\n',
      '１',
      '1'.repeat(31),
    ]) {
      expect(isCanonicalNumber(text)).toBe(false);
    }
  });
});

describe('the shard of a customer', () => {
  const shards = fc.constantFrom(1, 2, 3, 7, 64, 100, 1000);

  it('is CustID mod shards, exactly, for numbers of up to 30 digits', () => {
    fc.assert(
      fc.property(number, shards, (custId, count) => {
        expect(shardOf(custId, count)).toBe(Number(BigInt(custId) % BigInt(count)));
      }),
      { numRuns: 1000 },
    );
  });

  it('is exact where a double would round', () => {
    for (const custId of [
      '999999999999999',
      '1000000000000000',
      '9007199254740993',
      '123456789012345678901234567891',
    ]) {
      expect(shardOf(custId, 64)).toBe(Number(BigInt(custId) % 64n));
    }
  });

  it('is 0 where the CustID is missing or no number', () => {
    for (const custId of [null, '', ' ', 'abc', '1.5', '0065', '65 ', '1e3', '9'.repeat(31), 'NaN']) {
      expect(shardOf(custId, 64)).toBe(0);
    }
  });

  it('is one of the shards for a negative CustID too', () => {
    fc.assert(
      fc.property(digits, shards, (custId, count) => {
        const shard = shardOf(`-${custId}`, count);
        expect(Number.isInteger(shard) && shard >= 0 && shard < count).toBe(true);
      }),
    );
  });
});
