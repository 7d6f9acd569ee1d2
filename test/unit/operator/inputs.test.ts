import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { conditionArgument } from '../../../src/cli/arguments.js';
import { filterGiven } from '../../../src/cli/filter-options.js';
import { filterForm } from '../../../src/console/filter-form.js';
import { failedQuery } from '../../../src/http/api/request-schemas.js';
import {
  age,
  dateOf,
  isAge,
  moment,
  reason,
  rowKeys,
  type conditions,
} from '../../../src/operator/inputs.js';

type Name = keyof typeof conditions;

const byCommand = (name: Name, text: string) => filterGiven({ [name]: conditionArgument(name)(text) });
const byRequest = (name: Name, text: string) => failedQuery.safeParse({ [name]: text });
const byForm = (name: Name, text: string) => filterForm({ [name]: text });

describe('a condition on failed rows is the same in an argument, in a request and in a form', () => {
  it.each<[Name, string, object]>([
    ['table', 'if_bnet_account', { source: 'ACCOUNT' }],
    ['table', 'CUST', { source: 'CUST' }],
    ['code', '00402', { code: '00402' }],
    ['code', 'none', { code: null }],
    ['product', '0323002000', { productId: '323002000' }],
    ['customer', '9'.repeat(30), { custId: '9'.repeat(30) }],
    ['user', '李'.repeat(200), { userId: '李'.repeat(200) }],
    ['opFlag', '0101', { opFlag: '0101' }],
    ['since', '2026-11-21', { since: '2026-11-21 00:00:00' }],
    ['until', '2026-11-21T08:00', { until: '2026-11-21 08:00:00' }],
    ['text', '𠀀'.repeat(200), { text: '𠀀'.repeat(200) }],
  ])('%s %s is taken', (name, text, filter) => {
    expect(byCommand(name, text)).toEqual(filter);
    expect(byRequest(name, text).data?.filter).toEqual(filter);
    expect(byForm(name, text)).toMatchObject({ filter, errors: [] });
  });

  it.each<[Name, string]>([
    ['table', 'IF_BNET_CUST_ATTR'],
    ['code', '402'],
    ['product', '1e5'],
    ['customer', '9'.repeat(31)],
    ['user', '李'.repeat(201)],
    ['opFlag', '0'.repeat(11)],
    ['since', '2026-02-30'],
    ['until', 'tomorrow'],
    ['text', 'x'.repeat(201)],
    ['text', 'a\0b'],
  ])('%s %s is refused', (name, text) => {
    expect(() => byCommand(name, text)).toThrow(InvalidArgumentError);
    expect(byRequest(name, text).success).toBe(false);
    expect(byForm(name, text)).toMatchObject({ filter: {}, errors: [name] });
  });
});

describe('other inputs', () => {
  it('a reason has 1 to 500 characters and is not blank', () => {
    const read = (text: string) => reason.safeParse(text).success;
    expect(['x', '李'.repeat(500)].map(read)).toEqual([true, true]);
    expect(['', ' ', 'x'.repeat(501), '\0'].map(read)).toEqual([false, false, false, false]);
  });

  it('at most 500 rows are named at once', () => {
    const rows = (count: number) =>
      Array.from({ length: count }, () => ({ table: 'CUST', streamingNo: '1' }));
    expect([0, 1, 500, 501].map((count) => rowKeys.safeParse(rows(count)).success)).toEqual([
      ...[false, true, true, false],
    ]);
  });

  it('ages are whole numbers of minutes, hours or days', () => {
    const read = (text: string) => age.safeParse(text).data;
    expect(['30m', '400d', '1.5d', '-1d'].map(read)).toEqual([
      1_800_000,
      400 * 86_400_000,
      undefined,
      undefined,
    ]);
  });
});

describe('a moment', () => {
  it('that is a time span is counted back from the clock', () => {
    expect(dateOf('24h', '2026-03-01 00:30:00')).toBe('2026-02-28 00:30:00');
    expect(dateOf('2026-11-21 08:00:00', '2026-03-01 00:30:00')).toBe('2026-11-21 08:00:00');
    expect(['24h', '2026-11-21'].map(isAge)).toEqual([true, false]);
  });

  it.each([
    ['2026-11-21', '2026-11-21 00:00:00'],
    ['2026-11-21 08:05', '2026-11-21 08:05:00'],
    ['2026-11-21 08:05:07', '2026-11-21 08:05:07'],
    ['2026-11-21T08:05:07', '2026-11-21 08:05:07'],
    ['30m', '30m'],
    ['24h', '24h'],
    ['7d', '7d'],
  ])('%s', (text, read) => {
    expect(moment.parse(text)).toBe(read);
  });

  it.each([
    ...['', 'yesterday', '24', 'h', '-1h', '1.5h', '2026-02-30', '2026-13-01', '2026-11-21 25:00'],
    '21.11.2026',
  ])('is refused: "%s"', (text) => {
    expect(moment.safeParse(text).success).toBe(false);
  });
});
