import { describe, expect, it } from 'vitest';
import { filter } from '../../../../src/operator/inputs.js';

describe('the filter of a request', () => {
  it('is what the operator service takes: table and numbers as databases write them, dates whole', () => {
    const asked = { table: 'account', customer: '007', since: '2026-11-21', code: '00402', text: '张三' };
    expect(filter.parse(asked)).toEqual({
      source: 'ACCOUNT',
      custId: '7',
      since: '2026-11-21 00:00:00',
      code: '00402',
      text: '张三',
    });
    expect(filter.parse({})).toEqual({});
  });

  it('asks for failures without a code by the name none, which is not the same as not asking', () => {
    expect(filter.parse({ code: 'none' })).toEqual({ code: null });
    expect(filter.safeParse({ code: '' }).success).toBe(false);
  });
});
