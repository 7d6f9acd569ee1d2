import type { Actor, RepairReport } from '../../src/operator/contract/actions.js';
import type { BackgroundRepair, RepairState } from '../../src/operator/contract/repair.js';
import type { OpenAlarm } from '../../src/operator/contract/state.js';
import type { AuditEntry } from '../../src/store/admin-port.js';
import type { RepairOrder } from '../../src/operator/repair/repair-runner.js';
import { hostile, longNumber } from './fake-operator-data.js';

const startedAt = '2026-11-28T02:10:00.000Z';

/** The alarm of a fail-over that lost rows. */
export const fakeAlarm: OpenAlarm = {
  alarmId: 'a-1',
  kind: 'finishedRows',
  rows: 1185,
  examples: [
    {
      table: 'IF_BNET_CUST',
      streamingNo: longNumber,
      custId: hostile.name,
      stateDate: '2026-11-28 02:04:55',
    },
    {
      table: 'IF_BNET_ACCOUNT',
      streamingNo: '20261128000501',
      custId: '990947809',
      stateDate: '2026-11-28 02:04:56',
    },
  ],
  raisedAt: '2026-11-28T02:05:12.000Z',
  worker: 'worker-7f3a',
  host: 'app-2.example.cn',
};

/** A report with every kind of thing in it. */
export function fakeReport(overrides: Partial<RepairReport> = {}): RepairReport {
  const reasons = ['historyIncomplete', 'impossible', 'busy'] as const;
  return {
    ...{ dryRun: false, action: '12', cancelled: null, rows: 1182, customers: 577, replayed: 2 },
    falselyRefused: {
      ...{ rows: 3, takenBack: 0 },
      examples: [
        { table: 'IF_BNET_ACCOUNT', streamingNo: '20261128000701', custId: '990947801', opFlag: '0202' },
      ],
    },
    examples: Array.from({ length: 5 }, (_, index) => ({
      table: index % 2 === 0 ? ('IF_BNET_CUST' as const) : ('IF_BNET_ACCOUNT' as const),
      streamingNo: index === 0 ? longNumber : `2026112800050${index}`,
      custId: index === 0 ? hostile.name : `99094780${index}`,
      opFlag: ['0102', '0202', '0103', '0201', null][index] ?? null,
      stateDate: `2026-11-28 02:04:5${index}`,
    })),
    left: reasons.map((reason, index) => ({
      ...{ table: 'IF_BNET_CUST' as const, streamingNo: `2026112800060${index}`, reason },
      custId: index === 1 ? longNumber : `99094790${index}`,
      rows: index + 1,
      why: reason === 'impossible' ? hostile.error : null,
    })),
    ...{ byOthers: 4, alarmsClosed: 0, alarmsOpen: 1 },
    ...overrides,
  };
}

/** A job of that report. */
export function fakeJob(overrides: Partial<BackgroundRepair> = {}): BackgroundRepair {
  const { report = null } = overrides;
  return {
    ...{ who: 'wang', reason: 'ticket 4711', dryRun: false, custId: null, productId: null },
    ...{ all: false, takeBack: false },
    ...{ startedAt, endedAt: null, status: 'running', action: '12', phase: 'journal' },
    progress: { rows: 1_234_567, journal: 800_500, repaired: 0 },
    ...{ report: null, customersLeft: report?.left.length ?? 0, error: null },
    ...overrides,
  };
}

/** Repairs that a test sets the state of. */
export class FakeRepairs {
  job: BackgroundRepair | null = null;
  underWay: readonly AuditEntry[] | null = [];
  /** What the next start fails with. */
  refusal: Error | null = null;
  readonly orders: { readonly actor: Actor; readonly order: RepairOrder }[] = [];

  start(actor: Actor, order: RepairOrder): Promise<BackgroundRepair> {
    if (this.refusal !== null) return Promise.reject(this.refusal);
    this.orders.push({ actor, order });
    this.job = fakeJob({ ...order, who: actor.name, action: order.dryRun ? null : '12' });
    return Promise.resolve(this.job);
  }

  state(alarms: readonly OpenAlarm[] | null): Promise<RepairState> {
    const { job, underWay } = this;
    return Promise.resolve({ at: '2026-11-28T02:11:30.000Z', job, underWay, alarms });
  }

  cancel(): Promise<BackgroundRepair | null> {
    if (this.job?.status !== 'running') return Promise.resolve(null);
    this.job = { ...this.job, status: 'ending' };
    return Promise.resolve(this.job);
  }
}
