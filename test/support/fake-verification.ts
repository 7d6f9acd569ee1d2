import type { Difference } from '../../src/operator/contract/checks.js';
import type { RecordedRun, Verification } from '../../src/operator/contract/verification.js';
import { recordDifference, rowDifference } from '../../src/operator/verify/difference.js';
import { hostile, longNumber } from './fake-operator-data.js';
import { emptySummary } from './verification.js';

const name = { productId: hostile.product, custId: longNumber, bizId: 'B-1', userId: null };

/** Differences of every kind, some of them hostile, and more than a page of one kind. */
export function fakeDifferences(): readonly Difference[] {
  const row = { source: 'CUST', streamingNo: longNumber } as const;
  return [
    recordDifference(name, { kind: 'missing', what: 'customer', expected: 'active', found: null }),
    recordDifference(
      { ...name, userId: hostile.name },
      { kind: 'surplus', what: 'user', expected: null, found: 'bound' },
    ),
    recordDifference(name, {
      ...{ kind: 'different', what: 'customer', field: 'cust_name' },
      ...{ expected: '华望公司', found: hostile.name },
    }),
    recordDifference(name, {
      ...{ kind: 'different', what: 'attribute', field: 'attr_value', attrSpecId: longNumber },
      ...{ expected: '20', found: null },
    }),
    ...(['notInJournal', 'changedSince', 'appliedInJournal'] as const).map((kind) =>
      rowDifference(row, longNumber, { kind, expected: '2' }),
    ),
    ...(['refusedInJournal', 'impossible'] as const).map((kind) =>
      rowDifference(row, longNumber, { kind, expected: '2', found: hostile.error }),
    ),
    rowDifference(row, null, { kind: 'outOfOrder', laterTable: 'IF_BNET_ACCOUNT', laterStreamingNo: '1143' }),
    ...Array.from({ length: 120 }, (_, index) =>
      recordDifference(
        { ...name, custId: String(990_947_900 + index) },
        { kind: 'missing', what: 'customer', expected: 'active', found: null },
      ),
    ),
  ];
}

/** A verification with many differences, of which not all are kept, and runs that ended in every way. */
export function fakeVerification(differences = fakeDifferences(), all = differences.length): Verification {
  const byKind: Record<string, number> = {};
  for (const { kind } of differences) byKind[kind] = (byKind[kind] ?? 0) + 1;
  const summary = {
    ...{ ...emptySummary, rows: 120_345, customers: 4012, differences: all, byKind },
    customersWithDifferences: Math.min(all, 121),
    notJudged: { ...emptySummary.notJudged, rowsLeft: 12, busy: all === 0 ? 0 : 1 },
    notJudgedExamples: [{ custId: longNumber, reason: 'rowsLeft' as const }],
  };
  const who = '6f1c9f0e-3a57-4d53-9c7c-0f3f1d0f7a11';
  const times = { startedAt: '2026-11-22T03:00:00.000Z', endedAt: '2026-11-22T03:12:31.000Z' };
  const run: RecordedRun = {
    ...{ id: '41', via: 'schedule', who, ...times, state: 'finished', differences: all, error: null },
  };
  const others = (['failed', 'cancelled', 'abandoned'] as const).map((state, index) => ({
    ...{ ...run, id: String(44 - index), state, differences: null },
    error: state === 'abandoned' ? null : hostile.error,
  }));
  const running = { ...others[0]!, id: '45', state: 'running', endedAt: null, error: null } as const;
  const command = { ...run, id: '40', via: 'command', who: 'wang@app-1', differences: 0 } as const;
  return {
    last: { id: '41', via: 'schedule', who, ...times, summary, differences },
    runs: [running, ...others, run, command],
  };
}
