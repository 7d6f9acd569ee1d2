import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Fixture } from '../middle.js';
import {
  account,
  byId,
  claimAll,
  cust,
  everything,
  ids,
  later,
  longAgo,
  requestFor,
  requestsFor,
  sortedRows,
} from './rows.js';
import { scaled } from '../../support/time-factor.js';

const halfADay = 43_200;
const wholeSeconds = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/** What a claim changes: rows from State 0 to 1, each with a StateDate that no attempt had before. */
export function claimRules(fixture: Fixture): void {
  describe('a claim', { timeout: scaled(90_000) }, () => {
    it('moves rows of both tables from State 0 to 1 and says how many', async () => {
      await fixture().plant([cust('1'), account('1'), cust('2', { custId: null, productId: null })]);
      const { claimed, rows, left } = await claimAll(fixture().open());
      expect([claimed, left]).toEqual([3, []]);
      expect(ids(rows).sort()).toEqual(['IF_BNET_ACCOUNT:1', 'IF_BNET_CUST:1', 'IF_BNET_CUST:2']);
      expect(rows.map((row) => row.state)).toEqual([1, 1, 1]);
      expect((await fixture().rows()).map((row) => row.state)).toEqual([1, 1, 1]);
    });

    it('changes nothing but State and StateDate, and no other row', async () => {
      const every = { areaCode: '571', remark: '备注', errContent: 'an old text', stateDate: longAgo };
      const attributes = [{ attrId: '1', attrSpecId: '2', attrValue: '值' }];
      await fixture().plant([
        cust('1', { ...every, attributes }),
        account('1', { ...every, attributes }),
        cust('2', { ...every, attributes: [{ attrId: '2', attrValue: null }] }),
      ]);
      const before = await fixture().rows();
      const middle = fixture().open();
      const { rows } = await middle.poll(everything());
      const result = await middle.claim(requestsFor(rows.filter(({ source }) => source === 'ACCOUNT')));
      const stateDate = byId(result.rows, 'IF_BNET_ACCOUNT:1').stateDate;
      const claimed = { state: State.Processing, stateDate };
      expect(await fixture().rows()).toEqual(
        before.map((row) =>
          row.source === 'ACCOUNT'
            ? {
                ...row,
                ...claimed,
                attributes: row.attributes.map((attribute) => ({ ...attribute, ...claimed })),
              }
            : row,
        ),
      );
    });

    it('dates the attempt by the clock of the database, in whole seconds', async () => {
      await fixture().plant([cust('1'), account('2', { stateDate: longAgo })]);
      const before = await fixture().now();
      const { rows } = await claimAll(fixture().open());
      const after = await fixture().now();
      for (const { stateDate } of rows) {
        expect(stateDate).toMatch(wholeSeconds);
        expect(stateDate! >= before && stateDate! <= after, `${before} <= ${stateDate!} <= ${after}`).toBe(
          true,
        );
      }
      expect((await fixture().rows()).map((row) => row.stateDate)).toEqual(sortedDates(rows));
    });

    it('dates the attempt after the StateDate that the row had, also when that lies in the future, within a day', async () => {
      const future = later(await fixture().now(), halfADay);
      await fixture().plant([
        cust('1', { stateDate: future }),
        account('2', { stateDate: later(future, 7) }),
      ]);
      const { rows } = await claimAll(fixture().open());
      expect(byId(rows, 'IF_BNET_CUST:1').stateDate).toBe(later(future, 1));
      expect(byId(rows, 'IF_BNET_ACCOUNT:2').stateDate).toBe(later(future, 8));
    });

    it('dates the attempt by the clock where the StateDate that the row had is more than a day ahead', async () => {
      const before = await fixture().now();
      await fixture().plant([
        cust('1', { stateDate: later(before, 86_400 + 3600), attributes: [{ attrId: '1' }] }),
        account('2', { stateDate: '2038-12-31 23:59:59' }),
        account('3', { stateDate: '9999-12-31 23:59:59' }),
      ]);
      const { claimed, rows, left } = await claimAll(fixture().open());
      const after = await fixture().now();
      expect([claimed, left]).toEqual([3, []]);
      for (const { stateDate } of rows)
        expect(stateDate! >= before && stateDate! <= after, stateDate!).toBe(true);
      const { stateDate, attributes } = byId(await fixture().rows(), 'IF_BNET_CUST:1');
      expect(attributes).toMatchObject([{ state: State.Processing, stateDate }]);
    });

    it('dates the attempt after the newest attempt known, also when that lies in the future', async () => {
      const future = later(await fixture().now(), halfADay);
      await fixture().plant([cust('1'), account('1', { stateDate: later(future, 10) }), cust('2')]);
      const before = await fixture().now();
      const newest = { 'IF_BNET_CUST:1': future, 'IF_BNET_ACCOUNT:1': future, 'IF_BNET_CUST:2': longAgo };
      const { rows } = await claimAll(fixture().open(), newest);
      expect(byId(rows, 'IF_BNET_CUST:1').stateDate).toBe(later(future, 1));
      expect(byId(rows, 'IF_BNET_ACCOUNT:1').stateDate).toBe(later(future, 11));
      const { stateDate } = byId(rows, 'IF_BNET_CUST:2');
      expect(stateDate! >= before && stateDate! < later(before, 3600), stateDate!).toBe(true);
    });

    it('never gives one row the same StateDate twice, however often it is put back within a second', async () => {
      await fixture().plant([cust('1'), account('2')]);
      const middle = fixture().open();
      const seen = new Map<string, string[]>();
      for (let round = 0; round < 4; round += 1) {
        const { rows } = await claimAll(middle);
        for (const row of rows) seen.set(row.source, [...(seen.get(row.source) ?? []), row.stateDate!]);
        await fixture().change({ source: 'CUST', streamingNo: '1' }, { state: State.Initial });
        await fixture().change({ source: 'ACCOUNT', streamingNo: '2' }, { state: State.Initial });
      }
      for (const dates of seen.values()) expect([...new Set(dates)].sort()).toEqual(dates);
    });

    it('leaves a row that is in State 1 its StateDate, whoever claimed it', async () => {
      await fixture().plant([
        cust('1', { state: State.Processing, stateDate: longAgo }),
        account('2', { state: State.Processing, stateDate: later(await fixture().now(), 86_400) }),
      ]);
      const before = await fixture().rows();
      const { claimed, rows } = await claimAll(fixture().open(), { 'IF_BNET_CUST:1': later(longAgo, 500) });
      expect(claimed).toBe(0);
      expect(rows.map((row) => row.stateDate)).toEqual(before.map((row) => row.stateDate));
      expect(await fixture().rows()).toEqual(before);
    });

    it('gives a row in State 1 a StateDate where it has none, without counting it', async () => {
      const future = later(await fixture().now(), 86_400);
      await fixture().plant([
        cust('1', { state: State.Processing, stateDate: null }),
        account('2', { state: State.Processing, stateDate: null, attributes: [{ attrId: '1' }] }),
      ]);
      const { claimed, rows } = await claimAll(fixture().open(), { 'IF_BNET_CUST:1': future });
      expect(claimed).toBe(0);
      expect(byId(rows, 'IF_BNET_CUST:1').stateDate).toBe(later(future, 1));
      const { stateDate } = byId(rows, 'IF_BNET_ACCOUNT:2');
      expect(stateDate).toMatch(wholeSeconds);
      const standing = byId(await fixture().rows(), 'IF_BNET_ACCOUNT:2');
      expect(standing).toMatchObject({ state: 1, stateDate, attributes: [{ state: 1, stateDate }] });
    });

    it.each([State.Succeeded, State.Failed, null, 9])(
      'leaves a row alone that came to State %s after the poll, and returns it as it stands',
      async (state) => {
        await fixture().plant([cust('1'), account('2', { state: State.Processing, stateDate: null })]);
        const middle = fixture().open();
        const { rows } = await middle.poll(everything());
        const errContent = state === State.Failed ? '00401 关键数据项不能为空: CustName' : null;
        await fixture().change(
          { source: 'CUST', streamingNo: '1' },
          { state, stateDate: longAgo, errContent },
        );
        await fixture().change({ source: 'ACCOUNT', streamingNo: '2' }, { state, stateDate: null });
        const before = await fixture().rows();
        const result = await middle.claim(requestsFor(rows));
        expect([result.claimed, result.left]).toEqual([0, []]);
        expect(byId(result.rows, 'IF_BNET_CUST:1')).toMatchObject({ state, stateDate: longAgo });
        expect(byId(result.rows, 'IF_BNET_ACCOUNT:2')).toMatchObject({ state, stateDate: null });
        expect(await fixture().rows()).toEqual(before);
      },
    );

    it('leaves a row that was polled in State 1 and put back to 0 for the next poll', async () => {
      await fixture().plant([cust('1', { state: State.Processing, stateDate: longAgo })]);
      const middle = fixture().open();
      const { rows } = await middle.poll(everything());
      await fixture().change({ source: 'CUST', streamingNo: '1' }, { state: State.Initial });
      const before = await fixture().rows();
      const result = await middle.claim(requestsFor(rows));
      expect(result).toMatchObject({
        claimed: 0,
        rows: [{ state: State.Initial, stateDate: longAgo }],
        left: [],
      });
      expect(await fixture().rows()).toEqual(before);
    });

    it('does without rows that have vanished', async () => {
      await fixture().plant([cust('1'), cust('2'), account('1')]);
      const middle = fixture().open();
      const { rows } = await middle.poll(everything());
      await fixture().remove({ source: 'CUST', streamingNo: '1' });
      await fixture().remove({ source: 'ACCOUNT', streamingNo: '1' });
      const result = await middle.claim(requestsFor(rows));
      expect(result.claimed).toBe(1);
      expect(ids(result.rows)).toEqual(['IF_BNET_CUST:2']);
      expect(await middle.claim([requestFor(cust('3')), requestFor(account('4'))])).toEqual({
        claimed: 0,
        rows: [],
        left: [],
      });
    });

    it('does nothing without requests', async () => {
      await fixture().plant([cust('1')]);
      const before = await fixture().rows();
      expect(await fixture().open().claim([])).toEqual({ claimed: 0, rows: [], left: [] });
      expect(await fixture().rows()).toEqual(before);
    });

    it('of the same row by a second worker finds it claimed, and keeps the first one’s StateDate', async () => {
      await fixture().plant([cust('1'), account('2')]);
      const [one, other] = [fixture().open(), fixture().open()];
      const polls = await Promise.all([one.poll(everything()), other.poll(everything())]);
      const first = await one.claim(requestsFor(polls[0].rows));
      const standing = await fixture().rows();
      const second = await other.claim(
        requestsFor(polls[1].rows, {
          'IF_BNET_CUST:1': first.rows[0]!.stateDate!,
          'IF_BNET_ACCOUNT:2': longAgo,
        }),
      );
      expect([first.claimed, second.claimed, second.left]).toEqual([2, 0, []]);
      expect(second.rows).toEqual(first.rows);
      expect(await fixture().rows()).toEqual(standing);
    });

    it('names rows by all 30 digits, zeros at the end included', async () => {
      const numbers = [`1${'0'.repeat(28)}`, `1${'0'.repeat(29)}`, `1${'0'.repeat(28)}1`, '9'.repeat(30)];
      await fixture().plant(numbers.map((no) => cust(no, { attributes: [{ attrId: no, attrValue: no }] })));
      const middle = fixture().open();
      const { rows } = await middle.poll(everything());
      const result = await middle.claim(
        requestsFor(rows.filter(({ streamingNo }) => streamingNo === numbers[1])),
      );
      expect(result.rows.map((row) => [row.streamingNo, row.attributes[0]?.attrValue])).toEqual([
        [numbers[1], numbers[1]],
      ]);
      const standing = await fixture().rows();
      expect(standing.map((row) => [row.streamingNo, row.state])).toEqual(
        numbers.map((no) => [no, no === numbers[1] ? State.Processing : State.Initial]),
      );
    });

    it('takes 2500 rows of one table and some of the other in a bounded number of statements', async () => {
      const numbers = Array.from({ length: 2500 }, (_, index) => String(index + 1));
      const attributes = (no: string) => ({ attributes: [{ attrId: no, attrSpecId: '1', attrValue: no }] });
      await fixture().plant([
        ...numbers.map((no) => cust(no, attributes(no))),
        ...numbers.slice(0, 300).map((no) => account(no, attributes(no))),
      ]);
      const middle = fixture().open();
      const { rows } = await middle.poll(everything());
      let result: Awaited<ReturnType<typeof middle.claim>> | undefined;
      const statements = await fixture().statementsDuring(async () => {
        result = await middle.claim(requestsFor(rows));
      });
      expect(statements).toBeLessThanOrEqual(20);
      expect(result!.claimed).toBe(2800);
      expect(result!.rows).toHaveLength(2800);
      expect(result!.rows.every((row) => row.attributes[0]?.attrValue === row.streamingNo)).toBe(true);
      const standing = sortedRows(await fixture().rows());
      expect(standing.every((row) => row.state === 1 && row.attributes[0]?.state === 1)).toBe(true);
    });
  });
}

function sortedDates(rows: readonly { source: string; streamingNo: string; stateDate: string | null }[]) {
  return [...rows].sort((a, b) => (a.source > b.source ? -1 : 1)).map((row) => row.stateDate);
}
