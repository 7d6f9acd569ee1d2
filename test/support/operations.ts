import type { InterfaceRow } from '../../src/domain/rows.js';
import { State } from '../../src/domain/states.js';
import type { LatestFinished, MiddleDatabase } from '../../src/middle/port.js';
import type { BoundedQueries, FinishedRows, FullRow, MiddleAdmin } from '../../src/middle/admin-port.js';
import type { DeferredSummary } from '../../src/operator/contract/rows.js';
import type { LossLookup } from '../../src/store/guard-port.js';
import type { WorkerDescription } from '../../src/store/port.js';
import type {
  GuardRecords,
  StoreAdmin,
  StoreServer,
  JournalLine,
  StoreRecords,
} from '../../src/store/admin-port.js';
import type { StoreSetup } from '../../src/store/setup-port.js';
import { accountRow, customerRow } from './builders.js';

/*
 * Ports for operators of which a test gives the methods it is about; any other call is a mistake of the code.
 */

/** No attribute row is late or without its row. */
export const noStrays = {
  CUST: { late: { rows: 0, examples: [] }, orphaned: { rows: 0, examples: [] } },
  ACCOUNT: { late: { rows: 0, examples: [] }, orphaned: { rows: 0, examples: [] } },
};

export function middleOperations(methods: Partial<MiddleAdmin>): MiddleAdmin {
  return only('MiddleOperations', { kind: 'postgresql', ...methods });
}

export function middleDatabase(methods: Partial<MiddleDatabase>): MiddleDatabase {
  return only('MiddleDatabase', methods);
}

export function storeOperations(methods: Partial<StoreAdmin>): StoreAdmin {
  return only('StoreOperations', methods);
}

export function middleSearch(methods: Partial<BoundedQueries>): BoundedQueries {
  return only('MiddleSearch', methods);
}

export function storeRecords(methods: Partial<StoreRecords>): StoreRecords {
  return only('StoreRecords', methods);
}

export function guardRecords(methods: Partial<GuardRecords> = {}): GuardRecords {
  return only('GuardRecords', methods);
}

/** Whether the doctor speaks of the tests' own server, which does not wait for its disk. */
export function isAboutTestServer({ finding }: { readonly finding: string }): boolean {
  return finding.startsWith('synchronous_commit is off');
}

/** A server without standbys that can be written. */
export function storeServer(methods: Partial<StoreServer> = {}): StoreServer {
  return {
    hosts: async () => [],
    replication: async () => null,
    tryWriting: async () => undefined,
    ...methods,
  };
}

export function finishedRows(methods: Partial<FinishedRows> = {}): FinishedRows {
  return only('FinishedRows', methods);
}

export function lossLookup(methods: Partial<LossLookup> = {}): LossLookup {
  return only('LossLookup', methods);
}

export function latestFinished(methods: Partial<LatestFinished> = {}): LatestFinished {
  return only('LatestFinished', methods);
}

/** A store in which no row is deferred. */
export const nothingDeferred: DeferredSummary = {
  ...{ rows: 0, customers: 0, oldestSeconds: null },
  ...{ byStage: [], oldest: [] },
};

/** Both databases of a guard that finds nothing: no row is finished, no alarm is open. */
export function nothingLost(): { middle: LatestFinished; store: LossLookup } {
  return {
    middle: latestFinished({
      now: async () => '2026-11-21 16:00:00',
      latestFinished: async () => [],
      claimedUntil: async () => [],
    }),
    store: lossLookup({
      openAlarms: async () => [],
      origins: async () => [{ productId: null, middleClock: '2026-01-01 00:00:00' }],
      heldShards: async () => ({ now: '2026-11-21T08:00:00.000Z', heldUntil: new Map([[0, null]]) }),
      outcomes: async () => new Map(),
    }),
  };
}

function only<Port extends object>(name: string, methods: Partial<Port>): Port {
  return new Proxy(methods, {
    get: (target, property) => {
      // A promise asks what it is resolved with whether it is a promise.
      const isAsked = typeof property === 'symbol' || property === 'then' || Reflect.has(target, property);
      if (isAsked) return Reflect.get(target, property) as unknown;
      throw new Error(`${name}.${property} was not expected to be used`);
    },
  }) as Port;
}

/** A failed row of IF_BNET_CUST, with everything. */
export function failedCustomer(overrides: Partial<FullRow> = {}): FullRow {
  return asFailed(customerRow(), overrides);
}

/** A failed row of IF_BNET_ACCOUNT, with everything. */
export function failedAccount(overrides: Partial<FullRow> = {}): FullRow {
  return asFailed(accountRow(), overrides);
}

function asFailed(row: InterfaceRow, overrides: Partial<FullRow>): FullRow {
  return {
    ...row,
    state: State.Failed,
    errContent: '00402 业务数据内容不存在: 客户未开通该产品',
    remark: null,
    ...overrides,
  };
}

/** A journal entry of an applied row. */
export function journalLine(overrides: Partial<JournalLine> = {}): JournalLine {
  return {
    source: 'ACCOUNT',
    streamingNo: '2001',
    attempt: '2026-11-20 09:00:00',
    superseded: false,
    outcome: 'applied',
    code: null,
    errContent: null,
    opFlag: '0201',
    productId: '323002000',
    custId: '990947809',
    bizId: 'B-1',
    userId: 'li@huawang',
    digest: 'digest',
    worker: 'worker-1',
    decidedAt: '2026-11-20T01:00:00.000Z',
    ...overrides,
  };
}

/** A store that is set up for this version. */
export function storeSetup(changes: Partial<StoreSetup> = {}): StoreSetup {
  const nothing = { pending: [], newer: [], missing: [], foreign: [], elsewhere: [] };
  return {
    done: ['0001_initial'],
    ...nothing,
    ...{ schema: 'public', noSchema: null, encoding: 'UTF8' },
    ...changes,
  };
}

/** A worker that is alive and holds eight shards. */
export function workerDescription(overrides: Partial<WorkerDescription> = {}): WorkerDescription {
  return {
    workerId: 'worker-1',
    host: 'app-1',
    pid: 4711,
    startedAt: '2026-11-20T00:00:00.000Z',
    heartbeatAt: '2026-11-20T01:00:00.000Z',
    alive: true,
    shards: [0, 1, 2, 3, 4, 5, 6, 7],
    ...overrides,
  };
}
