import { describe, expect, it } from 'vitest';
import type { IndexDescription } from '../../../../src/middle/admin-port.js';
import { clockFindings, type Clocks } from '../../../../src/operator/doctor/clock.js';
import { indexFindings } from '../../../../src/operator/doctor/indexes.js';
import { privilegeFindings } from '../../../../src/operator/doctor/privileges.js';
import { rowFindings } from '../../../../src/operator/doctor/rows.js';
import { workerFindings, type WorkerState } from '../../../../src/operator/doctor/workers.js';
import { noStrays, workerDescription } from '../../../support/operations.js';

describe('indexes', () => {
  const rowIndexes: IndexDescription[] = [
    { table: 'if_bnet_cust_attr', columns: ['streamingno'] },
    { table: 'if_bnet_account_attr', columns: ['streamingno', 'state'] },
  ];
  const poll = (...columns: string[]): IndexDescription[] => [
    { table: 'if_bnet_cust', columns },
    { table: 'if_bnet_account', columns },
  ];

  const both = (index: Omit<IndexDescription, 'table'>): IndexDescription[] => [
    { table: 'if_bnet_cust', ...index },
    { table: 'if_bnet_account', ...index },
  ];
  const customer = both({ columns: ['custid'] });
  const failed = both({ columns: ['statedate', 'streamingno'], where: 'state=3' });
  const others = [...rowIndexes, ...customer, ...failed];
  const inOrder = poll('state', 'createdate nulls first', 'streamingno', 'custid');

  it('are fine where statements find their order and attribute rows are found by their row', () => {
    expect(indexFindings({ kind: 'postgresql' }, [...inOrder, ...others])).toMatchObject([{ level: 'ok' }]);
    const sqlite = [
      ...poll('state', 'createdate', '(expression)', 'streamingno'),
      ...both({ columns: ['statedate', '(expression)', 'streamingno'], where: 'state=3' }),
      ...both({ columns: ['custid', 'createdate', '(expression)', 'streamingno'] }),
    ];
    expect(indexFindings({ kind: 'sqlite' }, [...sqlite, ...rowIndexes])).toMatchObject([{ level: 'ok' }]);
    const oracle = [
      ...poll('state', 'createdate', 'streamingno'),
      ...both({
        columns: ['case state when 3 then statedate end', 'case state when 3 then streamingno end'],
      }),
    ];
    const onOracle = [...oracle, ...rowIndexes, ...customer];
    expect(indexFindings({ kind: 'oracle' }, onOracle)).toMatchObject([{ level: 'ok' }]);
  });

  it('are a warning with the statement to run where one is missing', () => {
    const here = { kind: 'postgresql', schema: 'ISMP' } as const;
    expect(
      indexFindings(here, [...rowIndexes.slice(1), ...customer.slice(1), ...failed.slice(1)]),
    ).toMatchObject([
      {
        level: 'warning',
        whatToDo:
          'CREATE INDEX CONCURRENTLY if_bnet_cust_poll ON "ISMP".IF_BNET_CUST (State, CreateDate NULLS FIRST, StreamingNo);',
      },
      {
        level: 'warning',
        finding: expect.stringContaining(
          'on (StateDate, StreamingNo) WHERE State = 3: the console',
        ) as string,
        whatToDo:
          'CREATE INDEX CONCURRENTLY if_bnet_cust_failed ON "ISMP".IF_BNET_CUST (StateDate, StreamingNo) WHERE State = 3;',
      },
      {
        level: 'warning',
        whatToDo:
          'CREATE INDEX CONCURRENTLY if_bnet_cust_customer ON "ISMP".IF_BNET_CUST (CustID, CreateDate NULLS FIRST, StreamingNo);',
      },
      {
        level: 'warning',
        whatToDo:
          'CREATE INDEX CONCURRENTLY if_bnet_cust_attr_row ON "ISMP".IF_BNET_CUST_ATTR (StreamingNo);',
      },
      { level: 'warning', finding: expect.stringContaining('IF_BNET_ACCOUNT') as string },
    ]);
  });

  it('of PostgreSQL need NULLS FIRST: without it the open rows are sorted', () => {
    const indexes = [...poll('state', 'createdate', 'streamingno'), ...others];
    expect(indexFindings({ kind: 'postgresql' }, indexes)).toHaveLength(2);
  });

  it('of some rows do not stand for one of all rows, nor the other way round', () => {
    const partial = inOrder.map((index) => ({ ...index, where: 'state=0' }));
    expect(indexFindings({ kind: 'postgresql' }, [...partial, ...others])).toHaveLength(2);
    const whole = both({ columns: ['statedate', 'streamingno'] });
    const withWhole = [...inOrder, ...rowIndexes, ...customer, ...whole];
    expect(indexFindings({ kind: 'postgresql' }, withWhole)).toHaveLength(2);
  });
});

describe('privileges', () => {
  const refused = { privilege: 'UPDATE (State) ON IF_BNET_CUST_ATTR', error: 'permission denied for table' };

  it('are fine where nothing is refused', () => {
    expect(privilegeFindings({ kind: 'oracle' }, [])).toMatchObject([{ level: 'ok' }]);
  });

  it('are a fault with the statement that grants what is missing', () => {
    const select = { privilege: 'SELECT ON IF_BNET_CUST', error: 'permission denied for table' };
    const findings = privilegeFindings({ kind: 'postgresql', schema: 'ismp', user: 'worker' }, [
      select,
      refused,
    ]);
    expect(findings.map(({ whatToDo }) => whatToDo)).toEqual([
      'GRANT SELECT ON ismp.IF_BNET_CUST TO worker;',
      'GRANT UPDATE (State) ON ismp.IF_BNET_CUST_ATTR TO worker /* or set middle.markAttributes to false */;',
    ]);
    expect(findings[0]).toMatchObject({
      level: 'error',
      finding: 'SELECT ON IF_BNET_CUST is refused: permission denied for table',
    });
  });
});

describe('the clock', () => {
  const clocks: Clocks = {
    kind: 'oracle',
    middleNow: '2026-11-21 16:00:00',
    localTime: '2026-11-21 16:00:02',
    utcTime: '2026-11-21 08:00:02',
    newestPending: null,
    settleMs: 2000,
  };

  it('is fine within a few seconds', () => {
    expect(clockFindings(clocks)).toMatchObject([{ level: 'ok' }]);
  });

  it('of SQLite is in UTC, and is compared so', () => {
    const sqlite = { ...clocks, kind: 'sqlite', middleNow: '2026-11-21 08:00:01' } as const;
    expect(clockFindings(sqlite)).toMatchObject([{ level: 'ok' }]);
  });

  it.each([
    ['2026-11-21 08:00:00', '8 h behind, another time zone'],
    ['2026-11-21 21:45:02', '5 h 45 min ahead, another time zone'],
    ['2026-11-21 16:07:02', '7 min ahead'],
  ])('%s is a warning that names the difference and the settings it touches', (middleNow, words) => {
    const [finding] = clockFindings({ ...clocks, middleNow });
    expect(finding?.level).toBe('warning');
    expect(finding?.finding).toMatch(new RegExp(`: ${words}$`));
    expect(finding?.whatToDo).toContain('worker.settleMs (2000)');
  });

  it('is a fault where pending rows come from its future: they would never settle', () => {
    const ahead = { ...clocks, newestPending: '2026-11-22 00:00:00' };
    expect(clockFindings(ahead)[1]).toMatchObject({
      level: 'error',
      finding: "a pending row has the CreateDate 2026-11-22 00:00:00, 8 h ahead of the database's clock",
    });
    expect(clockFindings({ ...ahead, settleMs: 0 })).toHaveLength(1);
    expect(clockFindings({ ...clocks, newestPending: '2026-11-21 16:00:30' })).toHaveLength(1);
  });
});

describe('rows', () => {
  const inOrder = {
    ...{ duplicates: [], withoutStreamingNo: { CUST: 0, ACCOUNT: 0 } },
    ...{ otherStates: [], tooManyAttributes: [], strays: noStrays },
  };

  it('are fine where each has a StreamingNo of its own', () => {
    expect(rowFindings(inOrder)).toMatchObject([{ level: 'ok' }]);
  });

  it('are an error where a StreamingNo is shared or missing', () => {
    const duplicates = [{ source: 'CUST', streamingNo: '7', count: 2 }] as const;
    const findings = rowFindings({ ...inOrder, duplicates, withoutStreamingNo: { CUST: 0, ACCOUNT: 3 } });
    expect(findings.map(({ level, finding }) => `${level}: ${finding}`)).toEqual([
      'error: a StreamingNo stands more than once: IF_BNET_CUST:7 (2 rows)',
      'error: 3 open rows of IF_BNET_ACCOUNT have no StreamingNo',
    ]);
  });
});

describe('workers', () => {
  const workforce: WorkerState = {
    workers: [workerDescription()],
    storeShards: 8,
    configuredShards: 8,
    rowsInProcessing: 0,
    storeNow: '2026-11-20T01:00:00.000Z',
  };
  const found = (changes: Partial<WorkerState>) =>
    workerFindings({ ...workforce, ...changes }).map(({ level, finding }) => `${level}: ${finding}`);

  it('are fine where they hold all shards', () => {
    expect(found({})).toEqual(['ok: 1 running, all 8 shards are held']);
  });

  it("are a warning where a heartbeat is ahead of the store's clock, which was set back", () => {
    const silent = workerDescription({ alive: false, heartbeatAt: '2026-11-20T02:00:00.000Z' });
    expect(found({ workers: [silent], storeNow: '2026-11-20T01:00:00.000Z' })).toContain(
      "warning: the product store's clock shows 2026-11-20T01:00:00.000Z, and the last heartbeat of worker worker-1 " +
        '(app-1, process 4711) is 1 h ahead of it: the clock was set back, and the worker counts as dead; ' +
        'it holds 8 shards until others take them',
    );
  });

  it('are a warning where nobody runs, which names the rows left in flight', () => {
    expect(found({ workers: [], rowsInProcessing: 5 })).toEqual([
      'warning: no worker is running, and 5 rows are in State 1',
    ]);
  });

  it('are a warning where one fell silent, or shards are not held', () => {
    const silent = workerDescription({ workerId: 'worker-2', alive: false, shards: [7] });
    const alive = workerDescription({ shards: [0, 1, 2, 3, 4, 5, 6] });
    expect(found({ workers: [alive, silent] })).toEqual([
      'warning: worker worker-2 (app-1, process 4711) has been silent since 2026-11-20T01:00:00.000Z; it holds 1 shards until others take them',
      'warning: 1 running, they hold 7 of 8 shards',
    ]);
  });

  it('cannot start where worker.shards is not what the store was set up with', () => {
    expect(found({ configuredShards: 16 })[0]).toBe(
      'error: worker.shards is 16, the product store has 8: no worker will start',
    );
  });
});
