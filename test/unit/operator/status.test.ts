import { describe, expect, it } from 'vitest';
import { status } from '../../../src/operator/status.js';
import {
  guardRecords,
  middleOperations,
  middleSearch,
  storeOperations,
  storeRecords,
} from '../../support/operations.js';

describe('the status', () => {
  it('counts to ten thousand, by bounded reads alone, and names the States of which there are more', async () => {
    const asked: number[] = [];
    const counts = { '0': 10_000, '1': 0, '2': 10_000, '3': 7 };
    const queries = middleSearch({
      countCapped: async (most) => {
        asked.push(most);
        return {
          CUST: { ...counts, stopped: ['0' as const, '2' as const] },
          ACCOUNT: { ...counts, other: 1, stopped: [] },
        };
      },
    });
    const middle = middleOperations({
      queries,
      oldestPendingSeconds: async () => 5,
      createdAhead: async () => ({ rows: 0, newest: null, seconds: 0 }),
    });
    const store = storeOperations({
      workers: async () => [],
      records: storeRecords({ deferralCounts: async () => [] }),
      guard: guardRecords({ openAlarms: async () => [] }),
    });
    expect(await status({ middle, store })).toEqual({
      tables: {
        IF_BNET_CUST: { ...counts, atLeast: ['0', '2'] },
        IF_BNET_ACCOUNT: { ...counts, other: 1 },
      },
      oldestPendingSeconds: 5,
      workers: [],
      alarms: [],
      deferred: { rows: 0, customers: 0, oldestSeconds: null, byStage: [], oldest: [] },
    });
    expect(asked).toEqual([10_000]);
  });
});
