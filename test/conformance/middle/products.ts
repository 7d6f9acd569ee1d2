import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture } from '../middle.js';
import { account, cust, everything, ids, idsOf, later, longAgo, requestFor } from './rows.js';

const ours = '123456789012345678901234567890';
const nearest = '123456789012345678901234567891';

/** Rows of ours, of the nearest number, of a product far away, and of none. */
const products = [ours, '7', nearest, null];
const productIds = [ours, '7'];

/** That rows of other products do not exist for any method. */
export function productRules(fixture: Fixture): void {
  describe('with productIds', () => {
    it('a poll returns rows of these products alone, and others take no place in its page', async () => {
      await fixture().plant([
        ...products.map((productId, index) => cust(String(index + 1), { productId })),
        ...products.map((productId, index) => account(String(index + 1), { productId })),
        ...Array.from({ length: 30 }, (_, index) =>
          cust(String(index + 10), { productId: nearest, createDate: later(longAgo, -1) }),
        ),
      ]);
      const page = await fixture()
        .open({ productIds })
        .poll(everything({ limit: 4 }));
      expect(idsOf(page)).toEqual([
        'IF_BNET_CUST:1',
        'IF_BNET_ACCOUNT:1',
        'IF_BNET_CUST:2',
        'IF_BNET_ACCOUNT:2',
      ]);
      expect(idsOf(await fixture().open().poll(everything()))).toHaveLength(38);
    });

    it.each([State.Initial, State.Processing])(
      'a claim neither changes nor returns rows of others, also in State %i',
      async (state) => {
        const rows = products.flatMap((productId, index) => [
          cust(String(index + 1), { productId, state, attributes: [{ attrId: String(index + 1) }] }),
          account(String(index + 1), { productId, state, attributes: [{ attrId: String(index + 1) }] }),
        ]);
        await fixture().plant(rows);
        const before = await fixture().rows();
        const { claimed, rows: read } = await fixture().open({ productIds }).claim(rows.map(requestFor));
        expect(claimed).toBe(state === State.Initial ? 4 : 0);
        expect(ids(read).sort()).toEqual([
          'IF_BNET_ACCOUNT:1',
          'IF_BNET_ACCOUNT:2',
          'IF_BNET_CUST:1',
          'IF_BNET_CUST:2',
        ]);
        const isOurs = (row: { productId: string | null }) => productIds.includes(row.productId ?? '');
        const after = await fixture().rows();
        expect(after.filter((row) => !isOurs(row))).toEqual(before.filter((row) => !isOurs(row)));
        for (const row of after.filter(isOurs)) {
          expect(row).toMatchObject({ state: 1, attributes: [{ state: 1, stateDate: row.stateDate }] });
        }
      },
    );

    it('a claim no longer knows a row that went over to another product after the poll', async () => {
      await fixture().plant([cust('1', { productId: ours })]);
      const middle = fixture().open({ productIds });
      const { rows } = await middle.poll(everything());
      await fixture().change({ source: 'CUST', streamingNo: '1' }, { productId: nearest });
      const before = await fixture().rows();
      const result = await middle.claim(rows.map((row) => ({ row, after: null })));
      expect(result).toEqual({ claimed: 0, rows: [], left: [] });
      expect(await fixture().rows()).toEqual(before);
    });

    it('a mark does not touch rows of others, and reports them as gone', async () => {
      const columns = { state: State.Processing, stateDate: longAgo, attributes: [{ attrId: '1' }] };
      await fixture().plant([
        cust('1', { ...columns, productId: nearest }),
        account('1', { ...columns, productId: null }),
        cust('2', { ...columns, productId: ours, attributes: [] }),
      ]);
      const before = await fixture().rows();
      const marks = [
        { source: 'CUST', streamingNo: '1', attempt: longAgo, custId: null, errContent: null },
        { source: 'CUST', streamingNo: '2', attempt: longAgo, custId: null, errContent: null },
        { source: 'ACCOUNT', streamingNo: '1', attempt: longAgo, custId: null, errContent: '00404' },
      ] as const;
      const result = await fixture().open({ productIds }).mark(marks);
      expect(result.marked).toBe(1);
      expect(result.conflicts).toEqual([
        { mark: marks[0], state: null, stateDate: null },
        { mark: marks[2], state: null, stateDate: null },
      ]);
      const others = (rows: typeof before) => rows.filter((row) => row.streamingNo === '1');
      expect(others(await fixture().rows())).toEqual(others(before));
    });

    it('there are open rows where one of these products has any', async () => {
      const middle = fixture().open({ productIds });
      await fixture().plant([cust('1', { productId: nearest }), account('2', { productId: null })]);
      expect(await middle.hasOpenRows()).toBe(false);
      expect(await fixture().open().hasOpenRows()).toBe(true);
      await fixture().plant([account('3', { productId: '7' })]);
      expect(await middle.hasOpenRows()).toBe(true);
    });
  });
}
