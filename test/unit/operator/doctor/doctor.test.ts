import { describe, expect, it } from 'vitest';
import { runChecks, type DoctorTargets } from '../../../../src/operator/doctor/doctor.js';
import {
  finishedRows,
  guardRecords,
  middleOperations,
  middleSearch,
  noStrays,
  nothingLost,
  storeOperations,
  storeRecords,
  storeServer,
  storeSetup,
  workerDescription,
} from '../../../support/operations.js';

const counts = { '0': 0, '1': 2, '2': 0, '3': 0, stopped: [] };
const middle = {
  now: async () => '2026-11-21 16:00:00',
  server: async () => ({
    ...{ product: 'PostgreSQL', version: '17.4', characterSet: 'UTF8' },
    ...{ user: 'bnet_sync', schemas: [], isolation: 'read committed', pooler: null },
  }),
  hosts: async () => [],
  columns: async () => [],
  missingPrivileges: async () => [],
  indexes: async () => [],
  newestPending: async () => null,
  duplicates: async () => [],
  otherStates: async () => [],
  tooManyAttributes: async () => [],
  strayAttributes: async () => noStrays,
  withoutStreamingNo: async () => ({ CUST: 0, ACCOUNT: 0 }),
  queries: middleSearch({ countCapped: async () => ({ CUST: counts, ACCOUNT: counts }) }),
  finished: finishedRows(nothingLost().middle),
};
const store = {
  now: async () => '2026-11-21T08:00:00.000Z',
  setup: async () => storeSetup(),
  isolation: async () => null,
  pooler: async () => null,
  missingPrivileges: async () => ({ user: 'store', refused: [] }),
  workers: async () => [workerDescription()],
  shards: async () => 8,
  records: storeRecords({ deferralCounts: async () => [] }),
  guard: guardRecords(nothingLost().store),
  server: storeServer(),
};

function targets(changes: Partial<DoctorTargets> = {}): DoctorTargets {
  return {
    middle: async () => middleOperations(middle),
    store: async () => storeOperations(store),
    clock: () => new Date(2026, 10, 21, 16, 0, 1),
    settings: { settleMs: 2000, shards: 8, productIds: [], othersFinishRows: false },
    ...changes,
  };
}

describe('the doctor', () => {
  it('examines every area of both databases, with something to do for all that is not fine', async () => {
    const { findings, unreached } = await runChecks(targets());
    expect(unreached).toEqual([]);
    expect(new Set(findings.map(({ area }) => area))).toEqual(
      new Set([
        ...['middle database', 'server', 'tables', 'privileges', 'indexes', 'clock', 'rows'],
        ...['product store', 'migrations', 'workers', 'deferred'],
      ]),
    );
    for (const { level, whatToDo } of findings) expect(whatToDo === null).toBe(level === 'ok');
  });

  it('goes on with the one database when the other cannot be reached', async () => {
    const error = new Error('connect ECONNREFUSED');
    const { findings, unreached } = await runChecks(targets({ middle: () => Promise.reject(error) }));
    expect(unreached).toEqual([error]);
    expect(findings.map(({ area, level }) => `${area}: ${level}`)).toEqual([
      'middle database: error',
      'product store: ok',
      'migrations: ok',
      'privileges: ok',
      'product store: ok',
      'workers: ok',
      'deferred: ok',
    ]);
    expect(findings[0]?.finding).toBe('cannot be reached: connect ECONNREFUSED');
  });

  it('is not reached when connecting works and the first question fails', async () => {
    const error = new Error('silence');
    const silent = storeOperations({ ...store, now: () => Promise.reject(error) });
    expect((await runChecks(targets({ store: async () => silent }))).unreached).toEqual([error]);
  });

  it('reports a check that fails and makes the others', async () => {
    const broken = middleOperations({
      ...middle,
      duplicates: () => Promise.reject(new Error('no such table')),
    });
    const { findings } = await runChecks(targets({ middle: async () => broken }));
    expect(findings.find(({ area }) => area === 'rows')).toMatchObject({
      level: 'warning',
      finding: 'could not be checked: no such table',
    });
    expect(findings.find(({ area }) => area === 'clock')?.level).toBe('ok');
    expect(findings.find(({ area }) => area === 'workers')?.level).toBe('ok');
  });

  it('asks a store that was not migrated nothing else', async () => {
    const unmigrated = storeOperations({
      now: store.now,
      setup: async () => storeSetup({ pending: ['0001_initial'] }),
    });
    const { findings } = await runChecks(targets({ store: async () => unmigrated }));
    expect(findings.at(-1)).toEqual({
      area: 'migrations',
      level: 'error',
      finding: 'the product store lacks 0001_initial, in the schema "public"',
      whatToDo: 'run "bnet-sync migrate"',
    });
  });
});
