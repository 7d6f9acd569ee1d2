import { describe, expect, it } from 'vitest';
import { State } from '../../../src/domain/states.js';
import type { Mark } from '../../../src/middle/port.js';
import type { Fixture } from '../middle.js';
import { account, byId, claimAll, cust, everything, later, longAgo, type StandingRow } from './rows.js';
import { scaled } from '../../support/time-factor.js';

const processing = { state: State.Processing, stateDate: longAgo };

function mark(source: 'CUST' | 'ACCOUNT', streamingNo: string, more: Partial<Mark> = {}): Mark {
  return { source, streamingNo, attempt: longAgo, custId: null, errContent: null, ...more };
}

/** What a mark changes: a row in State 1 of the very attempt, and nothing else. */
export function markRules(fixture: Fixture): void {
  describe('a mark', { timeout: scaled(90_000) }, () => {
    it('of a success moves the row to State 2 without ErrContent, also where a foreign text stood', async () => {
      await fixture().plant([cust('1', { ...processing, errContent: 'foreign' }), account('2', processing)]);
      const before = await fixture().now();
      const result = await fixture()
        .open()
        .mark([mark('CUST', '1'), mark('ACCOUNT', '2')]);
      const after = await fixture().now();
      expect(result).toEqual({ marked: 2, conflicts: [], left: [], heldBack: [] });
      for (const row of await fixture().rows()) {
        expect(row).toMatchObject({ state: State.Succeeded, errContent: null });
        expect(row.stateDate! >= before && row.stateDate! <= after, row.stateDate!).toBe(true);
      }
    });

    it('of a failure moves the row to State 3 with its text, up to 1024 bytes of Chinese', async () => {
      const texts = [
        `1${'错'.repeat(341)}`,
        '00403 数据格式不正确: CustName "O\'Neil ?:x \\ 𠀀😀" 超过 128 位',
      ];
      expect(Buffer.byteLength(texts[0]!)).toBe(1024);
      await fixture().plant([cust('1', processing), account('1', processing)]);
      const result = await fixture()
        .open()
        .mark([
          mark('CUST', '1', { errContent: texts[0]! }),
          mark('ACCOUNT', '1', { errContent: texts[1]! }),
        ]);
      expect(result).toEqual({ marked: 2, conflicts: [], left: [], heldBack: [] });
      const rows = await fixture().rows();
      expect(rows.map((row) => row.state)).toEqual([State.Failed, State.Failed]);
      expect(rows.map((row) => row.errContent)).toEqual(texts);
    });

    it('changes nothing but State, StateDate and ErrContent, and no other row', async () => {
      const every = { areaCode: '571', remark: '备注', ...processing };
      await fixture().plant([cust('1', every), cust('11', every), account('1', every), account('11', every)]);
      const before = await fixture().rows();
      await fixture()
        .open()
        .mark([mark('ACCOUNT', '1', { errContent: '00404' })]);
      const after = await fixture().rows();
      const { stateDate } = byId(after, 'IF_BNET_ACCOUNT:1');
      const marked = { state: State.Failed, stateDate, errContent: '00404' };
      const changed = (row: StandingRow) => row.source === 'ACCOUNT' && row.streamingNo === '1';
      expect(after).toEqual(before.map((row) => (changed(row) ? { ...row, ...marked } : row)));
    });

    it('never dates the row before its attempt, also when that lies in the future, within a day', async () => {
      const future = later(await fixture().now(), 43_200);
      await fixture().plant([cust('1', { ...processing, stateDate: future })]);
      await fixture()
        .open()
        .mark([mark('CUST', '1', { attempt: future })]);
      expect((await fixture().rows())[0]!.stateDate).toBe(future);
    });

    it('dates the row by the clock where its attempt is more than a day ahead', async () => {
      const attempts = [later(await fixture().now(), 86_400 + 3600), '9999-12-31 23:59:59'];
      await fixture().plant(
        attempts.map((stateDate, index) => cust(String(index), { ...processing, stateDate })),
      );
      const before = await fixture().now();
      const result = await fixture()
        .open()
        .mark(attempts.map((attempt, index) => mark('CUST', String(index), { attempt })));
      const after = await fixture().now();
      expect(result).toEqual({ marked: 2, conflicts: [], left: [], heldBack: [] });
      for (const { state, stateDate } of await fixture().rows()) {
        expect(state).toBe(State.Succeeded);
        expect(stateDate! >= before && stateDate! <= after, stateDate!).toBe(true);
      }
    });

    it.each([State.Initial, State.Succeeded, State.Failed, null])(
      'leaves a row in State %s alone and reports it as it stands',
      async (state) => {
        await fixture().plant([
          cust('1', { state, stateDate: longAgo, errContent: 'kept' }),
          account('2', processing),
        ]);
        const before = await fixture().rows();
        const asked = mark('CUST', '1', { errContent: '00404' });
        const result = await fixture()
          .open()
          .mark([asked, mark('ACCOUNT', '2')]);
        expect(result).toEqual({
          marked: 1,
          conflicts: [{ mark: asked, state, stateDate: longAgo }],
          left: [],
          heldBack: [],
        });
        expect(byId(await fixture().rows(), 'IF_BNET_CUST:1')).toEqual(byId(before, 'IF_BNET_CUST:1'));
      },
    );

    it('of an earlier attempt changes nothing, and is reported with the present state', async () => {
      const present = later(longAgo, 1);
      await fixture().plant([
        cust('1', { state: State.Processing, stateDate: present }),
        account('2', { state: State.Processing, stateDate: present }),
        cust('3', { state: State.Processing, stateDate: null }),
      ]);
      const before = await fixture().rows();
      const late = [mark('CUST', '1'), mark('ACCOUNT', '2', { errContent: '00404' }), mark('CUST', '3')];
      const { marked, conflicts, left, heldBack } = await fixture().open().mark(late);
      expect([marked, left, heldBack]).toEqual([0, [], []]);
      expect(conflicts).toHaveLength(3);
      expect(conflicts).toEqual(
        expect.arrayContaining([
          { mark: late[0], state: 1, stateDate: present },
          { mark: late[1], state: 1, stateDate: present },
          { mark: late[2], state: 1, stateDate: null },
        ]),
      );
      expect(await fixture().rows()).toEqual(before);
    });

    it('that comes late does not answer the row that was put back and claimed anew', async () => {
      await fixture().plant([cust('1')]);
      const [stopped, present] = [fixture().open(), fixture().open()];
      const first = (await claimAll(stopped)).rows[0]!.stateDate!;
      await fixture().change({ source: 'CUST', streamingNo: '1' }, { state: State.Initial });
      const second = (await claimAll(present)).rows[0]!.stateDate!;
      const late = mark('CUST', '1', { attempt: first });
      const { conflicts } = await stopped.mark([late]);
      expect(conflicts).toEqual([{ mark: late, state: State.Processing, stateDate: second }]);
      expect(await present.mark([mark('CUST', '1', { attempt: second })])).toEqual({
        marked: 1,
        conflicts: [],
        left: [],
        heldBack: [],
      });
    });

    it('of a row that has vanished is reported without a state', async () => {
      const asked = [mark('CUST', '1', { errContent: '00404' }), mark('ACCOUNT', '1')];
      await fixture().plant([cust('2', processing)]);
      const result = await fixture()
        .open()
        .mark([...asked, mark('CUST', '2')]);
      const conflicts = asked.map((lost) => ({ mark: lost, state: null, stateDate: null }));
      expect(result).toEqual({ marked: 1, conflicts, left: [], heldBack: [] });
    });

    it('that landed before is a conflict, for the row has its answer', async () => {
      await fixture().plant([account('1', processing)]);
      const middle = fixture().open();
      await middle.mark([mark('ACCOUNT', '1')]);
      const standing = await fixture().rows();
      const again = await middle.mark([mark('ACCOUNT', '1')]);
      expect(again).toMatchObject({ marked: 0, conflicts: [{ state: State.Succeeded }], left: [] });
      expect(await fixture().rows()).toEqual(standing);
    });

    it('names rows by all 30 digits', async () => {
      const [one, other] = ['123456789012345678901234567890', '123456789012345678901234567891'];
      await fixture().plant([cust(one, processing), cust(other, processing)]);
      await fixture()
        .open()
        .mark([mark('CUST', other)]);
      expect((await fixture().rows()).map((row) => [row.streamingNo, row.state])).toEqual([
        [one, State.Processing],
        [other, State.Succeeded],
      ]);
    });

    it('does nothing without rows', async () => {
      expect(await fixture().open().mark([])).toEqual({ marked: 0, conflicts: [], left: [], heldBack: [] });
    });

    it('gives 2500 rows of one table and some of the other their outcomes, in a bounded number of statements', async () => {
      const numbers = Array.from({ length: 2500 }, (_, index) => String(index + 1));
      const attributes = (no: string) => ({ attributes: [{ attrId: no }] });
      await fixture().plant([
        ...numbers.map((no) => cust(no, attributes(no))),
        ...numbers.slice(0, 300).map((no) => account(no, attributes(no))),
      ]);
      const middle = fixture().open();
      const { rows } = await claimAll(middle);
      const marks = rows.map(({ source, streamingNo, stateDate }) =>
        mark(source, streamingNo, { attempt: stateDate!, errContent: textFor(source, streamingNo) }),
      );
      let marked = 0;
      const statements = await fixture().statementsDuring(async () => {
        marked = (await middle.mark(marks)).marked;
      });
      expect(marked).toBe(2800);
      expect(statements).toBeLessThanOrEqual(20);
      for (const row of await fixture().rows()) {
        const errContent = textFor(row.source, row.streamingNo!);
        const state = errContent === null ? State.Succeeded : State.Failed;
        expect([row.state, row.errContent, row.attributes[0]!.state]).toEqual([state, errContent, state]);
      }
      expect((await middle.poll(everything())).rows).toEqual([]);
    });
  });
}

/** Every third row fails, each with a text of its own. */
function textFor(source: string, streamingNo: string): string | null {
  return Number(streamingNo) % 3 === 0 ? `00404 业务逻辑执行错误: ${source} ${streamingNo}` : null;
}
