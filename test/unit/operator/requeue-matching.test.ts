import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import type { FullRow } from '../../../src/middle/port.js';
import { requeueMatching } from '../../../src/operator/requeue-matching.js';
import { failedRows, recording } from '../../support/failed-rows.js';
import { failedAccount, failedCustomer } from '../../support/operations.js';

const actor = { name: 'li', via: 'console' } as const;
const change = { dryRun: false, reason: 'prices corrected' };
const many = (count: number, make = failedCustomer): FullRow[] =>
  Array.from({ length: count }, (_, number) => make({ streamingNo: String(number + 1) }));

describe('putting all matching rows back', () => {
  it('moves them in sets of 500, those that failed last first, and records it once', async () => {
    const rows = failedRows(many(1200));
    const { records, audit } = recording();
    const filter = { source: 'CUST' as const, code: '00402' };
    const report = await requeueMatching({ ...rows, records }, actor, { filter, ...change });
    expect(report).toMatchObject({
      dryRun: false,
      matched: { rows: 1200, atLeast: false },
      requeued: 1200,
      notRequeued: 0,
    });
    expect(rows.moves.map((keys) => keys.length)).toEqual([500, 500, 200]);
    expect(rows.moves[0]?.[0]).toEqual({ source: 'CUST', streamingNo: '1200' });
    expect(audit).toEqual([
      {
        who: 'li',
        via: 'console',
        action: 'requeue-matching',
        what: '{"filter":{"table":"IF_BNET_CUST","code":"00402"},"matched":1200}',
        rows: 1200,
        reason: 'prices corrected',
      },
    ]);
  });

  it('leaves rows alone that do not match', async () => {
    const other = failedAccount({ streamingNo: '7', errContent: '00403 数据格式不正确' });
    const rows = failedRows([...many(3), other]);
    await requeueMatching({ ...rows, ...recording() }, actor, { filter: { code: '00402' }, ...change });
    expect(rows.moves).toEqual([['3', '2', '1'].map((streamingNo) => ({ source: 'CUST', streamingNo }))]);
  });

  it('changes and records nothing in a dry run, and shows the first twenty', async () => {
    const rows = failedRows(many(700));
    const { records, audit } = recording();
    const report = await requeueMatching({ ...rows, records }, actor, {
      filter: {},
      ...change,
      dryRun: true,
    });
    expect(report).toMatchObject({
      dryRun: true,
      matched: { rows: 700, atLeast: false },
      requeued: 0,
      notRequeued: 0,
    });
    expect(report.examples.map(({ streamingNo }) => streamingNo)).toEqual(
      Array.from({ length: 20 }, (_, number) => String(700 - number)),
    );
    expect([rows.moves, audit]).toEqual([[], []]);
  });

  it('stops at ten thousand rows, and says that there are more', async () => {
    const rows = failedRows(many(10_001));
    const report = await requeueMatching({ ...rows, ...recording() }, actor, { filter: {}, ...change });
    expect(report).toMatchObject({ matched: { rows: 10_000, atLeast: true }, requeued: 10_000 });
  });

  it('leaves rows alone that share their StreamingNo', async () => {
    const twin = failedCustomer({ streamingNo: '1', bizId: 'B-2', state: 2 });
    const rows = failedRows([...many(2), failedCustomer({ streamingNo: '2', bizId: 'B-2' }), twin]);
    const { records, audit } = recording();
    const report = await requeueMatching({ ...rows, records }, actor, { filter: {}, ...change });
    expect(report).toMatchObject({ matched: { rows: 2 }, requeued: 0, notRequeued: 2 });
    expect([rows.moves, audit]).toEqual([[], []]);
  });

  it('leaves a row alone that failed again since it was found: it may not match any more', async () => {
    const all = many(2);
    const rows = failedRows(all);
    const again = failedCustomer({ streamingNo: '2', stateDate: '2026-11-20 09:00:00' });
    const find: typeof rows.middle.find = async (keys) => {
      all[1] = again;
      return rows.middle.find(keys);
    };
    const report = await requeueMatching(
      { ...rows, middle: { ...rows.middle, find, requeue: rows.middle.requeue }, ...recording() },
      actor,
      { filter: {}, ...change },
    );
    expect(report).toMatchObject({ matched: { rows: 2 }, requeued: 1, notRequeued: 1 });
    expect(rows.moves).toEqual([[{ source: 'CUST', streamingNo: '1' }]]);
  });

  it('believes the update, not the look before it', async () => {
    const all = many(2);
    const rows = failedRows(all, () => (all[0] = failedCustomer({ streamingNo: '1', state: 1 })));
    const report = await requeueMatching({ ...rows, ...recording() }, actor, { filter: {}, ...change });
    expect(report).toMatchObject({ matched: { rows: 2 }, requeued: 1, notRequeued: 1 });
  });

  it('records what was put back before an error ended it', async () => {
    let updates = 0;
    const rows = failedRows(many(1200), () => {
      updates += 1;
      if (updates === 2) throw new DatabaseError('connectionLost', 'terminated');
    });
    const { records, audit } = recording();
    await expect(requeueMatching({ ...rows, records }, actor, { filter: {}, ...change })).rejects.toThrow(
      'terminated',
    );
    expect(audit).toMatchObject([{ action: 'requeue-matching', rows: 500 }]);
  });

  it('says that rows were put back where it could not be recorded', async () => {
    const { records } = recording({
      recordAction: () => Promise.reject(new DatabaseError('unreachable', 'connect ECONNREFUSED')),
    });
    await expect(
      requeueMatching({ ...failedRows(many(2)), records }, actor, { filter: {}, ...change }),
    ).rejects.toThrow('requeue-matching was done, 2 rows were changed, but it could not be recorded');
  });
});
