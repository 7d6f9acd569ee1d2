import { beforeEach, describe, expect, it } from 'vitest';
import type { FinishedRow, JournalledOutcome } from '../../../src/domain/loss.js';
import { DatabaseError } from '../../../src/database/errors.js';
import type { StoreAlarm, GuardStore, LossEvidence, Origin } from '../../../src/store/guard-port.js';
import { AlarmOpenError, StoreWentBackError } from '../../../src/store/guard-port.js';
import type { Lease, LeaseStore, ProductStore } from '../../../src/store/port.js';
import type { ClaimedRow } from '../../../src/middle/port.js';
import { thisProcess } from '../../../src/worker/process-identity.js';
import { DatabaseHealth } from '../../../src/worker/database-health.js';
import { StoreGuard } from '../../../src/worker/store-guard.js';
import type { WorkerSettings } from '../../../src/worker/settings.js';
import { FakeClock } from '../../support/fake-clock.js';
import { middleDatabase } from '../../support/operations.js';
import { quickSettings } from '../../support/workers.js';

const noon = '2026-11-01 12:00:00';
const leases: readonly Lease[] = [{ shard: 1, term: 4, server: '' }];
const gone = new StoreWentBackError([{ source: 'CUST', streamingNo: '7', attempt: noon }]);
const minutes = 60_000;

/** A row in State 1 of this customer. */
const claimedRow = (custId: string): ClaimedRow => {
  return { source: 'CUST', streamingNo: '900', custId, stateDate: noon };
};

/** The guard's tables in memory. */
class Tables {
  alarms = new Map<string, LossEvidence & { closed: boolean }>();
  origins: Origin[] = [{ productId: null, middleClock: '2026-01-01 00:00:00' }];
  finished: readonly FinishedRow[] = [];
  claimed: readonly ClaimedRow[] = [];
  outcomes = new Map<string, JournalledOutcome>();
  heldUntil: string | null = null;
  compared: (readonly Lease[])[] = [];
  forgotten = 0;
  outage: Error | null = null;

  readonly guard: GuardStore = {
    origins: async () => this.origins,
    outcomes: async () => this.outcomes,
    heldShards: async () => ({ now: '2026-11-01T05:00:00.000Z', heldUntil: new Map([[1, this.heldUntil]]) }),
    openAlarms: async () => this.open(),
    raise: async (alarmId, evidence) => {
      if (this.outage !== null) throw this.outage;
      this.alarms.set(alarmId, { ...evidence, closed: false });
    },
    isClosed: async (alarmId) => this.alarms.get(alarmId)?.closed ?? false,
    addOrigins: async (origins) => {
      this.origins = [...this.origins, ...origins];
    },
    forgetCommits: () => {
      this.forgotten += 1;
    },
  };

  open(): StoreAlarm[] {
    return [...this.alarms]
      .filter(([, { closed }]) => !closed)
      .map(([alarmId, { kind, rows, examples }]) => ({
        ...{ alarmId, kind, rows, examples },
        ...{ raisedAt: '', worker: 'worker 1', host: 'host' },
      }));
  }

  accept(): void {
    for (const alarm of this.alarms.values()) alarm.closed = true;
  }
}

let tables: Tables;
let clock: FakeClock;
let told: [string, unknown][];
let guard: StoreGuard;
beforeEach(() => {
  tables = new Tables();
  clock = new FakeClock();
  told = [];
  guard = guardWith();
});

function guardWith(settings: Partial<WorkerSettings> = {}): StoreGuard {
  const emit = (name: string, event: unknown) => {
    if (name !== 'outage') told.push([name, event]);
  };
  const compared = async (each: readonly Lease[]) => {
    tables.compared.push(each);
  };
  const store = { guard: tables.guard, leases: { compared } as LeaseStore } as ProductStore;
  const middle = middleDatabase({
    now: async () => noon,
    latestFinished: async () => tables.finished,
    claimedUntil: async () => tables.claimed,
  });
  const health = new DatabaseHealth(clock, emit);
  return new StoreGuard({
    middle,
    store,
    settings: { ...quickSettings, ...settings },
    health,
    emit,
    clock,
    identity: thisProcess,
  });
}

/** One check of the leases, as the keeper makes it. */
async function check(): Promise<void> {
  await guard.record();
  await guard.follow(tables.open());
}

const finished = (streamingNo: string): FinishedRow => {
  return { source: 'CUST', streamingNo, custId: '1', productId: '1', stateDate: '2026-11-01 11:59:00' };
};

describe('own commits that are gone', () => {
  it('stop this worker at once, and are recorded with the next check', async () => {
    expect(guard.report(gone)).toBe(true);
    expect(guard.isOpen).toBe(true);
    const evidence = { kind: 'ownCommits', rows: 1, examples: [{ streamingNo: '7', stateDate: noon }] };
    expect(told).toMatchObject([['storeWentBack', { ...evidence, foundBy: null }]]);
    await check();
    expect(tables.open()).toMatchObject([evidence]);
  });

  it('are recorded once, however often they are met, and told again every ten minutes', async () => {
    for (let count = 0; count < 3; count += 1) {
      guard.report(gone);
      await check();
    }
    expect(tables.alarms.size).toBe(1);
    expect(told).toHaveLength(1);
    clock.advance(10 * minutes);
    await check();
    expect(told).toHaveLength(2);
  });

  it('stop this worker as long as they cannot be recorded', async () => {
    guard.report(gone);
    tables.outage = new DatabaseError('unreachable', 'down');
    await expect(check()).rejects.toBe(tables.outage);
    expect(guard.isOpen).toBe(true);
    tables.outage = null;
    await check();
    expect(tables.open()).toHaveLength(1);
  });

  it('are recorded anew where the record is gone without having been closed', async () => {
    guard.report(gone);
    await check();
    tables.alarms.clear();
    await check();
    expect(tables.open()).toHaveLength(1);
    expect(guard.isOpen).toBe(true);
  });

  it('are forgotten once the alarm was closed, and work goes on', async () => {
    guard.report(gone);
    await check();
    tables.accept();
    await check();
    expect(guard.isOpen).toBe(false);
    expect(tables.forgotten).toBe(1);
    expect(told.at(-1)).toEqual(['storeAccepted', {}]);
  });

  it('keep this worker still while another alarm is open, though its own was closed', async () => {
    guard.report(gone);
    await check();
    tables.accept();
    tables.alarms.set('other', { kind: 'noOrigin', rows: 0, examples: [], closed: false });
    await check();
    expect(guard.isOpen).toBe(true);
    expect(tables.forgotten).toBe(1);
  });
});

describe('an alarm of another worker', () => {
  it('stops this one too, and is told with who found it', async () => {
    tables.alarms.set('other', { kind: 'noOrigin', rows: 0, examples: [], closed: false });
    await check();
    expect(guard.isOpen).toBe(true);
    expect(guard.evidence).toMatchObject({ kind: 'noOrigin' });
    expect(told).toMatchObject([['storeWentBack', { foundBy: 'worker 1' }]]);
    tables.accept();
    await check();
    expect(guard.isOpen).toBe(false);
    expect(tables.forgotten).toBe(0);
    expect(told.at(-1)).toEqual(['storeAccepted', {}]);
  });

  it('is met at the fence first, which raises none of its own', () => {
    expect(guard.report(new AlarmOpenError())).toBe(true);
    expect(guard.isOpen).toBe(false);
    expect(guard.report(new Error('anything else'))).toBe(false);
  });
});

describe('shards that were taken', () => {
  it('may be decided once their finished rows were compared', async () => {
    await guard.compare(leases);
    expect(tables.compared).toEqual([leases]);
    expect(guard.isOpen).toBe(false);
  });

  it('raise the alarm where the journal does not know what was finished last', async () => {
    tables.finished = [finished('1'), finished('2')];
    await guard.compare(leases);
    expect(tables.compared).toEqual([]);
    expect(guard.evidence).toMatchObject({
      kind: 'finishedRows',
      rows: 2,
      examples: [{ streamingNo: '1' }, {}],
    });
  });

  it('may be decided where others finished those rows, which is told', async () => {
    tables.finished = [finished('1')];
    tables.heldUntil = '2026-11-01T04:59:59.000Z';
    tables.finished = [{ ...finished('1'), stateDate: '2026-11-01 11:50:00' }];
    await guard.compare(leases);
    expect(tables.compared).toEqual([leases]);
    expect(told).toMatchObject([['finishedByOthers', { rows: 1 }]]);
  });

  it('are not trusted on a renewal that lies in the future: the store’s clock was set back', async () => {
    tables.heldUntil = '2026-11-01T05:30:00.000Z';
    tables.finished = [finished('1')];
    await guard.compare(leases);
    expect(guard.isOpen).toBe(true);
  });

  it('are only warned of where others finish rows by the settings', async () => {
    guard = guardWith({ othersFinishRows: true });
    tables.finished = [finished('1')];
    await guard.compare(leases);
    expect(tables.compared).toEqual([leases]);
    expect(told).toMatchObject([['finishedByOthers', { rows: 1 }]]);
  });
});

describe('rows of a taken shard that stand in State 1 from before', () => {
  it('let the page be decided, and have the shard compared again with the next', async () => {
    tables.claimed = [claimedRow('1')];
    expect(await guard.compare(leases)).toEqual([]);
    expect(tables.compared).toEqual([[]]);
    tables.claimed = [];
    expect(await guard.compare(leases)).toEqual(leases);
    expect(tables.compared.at(-1)).toEqual(leases);
  });

  it('keep nothing back where the journal knows their attempt: they wait for their mark, however long', async () => {
    tables.claimed = [claimedRow('1')];
    tables.outcomes.set('IF_BNET_CUST:900', { outcome: 'applied', attempt: noon, repaired: false });
    expect(await guard.compare(leases)).toEqual(leases);
  });

  it('of other shards keep nothing back', async () => {
    tables.claimed = [claimedRow('8')];
    expect(await guard.compare(leases)).toEqual(leases);
  });

  it('keep all back where there are too many of them to look at', async () => {
    tables.claimed = Array.from({ length: 1000 }, () => claimedRow('8'));
    expect(await guard.compare(leases)).toEqual([]);
  });
});

describe('a row that was to be taken over, and that somebody finished meanwhile', () => {
  it('is fine where the journal knows it as applied', async () => {
    tables.outcomes.set('IF_BNET_CUST:1', { outcome: 'applied', attempt: noon, repaired: false });
    await guard.compareFinishedMeanwhile([finished('1')]);
    expect(guard.isOpen).toBe(false);
  });

  it('raises the alarm where it does not: the late mark of a decision that is lost', async () => {
    tables.outcomes.set('IF_BNET_CUST:1', { outcome: 'failed', attempt: noon, repaired: false });
    await guard.compareFinishedMeanwhile([finished('1')]);
    expect(guard.evidence).toMatchObject({ kind: 'finishedRows', rows: 1 });
  });

  it('is only warned of where others finish rows by the settings', async () => {
    guard = guardWith({ othersFinishRows: true });
    await guard.compareFinishedMeanwhile([finished('1')]);
    expect(guard.isOpen).toBe(false);
    expect(told).toMatchObject([['finishedByOthers', { rows: 1 }]]);
  });
});

describe('a store without an origin', () => {
  it('begins by itself, a second ago, where no row is finished', async () => {
    tables.origins = [];
    await guard.compare(leases);
    expect(tables.origins).toEqual([{ productId: null, middleClock: '2026-11-01 11:59:59' }]);
    expect(tables.compared).toEqual([leases]);
  });

  it('raises the alarm beside finished rows', async () => {
    tables.origins = [];
    tables.finished = [finished('1')];
    await guard.compare(leases);
    expect(guard.evidence).toMatchObject({ kind: 'noOrigin' });
    expect(tables.origins).toEqual([]);
  });

  it('gives a product that joins others an origin of its own', async () => {
    guard = guardWith({ productIds: ['001', '2'] });
    tables.origins = [{ productId: '1', middleClock: '2026-01-01 00:00:00' }];
    await guard.compare(leases);
    expect(tables.origins.at(-1)).toEqual({ productId: '2', middleClock: noon });
    await guard.compare(leases);
    expect(tables.origins).toHaveLength(2);
  });
});
