import type { DeferredRow, DeferredSummary } from '../../src/operator/contract/rows.js';

/** As the fake rows' longest number. */
const longNumber = '123456789012345678901234567890';

/** A row that a person has locked, one that is refused in hostile words, and one that a trigger undoes. */
export function fakeDeferred(): readonly DeferredRow[] {
  const row: DeferredRow = {
    table: 'IF_BNET_ACCOUNT',
    streamingNo: '20261122000801',
    custId: '990947809',
    stage: 'claim',
    cause: 'locked',
    reason: 'ORA-00054: resource busy; locked by SCOTT (PLSQLDev.exe on DBA-PC)',
    tries: 12,
    since: '2026-11-22T04:40:00.000Z',
    nextAt: '2026-11-22T05:00:21.000Z',
    worker: 'c0a80117-7c1e-4a51-9d3c-52f0f7a2b6de',
  };
  return [
    row,
    {
      ...row,
      ...{ table: 'IF_BNET_CUST', streamingNo: longNumber, custId: longNumber, tries: 3 },
      ...{ stage: 'mark', cause: 'refused', since: '2026-11-22T04:59:00.000Z' },
      reason: 'ORA-20001: \u202e<img src=x onerror=alert(6)>\u0007 禁止修改',
    },
    {
      ...row,
      ...{ streamingNo: '20261122000803', custId: null, stage: 'mark', cause: 'ignored', tries: 1 },
      ...{ reason: '', since: '2026-11-22T04:59:30.000Z' },
    },
  ];
}

/** The same in short. */
export function fakeDeferredSummary(): DeferredSummary {
  return {
    rows: 3,
    customers: 3,
    oldestSeconds: 1200,
    byStage: [
      { stage: 'claim', cause: 'locked', rows: 1 },
      { stage: 'mark', cause: 'ignored', rows: 1 },
      { stage: 'mark', cause: 'refused', rows: 1 },
    ],
    oldest: fakeDeferred(),
  };
}
