import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import { StoreWentBackError } from '../../../src/store/guard-port.js';
import type { LeaseSnapshot, LeaseStore, Pause } from '../../../src/store/port.js';
import type { Emit, WorkerEvents } from '../../../src/worker/events.js';
import { LeaseKeeper } from '../../../src/worker/lease-keeper.js';
import { CredentialsRefusedError, DatabaseHealth } from '../../../src/worker/database-health.js';
import type { WorkerSettings } from '../../../src/worker/settings.js';
import { FakeClock } from '../../support/fake-clock.js';
import { gate } from '../../support/until.js';
import { quickSettings } from '../../support/workers.js';

const leaseTtlMs = 9000;
const checkMs = 3000;

/** A store that answers what the test says. */
class AnsweringStore implements LeaseStore {
  answer: LeaseSnapshot | Error = holding([], 8);
  /** A check waits for it before it is answered. */
  delay: Promise<void> = Promise.resolve();
  checks = 0;
  readonly givenBack: (readonly number[])[] = [];
  released = false;

  async register(): Promise<void> {
    // Nobody registers here.
  }

  async renewAndAcquire(): Promise<LeaseSnapshot> {
    this.checks += 1;
    const { answer } = this;
    await this.delay;
    if (answer instanceof Error) throw answer;
    return answer;
  }

  async compared(): Promise<void> {
    // The guard's affair.
  }

  async releaseShards(shards: readonly number[]): Promise<void> {
    if (this.answer instanceof Error) throw this.answer;
    this.givenBack.push(shards);
  }

  async release(): Promise<void> {
    this.released = true;
  }
}

/** A guard that finds nothing. */
const nothingLost = {
  isOpen: false,
  report: () => false,
  follow: () => Promise.resolve(),
  record: () => Promise.resolve(),
};

const deferrals = { reading: 0, load: () => undefined };

let clock: FakeClock;
let guard: ConstructorParameters<typeof LeaseKeeper>[2]['guard'];
let store: AnsweringStore;
let keeper: LeaseKeeper;
let running: Promise<void>;
let told: unknown[];
let changes: number;
let pausesTold: (readonly Pause[])[];

beforeEach(() => {
  clock = new FakeClock();
  guard = nothingLost;
  store = new AnsweringStore();
  told = [];
  pausesTold = [];
  changes = 0;
  keeper = keeperWith({ leaseTtlMs });
});
afterEach(async () => {
  await keeper.stop(running.catch(() => undefined));
});

function keeperWith(settings: Partial<WorkerSettings>): LeaseKeeper {
  const emit: Emit = (name, event) => {
    if (name === 'leases') told.push(event);
    if (name === 'paused') pausesTold.push((event as WorkerEvents['paused']).pauses);
  };
  const onChange = () => {
    changes += 1;
  };
  running = Promise.resolve();
  const parts = {
    clock,
    emit,
    health: new DatabaseHealth(clock, () => undefined),
    guard,
    deferrals,
    onChange,
  };
  return new LeaseKeeper(store, { ...quickSettings, ...settings }, parts);
}

function holding(shards: readonly number[], share: number, term = 1): LeaseSnapshot {
  return {
    leases: shards.map((shard) => ({ shard, term, server: '' })),
    share,
    uncompared: [],
    workers: 2,
    pauses: [],
    alarms: [],
    deferrals: [],
  };
}

/** Starts with this answer; resolves after the first check. */
async function start(answer: LeaseSnapshot | Error): Promise<void> {
  store.answer = answer;
  running = keeper.run();
  await settle();
}

/** The next check, with this answer. */
async function check(answer: LeaseSnapshot | Error): Promise<void> {
  store.answer = answer;
  clock.advance(checkMs);
  await settle();
}

/** Lets everything happen that waits for no clock. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

const held = (): number[] => keeper.held().map(({ shard }) => shard);
const nothingInFlight = () => false;

describe('shards above the share', () => {
  it('are held no more, the last ones first, and nobody is given back before it is asked', async () => {
    await start(holding([0, 1, 2, 3], 4));
    await check(holding([0, 1, 2, 3], 2));
    expect(held()).toEqual([0, 1]);
    expect(store.givenBack).toEqual([]);
    expect(told).toEqual([
      { held: 4, shards: 8, workers: 2 },
      { held: 2, shards: 8, workers: 2 },
    ]);
    expect(changes).toBe(2);
  });

  it('are given back when nothing of them is in flight', async () => {
    await start(holding([0, 1, 2, 3], 2));
    await keeper.releaseLeaving((shard) => shard === 3);
    expect(store.givenBack).toEqual([[2]]);
    await keeper.releaseLeaving((shard) => shard === 3);
    expect(store.givenBack).toEqual([[2]]);
    await keeper.releaseLeaving(nothingInFlight);
    await keeper.releaseLeaving(nothingInFlight);
    expect(store.givenBack).toEqual([[2], [3]]);
    expect(held()).toEqual([0, 1]);
  });

  it('stay leaving while something of them is in flight, though lower ones could leave instead', async () => {
    await start(holding([4, 5, 6], 2));
    await check(holding([0, 4, 5, 6], 3));
    expect(held()).toEqual([0, 4, 5]);
    await check(holding([0, 4, 5, 6, 7], 4));
    expect(held()).toEqual([0, 4, 5, 7]);
    await keeper.releaseLeaving(nothingInFlight);
    expect(store.givenBack).toEqual([[6]]);
  });

  it('stay when the share grows again before they were given back', async () => {
    await start(holding([0, 1, 2, 3], 2));
    await keeper.releaseLeaving(() => true);
    await check(holding([0, 1, 2, 3], 3));
    expect(held()).toEqual([0, 1, 2]);
    await check(holding([0, 1, 2, 3], 8));
    expect(held()).toEqual([0, 1, 2, 3]);
    await keeper.releaseLeaving(nothingInFlight);
    expect(store.givenBack).toEqual([]);
  });

  it('leave anew after they came back under another term', async () => {
    await start(holding([0, 1], 1));
    await keeper.releaseLeaving(nothingInFlight);
    await check(holding([0], 1));
    await check(holding([0, 1], 2, 2));
    expect(keeper.held()).toEqual([
      { shard: 0, term: 2, server: '' },
      { shard: 1, term: 2, server: '' },
    ]);
  });

  it('are everything where the share is nothing', async () => {
    await start(holding([0, 1], 0));
    expect(held()).toEqual([]);
    await keeper.releaseLeaving(nothingInFlight);
    expect(store.givenBack).toEqual([[0, 1]]);
  });

  it('are given back later when the store is away', async () => {
    await start(holding([0, 1], 1));
    store.answer = new DatabaseError('timeout', 'away');
    await expect(keeper.releaseLeaving(nothingInFlight)).rejects.toBe(store.answer);
    expect(held()).toEqual([0]);
    store.answer = holding([0, 1], 1);
    await keeper.releaseLeaving(nothingInFlight);
    expect(store.givenBack).toEqual([[1]]);
  });
});

describe('pauses', () => {
  const pause: Pause = {
    target: { source: 'CUST' },
    since: '2026-11-01T08:00:00.000Z',
    who: 'w',
    reason: null,
  };

  it('are known from the first check on, and told when they change, and only then', async () => {
    await start({ ...holding([0], 8), pauses: [pause] });
    expect(keeper.pauses).toEqual([pause]);
    await check({ ...holding([0], 8), pauses: [{ ...pause }] });
    expect(pausesTold).toEqual([[pause]]);
    await check(new DatabaseError('timeout', 'away'));
    expect(keeper.pauses).toEqual([pause]);
    await check(holding([0], 8));
    expect([keeper.pauses, pausesTold]).toEqual([[], [[pause], []]]);
    // The worker is woken for the leases, for the pause, and for its end.
    expect(changes).toBe(3);
  });

  it('are not told where there are none', async () => {
    await start(holding([0], 8));
    await check(holding([0], 8));
    expect(pausesTold).toEqual([]);
  });
});

describe('leases held', () => {
  it('are none before the first check', () => {
    expect(held()).toEqual([]);
  });

  it('are none after a whole lease time without a renewal, and those of the next answer at once', async () => {
    await start(holding([0, 1], 8));
    for (let passed = checkMs; passed < leaseTtlMs; passed += checkMs) {
      await check(new DatabaseError('timeout', 'away'));
      expect(held()).toEqual([0, 1]);
    }
    clock.advance(checkMs - 1);
    expect(held()).toEqual([0, 1]);
    clock.advance(1);
    expect(held()).toEqual([]);
    await check(holding([0, 1], 8));
    expect(held()).toEqual([0, 1]);
  });

  it('are counted from the moment the check was sent: the answer may be late', async () => {
    const answered = gate();
    store.delay = answered.passed;
    await start(holding([0, 1], 8));
    clock.advance(leaseTtlMs - 1);
    answered.open();
    await settle();
    expect(held()).toEqual([0, 1]);
    clock.advance(1);
    expect(held()).toEqual([]);
  });

  it('are told when they have changed, the terms too, and not at every check', async () => {
    await start(holding([0, 1], 8));
    await check(holding([0, 1], 8));
    expect(changes).toBe(1);
    await check(holding([0, 1], 8, 2));
    expect(changes).toBe(2);
    await check(holding([0], 8, 2));
    expect(told).toHaveLength(3);
  });
});

describe('a lost lease', () => {
  it('makes all of them be asked for at once, and none be held till then', async () => {
    await start(holding([0, 1], 8));
    store.answer = holding([1], 8);
    keeper.recheck();
    expect(held()).toEqual([]);
    await settle();
    expect(store.checks).toBe(2);
    expect(held()).toEqual([1]);
  });
});

describe('checks', () => {
  it.each([
    [9000, 3000],
    [12_000, 4000],
    [15_000, 4000],
    [600_000, 4000],
    [600, 200],
  ])('with leases of %i ms follow every %i ms', async (ttl, interval) => {
    keeper = keeperWith({ leaseTtlMs: ttl });
    await start(holding([0], 8));
    expect(store.checks).toBe(1);
    clock.advance(interval - 1);
    await settle();
    expect(store.checks).toBe(1);
    clock.advance(1);
    await settle();
    expect(store.checks).toBe(2);
  });

  it('go on through an outage', async () => {
    await start(new DatabaseError('unreachable', 'away'));
    await check(new DatabaseError('conflict', 'busy'));
    await check(holding([0], 8));
    expect(held()).toEqual([0]);
  });

  it('end where credentials are refused', async () => {
    store.answer = new DatabaseError('credentials', 'no');
    running = keeper.run();
    await expect(running).rejects.toBeInstanceOf(CredentialsRefusedError);
  });

  it('are given back at a stop whose connection finds a loss, which is recorded first', async () => {
    const done: string[] = [];
    const record = async () => void done.push('record');
    guard = { ...nothingLost, record, report: (error) => error instanceof StoreWentBackError };
    store.release = async () => {
      if (done.push('release') === 1) throw new StoreWentBackError([]);
    };
    await keeperWith({ leaseTtlMs }).stop(Promise.resolve());
    expect(done).toEqual(['release', 'record', 'release']);
  });

  it('end at a stop, which gives everything back', async () => {
    await start(holding([0, 1], 8));
    await keeper.stop(running);
    expect(store.released).toBe(true);
    expect(held()).toEqual([]);
    clock.advance(10 * leaseTtlMs);
    await settle();
    expect(store.checks).toBe(1);
  });
});
