import { describe, expect, it } from 'vitest';
import type { RowKey } from '../../../src/domain/keys.js';
import { State } from '../../../src/domain/states.js';
import type { Mark } from '../../../src/middle/port.js';
import type { Fixture } from '../middle.js';
import {
  account,
  byId,
  cust,
  everything,
  ids,
  longAgo,
  requestFor,
  requestsFor,
  type PlantedRow,
  type StandingRow,
} from './rows.js';
import { testLocks, type TestLock } from './test-locks.js';

/** Somebody else at the tables. */
export interface OtherSession {
  /** Locks rows until `work` is done. */
  holding<T>(lock: TestLock, work: () => Promise<T>): Promise<T>;
}

const processing = { state: State.Processing, stateDate: longAgo };

const sources = ['CUST', 'ACCOUNT'] as const;

/** Three rows of each table, each of a customer of its own and with three attribute rows. */
function sixRows(columns: Partial<PlantedRow> = {}): PlantedRow[] {
  return sources.flatMap((source, table) =>
    [1, 2, 3].map((no) => {
      const attributes = [1, 2, 3].map((number) => ({ attrId: `${no}${number}`, attrValue: 'a' }));
      const own = { ...columns, attributes, custId: `${100 * table + no}` };
      return source === 'CUST' ? cust(String(no), own) : account(String(no), own);
    }),
  );
}

function markOf(row: PlantedRow, errContent: string | null = null): Mark {
  const { source, streamingNo, custId = null } = row;
  return { source, streamingNo: streamingNo!, attempt: longAgo, custId, errContent };
}

/** Whether a row stands in a State, and all of its attribute rows with it. */
function standsIn(row: StandingRow, state: number): boolean {
  return [row, ...row.attributes].every((each) => each.state === state && each.stateDate === row.stateDate);
}

function isRow(row: { source: string; streamingNo: string | null }, key: RowKey): boolean {
  return row.source === key.source && row.streamingNo === key.streamingNo;
}

/** Rows that somebody has locked: nobody waits for them, and all others go on. */
export function lockRules(fixture: Fixture, otherSession: () => OtherSession): void {
  describe.each(testLocks)('while somebody has locked %s', (_what, lock) => {
    const { source } = lock;
    const key = { source, streamingNo: '2' };
    const left = [{ ...key, cause: 'locked' }];

    it('a claim moves all other rows with their attribute rows, and leaves the row as it was', async () => {
      await fixture().plant(sixRows());
      const middle = fixture().open();
      const { rows } = await middle.poll(everything());
      const result = await otherSession().holding(lock, () => middle.claim(requestsFor(rows)));
      expect(result).toMatchObject({ claimed: 5, left });
      expect(result.rows).toHaveLength(6);
      expect(result.rows.find((row) => isRow(row, key))).toMatchObject({ state: State.Initial });
      for (const row of await fixture().rows())
        expect(standsIn(row, isRow(row, key) ? State.Initial : State.Processing), ids([row])[0]).toBe(true);
      const again = await middle.claim(requestsFor(rows.filter((row) => isRow(row, key))));
      expect(again).toMatchObject({ claimed: 1, left: [], rows: [{ state: State.Processing }] });
      const standing = (await fixture().rows()).find((row) => isRow(row, key))!;
      expect(standsIn(standing, State.Processing)).toBe(true);
    });

    it('marks of all other rows land with their attribute rows, and the row stays as it was', async () => {
      const planted = sixRows(processing);
      await fixture().plant(planted);
      const middle = fixture().open();
      const marks = planted.map((row) => markOf(row, row.streamingNo === '3' ? '00404' : null));
      const result = await otherSession().holding(lock, () => middle.mark(marks));
      expect(result).toEqual({ marked: 5, conflicts: [], left, heldBack: [] });
      for (const row of await fixture().rows()) {
        const state = row.streamingNo === '3' ? State.Failed : State.Succeeded;
        expect(standsIn(row, isRow(row, key) ? State.Processing : state), ids([row])[0]).toBe(true);
      }
      const again = await middle.mark(marks.filter((mark) => isRow(mark, key)));
      expect(again).toEqual({ marked: 1, conflicts: [], left: [], heldBack: [] });
      const standing = (await fixture().rows()).find((row) => isRow(row, key))!;
      expect(standsIn(standing, State.Succeeded)).toBe(true);
    });

    it('of its customer the marks before the row land, and those after it are held back', async () => {
      const columns = { ...processing, custId: '7' };
      const attributes = [{ attrId: '22', attrValue: 'a' }];
      const plant = source === 'CUST' ? cust : account;
      const other = source === 'CUST' ? account : cust;
      const planted = [
        other('1', columns),
        plant('2', { ...columns, attributes }),
        other('3', columns),
        plant('4', columns),
        plant('5', { ...columns, custId: '8' }),
      ];
      await fixture().plant(planted);
      const middle = fixture().open();
      const result = await otherSession().holding(lock, () => middle.mark(planted.map((row) => markOf(row))));
      expect(result).toMatchObject({ marked: 2, conflicts: [], left });
      expect(result.heldBack.map((row) => `${row.source} ${row.streamingNo}`).sort()).toEqual(
        [planted[2]!, planted[3]!].map((row) => `${row.source} ${row.streamingNo}`).sort(),
      );
      const states = (await fixture().rows()).map((row) => [row.streamingNo, row.state]);
      expect(Object.fromEntries(states)).toEqual({ 1: 2, 2: 1, 3: 1, 4: 1, 5: 2 });
    });

    it('a row that is claimed and marked meanwhile has nothing to do with it', async () => {
      await fixture().plant(sixRows());
      const middle = fixture().open();
      const { rows: polled } = await middle.poll(everything());
      const others = polled.filter((row) => !isRow(row, key));
      await otherSession().holding(lock, async () => {
        const { claimed, rows, left: none } = await middle.claim(requestsFor(others));
        expect([claimed, none]).toEqual([5, []]);
        const marks = rows.map(({ source: of, streamingNo, stateDate, custId }) => {
          return { source: of, streamingNo, attempt: stateDate!, custId, errContent: null };
        });
        const result = await middle.mark(marks);
        expect(result).toEqual({ marked: 5, conflicts: [], left: [], heldBack: [] });
      });
    });
  });

  describe('while somebody has locked attribute rows', () => {
    const lock: TestLock = {
      ...{ source: 'CUST', locks: 'attribute rows', number: null },
      sql: 'SELECT CustAttrID FROM IF_BNET_CUST_ATTR FOR UPDATE',
    };

    it('claims and marks go on where attribute rows are left alone', async () => {
      await fixture().plant([cust('1', { attributes: [{ attrId: '1' }] })]);
      const middle = fixture().open({ markAttributes: false });
      await otherSession().holding(lock, async () => {
        const { claimed, rows, left } = await middle.claim([requestFor(cust('1'))]);
        expect([claimed, left]).toEqual([1, []]);
        const mark = { ...markOf(cust('1')), attempt: rows[0]!.stateDate! };
        expect(await middle.mark([mark])).toEqual({ marked: 1, conflicts: [], left: [], heldBack: [] });
      });
    });

    it('claims and marks go on where there are more of them than there may be', async () => {
      const attributes = ['1', '2', '3'].map((attrId) => ({ attrId }));
      await fixture().plant([cust('1', { attributes })]);
      const middle = fixture().open({ maxAttributes: 2 });
      await otherSession().holding(lock, async () => {
        const { rows: polled } = await middle.poll(everything());
        const { claimed, rows, left } = await middle.claim(requestsFor(polled));
        expect([claimed, left]).toEqual([1, []]);
        const mark = { ...markOf(cust('1'), '00403'), attempt: rows[0]!.stateDate!, attributesStay: true };
        expect(await middle.mark([mark])).toEqual({ marked: 1, conflicts: [], left: [], heldBack: [] });
      });
    });
  });

  describe('while somebody has locked everything', () => {
    const lock: TestLock = {
      ...{ source: 'CUST', locks: 'rows', number: null },
      sql: 'SELECT StreamingNo FROM IF_BNET_CUST FOR UPDATE',
    };

    it('a claim moves nothing, and tells of every row', async () => {
      await fixture().plant(sixRows().filter((row) => row.source === 'CUST'));
      const before = await fixture().rows();
      const middle = fixture().open();
      const { rows } = await middle.poll(everything());
      const result = await otherSession().holding(lock, () => middle.claim(requestsFor(rows)));
      expect(result).toMatchObject({ claimed: 0, rows: [{}, {}, {}] });
      expect(result.left.map(({ cause }) => cause)).toEqual(['locked', 'locked', 'locked']);
      expect(await fixture().rows()).toEqual(before);
    });

    it('a row in State 1 without a StateDate gets none, one with a StateDate is read as it stands', async () => {
      await fixture().plant([
        cust('1', { state: State.Processing, stateDate: null }),
        cust('2', { ...processing, custId: '2' }),
      ]);
      const before = await fixture().rows();
      const middle = fixture().open();
      const { rows } = await middle.poll(everything());
      const result = await otherSession().holding(lock, () => middle.claim(requestsFor(rows)));
      expect(result).toMatchObject({
        claimed: 0,
        left: [{ source: 'CUST', streamingNo: '1', cause: 'locked' }],
      });
      expect(byId(result.rows, 'IF_BNET_CUST:2')).toMatchObject(processing);
      expect(await fixture().rows()).toEqual(before);
    });

    it('marks change nothing; those of rows that do not stand as they say are conflicts', async () => {
      await fixture().plant([cust('1', processing), cust('2', { custId: '2', state: State.Succeeded })]);
      const before = await fixture().rows();
      const middle = fixture().open();
      const marks = [markOf(cust('1')), markOf(cust('2', { custId: '2' }))];
      const result = await otherSession().holding(lock, () => middle.mark(marks));
      expect(result).toEqual({
        marked: 0,
        conflicts: [{ mark: marks[1], state: State.Succeeded, stateDate: null }],
        left: [{ source: 'CUST', streamingNo: '1', cause: 'locked' }],
        heldBack: [],
      });
      expect(await fixture().rows()).toEqual(before);
    });
  });
}

/** Triggers of the database. */
export interface Triggers {
  /**
   * While `work` runs, updates that give row 2 of IF_BNET_CUST this State have no effect.
   * @param how - `restore`: the row keeps all its values, and counts as updated; `skip`: it does not count either
   */
  undoing<T>(how: 'restore' | 'skip', state: number, work: () => Promise<T>): Promise<T>;
}

/**
 * Updates that a trigger undoes: the row is told, and all others go on.
 * @param seen - when a mark sees it: a server may say no more than how many rows it found
 */
export function triggerRules(
  fixture: Fixture,
  triggers: () => Triggers,
  ways: readonly ('restore' | 'skip')[],
  seen: 'at once' | 'the second time' = 'at once',
): void {
  const left = [{ source: 'CUST', streamingNo: '2', cause: 'ignored' }];

  describe.each(ways)('where a trigger undoes the update of a row (%s)', (how) => {
    it('a claim tells of the row, and moves all others', async () => {
      await fixture().plant(sixRows());
      const before = await fixture().rows();
      const middle = fixture().open();
      const { rows } = await middle.poll(everything());
      const result = await triggers().undoing(how, State.Processing, () => middle.claim(requestsFor(rows)));
      expect(result).toMatchObject({ claimed: 5, left });
      const after = await fixture().rows();
      expect(byId(after, 'IF_BNET_CUST:2')).toEqual(byId(before, 'IF_BNET_CUST:2'));
      const others = after.filter((row) => !isRow(row, { source: 'CUST', streamingNo: '2' }));
      expect(others.every((row) => standsIn(row, State.Processing))).toBe(true);
      expect(await middle.claim(requestsFor(rows))).toMatchObject({ claimed: 1, left: [] });
    });

    it.each([
      ['success', State.Succeeded, null],
      ['failure', State.Failed, '00404'],
    ])('a mark of a %s tells of the row, and all others land', async (_what, state, errContent) => {
      const planted = sixRows(processing);
      await fixture().plant(planted);
      const before = await fixture().rows();
      const middle = fixture().open();
      const marks = planted.map((row) => markOf(row, errContent));
      const undone = marks.filter((mark) => isRow(mark, { source: 'CUST', streamingNo: '2' }));
      const [first, second] = await triggers().undoing(how, state, async () => [
        await middle.mark(marks),
        await middle.mark(undone.map((mark) => ({ ...mark, again: true }))),
      ]);
      if (seen === 'at once') expect(first).toEqual({ marked: 5, conflicts: [], left, heldBack: [] });
      else expect(first).toEqual({ marked: 6, conflicts: [], left: [], heldBack: [] });
      expect(second).toEqual({ marked: 0, conflicts: [], left, heldBack: [] });
      const after = await fixture().rows();
      expect(byId(after, 'IF_BNET_CUST:2')).toEqual(byId(before, 'IF_BNET_CUST:2'));
      const others = after.filter((row) => !isRow(row, { source: 'CUST', streamingNo: '2' }));
      expect(others.every((row) => standsIn(row, state))).toBe(true);
    });
  });
}
