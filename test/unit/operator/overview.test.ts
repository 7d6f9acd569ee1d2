import { describe, expect, it } from 'vitest';
import { DatabaseError, type DatabaseErrorKind } from '../../../src/database/errors.js';
import { overview } from '../../../src/operator/overview.js';
import type { Activity } from '../../../src/store/admin-port.js';
import {
  guardRecords,
  middleOperations,
  middleSearch,
  noStrays,
  storeOperations,
  storeRecords,
  workerDescription,
} from '../../support/operations.js';

const counts = {
  CUST: { '0': 5, '1': 0, '2': 10_000, '3': 9999, stopped: ['2' as const] },
  ACCOUNT: { '0': 0, '1': 0, '2': 0, '3': 0, stopped: [] },
};
const pause = {
  target: { source: 'CUST' as const },
  since: '2026-11-20T01:00:00.000Z',
  who: 'li',
  reason: null,
};

function fails(kind: DatabaseErrorKind, message: string): () => Promise<never> {
  return () => Promise.reject(new DatabaseError(kind, message));
}

/** Parts that are well but for what a test changes, on a clock that each look at it moves on by 3 ms. */
function parts(
  change: {
    middle?: Parameters<typeof middleOperations>[0];
    search?: Parameters<typeof middleSearch>[0];
    store?: Parameters<typeof storeOperations>[0];
    records?: Parameters<typeof storeRecords>[0];
  } = {},
) {
  let ms = 0;
  return {
    middle: middleOperations({
      now: async () => '2026-11-20 09:00:00',
      oldestPendingSeconds: async () => 77,
      createdAhead: async () => ({ rows: 1, newest: '2026-11-20 17:00:00', seconds: 28_800 }),
      strayAttributes: async () => noStrays,
      queries: middleSearch({ countCapped: async () => counts, ...change.search }),
      ...change.middle,
    }),
    store: storeOperations({
      now: async () => '2026-11-20T01:07:30.000Z',
      workers: async () => [workerDescription()],
      shards: async () => 64,
      records: storeRecords({
        activity: async () => [],
        pauses: async () => [pause],
        deferralCounts: async () => [],
        ...change.records,
      }),
      guard: guardRecords({ openAlarms: async () => [] }),
      ...change.store,
    }),
    wallClock: () => Date.parse('2026-11-20T01:08:00Z'),
    clock: () => (ms += 3),
  };
}

const overviewOf = (given: ReturnType<typeof parts>) => overview(given, given);

describe('the overview', () => {
  it('has every section of the dashboard', async () => {
    const answer = await overviewOf(parts());
    expect(answer).toMatchObject({
      at: '2026-11-20T01:08:00.000Z',
      oldestPendingSeconds: 77,
      createdAhead: { rows: 1, seconds: 28_800 },
      strayAttributes: { IF_BNET_CUST: { late: 0, orphaned: 0 }, IF_BNET_ACCOUNT: { late: 0, orphaned: 0 } },
      workers: [{ workerId: 'worker-1' }],
      shards: 64,
      pauses: [{ ...pause, target: { table: 'IF_BNET_CUST' } }],
    });
    expect(answer.databases.middle).toMatchObject({ reachable: true, error: null });
    expect(answer.databases.middle.answeredMs).toBeGreaterThan(0);
  });

  it('counts to ten thousand, and says where counting stopped', async () => {
    const asked: number[] = [];
    const countCapped = async (most: number) => {
      asked.push(most);
      return counts;
    };
    expect((await overviewOf(parts({ search: { countCapped } }))).tables?.['IF_BNET_CUST']).toEqual({
      '0': { rows: 5, atLeast: false },
      '1': { rows: 0, atLeast: false },
      '2': { rows: 10_000, atLeast: true },
      '3': { rows: 9999, atLeast: false },
    });
    expect(asked).toEqual([10_000]);
  });

  it('counts rows in other States where there are any', async () => {
    const countCapped = async () => ({ ...counts, CUST: { ...counts.CUST, other: 3 } });
    const { tables } = await overviewOf(parts({ search: { countCapped } }));
    expect(tables?.['IF_BNET_CUST']?.other).toEqual({ rows: 3, atLeast: false });
    expect(tables?.['IF_BNET_ACCOUNT']).not.toHaveProperty('other');
  });

  it('shows the last hour and day in spans that end with the present one, gaps filled', async () => {
    const asked: [string, number][] = [];
    const activity = async (since: string, spanMinutes: number): Promise<readonly Activity[]> => {
      asked.push([since, spanMinutes]);
      const of = (from: string, outcome: Activity['outcome'], rows: number): Activity => {
        return { from, source: 'CUST', outcome, code: null, rows };
      };
      return spanMinutes === 60
        ? [of('2026-11-19T02:00:00Z', 'applied', 1)]
        : [
            of('2026-11-20T00:10:00.000Z', 'applied', 2),
            of('2026-11-20T01:05:00.000Z', 'failed', 3),
            of('2026-11-20T01:05:00.000Z', 'failed', 4),
          ];
    };
    const { lastHour, lastDay } = await overviewOf(parts({ records: { activity } }));
    expect(asked).toEqual([
      ['2026-11-20T00:10:00.000Z', 5],
      ['2026-11-19T02:00:00.000Z', 60],
    ]);
    expect(lastHour).toHaveLength(12);
    expect(lastHour?.[0]).toEqual({ from: '2026-11-20T00:10:00.000Z', applied: 2, failed: 0 });
    expect(lastHour?.[1]).toEqual({ from: '2026-11-20T00:15:00.000Z', applied: 0, failed: 0 });
    expect(lastHour?.at(-1)).toEqual({ from: '2026-11-20T01:05:00.000Z', applied: 0, failed: 7 });
    expect(lastDay).toHaveLength(24);
    expect(lastDay?.[0]).toEqual({ from: '2026-11-19T02:00:00.000Z', applied: 1, failed: 0 });
  });

  it('tells how many rows are deferred, of how many customers, and for how long by the store’s clock', async () => {
    const row = { source: 'CUST', streamingNo: '5', custId: '7', stage: 'mark', cause: 'locked' } as const;
    const record = { ...row, reason: 'r', tries: 1, nextAt: '2026-11-20T01:08:00.000Z', worker: 'w' };
    const limits: number[] = [];
    const { deferred } = await overviewOf(
      parts({
        records: {
          deferralCounts: async () => [{ stage: 'mark', cause: 'locked', rows: 12 }],
          deferredCustomers: async () => 11,
          deferrals: async (limit) => {
            limits.push(limit);
            return [{ ...record, since: '2026-11-20T01:00:00.000Z' }];
          },
        },
      }),
    );
    expect(limits).toEqual([10]);
    expect(deferred).toMatchObject({ rows: 12, customers: 11, oldestSeconds: 450 });
    expect(deferred?.oldest).toMatchObject([{ table: 'IF_BNET_CUST', streamingNo: '5', custId: '7' }]);
    expect(deferred?.oldest[0]).not.toHaveProperty('source');
  });

  it('of a database that does not answer asks once, and says why in one line; the other is shown', async () => {
    const answer = await overviewOf(
      parts({
        store: {
          now: fails('unreachable', 'connect ECONNREFUSED\n127.0.0.1:1'),
          workers: () => Promise.reject(new Error('was asked')),
        },
      }),
    );
    expect(answer).toMatchObject({
      lastHour: null,
      lastDay: null,
      workers: null,
      shards: null,
      pauses: null,
    });
    expect(answer.databases.store).toEqual({
      reachable: false,
      answeredMs: null,
      error: 'connect ECONNREFUSED 127.0.0.1:1',
    });
    expect(answer.oldestPendingSeconds).toBe(77);
    expect(answer.databases.middle.error).toBeNull();
  });

  it('leaves out the part that fails: a table that is missing hides nothing else', async () => {
    const answer = await overviewOf(
      parts({ records: { pauses: fails('schema', 'no such table: sync_pause') } }),
    );
    expect(answer).toMatchObject({ pauses: null, shards: 64, workers: [{}] });
    expect(answer.databases.store).toMatchObject({ reachable: true, error: 'no such table: sync_pause' });
  });

  it('asks no more once a database has fallen silent: every question would cost a deadline', async () => {
    const oldestPendingSeconds = () => Promise.reject(new TypeError('was asked'));
    const answer = await overviewOf(
      parts({
        search: { countCapped: fails('timeout', 'no answer within 3000 ms') },
        middle: { oldestPendingSeconds },
      }),
    );
    expect(answer).toMatchObject({ tables: null, oldestPendingSeconds: null, shards: 64 });
    expect(answer.databases.middle).toMatchObject({ reachable: true, error: 'no answer within 3000 ms' });
  });
});
