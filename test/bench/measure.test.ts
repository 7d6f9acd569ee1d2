import { describe, expect, it } from 'vitest';
import { readArguments, UsageError } from './arguments.js';
import { Diary } from './contestants/bnet-sync.js';
import { firstOrdinaryCustId, hotCustId, hotMix, spreadMix } from './loads/mixes.js';
import { differences } from './measure/content.js';
import { median, quantile } from './measure/statistics.js';
import { comparisonTables } from './report/tables.js';
import type { RunResult } from './scenarios/one-run.js';

describe('Benchmark: what contestants leave behind', () => {
  const content = { bnet_customer: { rows: 2, md5: 'a' }, sync_journal: { rows: 2, md5: 'b' } };

  it('is the same where counts and hashes are', () => {
    expect(differences(content, { ...content })).toEqual([]);
  });

  it('differs where a row is missing, where one reads otherwise, and where a table was not looked at', () => {
    const fewer = { ...content, sync_journal: { rows: 1, md5: 'c' } };
    expect(differences(content, fewer)).toEqual(['sync_journal: 1 rows instead of 2']);
    const other = { ...content, sync_journal: { rows: 2, md5: 'c' } };
    expect(differences(content, other)).toEqual(['sync_journal: 2 rows, but other content']);
    expect(differences(content, {})).toHaveLength(2);
  });
});

describe('Benchmark: figures', () => {
  it('a median of an even number of figures is the mean of the two in the middle', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([5, 1, 9])).toBe(5);
    expect(median([])).toBeNaN();
  });

  it('a quantile lies between two figures in proportion', () => {
    expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
    expect(quantile([7], 0.99)).toBe(7);
  });

  it('a ratio is the median of those of the rounds, for the job queues to the better of them', () => {
    const runs = (...speeds: number[]) =>
      speeds.map((rowsPerSecond) => ({ ...emptyRun, rowsPerSecond }) satisfies RunResult);
    const contestant = (name: string, ...speeds: number[]) => ({ name, title: name, runs: runs(...speeds) });
    const [speed] = comparisonTables({
      mix: 'opens',
      title: 'opens',
      rows: 1,
      rounds: 3,
      contestants: [
        contestant('bnet-sync', 8000, 1000, 9000),
        contestant('set-loop', 10_000, 2000, 10_000),
        contestant('set-loop-lean', 20_000, 2000, 1),
        contestant('graphile-worker', 500, 500, 500),
        contestant('pg-boss', 1000, 1000, 1000),
      ],
    });
    expect(speed?.notes).toEqual([
      'bnet-sync / the set-based loop: 0.80',
      'bnet-sync / the lean set-based loop: 0.50',
      'bnet-sync / the better of the job queues: 8.0',
    ]);
  });
});

const emptyRun: RunResult = {
  rows: 1,
  seconds: 1,
  rowsPerSecond: 1,
  processSeconds: null,
  peakRssBytes: null,
  statementsPer1000: {},
  blocksPerRow: {},
  walBytesPerRow: 0,
  claims: null,
};

describe('Benchmark: the log of a worker', () => {
  it('says when it started, what its polls and claims came to, and what went wrong', () => {
    const done: number[] = [];
    const diary = new Diary((rows) => done.push(rows));
    const line = (event: string, fields: object) =>
      diary.read(JSON.stringify({ level: 30, time: '2026-01-01T00:00:01.500Z', event, ...fields }));
    line('started', {});
    line('polled', { rows: 5, delayMs: 0 });
    line('polled', { rows: 0, delayMs: 500 });
    line('claimed', { rows: 5, claimed: 3, takenOver: 1 });
    line('claimed', { rows: 2, claimed: 0, takenOver: 0 });
    line('marked', { succeeded: 3, failed: 1 });
    diary.read('not a line of the log');
    expect(diary.startedAt).toBe(Date.UTC(2026, 0, 1, 0, 0, 1, 500));
    expect(diary.claims).toEqual({ polls: 2, emptyPolls: 1, claims: 2, emptyClaims: 1, rowsNotClaimed: 3 });
    expect(done).toEqual([4]);
    expect(diary.complaints).toEqual(['not a line of the log']);
  });
});

describe('Benchmark: rows beside a hot customer', () => {
  it('are the same with and without it, but for the CustID of its rows', () => {
    const [hot, spread] = [[...hotMix.messages(9)], [...spreadMix.messages(9)]];
    const isOrdinary = (custId: string | null) => BigInt(custId ?? '') >= BigInt(firstOrdinaryCustId);
    expect(hot.filter(({ custId }) => custId === hotCustId)).toHaveLength(6);
    expect(new Set(spread.map(({ custId }) => custId)).size).toBe(9);
    expect(hot.filter(({ custId }) => isOrdinary(custId))).toEqual(
      spread.filter(({ custId }) => isOrdinary(custId)),
    );
    const withoutId = (messages: typeof hot) => messages.map((message) => ({ ...message, custId: null }));
    expect(withoutId(hot)).toEqual(withoutId(spread));
  });
});

describe('Benchmark: the command line', () => {
  it('measures everything in five rounds, or little in one with --quick', () => {
    const full = readArguments([]);
    expect(full).toMatchObject({ quick: false, rounds: 5, place: 'disk', rows: undefined });
    expect(full.scenarios.map(({ name }) => name)).not.toContain('waste');
    const quick = readArguments(['--quick']);
    expect(quick).toMatchObject({ quick: true, rounds: 1 });
    expect(quick.scenarios.length).toBeLessThan(full.scenarios.length);
  });

  it('takes names, numbers and settings', () => {
    const asked = readArguments(['--only', 'waste,idle', '--rows', '10', '--worker', 'batchSize=1000']);
    expect(asked.scenarios.map(({ name }) => name)).toEqual(['idle', 'waste']);
    expect(asked).toMatchObject({ rows: 10, worker: { batchSize: 1000 } });
  });

  it.each([
    ['--only', 'speed'],
    ['--rows', '0'],
    ['--worker', 'batchSize'],
    ['--storage', 'tape'],
    ['--fast'],
  ])('refuses %s %s', (...args) => {
    expect(() => readArguments(args)).toThrow(UsageError);
  });
});
