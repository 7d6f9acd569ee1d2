import { describe, expect, it } from 'vitest';
import type { FullRow } from '../../../src/middle/admin-port.js';
import { processing } from '../../../src/operator/processing.js';
import {
  failedAccount,
  failedCustomer,
  middleOperations,
  middleSearch,
  storeOperations,
  storeRecords,
  workerDescription,
} from '../../support/operations.js';

const inState1 = (row: FullRow, ageSeconds: number | null) => ({
  ...row,
  state: 1,
  errContent: null,
  ageSeconds,
});

describe('rows in flight', () => {
  const rows = [
    inState1(failedCustomer({ streamingNo: '1', custId: '5', stateDate: '2026-11-20 08:00:09' }), 1),
    inState1(failedCustomer({ streamingNo: '2', custId: '6', stateDate: '2026-11-20 08:00:05' }), 5),
    inState1(failedAccount({ streamingNo: '3', custId: '7', stateDate: null }), null),
    inState1(failedAccount({ streamingNo: '4', custId: 'none', stateDate: '2026-11-20 08:00:07' }), 3),
  ];
  const list = (limit: number) =>
    processing(
      {
        middle: middleOperations({ queries: middleSearch({ processing: async () => rows }) }),
        store: storeOperations({
          workers: async () => [workerDescription({ workerId: 'w-1', host: 'app-1' })],
          records: storeRecords({ shardOwners: async () => ['w-1', null, 'gone', 'w-1'] }),
        }),
      },
      limit,
    );

  it('of both tables come oldest first, with whoever holds the shard of their customer', async () => {
    expect(
      (await list(10)).map(({ streamingNo, shard, holder, host }) => [streamingNo, shard, holder, host]),
    ).toEqual([
      ['3', 3, 'w-1', 'app-1'],
      ['2', 2, 'gone', null],
      ['4', 0, 'w-1', 'app-1'],
      ['1', 1, null, null],
    ]);
    expect((await list(10))[1]).toMatchObject({ table: 'IF_BNET_CUST', ageSeconds: 5, custId: '6' });
  });

  it('are no more than asked for', async () => {
    expect((await list(2)).map(({ streamingNo }) => streamingNo)).toEqual(['3', '2']);
  });

  it('are held by nobody where the store has no shards yet', async () => {
    const parts = {
      middle: middleOperations({ queries: middleSearch({ processing: async () => rows.slice(0, 1) }) }),
      store: storeOperations({
        workers: async () => [],
        records: storeRecords({ shardOwners: async () => [] }),
      }),
    };
    expect(await processing(parts, 5)).toMatchObject([{ shard: 0, holder: null, host: null }]);
  });
});
