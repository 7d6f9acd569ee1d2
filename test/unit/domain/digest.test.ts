import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowDigest } from '../../../src/domain/digest.js';
import type { AttributeRow, InterfaceRow } from '../../../src/domain/rows.js';
import { State } from '../../../src/domain/states.js';
import { accountRow, attributeRow, customerRow } from '../../support/builders.js';

const businessColumns = [
  'opFlag',
  'productId',
  'bizId',
  'areaCode',
  'custId',
  'custAccount',
  'custName',
  'userId',
  'accType',
  'accName',
] as const;

const cell = fc.option(fc.constantFrom('1', '2', 'a', '","', 'null', '中'));
const attributes = fc.array(fc.record({ attrId: cell, attrSpecId: cell, attrValue: cell }), { maxLength: 3 });
const business = fc.record({
  ...Object.fromEntries(businessColumns.map((column) => [column, cell])),
  attributes,
});

describe('the digest of a row', () => {
  it('is a text of 43 letters, digits, hyphens and underscores', () => {
    expect(rowDigest(customerRow())).toMatch(/^[\w-]{43}$/);
  });

  it('differs where any business column differs, also by being missing', () => {
    for (const row of [customerRow(), accountRow()]) {
      const digests = [rowDigest(row)];
      for (const column of businessColumns) {
        digests.push(rowDigest({ ...row, [column]: 'another value' }));
        if (row[column] !== null) digests.push(rowDigest({ ...row, [column]: null }));
      }
      expect(new Set(digests).size).toBe(digests.length);
    }
  });

  it('differs where a value stands in another column', () => {
    expect(rowDigest(customerRow({ custAccount: 'a', custName: null }))).not.toBe(
      rowDigest(customerRow({ custAccount: null, custName: 'a' })),
    );
  });

  it('differs where any attribute differs, is missing, added, or comes in another order', () => {
    const [a, b] = [attributeRow({ attrId: '1' }), attributeRow({ attrId: '2' })];
    const lists: AttributeRow[][] = [[], [a], [b], [a, b], [b, a], [a, b, b]];
    for (const column of ['attrId', 'attrSpecId', 'attrValue'] as const) {
      lists.push([{ ...a, [column]: '77' }, b], [{ ...a, [column]: null }, b]);
    }
    const digests = lists.map((list) => rowDigest(customerRow({ attributes: list })));
    expect(new Set(digests).size).toBe(lists.length);
  });

  it('is the same for another State, StateDate, ErrContent, Remark or CreateDate', () => {
    const row = customerRow({ attributes: [attributeRow()] });
    const others: Partial<InterfaceRow>[] = [
      { state: State.Initial },
      { state: State.Failed },
      { stateDate: '2027-01-01 00:00:00' },
      { stateDate: null },
      { createDate: null },
      { errContent: '00404', remark: 'again' } as Partial<InterfaceRow>,
    ];
    for (const other of others) expect(rowDigest({ ...row, ...other })).toBe(rowDigest(row));
  });

  it('does not depend on the order in which a driver names the columns', () => {
    const row = customerRow({ attributes: [attributeRow()] });
    const reversed = Object.fromEntries(Object.entries(row).reverse()) as unknown as InterfaceRow;
    expect(rowDigest(reversed)).toBe(rowDigest(row));
  });

  it('is equal for equal content only', () => {
    fc.assert(
      fc.property(business, business, (a, b) => {
        const [left, right] = [a, b].map((content) => customerRow(content)) as [InterfaceRow, InterfaceRow];
        expect(rowDigest(left) === rowDigest(right)).toBe(JSON.stringify(left) === JSON.stringify(right));
      }),
    );
  });
});
