import { beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import { rowId } from '../../../src/domain/keys.js';
import { State } from '../../../src/domain/states.js';
import type { DeferralRequest } from '../../../src/store/port.js';
import type { DecidedRow } from '../../../src/worker/apply-batch.js';
import type { BatchRow } from '../../../src/worker/batch.js';
import { BreakerOpenError, CircuitBreakers } from '../../../src/worker/circuit-breaker.js';
import { ClaimRegister } from '../../../src/worker/claim-register.js';
import { Sightings } from '../../../src/worker/sightings.js';
import { Deferrals } from '../../../src/worker/deferrals.js';
import type { WorkerEvents } from '../../../src/worker/events.js';
import { InFlight } from '../../../src/worker/in-flight.js';
import { MarkStage } from '../../../src/worker/mark-stage.js';
import { DatabaseHealth } from '../../../src/worker/database-health.js';
import type { StoreGuard } from '../../../src/worker/store-guard.js';
import type { WorkerContext } from '../../../src/worker/context.js';
import { customerRow } from '../../support/builders.js';
import { FakeClock } from '../../support/fake-clock.js';
import { NarrowTables } from '../../support/narrow-tables.js';
import { middleDatabase } from '../../support/operations.js';
import { quickSettings } from '../../support/workers.js';

const attempt = '2026-11-01 08:00:00';

let tables: NarrowTables;
let clock: FakeClock;
let breakers: CircuitBreakers;
let told: { name: keyof WorkerEvents; event: unknown }[];
let put: DeferralRequest[];
let ended: string[];
let context: WorkerContext;
let stage: MarkStage;
beforeEach(() => {
  tables = new NarrowTables();
  clock = new FakeClock();
  breakers = new CircuitBreakers(quickSettings.breakerThreshold);
  [told, put, ended] = [[], [], []];
  const emit = (name: keyof WorkerEvents, event: unknown) => {
    told.push({ name, event });
  };
  const health = new DatabaseHealth(clock, emit);
  const store = {
    put: async (rows: readonly DeferralRequest[]) => {
      put.push(...rows);
    },
    end: async (keys: readonly { streamingNo: string }[]) => {
      ended.push(...keys.map(({ streamingNo }) => streamingNo));
    },
  };
  context = {
    middle: middleDatabase({
      mark: (marks) => tables.mark(marks),
      lockHolders: async () => new Map([[rowId({ source: 'CUST', streamingNo: 'b1' }), 'wang (DBeaver)']]),
    }),
    store: undefined as never,
    settings: quickSettings,
    inFlight: new InFlight(clock),
    claims: new ClaimRegister(quickSettings.shards),
    sightings: new Sightings(clock, 0),
    deferrals: new Deferrals({
      store: () => store,
      shards: quickSettings.shards,
      health,
      emit,
      clock,
    }),
    breakers,
    health,
    guard: { isOpen: false } as Partial<StoreGuard> as StoreGuard,
    emit,
    clock,
  };
  stage = new MarkStage(context);
});

/** The number of a customer: `a1` is a row of customer 1. */
const customerOf = (name: string): string => String(name.charCodeAt(0) - 96);

/** A decided row; with a text a failure. */
function decided(name: string, errContent: string | null = null, more: Partial<BatchRow> = {}): DecidedRow {
  const row = customerRow({ streamingNo: name, custId: customerOf(name), stateDate: attempt });
  const batchRow = {
    source: 'CUST',
    streamingNo: name,
    attempt,
    row,
    takenOver: false,
    duplicates: [],
    ...more,
  } as const;
  const code = errContent?.slice(0, 5) ?? null;
  const outcome = errContent === null ? 'applied' : 'failed';
  return { row: batchRow, outcome, code, errContent, contentChanged: false };
}

const long = `00403 数据格式不正确: CustName "${'很'.repeat(250)}"`;
const bytesOf = (text: string | null | undefined): number => Buffer.byteLength(text ?? '');
const namesOf = (statement: { readonly marks: readonly string[] }): string[] =>
  statement.marks.map((mark) => mark.split(':')[0]!);
const deferred = () => put.map(({ streamingNo, cause }) => `${streamingNo} ${cause}`);
const toldNames = () => told.map(({ name }) => name);

describe('successes', () => {
  it('are marked by a statement of their own, with no text of another customer, and before them', async () => {
    await stage.mark([decided('a1'), decided('b1', '00404 x'), decided('c1'), decided('b2'), decided('a2')]);
    expect(tables.statements.map(namesOf)).toEqual([
      ['a1', 'c1', 'a2'],
      ['b1', 'b2'],
    ]);
  });

  it('do not wait for a text that the table refuses in whatever form', async () => {
    tables.refused.set('b1', new DatabaseError('constraint', 'never'));
    await stage.mark([decided('b1', long), decided('a1'), decided('c1')]);
    expect(tables.statements[0]).toEqual({ marks: ['a1', 'c1'], landed: true });
    expect(tables.landed).toEqual(['a1', 'c1']);
    expect(deferred()).toEqual(['b1 refused']);
  });

  it('are one statement with nothing else where every row succeeded, and none where there are no rows', async () => {
    await stage.mark([decided('a1'), decided('b1')]);
    expect(tables.statements).toHaveLength(1);
    await stage.mark([]);
    expect(tables.statements).toHaveLength(1);
  });
});

describe('refused rows of a batch', () => {
  it('are told by code, with how many there are and the first three of them', async () => {
    const of402 = ['a1', 'b1', 'c1', 'd1', 'e1'].map((name) => decided(name, '00402 x'));
    await stage.mark([...of402, decided('f1', '00404 y'), decided('g1')]);
    const events = told.filter(({ name }) => name === 'rowsFailed').map(({ event }) => event);
    const example = (streamingNo: string, code: string, errContent: string) => ({
      ...{ source: 'CUST', streamingNo, code, errContent },
    });
    expect(events).toEqual([
      {
        ...{ source: 'CUST', code: '00402', rows: 5 },
        examples: ['a1', 'b1', 'c1'].map((name) => example(name, '00402', '00402 x')),
      },
      { source: 'CUST', code: '00404', rows: 1, examples: [example('f1', '00404', '00404 y')] },
    ]);
  });
});

describe('a text that the table refuses', () => {
  it('shrinks for its row alone, and all other texts are as they were', async () => {
    tables.maxBytes = 200;
    await stage.mark([
      decided('a1', '00404 业务逻辑执行错误'),
      decided('b1', long),
      decided('c1', '00405 x'),
    ]);
    expect(tables.texts.get('a1')).toBe('00404 业务逻辑执行错误');
    expect(tables.texts.get('c1')).toBe('00405 x');
    const cut = tables.texts.get('b1')!;
    expect(long.startsWith(cut)).toBe(true);
    expect(bytesOf(cut)).toBeLessThanOrEqual(200);
    expect(bytesOf(cut)).toBeGreaterThan(50);
    expect(put).toEqual([]);
  });

  it('is cut to the room that the server tells', async () => {
    tables.maxBytes = 333;
    tables.tellsRoom = true;
    await stage.mark([decided('a1', long)]);
    expect(bytesOf(tables.texts.get('a1'))).toBeGreaterThan(330);
    expect(tables.statements).toHaveLength(2);
  });

  it('shrinks down to the code alone, and is told as it was decided', async () => {
    tables.maxBytes = 5;
    await stage.mark([decided('a1', long)]);
    expect(tables.texts.get('a1')).toBe('00403');
    expect(told.find(({ name }) => name === 'rowFailed')?.event).toMatchObject({ errContent: long });
    expect(put).toEqual([]);
  });

  it('puts its row off where even the code is refused, with the customer’s later rows left, in few statements', async () => {
    tables.maxBytes = 4;
    await stage.mark([decided('a1', long), decided('a2'), decided('b1')]);
    expect(tables.landed).toEqual(['b1']);
    expect(deferred()).toEqual(['a1 refused']);
    expect(put[0]).toMatchObject({ stage: 'mark', tries: 1, reason: 'value too long' });
    expect(toldNames()).toContain('rowsDeferred');
    expect(tables.statements.length).toBeLessThanOrEqual(12);
  });
});

describe('the room for texts', () => {
  const pageOf = (first: number) =>
    Array.from({ length: 20 }, (_, index) => decided(`${'abcdefghijklmnopqrst'[index]}${first}`, long));

  it('is learned from the first text that is taken, so that the others of a page fit at once', async () => {
    tables.maxBytes = 200;
    await stage.mark(pageOf(1));
    expect(tables.landed).toHaveLength(20);
    const refused = tables.statements.filter(({ landed }) => !landed).length;
    // Halved down to the first row, and its longer forms.
    expect(refused).toBeLessThanOrEqual(Math.ceil(Math.log2(20)) + 4);
    tables.statements.length = 0;
    await stage.mark(pageOf(2));
    expect(tables.statements.map(({ landed }) => landed)).toEqual([true]);
  });

  it('is forgotten after ten minutes: somebody may have made the column wider', async () => {
    tables.maxBytes = 200;
    await stage.mark([decided('a1', long)]);
    tables.maxBytes = 1024;
    clock.advance(600_000);
    await stage.mark([decided('a2', long)]);
    expect(bytesOf(tables.texts.get('a2'))).toBeLessThanOrEqual(200);
    clock.advance(1);
    await stage.mark([decided('a3', long)]);
    expect(tables.texts.get('a3')).toBe(long);
  });

  it('does not cut texts that are shorter than the one refused', async () => {
    tables.maxBytes = 200;
    await stage.mark([decided('a1', long)]);
    const short = `00404 业务逻辑执行错误: ${'x'.repeat(100)}`;
    await stage.mark([decided('b1', short)]);
    expect(tables.texts.get('b1')).toBe(short);
  });

  it('is learned of each table for itself', async () => {
    tables.maxBytes = 200;
    await stage.mark([decided('a1', long)]);
    tables.maxBytes = 1024;
    await stage.mark([decided('b1', long, { source: 'ACCOUNT' })]);
    expect(tables.texts.get('b1')).toBe(long);
  });
});

describe('the order within a customer', () => {
  it('holds where one of its rows is refused: the earlier ones land, the later ones are left', async () => {
    tables.refused.set('a3', new DatabaseError('constraint', 'no'));
    await stage.mark(['a1', 'a2', 'a3', 'a4', 'b1'].map((name) => decided(name)));
    expect(tables.landed.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2']);
    expect(tables.landed).toContain('b1');
    expect(deferred()).toEqual(['a3 refused']);
  });

  it('holds where one of its rows is locked: what is held back is neither told as marked nor deferred', async () => {
    tables.locked.add('b1');
    await stage.mark([decided('a1'), decided('b1'), decided('b2'), decided('c1')]);
    expect(tables.landed).toEqual(['a1', 'c1']);
    expect(deferred()).toEqual(['b1 locked']);
    expect(put[0]).toMatchObject({ reason: 'by wang (DBeaver)' });
    expect(toldNames()).toContain('rowsLocked');
    expect(told.find(({ name }) => name === 'marked')?.event).toMatchObject({ succeeded: 2, failed: 0 });
    expect(breakers.mark.closed).toBe(true);
  });

  it('is asked of the table with each customer’s rows in order', async () => {
    await stage.mark([decided('a1'), decided('b1', '00404'), decided('a2', '00404'), decided('b2')]);
    expect(tables.statements.map(namesOf)).toEqual([['a1', 'b1', 'a2', 'b2']]);
    expect(tables.lastMarks.map(({ custId }) => custId)).toEqual(['1', '2', '1', '2']);
  });
});

describe('a row whose mark has no effect', () => {
  it('is deferred as ignored, and all others are told', async () => {
    tables.ignored.add('b1');
    await stage.mark([decided('a1'), decided('b1'), decided('c1')]);
    expect(deferred()).toEqual(['b1 ignored']);
    expect(put[0]!.reason).toContain('no effect');
    expect(told.find(({ name }) => name === 'marked')?.event).toMatchObject({ succeeded: 2 });
  });

  it('opens the breaker with as many others, where none goes through: nobody is deferred', async () => {
    const names = ['a1', 'b1', 'c1', 'd1', 'e1'];
    for (const name of names) tables.ignored.add(name);
    await expect(stage.mark(names.map((name) => decided(name)))).rejects.toBeInstanceOf(BreakerOpenError);
    expect(put).toEqual([]);
    expect(breakers.mark.closed).toBe(false);
  });

  it('is looked at when it comes again: this very attempt was marked before', async () => {
    await stage.mark([decided('a1')]);
    expect(tables.lastMarks[0]!.again).toBeUndefined();
    await stage.mark([decided('a1'), decided('b1')]);
    expect(tables.lastMarks.map(({ again }) => again)).toEqual([true, undefined]);
    await stage.mark([decided('a1', null, { attempt: '2026-11-01 09:00:00' })]);
    expect(tables.lastMarks[0]!.again).toBeUndefined();
  });
});

describe('a row that is marked', () => {
  it('is taken off the deferred rows', async () => {
    tables.locked.add('a1');
    await stage.mark([decided('a1'), decided('b1')]);
    expect([deferred(), ended]).toEqual([['a1 locked'], []]);
    tables.locked.clear();
    await stage.mark([decided('a1'), decided('b2')]);
    // Customers with a row that is tried again come after the others.
    expect(tables.statements.slice(-2).map(namesOf)).toEqual([['b2'], ['a1']]);
    expect(ended).toEqual(['a1']);
    expect(context.deferrals.all).toEqual([]);
  });

  it('has a conflict told only where it has another answer than this', async () => {
    tables.conflicts.set('a1', { state: State.Succeeded, stateDate: attempt });
    tables.conflicts.set('b1', { state: State.Initial, stateDate: attempt });
    await stage.mark([decided('a1'), decided('b1')]);
    expect(told.filter(({ name }) => name === 'markConflict').map(({ event }) => event)).toMatchObject([
      { mark: { streamingNo: 'b1' }, state: State.Initial },
    ]);
    expect(put).toEqual([]);
  });

  it('has all attempts of its key marked, and lets too many attribute rows stay', async () => {
    await stage.mark([decided('a1', '00403', { duplicates: ['2026-11-01 07:00:00'], attributesStay: true })]);
    expect(tables.lastMarks).toMatchObject([
      { attempt, attributesStay: true },
      { attempt: '2026-11-01 07:00:00', attributesStay: true },
    ]);
  });
});

describe('an outage', () => {
  it('ends the page: what landed before is told, and nobody is deferred', async () => {
    const away = new DatabaseError('timeout', 'away');
    tables.refused.set('b1', away);
    await expect(stage.mark([decided('a1'), decided('b1', '00404')])).rejects.toBe(away);
    expect(tables.landed).toEqual(['a1']);
    expect(told.find(({ name }) => name === 'marked')?.event).toMatchObject({ succeeded: 1, failed: 0 });
    expect(put).toEqual([]);
    expect(breakers.mark.closed).toBe(true);
  });
});
