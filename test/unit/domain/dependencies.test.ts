import { describe, expect, it } from 'vitest';
import { plus } from '../../../src/domain/loss.js';
import type { PolledRow } from '../../../src/domain/rows.js';
import { broughtBy, dependenciesOf, productKey, userKey, waitsFor } from '../../../src/domain/waiting.js';
import { identity, polledRow } from '../../support/builders.js';

const now = '2026-11-20 12:00:00';
const graceMs = 10_000;
const user = 'li@huawang';
const product = productKey(identity);

/** A CreateDate of so many seconds ago. */
const ago = (seconds: number): string => plus(now, -1000 * seconds);

function young(opFlag: string, overrides: Partial<PolledRow> = {}): PolledRow {
  return polledRow(opFlag, { createDate: ago(4), ...overrides });
}

describe('what a row brings, and what it needs', () => {
  const bound = userKey(identity, user);

  it.each([
    ['0101', product, []],
    ['0102', null, [product]],
    ['0103', null, [product]],
    ['0201', bound, [product]],
    ['0202', null, [product, bound]],
    ['0203', null, [product, bound]],
    ['9999', null, []],
  ])('%s', (opFlag, brings, needs) => {
    expect(broughtBy(young(opFlag))).toBe(brings);
    expect(waitsFor(young(opFlag))).toEqual(needs);
  });

  it('is nothing for a row of one table with an OPFlag of the other', () => {
    for (const row of [young('0101', { source: 'ACCOUNT', userId: user }), young('0201', { source: 'CUST' })])
      expect([broughtBy(row), waitsFor(row)]).toEqual([null, []]);
  });

  it('is no user whose UserID is missing', () => {
    const bind = young('0201', { userId: null });
    expect([broughtBy(bind), waitsFor(bind)]).toEqual([null, []]);
  });
});

describe('what is looked up before a page is claimed', () => {
  it('is each product and user that a young row needs, once', () => {
    const rows = [
      young('0101', { bizId: 'B-9' }),
      young('0102'),
      young('0201'),
      young('0202'),
      young('0203'),
      young('0103'),
    ];
    expect(dependenciesOf(rows, now, graceMs)).toEqual({
      products: [identity],
      users: [{ ...identity, userId: user }],
    });
  });

  it('is nothing for rows that would not wait', () => {
    const rows = [ago(10), null].map((createDate) => young('0202', { createDate }));
    expect(dependenciesOf(rows, now, graceMs)).toEqual({ products: [], users: [] });
    expect(dependenciesOf([young('0202')], now, 0)).toEqual({ products: [], users: [] });
  });
});
