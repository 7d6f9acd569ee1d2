import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import type { FullRow } from '../../../src/middle/admin-port.js';
import { NothingToContinueError } from '../../../src/operator/match-scope.js';
import { requeueMatching } from '../../../src/operator/requeue-matching.js';
import { failedRows, recording } from '../../support/failed-rows.js';
import { failedAccount, failedCustomer, middleSearch } from '../../support/operations.js';

const actor = { name: 'li', via: 'console' } as const;
const change = { dryRun: false, reason: 'prices corrected' };
const many = (count: number, make = failedCustomer): FullRow[] =>
  Array.from({ length: count }, (_, number) => make({ streamingNo: String(number + 1) }));

describe('putting all matching rows back', () => {
  it('moves them in sets of 500, those that failed last first, and records it once', async () => {
    const rows = failedRows(many(1200));
    const { store, audit } = recording();
    const filter = { source: 'CUST' as const, code: '00402' };
    const report = await requeueMatching({ ...rows, store }, actor, { target: { filter }, ...change });
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
        what: '{"filter":{"table":"IF_BNET_CUST","code":"00402"},"failedUntil":"2026-11-21 16:00:00"}',
        reason: 'prices corrected',
        outcome: { what: '{"matched":1200,"left":null}', rows: 1200 },
      },
    ]);
  });

  it('leaves rows alone that do not match', async () => {
    const other = failedAccount({ streamingNo: '7', errContent: '00403 数据格式不正确' });
    const rows = failedRows([...many(3), other]);
    await requeueMatching({ ...rows, ...recording() }, actor, {
      target: { filter: { code: '00402' } },
      ...change,
    });
    expect(rows.moves).toEqual([['3', '2', '1'].map((streamingNo) => ({ source: 'CUST', streamingNo }))]);
  });

  it('changes and records nothing in a dry run, and shows the first twenty', async () => {
    const rows = failedRows(many(700));
    const { store, audit } = recording();
    const report = await requeueMatching({ ...rows, store }, actor, {
      target: { filter: {} },
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

  it('goes on until none is left, however many there are', async () => {
    const rows = failedRows(many(10_001));
    const report = await requeueMatching({ ...rows, ...recording() }, actor, {
      ...{ target: { filter: {} }, ...change },
    });
    expect(report).toMatchObject({ matched: { rows: 10_001, atLeast: false }, requeued: 10_001 });
  });

  it('counts up to ten thousand in a dry run', async () => {
    const page = many(500);
    const endless = middleSearch({ failedPage: async () => ({ rows: page, next: page.at(-1)! }) });
    const middle = { ...failedRows([]).middle, queries: endless, now: async () => '2026-11-21 16:00:00' };
    const parts = { middle, ...recording() };
    const report = await requeueMatching(parts, actor, {
      ...{ target: { filter: {} }, ...change, dryRun: true },
    });
    expect(report.matched).toEqual({ rows: 10_000, atLeast: true });
  });

  it('leaves rows alone that share their StreamingNo', async () => {
    const duplicate = failedCustomer({ streamingNo: '1', bizId: 'B-2', state: 2 });
    const rows = failedRows([...many(2), failedCustomer({ streamingNo: '2', bizId: 'B-2' }), duplicate]);
    const { store, audit } = recording();
    const report = await requeueMatching({ ...rows, store }, actor, { target: { filter: {} }, ...change });
    expect(report).toMatchObject({ matched: { rows: 2 }, requeued: 0, notRequeued: 2 });
    expect(rows.moves).toEqual([]);
    expect(audit).toMatchObject([{ outcome: { rows: 0 } }]);
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
      { target: { filter: {} }, ...change },
    );
    expect(report).toMatchObject({ matched: { rows: 2 }, requeued: 1, notRequeued: 1 });
    expect(rows.moves).toEqual([[{ source: 'CUST', streamingNo: '1' }]]);
  });

  it('believes the update, not the look before it', async () => {
    const all = many(2);
    const rows = failedRows(all, () => (all[0] = failedCustomer({ streamingNo: '1', state: 1 })));
    const report = await requeueMatching({ ...rows, ...recording() }, actor, {
      target: { filter: {} },
      ...change,
    });
    expect(report).toMatchObject({ matched: { rows: 2 }, requeued: 1, notRequeued: 1 });
  });

  it('records what was put back before an error ended it', async () => {
    let updates = 0;
    const rows = failedRows(many(1200), () => {
      updates += 1;
      if (updates === 2) throw new DatabaseError('connectionLost', 'terminated');
    });
    const { store, audit } = recording();
    await expect(
      requeueMatching({ ...rows, store }, actor, { target: { filter: {} }, ...change }),
    ).rejects.toThrow('terminated');
    expect(audit).toMatchObject([{ action: 'requeue-matching', outcome: { rows: 500 } }]);
    expect(audit[0]?.outcome?.what).toContain('terminated');
  });

  it('says that rows were put back where it could not be recorded', async () => {
    const { store } = recording({
      conclude: () => Promise.reject(new DatabaseError('unreachable', 'connect ECONNREFUSED')),
    });
    await expect(
      requeueMatching({ ...failedRows(many(2)), store }, actor, { target: { filter: {} }, ...change }),
    ).rejects.toThrow('requeue-matching: 2 rows were changed, but this could not be recorded');
  });
});

/** Rows that a worker fails again as soon as they were put back, and how often each was. */
function failingAgain(rows: FullRow[]) {
  const times = new Map<string, number>();
  const failed = failedRows(rows);
  const requeue: typeof failed.middle.requeue = async (...call) => {
    const moved = await failed.middle.requeue(...call);
    for (const { streamingNo } of moved) times.set(streamingNo, (times.get(streamingNo) ?? 0) + 1);
    for (const [place, row] of rows.entries())
      if (row.state === 0)
        rows[place] = { ...row, state: 3, errContent: '00402', stateDate: '2026-11-21 16:00:01' };
    return moved;
  };
  const { find, now } = failed.middle;
  return { parts: { middle: { ...failed.middle, find, now, requeue } }, times };
}

const once = (count: number) => new Map(many(count).map(({ streamingNo }) => [streamingNo, 1]));

describe('an action beside a worker that fails the rows again', () => {
  const target = { filter: {} };

  it('puts each row back once, that failed until it began, and none that failed since', async () => {
    const rows = many(1200);
    rows.push(failedCustomer({ streamingNo: '9001', stateDate: '2026-11-21 16:00:01' }));
    rows.push(failedCustomer({ streamingNo: '9002', stateDate: null }));
    const { parts, times } = failingAgain(rows);
    const report = await requeueMatching({ ...parts, ...recording() }, actor, { target, ...change });
    expect(report).toMatchObject({ requeued: 1201, notRequeued: 0, matched: { rows: 1201, atLeast: false } });
    expect(times).toEqual(once(1200).set('9002', 1));
  });

  it('tells how far it has come after each set', async () => {
    const { parts } = failingAgain(many(1200));
    const told: unknown[] = [];
    const request = { target, ...change, onStep: (progress: unknown) => told.push(progress) };
    await requeueMatching({ ...parts, ...recording() }, actor, request);
    expect(told).toEqual([500, 1000, 1200].map((rows) => ({ matched: rows, requeued: rows })));
  });

  it('may be ended after any set and gone on with: each row is put back once', async () => {
    const { parts, times } = failingAgain(many(1700));
    const { store, audit } = recording();
    const isOver = () => true;
    const first = await requeueMatching({ ...parts, store }, actor, { target, ...change, isOver });
    expect(first).toMatchObject({ action: '1', requeued: 500, before: 0, matched: { atLeast: true } });
    const second = await requeueMatching({ ...parts, store }, actor, {
      ...{ target: { continues: '1' }, ...change, isOver },
    });
    expect(second).toMatchObject({ action: '2', requeued: 500, before: 500, matched: { atLeast: true } });
    const last = await requeueMatching({ ...parts, store }, actor, {
      ...{ target: { continues: '2' }, ...change },
    });
    expect(last).toMatchObject({ action: '3', requeued: 700, before: 1000, matched: { atLeast: false } });
    expect(times).toEqual(once(1700));
    expect(audit.map(({ outcome }) => outcome?.rows)).toEqual([500, 500, 700]);
    const again = await requeueMatching({ ...parts, store }, actor, {
      ...{ target: { continues: '3' }, ...change },
    });
    expect(again).toMatchObject({ action: null, requeued: 0, before: 1700 });
  });

  it('is gone on with from its start where its process ended without an outcome: no row is put back twice', async () => {
    const { parts, times } = failingAgain(many(1200));
    const { store, audit } = recording();
    const request = { target, ...change, isOver: () => true };
    await requeueMatching({ ...parts, store }, actor, request);
    audit[0]!.outcome = null;
    const target2 = { continues: '1' };
    const report = await requeueMatching({ ...parts, store }, actor, { target: target2, ...change });
    expect(report).toMatchObject({ requeued: 700, matched: { rows: 700, atLeast: false } });
    expect(times).toEqual(once(1200));
  });

  it('goes on before the set that an error ended', async () => {
    const rows = many(1200);
    let updates = 0;
    const failed = failedRows(rows, () => {
      updates += 1;
      if (updates === 2) throw new DatabaseError('connectionLost', 'terminated');
    });
    const { store } = recording();
    const parts = { ...failed, store };
    await expect(requeueMatching(parts, actor, { target, ...change })).rejects.toThrow('terminated');
    const report = await requeueMatching(parts, actor, { target: { continues: '1' }, ...change });
    expect(report).toMatchObject({ before: 500, requeued: 700 });
  });

  it('that reads on without a match may be ended, and goes on where it was', async () => {
    const failed = failedRows(many(12_000));
    const parts = { ...failed, ...recording() };
    const request = { target: { filter: { code: '00403' } }, ...change, isOver: () => true };
    expect(await requeueMatching(parts, actor, request)).toMatchObject({ action: '1', requeued: 0 });
    expect(failed.steps).toBe(1);
    const more = { ...request, target: { continues: '1' } };
    expect(await requeueMatching(parts, actor, more)).toMatchObject({ action: '2', requeued: 0 });
    const last = { ...more, target: { continues: '2' } };
    expect(await requeueMatching(parts, actor, last)).toMatchObject({ action: null, requeued: 0 });
    expect(failed.steps).toBe(3);
  });

  it('is refused where the audit has no such action, or one of another kind or version', async () => {
    const parts = { ...failedRows(many(1)), ...recording() };
    const { records } = parts.store;
    const by = { who: 'li', via: 'console', reason: null } as const;
    await records.intend({ ...by, action: 'requeue', what: '{"rows":[]}' });
    await records.intend({ ...by, action: 'requeue-matching', what: '{"filter":{},"matched":3}' });
    for (const continues of ['1', '2', '7', '0', '', '1 OR 1=1'])
      await expect(requeueMatching(parts, actor, { target: { continues }, ...change })).rejects.toThrow(
        NothingToContinueError,
      );
    expect(parts.moves).toEqual([]);
  });
});
