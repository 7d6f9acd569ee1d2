import { describe, expect, it } from 'vitest';
import { rowId, type RowKey } from '../../../src/domain/keys.js';
import type { InterfaceRow, PolledRow } from '../../../src/domain/rows.js';
import {
  beforeLocked,
  claimRows,
  markRows,
  notLocked,
  nothingLocked,
  type ChangeResult,
  type NewAttempt,
  type RowChange,
  type StandingRow,
} from '../../../src/middle/changes.js';
import type { Mark } from '../../../src/middle/port.js';
import { customerRow, polledRow } from '../../support/builders.js';

const moment = '2026-11-20 08:00:05';
const key = (streamingNo: string): RowKey => ({ source: 'CUST', streamingNo });
const idsOf = (...numbers: string[]): Set<string> => new Set(numbers.map((no) => rowId(key(no))));

/** `a1` is the row a1 of customer a. */
const ofCustomer = (name: string) => ({ ...key(name), custId: name[0] === '-' ? null : name[0]! });
const namesOf = (rows: readonly RowKey[]): string[] => rows.map(({ streamingNo }) => streamingNo);

describe('the rows before the first locked one of their customer', () => {
  it.each([
    ['all, where none is locked', [], ['a1', 'b1', 'a2', 'b2']],
    ['none of a customer whose first row is locked', ['a1'], ['b1', 'b2']],
    ['the earlier ones of a customer whose last row is locked', ['b2'], ['a1', 'b1', 'a2']],
    ['of every customer its own', ['a2', 'b1'], ['a1']],
    ['all, where the locked row is not asked for', ['c1'], ['a1', 'b1', 'a2', 'b2']],
  ])('are %s', (_what, locked, expected) => {
    const rows = ['a1', 'b1', 'a2', 'b2'].map(ofCustomer);
    expect(namesOf(beforeLocked(rows, idsOf(...locked)))).toEqual(expected);
  });

  it('are reckoned over both tables, and rows without a CustID are one customer', () => {
    const rows = [
      { source: 'ACCOUNT' as const, streamingNo: 'a1', custId: 'a' },
      ...['a1', '-1', '-2'].map(ofCustomer),
    ];
    const locked = new Set([rowId(rows[0]!), rowId(key('-1'))]);
    expect(beforeLocked(rows, locked)).toEqual([]);
  });

  it('are fewer than those that are not locked', () => {
    const rows = ['a1', 'a2', 'b1'].map(ofCustomer);
    expect(namesOf(notLocked(rows, idsOf('a1')))).toEqual(['a2', 'b1']);
    expect(namesOf(beforeLocked(rows, idsOf('a1')))).toEqual(['b1']);
  });
});

/** Polled rows and how they stand when they are read. */
function claim(
  polled: readonly Partial<PolledRow>[],
  standing: readonly Partial<InterfaceRow>[],
  answer: Partial<ChangeResult> = {},
) {
  const changes: RowChange<NewAttempt>[] = [];
  const reads: { keys: readonly RowKey[]; bare: ReadonlySet<string> }[] = [];
  const requests = polled.map((row) => ({ row: polledRow('0101', row), after: moment }));
  const result = claimRows(requests, 10, {
    start: async (change) => {
      changes.push(change);
      return { changed: [], ...nothingLocked, ...answer };
    },
    read: async (keys, bare) => {
      reads.push({ keys, bare });
      return standing.map((row) => customerRow(row));
    },
  });
  return result.then((value) => ({ result: value, changes, reads }));
}

describe('a claim', () => {
  it('starts attempts at rows in State 0, and in State 1 where they have no StateDate', async () => {
    const { changes, reads, result } = await claim(
      [
        { streamingNo: '1' },
        { streamingNo: '2', state: 1, stateDate: moment },
        { streamingNo: '3', state: 1, stateDate: null, attributes: 11 },
      ],
      [
        { streamingNo: '1', state: 1 },
        { streamingNo: '2', state: 1, stateDate: moment },
        { streamingNo: '3', state: 1 },
      ],
      { changed: [key('1'), key('3')] },
    );
    const common = { source: 'CUST', after: moment };
    expect(changes.map(({ rows }) => rows)).toEqual([
      [
        { ...common, streamingNo: '1', state: 0, attributesStay: false },
        { ...common, streamingNo: '3', state: 1, attributesStay: true },
      ],
    ]);
    expect(namesOf(reads[0]!.keys)).toEqual(['1', '2', '3']);
    expect(reads[0]!.bare).toEqual(idsOf('3'));
    expect([result.claimed, result.left, result.rows.length]).toEqual([1, [], 3]);
  });

  it('leaves out locked rows of whomever, and no others', async () => {
    const { changes } = await claim([{ streamingNo: '1' }], []);
    const rows = changes[0]!.rows;
    expect(changes[0]!.chosen(rows, idsOf('1'))).toEqual([]);
    expect(changes[0]!.chosen(rows, idsOf('2'))).toEqual(rows);
  });

  it('changes nothing where all rows were claimed before, and reads them', async () => {
    const { changes, reads, result } = await claim(
      [{ streamingNo: '1', state: 1, stateDate: moment }],
      [{ streamingNo: '1', state: 0, stateDate: moment }],
    );
    expect([changes.length, reads.length]).toEqual([0, 1]);
    expect(result).toMatchObject({ claimed: 0, left: [] });
  });

  it('tells of rows that still stand as before: locked where somebody has locked them, else ignored', async () => {
    const { result } = await claim(
      [
        { streamingNo: '1' },
        { streamingNo: '2' },
        { streamingNo: '3', state: 1, stateDate: null },
        { streamingNo: '4' },
        { streamingNo: '5' },
        { streamingNo: '6' },
      ],
      [
        { streamingNo: '1', state: 0 },
        { streamingNo: '2', state: 0, stateDate: null },
        { streamingNo: '3', state: 1, stateDate: null },
        // Locked at the claim, answered by somebody when it was read; and one that is gone.
        { streamingNo: '4', state: 3 },
        { streamingNo: '6', state: 1 },
      ],
      { changed: [key('6')], locked: idsOf('1', '3', '4', '5') },
    );
    expect(result.claimed).toBe(1);
    expect(result.left).toEqual([
      { ...key('1'), cause: 'locked' },
      { ...key('2'), cause: 'ignored' },
      { ...key('3'), cause: 'locked' },
    ]);
  });

  it('counts every row of a key that it moved, and no row that still stands as before', async () => {
    const duplicates = await claim(
      [{ streamingNo: '1' }],
      [
        { streamingNo: '1', state: 1 },
        { streamingNo: '1', state: 1 },
      ],
      { changed: [key('1'), key('1')] },
    );
    expect(duplicates.result.claimed).toBe(2);
    const undone = await claim([{ streamingNo: '1' }], [{ streamingNo: '1', state: 0 }], {
      changed: [key('1')],
    });
    expect(undone.result).toMatchObject({ claimed: 0, left: [{ ...key('1'), cause: 'ignored' }] });
  });
});

const mark = (name: string, more: Partial<Mark> = {}): Mark => ({
  ...ofCustomer(name),
  attempt: moment,
  errContent: null,
  ...more,
});

async function marked(
  marks: readonly Mark[],
  answer: Partial<ChangeResult>,
  rows: readonly Partial<StandingRow>[] = [],
) {
  const asked: (readonly RowKey[])[] = [];
  const changes: RowChange<Mark>[] = [];
  const result = await markRows(marks, {
    write: async (change) => {
      changes.push(change);
      return { changed: [], ...nothingLocked, ...answer };
    },
    standing: async (keys) => {
      asked.push(keys);
      return rows.map((row) => ({ ...key('a1'), state: 1, stateDate: moment, ...row }));
    },
  });
  return { result, asked, changes };
}

describe('marks', () => {
  it('that all changed a row are all written, and no row is looked at', async () => {
    const { result, asked, changes } = await marked([mark('a1'), mark('b1')], {
      changed: [key('a1'), key('b1')],
    });
    expect(result).toEqual({ marked: 2, conflicts: [], left: [], heldBack: [] });
    expect(asked).toEqual([]);
    expect(changes[0]!.chosen([mark('a1'), mark('a2')], idsOf('a1'))).toEqual([]);
  });

  it('that changed no row are conflicts, unless the row still waits for just this mark', async () => {
    const marks = ['a1', 'b1', 'c1', 'd1', 'e1'].map((name) => mark(name));
    const later = '2026-11-20 09:00:00';
    const { result, asked } = await marked(marks, { changed: [key('a1')], locked: idsOf('b1', 'd1') }, [
      { streamingNo: 'b1' },
      { streamingNo: 'c1' },
      { streamingNo: 'd1', stateDate: later },
    ]);
    expect(asked.map(namesOf)).toEqual([['b1', 'c1', 'd1', 'e1']]);
    expect(result).toEqual({
      marked: 1,
      conflicts: [
        { mark: marks[3], state: 1, stateDate: later },
        { mark: marks[4], state: null, stateDate: null },
      ],
      left: [
        { ...key('b1'), cause: 'locked' },
        { ...key('c1'), cause: 'ignored' },
      ],
      heldBack: [],
    });
  });

  it('behind a locked row of their customer are held back: neither written, nor conflicts, nor looked at', async () => {
    const marks = ['a1', 'a2', 'a3', 'b1'].map((name) => mark(name));
    const changed = [key('a1'), key('b1')];
    const parts = { changed, locked: idsOf('a2'), heldBack: idsOf('a3') };
    const { result, asked } = await marked(marks, parts, [{ streamingNo: 'a2' }]);
    expect(asked.map(namesOf)).toEqual([['a2']]);
    expect([result.marked, result.conflicts, namesOf(result.heldBack)]).toEqual([2, [], ['a3']]);
    expect(result.left).toEqual([{ ...key('a2'), cause: 'locked' }]);
  });

  it('of several attempts of one key: as many are written as rows changed', async () => {
    const marks = [mark('a1'), mark('a1', { attempt: '2026-11-20 08:00:06' })];
    const both = await marked(marks, { changed: [key('a1'), key('a1')] });
    expect(both.result).toMatchObject({ marked: 2, conflicts: [] });
    const one = await marked(marks, { changed: [key('a1')] }, [{ streamingNo: 'a1', state: 2 }]);
    expect(one.result).toMatchObject({ marked: 1, conflicts: [{ state: 2 }] });
  });

  it('that come again are looked at, also where the database says that they changed a row: it may be undone', async () => {
    const marks = [mark('a1', { again: true }), mark('b1', { again: true }), mark('c1')];
    const changed = marks.map(({ streamingNo }) => key(streamingNo));
    const rows = [{ streamingNo: 'a1' }, { streamingNo: 'b1', state: 2 }];
    const { result, asked } = await marked(marks, { changed }, rows);
    expect(asked.map(namesOf)).toEqual([['a1', 'b1']]);
    expect(result).toEqual({
      marked: 2,
      conflicts: [],
      left: [{ ...key('a1'), cause: 'ignored' }],
      heldBack: [],
    });
  });

  it('are nothing where there are none: nothing is written, and nothing read', async () => {
    const { result, asked, changes } = await marked([], {});
    expect(result).toEqual({ marked: 0, conflicts: [], left: [], heldBack: [] });
    expect([asked, changes]).toEqual([[], []]);
  });
});
