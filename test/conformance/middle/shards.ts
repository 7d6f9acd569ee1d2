import { describe, expect, it } from 'vitest';
import { shardOf } from '../../../src/domain/keys.js';
import type { Fixture } from '../middle.js';
import { account, cust, everything, ids, idsOf, later, longAgo } from './rows.js';

const customers = [
  null,
  '0',
  '1',
  '63',
  '64',
  '-1',
  '-9',
  '9007199254740993',
  '123456789012345678901234567890',
  '123456789012345678901234567891',
  `-${'9'.repeat(29)}`,
  '9'.repeat(30),
];

/** How customers fall into shards: as the domain says, whatever a database makes of `mod`. */
export function shardRules(fixture: Fixture): void {
  describe('shards', () => {
    it.each([1, 7, 8, 64])(
      '%i of them: a poll returns the customers of those held, as the domain counts them',
      async (count) => {
        const rows = customers.flatMap((custId, index) => [
          cust(String(index + 1), { custId }),
          account(String(index + 1), { custId }),
        ]);
        await fixture().plant(rows);
        const middle = fixture().open();
        for (let shard = 0; shard < count; shard += 1) {
          const expected = ids(rows.filter((row) => shardOf(row.custId ?? null, count) === shard));
          const page = await middle.poll(everything({ shards: { count, held: [shard] } }));
          expect(idsOf(page), `shard ${String(shard)} of ${String(count)}`).toEqual(expected);
        }
      },
    );

    it('are those held, together, in one order', async () => {
      const custIds = ['16', '9', '2', '11', '4'];
      await fixture().plant(
        custIds.map((custId, index) =>
          cust(String(index + 1), { custId, createDate: later(longAgo, -index) }),
        ),
      );
      const page = await fixture()
        .open()
        .poll(everything({ shards: { count: 8, held: [0, 2, 3] } }));
      expect(page.rows.map((row) => row.custId)).toEqual(['11', '2', '16']);
    });

    it('not held at all leave nothing to poll', async () => {
      await fixture().plant([cust('1'), account('2', { custId: null })]);
      const middle = fixture().open();
      expect(idsOf(await middle.poll(everything({ shards: { count: 8, held: [] } })))).toEqual([]);
      expect(idsOf(await middle.poll(everything({ shards: { count: 8, held: 'all' } })))).toHaveLength(2);
    });

    it('of others do not take the place of our rows in the page', async () => {
      const others = Array.from({ length: 30 }, (_, index) => cust(String(index + 1), { custId: '1' }));
      await fixture().plant([...others, cust('99', { custId: '2', createDate: later(longAgo, 1) })]);
      const page = await fixture()
        .open()
        .poll(everything({ limit: 3, shards: { count: 8, held: [2] } }));
      expect(idsOf(page)).toEqual(['IF_BNET_CUST:99']);
    });
  });
}
