import { describe, expect, it } from 'vitest';
import { rowAddress, rowName, rowNamed } from '../../../src/console/addresses.js';
import { failedAddress, filterForm } from '../../../src/console/filter-form.js';
import type { RowFilter } from '../../../src/middle/admin-port.js';

const longNumber = '9'.repeat(30);

describe('the address of a filter', () => {
  it('says the whole filter, and is read back as the same', () => {
    const filter: RowFilter = {
      source: 'ACCOUNT',
      code: '00403',
      productId: longNumber,
      custId: '1',
      userId: '李 & "co"#?',
      opFlag: '0201',
      since: '2026-11-21 08:00:00',
      until: '2026-11-22 00:00:00',
      text: '<script>%',
    };
    const query = Object.fromEntries(new URL(failedAddress(filter), 'http://x').searchParams);
    expect(filterForm(query)).toMatchObject({ filter, errors: [] });
  });

  it('leaves out what is not asked for', () => {
    expect(failedAddress({})).toBe('/failed');
    expect(filterForm({ code: ' ', table: '' })).toMatchObject({ filter: {}, errors: [] });
  });

  it('says that there is no code', () => {
    expect(failedAddress({ code: null })).toBe('/failed?code=none');
    expect(filterForm({ code: 'none' })).toMatchObject({ filter: { code: null }, errors: [] });
  });

  it('takes the time as a browser writes it', () => {
    expect(filterForm({ since: '2026-11-21T08:00' }).filter).toEqual({ since: '2026-11-21 08:00:00' });
  });

  it.each([
    ['table', 'users'],
    ['code', '403'],
    ['product', '1e5'],
    ['customer', '1'.repeat(31)],
    ['user', 'x'.repeat(201)],
    ['opFlag', 'x'.repeat(11)],
    ['since', '2026-02-30'],
    ['since', '24h'],
    ['until', 'tomorrow'],
    ['text', 'x'.repeat(201)],
  ])('is refused where %s is %s', (field, value) => {
    expect(filterForm({ [field]: value }).errors).toEqual([field]);
  });
});

describe('the name of a row', () => {
  it('is read back as the same, with 30 digits', () => {
    const row = { table: 'IF_BNET_ACCOUNT', streamingNo: longNumber };
    expect(rowNamed(rowName(row))).toEqual({ source: 'ACCOUNT', streamingNo: longNumber });
    expect(rowAddress(row)).toBe(`/rows/IF_BNET_ACCOUNT/${longNumber}`);
  });

  it.each([
    '',
    'IF_BNET_CUST',
    'IF_BNET_CUST:',
    'IF_BNET_CUST:1:2',
    'IF_BNET_CUST:-1',
    'USERS:1',
    'CUST:1 OR 1=1',
  ])('is none: %j', (text) => {
    expect(rowNamed(text)).toBeUndefined();
  });
});
