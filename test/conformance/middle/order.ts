import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture } from '../middle.js';
import { account, cust, everything, idsInOrder, idsOf, later, longAgo, type PlantedRow } from './rows.js';

const thirtyDigits = '9'.repeat(30);

/** Sixty rows of both tables and States, made so that keys collide in every part. */
function manyRows(): PlantedRow[] {
  return Array.from({ length: 60 }, (_, index) => {
    const plant = index % 2 === 0 ? cust : account;
    const createDate = index % 7 === 0 ? null : later(longAgo, (index * 31) % 5);
    const state = index % 3 === 0 ? State.Processing : State.Initial;
    const streamingNo = `${'1'.repeat(((index >> 1) % 14) * 2)}${String(1000 + ((index * 17) % 60))}`;
    return plant(streamingNo, { createDate, state, stateDate: state === State.Processing ? longAgo : null });
  });
}

/** In which order a poll returns rows, and that it is the head of both tables at one moment. */
export function orderRules(fixture: Fixture): void {
  describe('the order of a poll', () => {
    it('follows CreateDate across both tables and States 0 and 1', async () => {
      await fixture().plant([
        account('1', { createDate: later(longAgo, 3) }),
        cust('2', { createDate: later(longAgo, 2), state: State.Processing, stateDate: longAgo }),
        cust('3', { createDate: later(longAgo, 1) }),
        account('4', { createDate: longAgo, state: State.Processing, stateDate: longAgo }),
      ]);
      expect(idsOf(await fixture().open().poll(everything()))).toEqual([
        'IF_BNET_ACCOUNT:4',
        'IF_BNET_CUST:3',
        'IF_BNET_CUST:2',
        'IF_BNET_ACCOUNT:1',
      ]);
    });

    it('begins with the rows without CreateDate, by StreamingNo', async () => {
      await fixture().plant([
        cust('1', { createDate: '1970-01-01 00:00:00' }),
        account('9', { createDate: null }),
        cust('10', { createDate: null, state: State.Processing, stateDate: longAgo }),
      ]);
      const page = await fixture().open().poll(everything());
      expect(idsOf(page)).toEqual(['IF_BNET_ACCOUNT:9', 'IF_BNET_CUST:10', 'IF_BNET_CUST:1']);
      expect(page.rows.map((row) => row.createDate)).toEqual([null, null, '1970-01-01 00:00:00']);
    });

    it('compares StreamingNos of one CreateDate as numbers, whatever their length', async () => {
      const numbers = [
        '9',
        '10',
        '99',
        '100',
        `1${'0'.repeat(28)}`,
        `${thirtyDigits.slice(1)}8`,
        thirtyDigits,
      ];
      await fixture().plant([...numbers].reverse().map((number) => cust(number)));
      const { rows } = await fixture().open().poll(everything());
      expect(rows.map((row) => row.streamingNo)).toEqual(numbers);
    });

    it('puts customers before accounts where both have the same key', async () => {
      await fixture().plant([account('5'), cust('5'), account(thirtyDigits), cust(thirtyDigits)]);
      expect(idsOf(await fixture().open().poll(everything()))).toEqual([
        'IF_BNET_CUST:5',
        'IF_BNET_ACCOUNT:5',
        `IF_BNET_CUST:${thirtyDigits}`,
        `IF_BNET_ACCOUNT:${thirtyDigits}`,
      ]);
    });

    it('is the order in which the rows take effect', async () => {
      const rows = manyRows();
      await fixture().plant(rows);
      expect(idsOf(await fixture().open().poll(everything()))).toEqual(idsInOrder(rows));
    });

    it('is cut by the limit at the end only: no earlier row is ever missing', async () => {
      const rows = manyRows();
      await fixture().plant(rows);
      const middle = fixture().open();
      const inOrder = idsInOrder(rows);
      for (let limit = 1; limit <= inOrder.length + 1; limit += 1) {
        expect(idsOf(await middle.poll(everything({ limit })))).toEqual(inOrder.slice(0, limit));
      }
    });

    it('comes from one statement, so that nothing can change between its parts', async () => {
      await fixture().plant(manyRows());
      const middle = fixture().open();
      const request = everything({ settleMs: 1, excluded: ['7', null], shards: { count: 8, held: [0, 1] } });
      expect(await fixture().statementsDuring(() => middle.poll(request))).toBe(1);
    });
  });

  describe('what a poll reads', () => {
    it('is every key and date exactly as it stands, as text', async () => {
      const columns = { custId: '8'.repeat(30), productId: '7'.repeat(30), bizId: '业务𠀀1' };
      const moments = { createDate: '2026-03-29 02:30:00', stateDate: '2026-09-27 03:15:59' };
      await fixture().plant([
        cust(thirtyDigits, {
          ...columns,
          ...moments,
          opFlag: '0102',
          state: State.Processing,
          attributes: [{ attrId: '1' }, { attrId: '2' }],
        }),
        account('1', { ...columns, createDate: later(longAgo, -1), userId: '用户😀@bnet', opFlag: '0203' }),
      ]);
      const { rows } = await fixture().open().poll(everything());
      const expectedAccount = {
        ...columns,
        userId: '用户😀@bnet',
        opFlag: '0203',
        state: 0,
        stateDate: null,
        attributes: 0,
      };
      const own = { userId: null, opFlag: '0102', state: 1, attributes: expect.toBeOneOf([0, 2]) as unknown };
      const expectedCust = { ...columns, ...moments, ...own };
      expect(rows).toEqual([
        { source: 'ACCOUNT', streamingNo: '1', createDate: later(longAgo, -1), ...expectedAccount },
        { source: 'CUST', streamingNo: thirtyDigits, ...expectedCust },
      ]);
    });

    it('is null for every missing value', async () => {
      const missing = { custId: null, productId: null, bizId: null, userId: null, opFlag: null };
      await fixture().plant([account('1', missing), cust('2', { ...missing, bizId: '', opFlag: '' })]);
      const { rows } = await fixture().open().poll(everything());
      const unclaimed = { createDate: longAgo, ...missing, state: 0, stateDate: null, attributes: 0 };
      expect(rows).toEqual([
        { source: 'ACCOUNT', streamingNo: '1', ...unclaimed },
        { source: 'CUST', streamingNo: '2', ...unclaimed },
      ]);
    });

    it('comes with the clock of the database, in whole seconds', async () => {
      await fixture().plant([cust('1')]);
      const before = await fixture().now();
      const { now } = await fixture().open().poll(everything());
      const after = await fixture().now();
      expect(now).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      expect(now >= before && now <= after, `${before} <= ${now} <= ${after}`).toBe(true);
    });

    it('is an empty page without a clock where there is no row', async () => {
      expect(await fixture().open().poll(everything())).toEqual({ rows: [], now: '' });
    });
  });
}
