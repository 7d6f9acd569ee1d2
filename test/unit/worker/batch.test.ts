import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oncePerKey, rowId, shardOf, type RowKey } from '../../../src/domain/keys.js';
import type { InterfaceRow, PolledRow } from '../../../src/domain/rows.js';
import { State } from '../../../src/domain/states.js';
import type { ClaimRequest } from '../../../src/middle/port.js';
import type { Lease } from '../../../src/store/port.js';
import {
  acceptClaimed,
  leasesOf,
  partByLane,
  partByTakeover,
  type BatchRow,
} from '../../../src/worker/batch.js';
import { accountRow, customerRow, polledRow } from '../../support/builders.js';

const claimedAt = '2026-11-20 08:00:05';
const earlier = '2026-11-20 07:00:00';

function request(streamingNo: string, overrides: Partial<PolledRow> = {}): ClaimRequest {
  return { row: polledRow('0101', { streamingNo, ...overrides }), after: null };
}
const takeover = (streamingNo: string, stateDate: string | null) =>
  request(streamingNo, { state: State.Processing, stateDate });

function row(streamingNo: string, overrides: Partial<InterfaceRow> = {}): InterfaceRow {
  return customerRow({ streamingNo, stateDate: claimedAt, ...overrides });
}

const keysOf = (rows: readonly RowKey[]): string[] => rows.map(({ streamingNo }) => streamingNo);

const accepted = (requests: readonly ClaimRequest[], rows: readonly InterfaceRow[]) =>
  acceptClaimed(requests, rows, { takenOver: new Set(), maxAttributes: 3 });

describe('a claimed row', () => {
  it('is one attempt, named by the StateDate found after the claim', () => {
    const present = row('1');
    expect(accepted([request('1')], [present])).toEqual({
      rows: [
        {
          source: 'CUST',
          streamingNo: '1',
          attempt: claimedAt,
          row: present,
          takenOver: false,
          duplicates: [],
        },
      ],
      changedSinceClaim: 0,
    });
  });

  it('is ours in State 1 whoever claimed it, for the answer to a claim may be lost', () => {
    const { rows } = accepted(
      [request('1'), takeover('2', null)],
      [row('1', { stateDate: earlier }), row('2')],
    );
    expect(rows.map(({ attempt }) => attempt)).toEqual([earlier, claimedAt]);
  });

  it('comes in the order of the poll, not in that of the read', () => {
    const requests = ['2', '1', '3'].map((streamingNo) => request(streamingNo));
    expect(keysOf(accepted(requests, [row('1'), row('3'), row('2')]).rows)).toEqual(['2', '1', '3']);
  });

  it('is not mistaken for the row of the other table with its StreamingNo', () => {
    const bind: ClaimRequest = {
      row: polledRow('0201', { streamingNo: '1', custId: '2' }),
      after: null,
    };
    const present = [row('1'), accountRow({ streamingNo: '1', custId: '2', stateDate: claimedAt })];
    expect(accepted([request('1'), bind], present).rows.map(rowId)).toEqual([
      'IF_BNET_CUST:1',
      'IF_BNET_ACCOUNT:1',
    ]);
    expect(accepted([bind], [row('1')])).toEqual({ rows: [], changedSinceClaim: 1 });
  });
});

describe('a claimed row that was taken over', () => {
  it('is marked as such, among others that were not', () => {
    const requests = [request('1'), takeover('2', claimedAt), request('3')];
    const rows = ['1', '2', '3'].map((streamingNo) => row(streamingNo));
    const result = acceptClaimed(requests, rows, {
      takenOver: new Set(['IF_BNET_CUST:2']),
      maxAttributes: 3,
    });
    expect(result.rows.map(({ takenOver }) => takenOver)).toEqual([false, true, false]);
  });

  it('is told from the row of the other table with its StreamingNo', () => {
    const bind = { row: polledRow('0201', { streamingNo: '1' }), after: null };
    const present = [row('1'), accountRow({ streamingNo: '1', stateDate: claimedAt })];
    const result = acceptClaimed([request('1'), bind], present, {
      takenOver: new Set(['IF_BNET_ACCOUNT:1']),
      maxAttributes: 3,
    });
    expect(result.rows.map(({ takenOver }) => takenOver)).toEqual([false, true]);
  });

  it('is so where its key stands twice, too', () => {
    const result = acceptClaimed([request('1')], [row('1'), row('1')], {
      takenOver: new Set(['IF_BNET_CUST:1']),
      maxAttributes: 3,
    });
    expect(result.rows).toMatchObject([{ takenOver: true, refusal: { code: '00404' } }]);
  });
});

describe('a row goes back to the next poll', () => {
  const goesBack = (polled: ClaimRequest, present: InterfaceRow[]): void => {
    const others = { custId: '2' };
    const requests = [request('1'), polled, request('3'), request('4', others), request('5')];
    const rows = ['1', '3', '5'].map((streamingNo) => row(streamingNo));
    const result = accepted(requests, [...rows, row('4', others), ...present]);
    expect(keysOf(result.rows)).toEqual(['1', '4']);
    expect(result.changedSinceClaim).toBe(3);
  };

  it('with the later rows of its customer, and no others, where it is gone', () => {
    goesBack(request('2'), []);
  });

  it.each([State.Initial, State.Succeeded, State.Failed, null, 7])('in State %s', (state) => {
    goesBack(request('2'), [row('2', { state })]);
    goesBack(takeover('2', claimedAt), [row('2', { state })]);
  });

  it('where its CustID has changed', () => {
    for (const custId of ['3', null]) goesBack(request('2'), [row('2', { custId })]);
  });

  it('where its StateDate is not that of the attempt taken over', () => {
    goesBack(takeover('2', earlier), [row('2')]);
    goesBack(takeover('2', earlier), [row('2', { stateDate: null })]);
  });

  it('where it has no StateDate to name the attempt', () => {
    goesBack(request('2'), [row('2', { stateDate: null })]);
    goesBack(takeover('2', null), [row('2', { stateDate: null })]);
  });

  it('also where it has no customer: such rows share their order', () => {
    const requests = ['1', '2'].map((streamingNo) => request(streamingNo, { custId: null }));
    expect(accepted([...requests, request('3')], [row('2', { custId: null }), row('3')])).toMatchObject({
      rows: [{ streamingNo: '3' }],
      changedSinceClaim: 2,
    });
  });
});

describe('two rows with one StreamingNo', () => {
  const refusal = { code: '00404', detail: 'StreamingNo 1 在表中重复出现 2 次' };

  it('are refused with 00404, under one attempt where they were claimed together', () => {
    const { rows, changedSinceClaim: changedSinceClaim } = accepted(
      [request('1')],
      [row('1'), row('1', { custName: 'other' })],
    );
    expect(rows).toMatchObject([{ streamingNo: '1', attempt: claimedAt, refusal, duplicates: [] }]);
    expect(changedSinceClaim).toBe(0);
  });

  it('are refused under the latest attempt, and the others get the same answer', () => {
    const present = [
      row('1', { stateDate: earlier }),
      row('1'),
      row('1', { stateDate: '2026-11-20 06:00:00' }),
    ];
    expect(accepted([request('1')], present).rows).toMatchObject([
      {
        attempt: claimedAt,
        refusal: { detail: 'StreamingNo 1 在表中重复出现 3 次' },
        duplicates: [earlier, '2026-11-20 06:00:00'],
      },
    ]);
  });

  it('are refused also where one of them was answered before, which stays as it is', () => {
    const { rows } = accepted(
      [request('1')],
      [row('1', { state: State.Succeeded, stateDate: earlier }), row('1')],
    );
    expect(rows).toMatchObject([{ attempt: claimedAt, refusal, duplicates: [] }]);
  });

  it('do not keep back the later rows of their customer', () => {
    expect(keysOf(accepted([request('1'), request('2')], [row('1'), row('1'), row('2')]).rows)).toEqual([
      '1',
      '2',
    ]);
  });

  it('go back to the next poll where neither is in State 1', () => {
    const present = [row('1', { state: State.Initial }), row('1', { state: State.Succeeded }), row('2')];
    expect(accepted([request('1'), request('2')], present)).toEqual({ rows: [], changedSinceClaim: 2 });
  });

  it('of two customers stand under the customer that was polled: its shard is the one we hold', () => {
    for (const present of [
      [row('1', { custId: '64' }), row('1', { custId: '65' })],
      [row('1', { custId: '65' }), row('1', { custId: '64' })],
    ]) {
      const { rows } = accepted([request('1', { custId: '65' })], present);
      expect(rows.map((batchRow) => batchRow.row.custId)).toEqual(['65']);
      const batch = { rows, leases: [{ shard: 1, term: 1, server: '' }], now: claimedAt };
      expect([...partByLane(batch, 64, 4).keys()]).toEqual([1]);
    }
  });
});

describe('polled rows', () => {
  it('are asked for once per key, in their order', () => {
    const rows = ['1', '2', '1', '3', '2'].map((streamingNo) => polledRow('0101', { streamingNo }));
    expect(oncePerKey(rows).map(({ streamingNo }) => streamingNo)).toEqual(['1', '2', '3']);
    const both = [polledRow('0101', { streamingNo: '1' }), polledRow('0201', { streamingNo: '1' })];
    expect(oncePerKey(both)).toEqual(both);
    expect(oncePerKey([])).toEqual([]);
  });
});

describe('a batch parted into lanes', () => {
  const shards = 8;
  const leases: readonly Lease[] = Array.from({ length: shards }, (_, shard) => ({
    shard,
    term: shard + 1,
    server: '',
  }));
  const customers = fc.option(fc.bigInt({ min: 0n, max: 20n }).map(String), { freq: 10 });
  const batches = fc.array(customers, { maxLength: 30 }).map(
    (list) =>
      accepted(
        list.map((custId, index) => request(String(index), { custId })),
        list.map((custId, index) => row(String(index), { custId })),
      ).rows,
  );

  it('has every row once, no customer and no lease in two lanes, and each customer in order', () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 10 }), (rows, lanes) => {
        const parts = [...partByLane({ rows, leases, now: claimedAt }, shards, lanes)];
        expect(parts.length).toBeLessThanOrEqual(lanes);
        expect(parts.flatMap(([, part]) => [...part.rows]).sort(byKey)).toEqual([...rows].sort(byKey));
        const held = parts.flatMap(([, part]) => part.leases.map(({ shard }) => shard));
        expect(new Set(held).size).toBe(held.length);
        for (const [lane, part] of parts) {
          expect(lane >= 0 && lane < lanes).toBe(true);
          expect(part.now).toBe(claimedAt);
          expect(part.rows).toEqual(rows.filter((batchRow) => part.rows.includes(batchRow)));
          const relied = [...new Set(part.rows.map(({ row: { custId } }) => shardOf(custId, shards)))];
          relied.sort((a, b) => a - b);
          expect(part.leases).toEqual(relied.map((shard) => leases[shard]));
        }
      }),
    );
  });

  it('takes leases and terms as they were held at the poll', () => {
    const rows = accepted([request('1', { custId: '3' })], [row('1', { custId: '3' })]).rows;
    const parts = partByLane(
      {
        rows,
        leases: [
          { shard: 3, term: 41, server: '' },
          { shard: 4, term: 1, server: '' },
        ],
        now: claimedAt,
      },
      shards,
      2,
    );
    expect([...parts]).toEqual([[1, { rows, leases: [{ shard: 3, term: 41, server: '' }], now: claimedAt }]]);
  });

  it('is refused where a row’s lease is not held: it would be applied without a fence', () => {
    const rows = accepted([request('1', { custId: '3' })], [row('1', { custId: '3' })]).rows;
    expect(() =>
      partByLane({ rows, leases: [{ shard: 4, term: 1, server: '' }], now: claimedAt }, shards, 2),
    ).toThrow('row IF_BNET_CUST:1 was polled without the lease of shard 3');
  });

  it('relies on the leases of its rows alone', () => {
    const rows = ['1', '2', null].map(
      (custId) => accepted([request('1', { custId })], [row('1', { custId })]).rows[0]!,
    );
    expect(leasesOf(rows, leases, shards).map(({ shard }) => shard)).toEqual([0, 1, 2]);
    expect(leasesOf([], leases, shards)).toEqual([]);
  });
});

describe('a batch parted by trial', () => {
  const takenOver = fc.array(fc.tuple(fc.option(fc.nat(5).map(String)), fc.boolean()), { maxLength: 20 });

  it('has every row once and in order, and those of a customer with a row taken over all among the trials', () => {
    fc.assert(
      fc.property(takenOver, (list) => {
        const requests = list.map(([custId], index) => request(String(index), { custId }));
        const present = list.map(([custId], index) => row(String(index), { custId }));
        const ids = list.flatMap(([, isTaken], index) => (isTaken ? [`IF_BNET_CUST:${index}`] : []));
        const { rows } = acceptClaimed(requests, present, { takenOver: new Set(ids), maxAttributes: 3 });
        const batch = { rows, leases: [{ shard: 1, term: 1, server: '' }], now: claimedAt };
        const tried = new Set(list.filter(([, isTaken]) => isTaken).map(([custId]) => custId));
        expect(partByTakeover(batch)).toEqual({
          normal: { ...batch, rows: rows.filter((batchRow) => !tried.has(batchRow.row.custId)) },
          takenOverRows: { ...batch, rows: rows.filter((batchRow) => tried.has(batchRow.row.custId)) },
        });
      }),
    );
  });
});

function byKey(a: BatchRow, b: BatchRow): number {
  return Number(a.streamingNo) - Number(b.streamingNo);
}
