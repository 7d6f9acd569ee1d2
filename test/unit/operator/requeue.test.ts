import { describe, expect, it } from 'vitest';
import { rowId, type RowKey } from '../../../src/domain/keys.js';
import type { FullRow } from '../../../src/middle/admin-port.js';
import { requeue } from '../../../src/operator/requeue.js';
import type { StoreAdmin } from '../../../src/store/admin-port.js';
import { recording } from '../../support/failed-rows.js';
import { failedCustomer, journalLine, middleOperations } from '../../support/operations.js';

const key = (streamingNo: string): RowKey => ({ source: 'CUST', streamingNo });
const actor = { name: 'li', via: 'command' } as const;
const change = { dryRun: false, reason: null };
const look = { dryRun: true, reason: null };

const neverAsked = () => Promise.reject(new Error('the journal was asked'));

/** A middle database with these rows; `moves` says which keys the guarded update moves, by default all asked for. */
function middleWith(
  rows: readonly FullRow[],
  moves: (keys: readonly RowKey[]) => readonly RowKey[] = (keys) => keys,
) {
  const asked: RowKey[][] = [];
  const middle = middleOperations({
    find: async (keys) => rows.filter((row) => keys.some((each) => rowId(each) === rowId(row))),
    requeue: async (keys) => {
      asked.push([...keys]);
      return moves(keys);
    },
  });
  return { middle, asked };
}

describe('putting rows back', () => {
  it('moves rows in State 3 and tells of the others why not', async () => {
    const rows = [
      failedCustomer({ streamingNo: '1' }),
      failedCustomer({ streamingNo: '2', state: 2, errContent: null }),
      failedCustomer({ streamingNo: '4' }),
      failedCustomer({ streamingNo: '4', bizId: 'B-2' }),
    ];
    const { middle, asked } = middleWith(rows);
    const report = await requeue({ middle, ...recording() }, actor, ['1', '2', '3', '4'].map(key), change);
    expect(asked).toEqual([[key('1')]]);
    expect(report.requeued.map(({ streamingNo }) => streamingNo)).toEqual(['1']);
    expect(report.notRequeued).toEqual([
      { table: 'IF_BNET_CUST', streamingNo: '2', reason: 'not failed', state: 2 },
      { table: 'IF_BNET_CUST', streamingNo: '3', reason: 'missing', state: null },
      { table: 'IF_BNET_CUST', streamingNo: '4', reason: 'several rows', state: null },
    ]);
  });

  it('moves nothing in a dry run, and says what it would move', async () => {
    const { middle, asked } = middleWith([failedCustomer({ streamingNo: '1' })]);
    const report = await requeue({ middle, ...recording() }, actor, [key('1'), key('2')], look);
    expect(asked).toEqual([]);
    expect(report).toMatchObject({
      dryRun: true,
      requeued: [{ streamingNo: '1' }],
      notRequeued: [{ streamingNo: '2' }],
    });
  });

  it('believes the update, not the look before it: a row that left State 3 in between was not moved', async () => {
    const rows = [failedCustomer({ streamingNo: '1' })];
    const { middle } = middleWith(rows, () => {
      rows[0] = failedCustomer({ streamingNo: '1', state: 1 });
      return [];
    });
    const report = await requeue({ middle, ...recording() }, actor, [key('1')], change);
    expect(report.requeued).toEqual([]);
    expect(report.notRequeued).toEqual([
      { table: 'IF_BNET_CUST', streamingNo: '1', reason: 'not failed', state: 1 },
    ]);
  });

  it('asks once for a row that is named twice', async () => {
    const { middle, asked } = middleWith([failedCustomer({ streamingNo: '1' })]);
    await requeue({ middle, ...recording() }, actor, [key('1'), key('1')], change);
    expect(asked).toEqual([[key('1')]]);
  });

  it('warns of rows of the customer that were applied since the row failed', async () => {
    const later = journalLine({ streamingNo: '2009', opFlag: '0201', decidedAt: '2026-11-20T02:00:00.000Z' });
    const questions: [RowKey, string][] = [];
    const appliedSince: StoreAdmin['appliedSince'] = async ({ source, streamingNo }, custId) => {
      questions.push([{ source, streamingNo }, custId]);
      return [later];
    };
    const { middle } = middleWith([failedCustomer({ streamingNo: '1' })]);
    const report = await requeue({ middle, ...recording({}, { appliedSince }) }, actor, [key('1')], look);
    expect(questions).toEqual([[key('1'), '990947809']]);
    expect(report.requeued[0]?.appliedSince).toEqual([
      {
        table: 'IF_BNET_ACCOUNT',
        streamingNo: '2009',
        opFlag: '0201',
        decidedAt: '2026-11-20T02:00:00.000Z',
      },
    ]);
  });

  it.each([null, 'no number'])('asks the journal nothing for a row whose CustID is %s', async (custId) => {
    const { middle } = middleWith([failedCustomer({ streamingNo: '1', custId })]);
    const report = await requeue(
      { middle, ...recording({}, { appliedSince: neverAsked }) },
      actor,
      [key('1')],
      change,
    );
    expect(report.requeued).toMatchObject([{ streamingNo: '1', appliedSince: [] }]);
  });
});
