import { beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import type { InterfaceRow } from '../../../src/domain/rows.js';
import { LeaseLostError, type Lease, type ProductStore } from '../../../src/store/port.js';
import type { Batch, BatchRow } from '../../../src/worker/batch.js';
import { ApplyStage, type Applied } from '../../../src/worker/apply-stage.js';
import { BreakerOpenError, CircuitBreakers } from '../../../src/worker/circuit-breaker.js';
import { ClaimRegister } from '../../../src/worker/claim-register.js';
import { Sightings } from '../../../src/worker/sightings.js';
import type { Emit } from '../../../src/worker/events.js';
import { Deferrals } from '../../../src/worker/deferrals.js';
import { InFlight } from '../../../src/worker/in-flight.js';

import { DatabaseHealth } from '../../../src/worker/database-health.js';
import { CrashQuarantine } from '../../../src/worker/crash-quarantine.js';
import type { WorkerContext } from '../../../src/worker/context.js';
import { customerRow } from '../../support/builders.js';
import { FakeClock } from '../../support/fake-clock.js';
import { ScriptedStore } from '../../support/scripted-store.js';
import { quickSettings } from '../../support/workers.js';

const attempt = '2026-11-20 08:00:05';
const timeout = new DatabaseError('timeout', 'away');
const leases: readonly Lease[] = Array.from({ length: quickSettings.shards }, (_, shard) => ({
  shard,
  term: 1,
  server: '',
}));

let store: ScriptedStore;
let breakers: CircuitBreakers;
let quarantine: CrashQuarantine;
let told: unknown[];
beforeEach(() => {
  const clock = new FakeClock();
  store = new ScriptedStore();
  breakers = new CircuitBreakers(quickSettings.breakerThreshold);
  told = [];
  const emit: Emit = (name, event) => {
    if (name === 'crashRetry') told.push(event);
  };
  const unused = undefined as never;
  const product: ProductStore = {
    crashLog: store,
    apply: (held, work) => store.apply(held, work),
    readBeforeClaim: unused,
    leases: unused,
    guard: unused,
    deferrals: { put: async () => undefined, end: async () => undefined },
    ping: unused,
    close: unused,
  };
  const health = new DatabaseHealth(clock, emit);
  const context: WorkerContext = {
    middle: unused,
    store: product,
    settings: quickSettings,
    inFlight: new InFlight(clock),
    clock,
    claims: new ClaimRegister(quickSettings.shards),
    sightings: new Sightings(clock, 0),
    deferrals: new Deferrals({
      store: () => product.deferrals,
      shards: quickSettings.shards,
      health,
      emit,
      clock,
    }),
    breakers,
    health,
    guard: unused,
    emit,
  };
  quarantine = new CrashQuarantine(
    context,
    new ApplyStage(context, { handlers: {}, limitMs: 1000, around: (_, work) => work() }),
  );
});

/** A row taken over of this customer, an open. */
function taken(streamingNo: string, custId = streamingNo, columns: Partial<InterfaceRow> = {}): BatchRow {
  const row = customerRow({ streamingNo, custId, stateDate: attempt, ...columns });
  return { source: 'CUST', streamingNo, attempt, row, takenOver: true, duplicates: [] };
}

const follower = (streamingNo: string, custId: string): BatchRow => ({
  ...taken(streamingNo, custId),
  takenOver: false,
});

async function run(...rows: readonly BatchRow[]): Promise<Applied[]> {
  const batch: Batch = { rows, leases, now: attempt };
  const results: Applied[] = [];
  for await (const result of quarantine.run(batch)) results.push(result);
  return results;
}

const numbersOf = (results: readonly Applied[]): string[][] =>
  results.map(({ decided }) => decided.map(({ row }) => row.streamingNo));
const begun = (): string[] => store.done.filter((what) => what.startsWith('begin '));
const of = (streamingNo: string): string[] =>
  store.done.filter((what) => what.endsWith(` ${streamingNo}`)).map((what) => what.split(' ')[0]!);

describe('a row taken over', () => {
  it('is tried after a note that it is, and all notes go when it is decided', async () => {
    expect(numbersOf(await run(taken('1', '64')))).toEqual([['1']]);
    expect(store.done).toEqual(['begin 1', 'apply 1', 'open 64', 'end 1']);
    expect(told).toEqual([]);
  });

  it('is decided where it is refused, too', async () => {
    expect(numbersOf(await run(taken('1', '64', { custName: null })))).toEqual([['1']]);
    expect(store.done).toEqual(['begin 1', 'apply 1', 'end 1']);
  });

  it('is tried alone, and the next one when nothing of it is left to do', async () => {
    expect(numbersOf(await run(taken('1'), taken('2')))).toEqual([['1', '2']]);
    expect(store.done.filter((what) => !what.startsWith('open'))).toEqual([
      'begin 1',
      'apply 1',
      'end 1',
      'begin 2',
      'apply 2',
      'end 2',
    ]);
  });

  it('whose attempt a later one superseded gets the answer of that one, and is not executed again', async () => {
    store.superseded.add('1');
    const [result] = await run(taken('1', '64'));
    expect(result?.decided).toMatchObject([
      { outcome: 'failed', errContent: '00404', alreadyJournalled: { again: true } },
    ]);
    expect(store.done).toEqual(['begin 1', 'apply 1', 'end 1']);
    expect(store.recorded).toEqual([]);
  });

  it('is not tried without a note: when the store is away for it, nothing is executed', async () => {
    store.failing.set('begin 1', timeout);
    expect(await run(taken('1'), taken('2'))).toEqual([{ decided: [], stoppedBy: timeout }]);
    expect(store.done).toEqual(['begin 1']);
  });

  it('is told with the processes that it ended', async () => {
    store.dead.set('1', 2);
    await run(taken('1'), taken('2'));
    expect(told).toEqual([{ source: 'CUST', streamingNo: '1', crashes: 2, final: false }]);
  });
});

describe('the note is taken back', () => {
  it('where nothing was decided: the row met an error of its own', async () => {
    store.failing.set('apply 1', new DatabaseError('data', 'too long'));
    expect(numbersOf(await run(taken('1'), taken('2')))).toEqual([['2']]);
    expect(of('1')).toEqual(['begin', 'apply', 'clear']);
    expect(of('2')).toEqual(['begin', 'apply', 'open', 'end']);
  });

  it('where nothing was decided: another worker was faster', async () => {
    store.overtaken.add('1');
    expect(numbersOf(await run(taken('1', '64')))).toEqual([[]]);
    expect(store.done).toEqual(['begin 1', 'apply 1', 'open 64', 'clear 1']);
    expect(store.recorded).toEqual([]);
  });

  it.each([
    ['the store fell away', timeout],
    ['the lease was lost', new LeaseLostError('gone')],
  ])('where %s, and no other row is tried', async (_what, error) => {
    store.failing.set('apply 2', error);
    expect(await run(taken('1'), taken('2'), taken('3'))).toMatchObject([
      { decided: [{ row: { streamingNo: '1' } }], stoppedBy: error },
    ]);
    expect(of('2')).toEqual(['begin', 'apply', 'clear']);
    expect(of('3')).toEqual([]);
  });

  it('at the next run where it could not be, before anything else, and once', async () => {
    store.failing.set('apply 1', timeout).set('clear 1', timeout);
    expect(await run(taken('1'))).toEqual([{ decided: [], stoppedBy: timeout }]);
    store.failing.clear();
    store.done.length = 0;
    await run(taken('2', '64'));
    expect(store.done).toEqual(['clear 1', 'begin 2', 'apply 2', 'open 64', 'end 2']);
    store.done.length = 0;
    await run(taken('3', '64'));
    expect(store.done).not.toContain('clear 1');
  });

  it('still where that failed again: nothing is tried before', async () => {
    store.failing.set('apply 1', timeout).set('clear 1', timeout);
    await run(taken('1'));
    await expect(run(taken('2'))).rejects.toBe(timeout);
    expect(of('2')).toEqual([]);
    store.failing.clear();
    await run(taken('2'));
    expect(of('1')).toEqual(['begin', 'apply', 'clear', 'clear', 'clear']);
  });

  it('where the store only fell away for that, the run stops', async () => {
    store.failing.set('apply 1', new DatabaseError('data', 'too long')).set('clear 1', timeout);
    expect(await run(taken('1'), taken('2'))).toEqual([{ decided: [], stoppedBy: timeout }]);
  });
});

describe('the order of trials', () => {
  it('is that of the processes that ended: rows with the fewest first, and they are marked first', async () => {
    store.dead.set('1', 2).set('2', 1).set('4', 1);
    const results = await run(taken('1'), taken('2'), taken('3'), taken('4'), taken('5'));
    expect(numbersOf(results)).toEqual([['3', '5'], ['2', '4'], ['1']]);
    expect(begun()).toEqual(['begin 3', 'begin 5', 'begin 2', 'begin 4', 'begin 1']);
  });

  it('within a customer stays theirs: the rows before one that ended processes wait with it', async () => {
    store.dead.set('2', 1);
    const results = await run(taken('1', '64'), taken('2', '64'), taken('3', '65'), follower('4', '64'));
    expect(numbersOf(results)).toEqual([['3'], ['1', '2', '4']]);
  });

  it('lets the later rows of a customer wait for one that is left undecided, and the others go on', async () => {
    store.failing.set('apply 1', new DatabaseError('data', 'too long'));
    const results = await run(taken('1', '64'), follower('2', '64'), taken('3', '64'), taken('4', '65'));
    expect(numbersOf(results)).toEqual([['4']]);
    expect([of('2'), of('3')]).toEqual([[], []]);
  });

  it('asks for the notes of rows taken over, and makes none of those that only follow', async () => {
    expect(numbersOf(await run(taken('1', '64'), follower('2', '64')))).toEqual([['1', '2']]);
    expect(store.asked.map(({ streamingNo }) => streamingNo)).toEqual(['1']);
    expect(of('2')).toEqual(['apply']);
  });

  it('is not known while the store is away: nothing is tried', async () => {
    store.failing.set('crashCounts', timeout);
    await expect(run(taken('1'))).rejects.toBe(timeout);
    expect(store.done).toEqual([]);
  });
});

describe('a row that ended maxAttempts processes', () => {
  it('is refused with 00205 and not executed, and its notes go', async () => {
    store.dead.set('1', quickSettings.maxAttempts);
    const [result] = await run(taken('1', '64'));
    expect(result!.decided).toMatchObject([{ outcome: 'failed', code: '00205' }]);
    expect(result!.decided[0]!.errContent).toContain('处理该行时进程已 3 次异常退出, 不再处理');
    expect(store.recorded).toMatchObject([{ streamingNo: '1', outcome: 'failed', code: '00205' }]);
    expect(store.done).toEqual(['apply 1', 'end 1']);
    expect(told).toEqual([{ source: 'CUST', streamingNo: '1', crashes: 3, final: true }]);
  });

  it('is executed where it ended one less', async () => {
    store.dead.set('1', quickSettings.maxAttempts - 1);
    const [result] = await run(taken('1', '64'));
    expect(result!.decided).toMatchObject([{ outcome: 'applied' }]);
  });

  it('does not refuse another attempt with it: the next one is judged by its own notes', async () => {
    store.dead.set('1', quickSettings.maxAttempts);
    await run(taken('1', '64'));
    store.dead.clear();
    const [result] = await run(taken('1', '64'));
    expect(result!.decided).toMatchObject([{ outcome: 'applied' }]);
  });

  it('is refused while the breaker is open, too: no error of ours ends a process', async () => {
    breakers.apply.open();
    store.dead.set('1', quickSettings.maxAttempts);
    const [result] = await run(taken('1', '64'));
    expect(result!.decided).toMatchObject([{ outcome: 'failed', code: '00205' }]);
  });

  it('is refused at the next run where the refusal was not committed, and its notes are there still', async () => {
    store.dead.set('1', quickSettings.maxAttempts);
    store.failing.set('apply 1', timeout);
    expect(await run(taken('1', '64'))).toEqual([{ decided: [], stoppedBy: timeout }]);
    expect(store.done).toEqual(['apply 1']);
    store.failing.clear();
    expect((await run(taken('1', '64')))[0]!.decided).toMatchObject([{ code: '00205' }]);
  });
});

describe('an error that meets row after row', () => {
  it('opens the breaker: the trials stop, and no note is left', async () => {
    const rows = Array.from({ length: quickSettings.breakerThreshold + 2 }, (_, index) => taken(`${index}`));
    for (const row of rows) store.failing.set(`apply ${row.streamingNo}`, new DatabaseError('other', 'odd'));
    const [result] = await run(...rows);
    expect(result!.stoppedBy).toBeInstanceOf(BreakerOpenError);
    expect(begun()).toHaveLength(quickSettings.breakerThreshold);
    expect(store.done.filter((what) => what.startsWith('clear '))).toHaveLength(begun().length);
  });
});

describe('a row that somebody had locked', () => {
  it('is not refused for it: locks are no failures, however many, and the first failure is the first', async () => {
    const own = taken('1', '64');
    store.failing.set('apply 1', new DatabaseError('locked', 'locked'));
    for (let clock = 0; clock < 2 * quickSettings.maxAttempts; clock += 1) await run(own);
    store.failing.set('apply 1', new DatabaseError('other', 'a fault of the moment'));
    await run(own);
    store.failing.clear();
    expect(numbersOf(await run(own))).toEqual([['1']]);
    expect(store.recorded).toMatchObject([{ outcome: 'applied', code: null }]);
  });
});
