import { describe, expect, it } from 'vitest';
import {
  correctedRemark,
  badRowOf,
  badRowRemark,
  readBadRow,
} from '../../../../src/demo/platform/bad-row.js';

describe('the Remark of a row that is wrong on purpose', () => {
  const fault = badRowOf('missing-cust-account', { how: 'put back', set: { custAccount: 'qy"17' } });

  it('is read as it was written', () => {
    expect(readBadRow(badRowRemark(fault))).toEqual(fault);
    const uncorrectable = badRowOf('opened-twice', null);
    expect(readBadRow(badRowRemark(uncorrectable))).toEqual(uncorrectable);
  });

  it('is not found in the Remarks of others, nor once the row was corrected', () => {
    for (const remark of [null, '', '客户开通产品', '模拟错误 {', '模拟错误 {"kind":"x"}']) {
      expect(readBadRow(remark)).toBeNull();
    }
    expect(readBadRow(correctedRemark(fault, '已更正'))).toBeNull();
  });

  it('fits its column with the longest correction', () => {
    const first = Array.from({ length: 3 }, () => ({
      opFlag: '0203' as const,
      userId: `user100000@qy123${'9'.repeat(30)}`,
    }));
    expect(badRowRemark(badRowOf('cancelled-with-users', { how: 'new row', first })).length).toBeLessThan(
      1024,
    );
  });
});
