import { describe, expect, it } from 'vitest';
import {
  BatchDecider,
  journalChanges,
  journalled,
  lookUpJournal,
  snapshotRequestOf,
  type BatchContext,
  type RowToDecide,
} from '../../../src/domain/decide-batch.js';
import { rowDigest } from '../../../src/domain/digest.js';
import type { Refusal } from '../../../src/domain/err-content.js';
import type { JournalEntry } from '../../../src/domain/journal.js';
import { rowId } from '../../../src/domain/keys.js';
import type { InterfaceRow } from '../../../src/domain/rows.js';
import { WorkingSet, type Snapshot } from '../../../src/domain/working-set.js';
import { accountRow, customer, customerRow, rulesWith } from '../../support/builders.js';

const context: BatchContext = {
  rules: rulesWith(),
  at: '2026-11-20T00:01:00.000Z',
  now: '2026-11-20 08:01:00',
  dependencyGraceMs: 0,
};
const nothing: Snapshot = { customers: [], accounts: [], boundUsers: [] };
const forced: Refusal = { code: '00205', detail: 'failed alone' };

function toDecide(row: InterfaceRow, more: Partial<RowToDecide> = {}): RowToDecide {
  return { source: row.source, streamingNo: row.streamingNo, attempt: row.stateDate ?? '', row, ...more };
}

function entry(row: InterfaceRow, more: Partial<JournalEntry> = {}): JournalEntry {
  const { source, streamingNo, stateDate } = row;
  const own = { source, streamingNo, attempt: stateDate ?? '', superseded: false, digest: rowDigest(row) };
  return { ...own, outcome: 'applied', errContent: null, ...more };
}

interface Given {
  readonly journal?: readonly JournalEntry[];
  readonly forcedRefusals?: ReadonlyMap<string, Refusal>;
  readonly snapshot?: Snapshot;
  readonly context?: Partial<BatchContext>;
}

function begin(rows: readonly RowToDecide[], { journal = [], snapshot = nothing, ...given }: Given = {}) {
  const { decided, undecided } = lookUpJournal(rows, journal, given.forcedRefusals);
  const work = new WorkingSet(snapshotRequestOf(undecided, context.rules), snapshot);
  return { decided, undecided, decider: new BatchDecider(work, { ...context, ...given.context }) };
}

function outcomes(rows: readonly RowToDecide[], given: Given = {}): string[] {
  const { decided, undecided, decider } = begin(rows, given);
  decider.decideAll(undecided);
  const all = [...decided, ...decider.decisions.map(({ decision }) => decision)];
  return all.map(({ row, outcome, code }) => `${row.streamingNo} ${code ?? outcome}`);
}

describe('a row with a journalled outcome', () => {
  const open = customerRow({ streamingNo: '1' });

  it('keeps it and has no effect', () => {
    const refused = entry(open, { outcome: 'failed', errContent: '00404 业务逻辑执行错误' });
    const { decided, undecided, decider } = begin([toDecide(open)], { journal: [refused] });
    expect(decided).toMatchObject([
      {
        outcome: 'failed',
        code: '00404',
        errContent: refused.errContent,
        alreadyJournalled: { again: false },
        contentChanged: false,
      },
    ]);
    expect(undecided).toEqual([]);
    expect(decider.work.changes().customers).toEqual([]);
  });

  it('keeps it in a later attempt with the same content, and is decided anew with other content', () => {
    const journal = [entry(open, { attempt: '2026-11-20 07:00:00' })];
    expect(begin([toDecide(open)], { journal }).decided).toMatchObject([
      { alreadyJournalled: { again: true } },
    ]);
    const corrected = toDecide({ ...open, custName: 'corrected' });
    expect(begin([corrected], { journal }).undecided).toMatchObject([
      { supersedes: true, contentChanged: true },
    ]);
  });

  it('keeps it against a forced refusal', () => {
    const forcedRefusals = new Map([[rowId(open), forced]]);
    expect(outcomes([toDecide(open)], { journal: [entry(open)], forcedRefusals })).toEqual(['1 applied']);
  });

  it('is not recognised by its content where it is refused whatever that is', () => {
    const journal = [entry(open, { attempt: '2026-11-20 07:00:00' })];
    const refusal: Refusal = { code: '00403', detail: 'too many attributes' };
    expect(outcomes([toDecide(open, { refusal })], { journal })).toEqual(['1 00403']);
    const attempts = ['2026-11-20 08:00:00', '2026-11-20 08:00:01'];
    const { undecided } = begin(attempts.map((attempt) => toDecide(open, { refusal, attempt })));
    expect(new Set([rowDigest(open), ...undecided.map(({ digest }) => digest)]).size).toBe(3);
  });
});

describe('a row without a journalled outcome', () => {
  it('is decided over the effects of the rows before it', () => {
    const rows = [
      accountRow({ streamingNo: '1' }),
      customerRow({ streamingNo: '2' }),
      accountRow({ streamingNo: '3' }),
      accountRow({ streamingNo: '4' }),
    ];
    expect(outcomes(rows.map((row) => toDecide(row)))).toEqual([
      '1 00402',
      '2 applied',
      '3 applied',
      '4 00404',
    ]);
  });

  it('is refused by its own refusal, then by a forced one, then by its content', () => {
    const invalid = customerRow({ streamingNo: '1', custName: null });
    const forcedRefusals = new Map([[rowId(invalid), forced]]);
    const refusal: Refusal = { code: '00403', detail: 'repeated' };
    expect(outcomes([toDecide(invalid, { refusal })], { forcedRefusals })).toEqual(['1 00403']);
    expect(outcomes([toDecide(invalid)], { forcedRefusals })).toEqual(['1 00205']);
    expect(outcomes([toDecide(invalid)])).toEqual(['1 00401']);
  });
});

describe('a row whose open or bind is missing', () => {
  const young = { createDate: '2026-11-20 08:00:57' };
  const grace = { context: { dependencyGraceMs: 10_000 } };

  it('is left with the later rows of its customer while it is young, and other customers go on', () => {
    const rows = [
      accountRow({ streamingNo: '1', ...young }),
      customerRow({ streamingNo: '2', custId: '7', ...young }),
      customerRow({ streamingNo: '3', ...young }),
      accountRow({ streamingNo: '4', custId: '7', ...young }),
    ];
    expect(
      outcomes(
        rows.map((row) => toDecide(row)),
        grace,
      ),
    ).toEqual(['2 applied', '4 applied']);
  });

  it('is refused once the time is over, or where no row waits', () => {
    const old = accountRow({ streamingNo: '1', createDate: '2026-11-20 08:00:50' });
    expect(outcomes([toDecide(old)], grace)).toEqual(['1 00402']);
    for (const createDate of [young.createDate, '2026-11-20 09:00:00'])
      expect(outcomes([toDecide(accountRow({ streamingNo: '1', createDate }))])).toEqual(['1 00402']);
  });

  it('waits from the first sight of it where that is later than its CreateDate', () => {
    const row = accountRow({ streamingNo: '1', createDate: '2026-11-20 07:00:00' });
    expect(outcomes([toDecide(row, { seenForMs: 9999 })], grace)).toEqual([]);
    expect(outcomes([toDecide(row, { seenForMs: 10_000 })], grace)).toEqual(['1 00402']);
  });

  it('is refused at once where the product was cancelled: no open is missing', () => {
    const snapshot = { ...nothing, customers: [customer({ status: 'cancelled' })] };
    expect(outcomes([toDecide(accountRow({ streamingNo: '1', ...young }))], { ...grace, snapshot })).toEqual([
      '1 00402',
    ]);
  });
});

describe('a proposed effect', () => {
  const rows = [
    toDecide(customerRow({ streamingNo: '1' })),
    toDecide(customerRow({ streamingNo: '2' })),
    toDecide(customerRow({ streamingNo: '3', custId: '7' })),
  ];

  it('takes place only when the caller takes it', () => {
    const { undecided, decider } = begin(rows);
    const proposed = decider.decide(undecided[0]!);
    expect(decider.work.changes().customers).toEqual([]);
    decider.take(proposed!);
    expect(decider.work.changes().customers).toMatchObject([{ lastStreamingNo: '1' }]);
    expect(decider.decide(undecided[1]!)).toBeNull();
    expect(decider.decisions).toMatchObject([
      { decision: { outcome: 'applied' } },
      { decision: { code: '00404' } },
    ]);
  });

  it('that the caller refuses is not seen by the rows behind', () => {
    const { undecided, decider } = begin(rows);
    decider.decide(undecided[0]!);
    decider.refuse(undecided[0]!, forced);
    decider.decideAll(undecided.slice(1));
    expect(decider.decisions.map(({ decision }) => decision.code)).toEqual(['00205', null, null]);
  });

  it('that the caller leaves keeps the later rows of its customer undecided', () => {
    const { undecided, decider } = begin(rows);
    decider.decide(undecided[0]!);
    decider.leave(undecided[0]!);
    decider.decideAll(undecided.slice(1));
    expect(decider.decisions.map(({ decision }) => decision.row.streamingNo)).toEqual(['3']);
  });
});

describe('what the journal records', () => {
  it('is each new decision whose StreamingNo is a number, with the refused values that its columns take', () => {
    const rows = [
      toDecide(customerRow({ streamingNo: '1' })),
      toDecide(customerRow({ streamingNo: '01' })),
      toDecide(accountRow({ streamingNo: '2', productId: 'none', userId: 'a\nb' })),
    ];
    expect(journalled(rows).map(({ streamingNo }) => streamingNo)).toEqual(['1', '2']);
    const { undecided, decider } = begin(rows);
    decider.decideAll(undecided);
    const { records, superseding } = journalChanges(decider.decisions);
    expect(records).toMatchObject([
      {
        ...{ streamingNo: '1', outcome: 'applied', code: null, digest: rowDigest(rows[0]!.row) },
        ...{ productId: '323002000', custId: '990947809', bizId: 'B-1', userId: null },
      },
      { streamingNo: '2', outcome: 'failed', code: '00403', productId: null, userId: 'a b' },
    ]);
    expect(superseding).toEqual([]);
  });

  it('closes the entry of an earlier attempt', () => {
    const row = customerRow({ streamingNo: '1' });
    const journal = [
      entry(row, { attempt: '2026-11-20 07:00:00', outcome: 'failed', errContent: '00401 x' }),
    ];
    const { undecided, decider } = begin([toDecide(row)], { journal });
    decider.decideAll(undecided);
    expect(journalChanges(decider.decisions).superseding.map(rowId)).toEqual(['IF_BNET_CUST:1']);
  });
});
