import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import type { ClaimRequest, Mark } from '../../../src/middle/port.js';
import { account, claimAll, cust, everything, idsOf, requestFor } from '../../conformance/middle/rows.js';
import type { RuleKind } from '../../fault/trouble-rules.js';
import { immediateLink, type Link } from '../link.js';
import { SimulatedMiddleDatabase } from './middle-database.js';
import type { MiddleGuard } from './scope.js';
import { MiddleTables, type MiddleTablesOptions } from './tables.js';

const start = Date.UTC(2026, 5, 1, 8);
const now = '2026-06-01 08:00:00';
const one = { source: 'CUST', streamingNo: '1' } as const;
const two = { source: 'ACCOUNT', streamingNo: '2' } as const;

function open(options: Partial<MiddleTablesOptions> = {}) {
  const tables = new MiddleTables({ now: () => start, ...options });
  const plant = (...rows: ReturnType<typeof cust>[]) =>
    tables.transaction('platform', (transaction) => transaction.insert(rows));
  return { tables, plant, middle: adapter(tables) };
}

function adapter(tables: MiddleTables, link: Link = immediateLink): SimulatedMiddleDatabase {
  const scope = { productIds: [], markAttributes: true, maxAttributes: 10 };
  return new SimulatedMiddleDatabase(tables, { ...scope, link, actor: 'worker' });
}

/** Rows 1 and 2 in State 1, and marks of a success and a failure that are due. */
function inFlight(options: Partial<MiddleTablesOptions> = {}) {
  const opened = open(options);
  const attributes = [{ attrId: '1' }];
  opened.plant(
    cust('1', { state: 1, stateDate: now }),
    account('2', { state: 1, stateDate: now, attributes }),
  );
  const success: Mark = { ...one, attempt: now, custId: '1000', errContent: null };
  const failure: Mark = { ...two, attempt: now, custId: '1000', errContent: '00404 业务逻辑执行错误' };
  return { ...opened, success, failure };
}

async function errorOf(call: Promise<unknown>): Promise<DatabaseError> {
  const error: unknown = await call.then(
    () => new Error('the call did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof DatabaseError) return error;
  throw error;
}

const states = (tables: MiddleTables) => tables.rows.map(({ state }) => state);

describe('a transaction of the platform', () => {
  it('that fails has changed nothing, and nobody has seen anything of it', () => {
    const seen: unknown[] = [];
    const { tables, plant } = open({ onChange: (change) => seen.push(change) });
    plant(cust('1', { attributes: [{ attrId: '1' }] }));
    const before = [tables.rows, tables.finalRows(), tables.finalAttributes()];
    expect(() =>
      tables.transaction('platform', (transaction) => {
        transaction.change(one, { custName: '更正后' });
        transaction.insert([cust('3', { attributes: [{ attrId: '3' }] })]);
        transaction.remove(one);
        transaction.insert([cust('3')]);
      }),
    ).toThrow(expect.objectContaining({ kind: 'constraint', code: '23505' }) as Error);
    expect([tables.rows, tables.finalRows(), tables.finalAttributes()]).toEqual(before);
    expect([tables.changes.length, seen.length, tables.openRows]).toEqual([1, 1, 1]);
  });

  it('puts a row that ended back with other content, unless somebody has locked it', async () => {
    const { tables, middle, failure } = inFlight();
    await middle.mark([failure]);
    const unlock = tables.lock({ ...two, attrId: '1' }, 'wang');
    const putBack = () =>
      tables.transaction('dba', (transaction) =>
        transaction.putBack(two, 3, { remark: 'v1', accName: '李四' }),
      );
    expect(putBack()).toBe(false);
    unlock();
    expect(putBack()).toBe(true);
    expect(putBack()).toBe(false);
    const reset = { state: 0, errContent: null, remark: 'v1', accName: '李四', stateDate: now };
    expect(tables.row(two)).toMatchObject(reset);
    expect(tables.attributesOf(two)).toMatchObject([{ state: 0, stateDate: now }]);
    expect(tables.changes.at(-1)).toMatchObject({ ...two, actor: 'dba', from: 3, to: 0, remark: 'v1' });
  });

  it('does not change what somebody else has locked', () => {
    const { tables } = inFlight();
    tables.lock(one, 'wang');
    const change = (actor: string) =>
      tables.transaction(actor, (transaction) => transaction.change(one, { custId: '7' }));
    expect(() => change('dba')).toThrow(expect.objectContaining({ kind: 'locked' }) as Error);
    expect(change('wang')).toBe(1);
  });
});

describe('what is observed', () => {
  it('is each row that a statement inserted or updated, by transaction and actor', async () => {
    const { tables, plant, middle } = open({ trueTime: () => 7 });
    plant(cust('1'), account('2'));
    await claimAll(middle);
    expect(tables.changes.map(({ seq, xid, actor, from, to }) => [seq, xid, actor, from, to])).toEqual([
      [1, '1', 'platform', null, 0],
      [2, '1', 'platform', null, 0],
      [3, '2', 'worker', 0, 1],
      [4, '2', 'worker', 0, 1],
    ]);
    expect(tables.changes[2]).toMatchObject({ ...one, dateBefore: null, dateAfter: now, at: 7 });
    expect(tables.finalRows()).toMatchObject([
      { ...one, state: 1, stateDate: now },
      { ...two, state: 1 },
    ]);
  });

  it('stays when an older state of the database comes back', async () => {
    const { tables, plant, middle } = open();
    plant(cust('1', { attributes: [{ attrId: '1' }] }));
    const snapshot = tables.snapshot();
    plant(account('2'));
    tables.lock(one, 'wang');
    tables.restore(snapshot);
    expect([tables.changes.length, tables.openRows, tables.finalAttributes().length]).toEqual([2, 1, 1]);
    expect(await claimAll(middle)).toMatchObject({ claimed: 1, left: [] });
    expect(tables.changes.at(-1)).toMatchObject({ seq: 3, xid: '3' });
  });
});

describe('a rule of the database', () => {
  const refused: readonly (readonly [RuleKind, code: string, kind: string])[] = [
    ['success refused', '23514', 'constraint'],
    ['success refused at commit', '22023', 'data'],
    ['mark refused', 'P0001', 'other'],
  ];

  it.each(refused)('%s with %s fails all marks of the statement, kind %s', async (rule, code, kind) => {
    const { tables, middle, success, failure } = inFlight();
    const lift = tables.rule(rule, one, code);
    expect(await errorOf(middle.mark([failure, success]))).toMatchObject({ kind, code });
    expect([states(tables), tables.changes.length]).toEqual([[1, 1], 2]);
    expect(await middle.mark([failure])).toMatchObject({ marked: 1 });
    lift();
    expect(await middle.mark([success])).toMatchObject({ marked: 1 });
  });

  it('refuses failures alone, or claims alone', async () => {
    const { tables, plant, middle, success } = inFlight();
    tables.rule('failure refused', one);
    tables.rule('claim refused', { ...one, streamingNo: '3' });
    expect(await middle.mark([success])).toMatchObject({ marked: 1 });
    plant(cust('3'));
    expect((await errorOf(claimAll(middle))).kind).toBe('constraint');
  });

  it('sets a claim back: the row keeps its new StateDate, and counts as left', async () => {
    const { tables, plant, middle } = open();
    plant(cust('1', { attributes: [{ attrId: '1' }] }), account('2'));
    tables.rule('claim set back', one);
    const { claimed, left } = await claimAll(middle);
    expect([claimed, left]).toEqual([1, [{ ...one, cause: 'ignored' }]]);
    expect(tables.row(one)).toMatchObject({ state: 0, stateDate: now });
    expect(tables.attributesOf(one)).toMatchObject([{ state: 0, stateDate: null }]);
  });

  it('keeps ErrContent short, and says how short where the server does', async () => {
    const { tables, middle, success, failure } = inFlight();
    const lifts = [tables.narrow('ACCOUNT', { characters: 12 }), tables.narrow('ACCOUNT', { bytes: 24 })];
    const marks = [success, failure];
    expect(await errorOf(middle.mark(marks))).toMatchObject({ kind: 'data', room: { characters: 12 } });
    lifts[0]?.();
    expect(await errorOf(middle.mark(marks))).toMatchObject({ kind: 'data', room: { bytes: 24 } });
    lifts[1]?.();
    const lift = tables.narrow('ACCOUNT', { bytes: 24 }, { isTold: false });
    expect(await errorOf(middle.mark(marks))).toMatchObject({ kind: 'constraint', room: undefined });
    expect(states(tables)).toEqual([1, 1]);
    lift();
    expect(await middle.mark(marks)).toMatchObject({ marked: 2 });
  });
});

describe('what a worker may ask besides', () => {
  it('is who has locked rows, or attribute rows of theirs', async () => {
    const { tables, middle } = inFlight();
    tables.lock({ ...two, attrId: '1' }, 'wang');
    expect([...(await middle.lockHolders([one, two]))]).toEqual([['IF_BNET_ACCOUNT:2', 'wang']]);
  });

  it('is which pending rows are ahead of the clock', async () => {
    const { plant, middle } = open();
    expect(await middle.createdAhead()).toEqual({ rows: 0, newest: null, seconds: 0 });
    plant(cust('1', { createDate: '2026-06-01 09:00:00' }), account('2', { createDate: now }));
    expect(await middle.createdAhead()).toEqual({ rows: 1, newest: '2026-06-01 09:00:00', seconds: 3600 });
  });
});

describe('without a rule that it keeps for workers, the database', () => {
  const without = (...guards: MiddleGuard[]) => ({ without: new Set(guards) });

  it('claims rows in any State', async () => {
    const { tables, middle } = inFlight(without('claim expects State 0'));
    const late: ClaimRequest = requestFor(cust('1'));
    expect((await middle.claim([late])).claimed).toBe(1);
    expect(tables.row(one)?.stateDate).toBe('2026-06-01 08:00:01');
  });

  it('marks rows in any State, or of any attempt', async () => {
    const { tables, middle, success, failure } = inFlight(without('mark expects State 1'));
    await middle.mark([failure]);
    expect((await middle.mark([{ ...failure, errContent: null }, success])).marked).toBe(2);
    const other = inFlight(without('mark expects the attempt'));
    expect((await other.middle.mark([{ ...success, attempt: '2026-05-01 08:00:00' }])).marked).toBe(1);
    expect([states(tables), states(other.tables)]).toEqual([
      [2, 2],
      [2, 1],
    ]);
  });

  it('fails claims and marks where a row is locked', async () => {
    const { tables, plant, middle, success, failure } = inFlight(
      without('claim skips locked rows', 'mark skips locked rows'),
    );
    plant(cust('3'));
    tables.lock(one, 'wang');
    tables.lock({ ...one, streamingNo: '3' }, 'wang');
    expect((await errorOf(middle.mark([success, failure]))).kind).toBe('locked');
    expect((await errorOf(claimAll(middle))).kind).toBe('locked');
  });

  it('gives two attempts one name', async () => {
    const { tables, plant, middle } = open(without('new attempt is later'));
    plant(cust('1', { stateDate: now }));
    await claimAll(middle);
    expect(tables.row(one)).toMatchObject({ state: 1, stateDate: now });
  });

  it('leaves attribute rows as they are', async () => {
    const { tables, middle, failure } = inFlight(without('attribute rows follow'));
    await middle.mark([failure]);
    expect(tables.attributesOf(two)).toMatchObject([{ state: 1 }]);
  });

  it('polls in the order of insertion, and rows that are not settled', async () => {
    const { plant, middle } = open(without('poll order', 'poll leaves rows to settle'));
    plant(account('2', { createDate: now }), cust('1'));
    const page = await middle.poll(everything({ settleMs: 5000 }));
    expect(idsOf(page)).toEqual(['IF_BNET_ACCOUNT:2', 'IF_BNET_CUST:1']);
  });

  it('polls tables and States one after another', async () => {
    const { tables, plant } = open(without('poll is one snapshot'));
    let sent = 0;
    const middle = adapter(tables, {
      ...immediateLink,
      send: async (_statement, effect) => {
        sent += 1;
        const result = await Promise.resolve().then(effect);
        if (sent === 1) plant(cust('1'), account('2'));
        return result;
      },
    });
    expect(idsOf(await middle.poll(everything()))).toEqual(['IF_BNET_ACCOUNT:2']);
    expect(idsOf(await middle.poll(everything({ limit: 1 })))).toEqual(['IF_BNET_CUST:1']);
  });
});
