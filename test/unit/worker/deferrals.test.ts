import { beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import type { DeferralCause, Stage } from '../../../src/domain/deferral.js';
import type { RowKey } from '../../../src/domain/keys.js';
import type { DeferralRequest, PendingDeferral } from '../../../src/store/port.js';
import { BreakerOpenError } from '../../../src/worker/circuit-breaker.js';
import { Deferrals, type RowToDefer } from '../../../src/worker/deferrals.js';
import type { WorkerEvents } from '../../../src/worker/events.js';
import { DatabaseHealth } from '../../../src/worker/database-health.js';
import { FakeClock } from '../../support/fake-clock.js';

const shards = 8;
const everyShard = new Set(Array.from({ length: shards }, (_, shard) => shard));

let clock: FakeClock;
let put: DeferralRequest[][];
let ended: RowKey[][];
let storeError: Error | null;
let told: { name: keyof WorkerEvents; event: unknown }[];
let deferrals: Deferrals;
beforeEach(() => {
  clock = new FakeClock();
  put = [];
  ended = [];
  told = [];
  storeError = null;
  const emit = (name: keyof WorkerEvents, event: unknown) => {
    told.push({ name, event });
  };
  const call = async (write: () => void): Promise<void> => {
    if (storeError !== null) throw storeError;
    write();
  };
  const store = {
    put: (rows: readonly DeferralRequest[]) => call(() => put.push([...rows])),
    end: (keys: readonly RowKey[]) =>
      call(() => ended.push(keys.map(({ source, streamingNo }) => ({ source, streamingNo })))),
  };
  deferrals = new Deferrals({
    store: () => store,
    shards,
    health: new DatabaseHealth(clock, emit),
    emit,
    clock,
  });
});

const key = (streamingNo: string): RowKey => ({ source: 'CUST', streamingNo });

/** A row of a customer; its own unless the test says whose. */
function row(streamingNo: string, more: Partial<RowToDefer> = {}): RowToDefer {
  return { ...key(streamingNo), custId: streamingNo, cause: 'refused', reason: 'because', ...more };
}

function pending(streamingNo: string, more: Partial<PendingDeferral> = {}): PendingDeferral {
  return { ...row(streamingNo), stage: 'mark', tries: 1, remainingMs: 1000, ...more };
}

const due = (): string[] => deferrals.plan(false).due.map(({ streamingNo }) => streamingNo);
const excluded = () => deferrals.plan(false).excluded;
const all = (): string[] => deferrals.all.map(({ streamingNo }) => streamingNo);

describe('a deferred row', () => {
  it('keeps its customer out of the polls until its pause is over, and is due then', async () => {
    await deferrals.defer('mark', [row('1', { delayMs: 1000 })]);
    expect([excluded(), due(), deferrals.nextRetryMs()]).toEqual([['1'], [], 1000]);
    clock.advance(999);
    expect([excluded(), due(), deferrals.nextRetryMs()]).toEqual([['1'], [], 1]);
    clock.advance(1);
    expect([deferrals.nextRetryMs(), excluded(), due()]).toEqual([0, [], ['1']]);
    clock.advance(3_600_000);
    expect([excluded(), due()]).toEqual([[], ['1']]);
  });

  it('stands in the store with its shard before this returns', async () => {
    await deferrals.defer('claim', [row('9', { cause: 'locked', reason: 'locked by wang', delayMs: 70 })]);
    const deferral = { custId: '9', stage: 'claim', cause: 'locked', reason: 'locked by wang', tries: 1 };
    expect(put).toEqual([[{ ...key('9'), ...deferral, shard: 1, delayMs: 70 }]]);
    expect(deferrals.get(key('9'))).toMatchObject(deferral);
  });

  it('is known in memory, also where the store is away for it', async () => {
    storeError = new DatabaseError('timeout', 'away');
    await expect(deferrals.defer('mark', [row('1')])).rejects.toBe(storeError);
    expect(all()).toEqual(['1']);
    expect(excluded()).toEqual(['1']);
  });

  it('may be of no customer', async () => {
    await deferrals.defer('mark', [row('1', { custId: null })]);
    expect(excluded()).toEqual([null]);
    expect(put[0]![0]!.shard).toBe(0);
    expect(deferrals.customers).toEqual(new Map([[null, 'refused']]));
  });

  it('is tried again only when no other row of its customer has a pause left', async () => {
    await deferrals.defer('mark', [row('1', { custId: '7', delayMs: 10 })]);
    await deferrals.defer('claim', [row('2', { custId: '7', delayMs: 1000 }), row('3', { delayMs: 10 })]);
    clock.advance(10);
    expect([excluded(), due()]).toEqual([['7'], ['3']]);
    clock.advance(990);
    expect([excluded(), due()]).toEqual([[], ['1', '3', '2']]);
  });

  it('defers nobody where there is no row, and writes nothing', async () => {
    await deferrals.defer('mark', []);
    expect([put, told, deferrals.nextRetryMs()]).toEqual([[], [], null]);
    expect(deferrals.plan(false)).toEqual({ excluded: [], due: [] });
  });
});

describe('one page', () => {
  it('tries at most fifty customers again, those first whose pause has been over for longest', async () => {
    const rows = Array.from({ length: 120 }, (_, index) => {
      const custId = String(Math.floor(index / 2));
      return row(String(index), { custId, delayMs: 1000 - Number(custId) });
    });
    await deferrals.defer('mark', rows);
    clock.advance(1000);
    const plan = deferrals.plan(false);
    const last = Array.from({ length: 50 }, (_, index) => String(59 - index));
    expect([...new Set(plan.due.map(({ custId }) => custId))]).toEqual(last);
    expect(plan.due).toHaveLength(100);
    expect([...plan.excluded].sort()).toEqual(Array.from({ length: 10 }, (_, index) => String(index)));
    await deferrals.end(plan.due);
    expect(new Set(deferrals.plan(false).due.map(({ custId }) => custId)).size).toBe(10);
  });
});

describe('the pause', () => {
  const delaysOf = async (stage: Stage, cause: DeferralCause, tries: number): Promise<number[]> => {
    for (let clock = 0; clock < tries; clock += 1) await deferrals.defer(stage, [row('1', { cause })]);
    return put.flat().map(({ delayMs }) => delayMs);
  };

  it('doubles with every try from five seconds up to three quarters of a minute', async () => {
    clock.chance = 1;
    expect(await delaysOf('mark', 'refused', 6)).toEqual([5000, 10_000, 20_000, 40_000, 45_000, 45_000]);
    expect(deferrals.tries(key('1'), 'mark', 'refused')).toBe(6);
  });

  it('is never less than half of that, by chance', async () => {
    clock.chance = 0;
    expect(await delaysOf('claim', 'ignored', 5)).toEqual([2500, 5000, 10_000, 20_000, 22_500]);
  });

  it.each([
    ['apply', 'refused', [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]],
    ['apply', 'locked', [5000, 10_000, 20_000, 40_000, 45_000]],
    ['claim', 'locked', [5000, 10_000, 20_000, 40_000, 45_000]],
  ] as const)('in the stage %s, %s, has limits of its own', async (stage, cause, delays) => {
    clock.chance = 1;
    expect(await delaysOf(stage, cause, delays.length)).toEqual([...delays]);
  });

  it('begins anew in another stage: the tries are counted for one', async () => {
    await delaysOf('claim', 'refused', 3);
    expect([
      deferrals.tries(key('1'), 'claim', 'refused'),
      deferrals.tries(key('1'), 'mark', 'refused'),
    ]).toEqual([3, 0]);
    await deferrals.defer('mark', [row('1')]);
    expect([
      deferrals.tries(key('1'), 'claim', 'refused'),
      deferrals.tries(key('1'), 'mark', 'refused'),
    ]).toEqual([0, 1]);
  });

  it('goes on with another cause', async () => {
    await deferrals.defer('mark', [row('1', { cause: 'locked' })]);
    await deferrals.defer('mark', [row('1', { cause: 'ignored' })]);
    expect(deferrals.get(key('1'))).toMatchObject({ cause: 'ignored', tries: 2 });
  });

  it('is the one given, and so are the tries', async () => {
    await deferrals.defer('apply', [row('1', { tries: 4, delayMs: 0 })]);
    expect(put.flat()).toMatchObject([{ tries: 4, delayMs: 0 }]);
    expect(due()).toEqual(['1']);
  });
});

describe('what the store holds', () => {
  it('takes the place of what was known, for the shards held', async () => {
    await deferrals.defer('mark', [row('1')]);
    const rows = [
      pending('2', { remainingMs: 500, cause: 'locked' }),
      pending('3', { remainingMs: -5 }),
      pending('4'),
    ];
    deferrals.load(rows, new Set([2, 3]), deferrals.reading);
    expect(all()).toEqual(['2', '3']);
    expect([excluded(), due()]).toEqual([['2'], ['3']]);
    expect(deferrals.customers).toEqual(
      new Map([
        ['2', 'locked'],
        ['3', 'refused'],
      ]),
    );
    clock.advance(500);
    expect(due()).toEqual(['3', '2']);
    deferrals.load([], everyShard, deferrals.reading);
    expect(all()).toEqual([]);
  });

  it('lets an operator have a row tried at once, with its tries as they were', async () => {
    await deferrals.defer('mark', [row('1', { tries: 7 })]);
    deferrals.load([pending('1', { tries: 7, remainingMs: 0 })], everyShard, deferrals.reading);
    expect([excluded(), due()]).toEqual([[], ['1']]);
    expect(deferrals.tries(key('1'), 'mark', 'refused')).toBe(7);
  });

  it('is older than what happened after it was read: a row deferred stays, one that ended does not come back', async () => {
    await deferrals.defer('mark', [row('1'), row('2')]);
    const { reading } = deferrals;
    await deferrals.defer('mark', [row('3', { tries: 2, delayMs: 60_000 }), row('4')]);
    await deferrals.end([key('1')]);
    deferrals.load([pending('1'), pending('3', { tries: 1, remainingMs: 0 })], everyShard, reading);
    // 2 was taken off by somebody before the reading; 3 and 4 were deferred after it.
    expect(all()).toEqual(['3', '4']);
    expect(deferrals.get(key('3'))).toMatchObject({ tries: 2 });
    expect(excluded()).toEqual(['3', '4']);
    deferrals.load([pending('4', { remainingMs: 0 })], everyShard, deferrals.reading);
    expect([all(), due()]).toEqual([['4'], ['4']]);
  });
});

describe('a row that ended', () => {
  it('is taken off, in the store as well, and only where it is known', async () => {
    await deferrals.end([key('1')]);
    await deferrals.defer('mark', [row('1'), row('2')]);
    await deferrals.end([key('3')]);
    expect(ended).toEqual([]);
    await deferrals.end([key('3'), { ...key('2'), source: 'ACCOUNT' }, key('2')]);
    expect([ended, all()]).toEqual([[[key('2')]], ['1']]);
    expect(deferrals.tries(key('2'), 'mark', 'refused')).toBe(0);
  });

  it('does not keep its customer waiting, also where the store is away for it', async () => {
    await deferrals.defer('mark', [row('1')]);
    storeError = new DatabaseError('timeout', 'away');
    await expect(deferrals.end([key('1')])).rejects.toBe(storeError);
    expect([all(), excluded()]).toEqual([[], []]);
  });
});

describe('a stage that was not the cause', () => {
  it('has all its rows taken off, and no others', async () => {
    await deferrals.defer('apply', [row('1'), row('2', { cause: 'locked' })]);
    await deferrals.defer('mark', [row('3')]);
    await deferrals.clearStage('apply');
    expect([all(), ended]).toEqual([['3'], [[key('1'), key('2')]]]);
    await deferrals.clearStage('apply');
    expect(ended).toHaveLength(1);
  });
});

describe('more than a thousand customers', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => row(String(index)));

  it('at one stage are not deferred without a word: the fault is not the rows’', async () => {
    await deferrals.defer('mark', many(1000));
    await expect(deferrals.defer('mark', [row('1000')])).rejects.toThrow(BreakerOpenError);
    await expect(deferrals.defer('mark', [row('1001', { reason: 'ORA-20001' })])).rejects.toThrow(
      '1002 customers are deferred at the mark: ORA-20001',
    );
    expect(all()).toHaveLength(1002);
  });

  it('are counted for each stage, and by customer', async () => {
    await deferrals.defer('mark', many(1000));
    await deferrals.defer(
      'mark',
      many(1000).map((each) => ({ ...each, source: 'ACCOUNT' as const })),
    );
    await deferrals.defer('claim', [row('1000')]);
    expect(all()).toHaveLength(2001);
  });
});

describe('what is told', () => {
  it('is each row with its customer, tries, pause and reason: locked ones apart', async () => {
    await deferrals.defer('mark', [
      row('1', { cause: 'locked', reason: 'locked by wang', delayMs: 1 }),
      row('2', { reason: 'no', delayMs: 2 }),
      row('3', { cause: 'ignored', reason: 'undone', delayMs: 3, tries: 5 }),
    ]);
    const rowOf = (no: string, tries: number, delayMs: number, reason: string) => {
      return { ...key(no), custId: no, tries, delayMs, reason };
    };
    expect(told).toEqual([
      { name: 'rowsLocked', event: { stage: 'mark', rows: [rowOf('1', 1, 1, 'locked by wang')] } },
      { name: 'rowsDeferred', event: { stage: 'mark', cause: 'refused', rows: [rowOf('2', 1, 2, 'no')] } },
      {
        name: 'rowsDeferred',
        event: { stage: 'mark', cause: 'ignored', rows: [rowOf('3', 5, 3, 'undone')] },
      },
    ]);
  });

  it('is nothing of rows whose apply was refused: those are tried one by one', async () => {
    await deferrals.defer('apply', [row('1'), row('2', { cause: 'locked' })]);
    expect(told.map(({ name }) => name)).toEqual(['rowsLocked']);
  });
});

describe('a row that was locked before it failed', () => {
  it('is tried with the last row of its customer, and in no hurry once a poll did not bring it', async () => {
    await deferrals.defer('mark', [row('1', { delayMs: 1000 }), row('2', { custId: '1', delayMs: 5000 })]);
    clock.advance(1000);
    expect([due(), deferrals.nextRetryMs()]).toEqual([[], 4000]);
    clock.advance(4000);
    expect([deferrals.nextRetryMs(), due(), deferrals.nextRetryMs()]).toEqual([0, ['1', '2'], null]);
  });

  it('has not failed as often as it was locked: a lock is never held against it', async () => {
    for (let clock = 0; clock < 5; clock += 1)
      await deferrals.defer('apply', [row('1', { cause: 'locked', reason: 'by wang' })]);
    expect(deferrals.tries(key('1'), 'apply', 'locked')).toBe(5);
    expect(deferrals.tries(key('1'), 'apply', 'refused')).toBe(0);
    // As the apply counts.
    const tries = deferrals.tries(key('1'), 'apply', 'refused') + 1;
    await deferrals.defer('apply', [row('1', { tries })]);
    expect(deferrals.tries(key('1'), 'apply', 'refused')).toBe(1);
  });
});

describe('a row whose numbers the store cannot hold', () => {
  it('is kept in mind over the checks of the leases, and so is its customer', async () => {
    await deferrals.defer('mark', [row('abc', { custId: 'xyz' }), row('2', { custId: 'uvw' })]);
    const { reading } = deferrals;
    deferrals.load([pending('2', { custId: null })], everyShard, reading);
    expect(all().sort()).toEqual(['2', 'abc']);
    expect([...excluded()].sort()).toEqual(['uvw', 'xyz']);
    expect(deferrals.tries(key('abc'), 'mark', 'refused')).toBe(1);
  });
});
