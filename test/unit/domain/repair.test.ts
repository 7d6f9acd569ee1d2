import { describe, expect, it } from 'vitest';
import { rowDigest } from '../../../src/domain/digest.js';
import type { JournalEntry } from '../../../src/domain/journal.js';
import { repair, requestOfLost, withTimes, type LostRow } from '../../../src/domain/repair.js';
import type { InterfaceRow } from '../../../src/domain/rows.js';
import type { Snapshot } from '../../../src/domain/working-set.js';
import { account, customer, customerRow, identity } from '../../support/builders.js';

const nothing: Snapshot = { customers: [], accounts: [], boundUsers: [] };

/** A row in State 2, marked at this second of a minute. */
function row(streamingNo: string, second: number, more: Partial<InterfaceRow> = {}): InterfaceRow {
  const stateDate = `2026-11-20 08:00:${String(second).padStart(2, '0')}`;
  return customerRow({ streamingNo, state: 2, stateDate, ...more });
}

const lost = (...rows: readonly InterfaceRow[]): readonly LostRow[] =>
  withTimes(rows, { offsetMs: 0, newest: null });

function repaired(
  rows: readonly LostRow[],
  snapshot: Snapshot = nothing,
  entries: readonly JournalEntry[] = [],
) {
  const request = requestOfLost(rows, 'merge');
  return repair(rows, { request, snapshot, entries, attributes: 'merge' });
}

const times = (rows: readonly LostRow[]): string[] => rows.map(({ at }) => at.slice(17, 23));

describe('the times of lost effects', () => {
  it('are those of the marks, by the clock of the store', () => {
    const rows = withTimes([row('1', 1), row('2', 5)], { offsetMs: -1500, newest: null });
    expect(rows.map(({ at }) => at)).toEqual(['2026-11-20T07:59:59.500Z', '2026-11-20T08:00:03.500Z']);
  });

  it('are the same for rows of one second, and later for those of the next one', () => {
    expect(times(lost(row('1', 1), row('2', 1), row('3', 2)))).toEqual(['01.000', '01.000', '02.000']);
  });

  it('are later than what the journal knows, and keep the order of the marks', () => {
    const rows = withTimes([row('1', 1), row('2', 2), row('3', 2), row('4', 9)], {
      offsetMs: 0,
      newest: '2026-11-20T08:00:05.700Z',
    });
    expect(times(rows)).toEqual(['05.701', '05.702', '05.702', '09.000']);
  });

  it('leave out rows without a mark', () => {
    expect(
      lost(row('1', 1), { ...row('2', 2), stateDate: null }).map(({ streamingNo }) => streamingNo),
    ).toEqual(['1']);
  });
});

describe('lost rows', () => {
  const open = (streamingNo: string, second: number, more: Partial<InterfaceRow> = {}) =>
    row(streamingNo, second, { opFlag: '0101', ...more });

  it('take effect in the order given, each at its own time, and are journalled so', () => {
    const rows = lost(open('9', 1), row('8', 3, { opFlag: '0102', custName: 'B' }));
    const { changes, records, superseding, impossible, rows: applied } = repaired(rows);
    expect(changes.customers).toMatchObject([
      { custName: 'B', openedAt: rows[0]?.at, changedAt: rows[1]?.at, lastStreamingNo: '8' },
    ]);
    expect(records).toMatchObject([
      {
        streamingNo: '9',
        attempt: '2026-11-20 08:00:01',
        outcome: 'applied',
        code: null,
        decidedAt: rows[0]?.at,
      },
      { streamingNo: '8', attempt: '2026-11-20 08:00:03', outcome: 'applied', decidedAt: rows[1]?.at },
    ]);
    expect(records[0]?.digest).toBe(rowDigest(rows[0]!.row));
    expect([superseding, impossible, applied]).toEqual([[], [], rows]);
  });

  it('take effect on what the store holds', () => {
    const stored = { ...nothing, customers: [customer({ custName: 'A', areaCode: '020' })] };
    const { changes } = repaired(
      lost(row('8', 3, { opFlag: '0102', custName: 'B', areaCode: null })),
      stored,
    );
    expect(changes.customers).toMatchObject([{ custName: 'B', areaCode: '020' }]);
  });

  it('ask no rule that would only refuse them: a worker has judged them before', () => {
    const bound = {
      ...nothing,
      customers: [customer()],
      accounts: [account()],
      boundUsers: [{ ...identity, count: 1 }],
    };
    expect(repaired(lost(open('9', 1)), bound).impossible).toEqual([]);
    const { changes } = repaired(lost(row('8', 2, { opFlag: '0103' })), bound);
    expect(changes.customers).toMatchObject([
      { status: 'cancelled', cancelledAt: '2026-11-20T08:00:02.000Z' },
    ]);
    expect(changes.unboundAll).toMatchObject([{ streamingNo: '8', at: '2026-11-20T08:00:02.000Z' }]);
  });

  it('have an attempt later than any that the journal knows, whose entry they close', () => {
    const entry = (attempt: string, superseded: boolean): JournalEntry => {
      const key = { source: 'CUST', streamingNo: '9' } as const;
      return { ...key, attempt, superseded, outcome: 'failed', errContent: '00402 x', digest: 'd' };
    };
    const older = [entry('2026-11-20 07:00:00', true), entry('2026-11-20 07:59:59', false)];
    const { records, superseding } = repaired(lost(open('9', 1)), nothing, older);
    expect(records).toMatchObject([{ attempt: '2026-11-20 08:00:01' }]);
    expect(superseding).toMatchObject([{ source: 'CUST', streamingNo: '9' }]);
    const same = repaired(lost(open('9', 1)), nothing, [entry('2026-11-20 08:00:01', true)]);
    expect(same.records).toMatchObject([{ attempt: '2026-11-20 08:00:02' }]);
    expect(same.superseding).toEqual([]);
  });

  it('change nothing of a customer where one cannot take effect, and name the first; others go on', () => {
    const rows = lost(
      open('1', 1),
      row('2', 2, { opFlag: '0102', bizId: 'unknown' }),
      row('3', 3, { opFlag: '0103', bizId: 'unknown' }),
      open('4', 4, { custId: '8' }),
    );
    const { changes, records, impossible, rows: applied } = repaired(rows);
    expect(impossible).toEqual([{ row: rows[1], why: expect.stringMatching(/^00402 /) as string }]);
    expect(changes.customers.map(({ custId }) => custId)).toEqual(['8']);
    expect(records.map(({ streamingNo }) => streamingNo)).toEqual(['4']);
    expect(applied).toEqual([rows[3]]);
  });

  it('cannot take effect where their form is wrong', () => {
    const rows = lost(open('1', 1, { custAccount: null }));
    expect(requestOfLost(rows, 'merge')).toEqual({ products: [], users: [], counted: [] });
    expect(repaired(rows).impossible).toMatchObject([{ why: expect.stringMatching(/^00401 /) as string }]);
  });
});
