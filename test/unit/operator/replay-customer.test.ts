import { describe, expect, it } from 'vitest';
import type { InterfaceRow } from '../../../src/domain/rows.js';
import type { Rules } from '../../../src/domain/rules.js';
import {
  placeLost,
  type LossClocks,
  type MarkedRow,
  type RowRefusedSince,
  type RowsToPlace,
} from '../../../src/operator/repair/place-lost.js';
import {
  replayCustomer,
  type CustomerHistory,
  type ReplaySettings,
} from '../../../src/operator/repair/replay-customer.js';
import type { JournalledRow } from '../../../src/operator/verify/staging.js';
import { account, accountRow, customer, customerRow, identity } from '../../support/builders.js';

const date = (second: number): string => `2026-11-20 08:00:${String(second).padStart(2, '0')}`;
const instant = (second: number): string => `${date(second).replace(' ', 'T')}.000Z`;

const lost = (streamingNo: string, second: number, more: Partial<InterfaceRow> = {}): MarkedRow => ({
  ...customerRow({ streamingNo, state: 2, ...more }),
  stateDate: date(second),
});

/** Claimed at one second, decided and marked at the next. */
const decided = (streamingNo: string, second: number, more: Partial<InterfaceRow> = {}): JournalledRow => ({
  row: customerRow({ streamingNo, state: 2, stateDate: date(second + 1), ...more }),
  ...{ attempt: date(second), decidedAt: instant(second + 1), requeued: false, repaired: false },
});

const refused = (streamingNo: string, second: number, row: InterfaceRow): RowRefusedSince => {
  const { source } = row;
  return { source, streamingNo, attempt: date(second), decidedAt: instant(second), row };
};

const clocks: LossClocks = { offsetMs: 0, since: null };
const change = { opFlag: '0102', custAccount: null, areaCode: null };

describe('the places of lost rows', () => {
  const placed = (rows: Partial<RowsToPlace>, settings = clocks) => {
    const found = placeLost({ decided: [], refused: [], lost: [], ...rows }, settings);
    return found === null
      ? null
      : [...found.steps].map(({ kind, row, at }) => `${kind} ${row.streamingNo} ${at.slice(17, 23)}`);
  };

  it('are before the first row that was claimed and marked later', () => {
    const rows = { decided: [decided('1', 1), decided('2', 20)], lost: [lost('3', 10), lost('4', 12)] };
    expect(placed(rows)).toEqual(['decided 1 02.000', 'lost 3 10.000', 'lost 4 12.000', 'decided 2 21.000']);
  });

  it('are those of several losses', () => {
    const rows = {
      decided: [decided('1', 1), decided('2', 20), decided('3', 40)],
      lost: [lost('4', 10), lost('5', 30), lost('6', 50)],
    };
    expect(placed(rows)?.map((step) => step.split(' ')[1])).toEqual(['1', '4', '2', '5', '3', '6']);
  });

  it('are before what was decided since the alarm, whenever it was claimed', () => {
    const rows = { decided: [decided('1', 9)], lost: [lost('2', 30)] };
    expect(placed(rows)).toEqual(['decided 1 10.000', 'lost 2 30.000']);
    expect(placed(rows, { ...clocks, since: instant(10) })).toEqual(['lost 2 09.999', 'decided 1 10.000']);
  });

  it('keep the order of the marks where there is little time between two decisions', () => {
    const [first, second] = [decided('1', 1), { ...decided('2', 20), decidedAt: '2026-11-20T08:00:02.003Z' }];
    expect(placed({ decided: [first, second], lost: [lost('3', 10), lost('4', 11)] })).toEqual([
      'decided 1 02.000',
      'lost 3 02.001',
      'lost 4 02.002',
      'decided 2 02.003',
    ]);
    const close = { ...second, decidedAt: '2026-11-20T08:00:02.002Z' };
    expect(placed({ decided: [first, close], lost: [lost('3', 10), lost('4', 11)] })).toBeNull();
  });

  it('are by the clock of the store, and after what is known', () => {
    const rows = { decided: [decided('1', 9)], lost: [lost('2', 10), lost('3', 10)] };
    expect(placed(rows, { ...clocks, offsetMs: -3000 })).toEqual([
      'decided 1 10.000',
      'lost 2 10.001',
      'lost 3 10.001',
    ]);
  });

  it('are among refusals, which stand where they were decided', () => {
    const row = customerRow({ streamingNo: '5', ...change });
    const rows = {
      decided: [decided('1', 1), decided('2', 30)],
      refused: [refused('5', 20, row)],
      lost: [lost('3', 10)],
    };
    expect(placed(rows)).toEqual([
      'decided 1 02.000',
      'lost 3 10.000',
      'refused 5 20.000',
      'decided 2 31.000',
    ]);
  });
});

describe('a customer with rows decided after lost ones', () => {
  const rules: Rules = {
    onDuplicateOpen: 'refuse',
    onDuplicateBind: 'refuse',
    onCancelWithUsers: 'refuse',
    attributes: 'merge',
    userLimitAttrSpecId: null,
  };
  const opened = decided('1', 1, { custName: 'O' });
  const later = decided('3', 20, { ...change, custName: 'B' });
  const stored = customer({
    ...{ areaCode: '571', custAccount: 'huawang', custName: 'B', attributes: [], lastStreamingNo: '3' },
    ...{ openedAt: instant(2), changedAt: instant(21) },
  });
  const history: CustomerHistory = {
    decided: [opened, later],
    refused: [],
    lost: [lost('2', 10, { ...change, areaCode: '20', custName: 'A' })],
    stored: { customers: [stored], accounts: [] },
    gone: null,
  };
  const replayed = (more: Partial<CustomerHistory> = {}, settings: Partial<ReplaySettings> = {}) =>
    replayCustomer({ ...history, ...more }, { ...clocks, rules, takeBack: false, ...settings });

  it('gets what the lost rows changed, and keeps what later ones did', () => {
    const { lastStreamingNo, changedAt } = stored;
    expect(replayed()).toMatchObject({
      kind: 'replayed',
      rows: [{ streamingNo: '2', at: instant(10) }],
      changes: { customers: [{ ...stored, areaCode: '20', custName: 'B', lastStreamingNo, changedAt }] },
    });
  });

  it('keeps records that come out the same, and those of other products, which need no explanation', () => {
    const other = customer({ ...stored, bizId: 'other', custName: 'by hand' });
    const user = account({ userId: 'u', lastStreamingNo: '4', boundAt: instant(5) });
    const bind = decided('4', 4, { ...accountRow({ userId: 'u' }), streamingNo: '4' });
    const ofUser = { areaCode: '571', accType: '2', accName: '李明', attributes: [], changedAt: null };
    const outcome = replayed({
      decided: [
        opened,
        { ...bind, row: { ...accountRow({ userId: 'u', streamingNo: '4', state: 2 }) } },
        later,
      ],
      stored: { customers: [stored, other], accounts: [{ ...user, ...ofUser }] },
    });
    expect(outcome).toMatchObject({ kind: 'replayed', changes: { customers: [identity], accounts: [] } });
  });

  it.each([
    ['somebody changed records', { stored: { customers: [{ ...stored, custName: 'C' }], accounts: [] } }],
    ['the journal was purged', { decided: [later] }],
    ['rows are gone', { gone: 'rowsLeft' }],
    ['rows have other content', { gone: 'rowsRewritten' }],
  ] as const)('is left as it is where %s', (_case, more) => {
    expect(replayed(more)).toMatchObject({ kind: 'left', reason: 'historyIncomplete', row: null });
  });

  it('needs no explanation for a product of which no row was applied since', () => {
    const [ofOther, opensOther] = [{ bizId: 'other' }, decided('4', 22, { bizId: 'other' })];
    const purged = { decided: [opensOther], stored: { customers: [stored], accounts: [] } };
    expect(replayed(purged)).toMatchObject({
      ...{ kind: 'replayed', isAppliedSince: false },
      changes: { customers: [{ areaCode: '20', custName: 'A', lastStreamingNo: '2' }] },
    });
    expect(replayed({ ...purged, lost: [lost('5', 10, { ...change, ...ofOther })] })).toMatchObject({
      ...{ kind: 'left', reason: 'historyIncomplete' },
    });
  });

  it('is left as it is where a row cannot take effect in its place, which is named', () => {
    const impossible = lost('2', 10, { opFlag: '0203', userId: 'nobody', source: 'ACCOUNT' });
    expect(replayed({ lost: [impossible] })).toMatchObject({
      ...{ kind: 'left', reason: 'impossible', row: { streamingNo: '2' } },
      why: expect.stringMatching(/^00402/) as string,
    });
    // The platform was told that row 3 succeeded: after the lost cancel it could not have.
    expect(replayed({ lost: [lost('2', 10, { opFlag: '0103' })] })).toMatchObject({
      ...{ kind: 'left', reason: 'impossible', row: { streamingNo: '3' } },
    });
  });

  describe('and refusals since', () => {
    const nothing = { customers: [], accounts: [] };
    const bind = accountRow({ streamingNo: '6', userId: 'u' });
    const unbind = accountRow({ streamingNo: '7', opFlag: '0203', userId: 'v' });
    const ofOpen = {
      ...{ decided: [], stored: nothing, lost: [lost('2', 10)] },
      refused: [refused('6', 20, bind), refused('7', 21, unbind)],
    };

    it('names those that would take effect in their places', () => {
      const outcome = replayed(ofOpen);
      expect(outcome).toMatchObject({ falselyRefused: [{ streamingNo: '6' }], changes: { accounts: [] } });
    });

    it('has them take effect where it is told to', () => {
      const outcome = replayed(ofOpen, { takeBack: true });
      expect(outcome).toMatchObject({
        falselyRefused: [{ streamingNo: '6' }],
        changes: {
          customers: [identity],
          accounts: [{ userId: 'u', status: 'bound', boundAt: instant(20) }],
        },
      });
    });

    it('decides them by the rules of now', () => {
      const open = { ...customerRow({ streamingNo: '8' }) };
      const more = { ...ofOpen, refused: [refused('8', 20, open)] };
      expect(replayed(more)).toMatchObject({ falselyRefused: [] });
      const generous: Rules = { ...rules, onDuplicateOpen: 'update' };
      expect(replayed(more, { rules: generous })).toMatchObject({ falselyRefused: [{ streamingNo: '8' }] });
    });

    it('applies lost rows to what the store holds where no row was applied since', () => {
      const purged = { decided: [], refused: [refused('7', 21, unbind)] };
      expect(replayed(purged)).toMatchObject({
        ...{ kind: 'replayed', falselyRefused: [] },
        changes: { customers: [{ areaCode: '20', custName: 'A', changedAt: instant(10) }] },
      });
    });
  });
});
