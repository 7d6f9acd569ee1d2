import '../support/hostile-time-zone.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { State } from '../../src/domain/states.js';
import { createDatabase, hasPostgres } from '../support/postgres.js';
import { openSession, type Session } from '../support/postgres-session.js';
import { postgresMiddleFixture } from './middle/knex-fixture.js';
import { kindOf } from './middle/outages.js';
import {
  account,
  byId,
  cust,
  everything,
  idsOf,
  later,
  longAgo,
  requestFor,
  requestsFor,
} from './middle/rows.js';
import type { MiddleFixture } from './middle.js';

const attributes = [{ attrId: '1', attrValue: 'a' }];
const processing = { state: State.Processing, stateDate: longAgo };

describe.runIf(hasPostgres)('PostgreSQL as a middle database, several sessions at once', () => {
  let fixture: MiddleFixture;
  let platform: Session;
  let watcher: Session;

  beforeAll(async () => {
    const database = await createDatabase('middle_races');
    fixture = await postgresMiddleFixture(database);
    platform = await openSession(database.connection);
    watcher = await openSession(database.connection);
  });
  beforeEach(() => fixture.clear());
  afterAll(async () => {
    await Promise.all([platform.close(), watcher.close()]);
    await fixture.close();
  });

  /** Lets calls run into a transaction of the platform, and commits it when all of them wait for it. */
  async function against<T>(sql: string, calls: () => readonly Promise<T>[]): Promise<T[]> {
    await platform.query('BEGIN');
    await platform.query(sql);
    const running = calls();
    await watcher.untilWaiting(running.length);
    await platform.query('COMMIT');
    return Promise.all(running);
  }

  it('two claims of one row claim it once, and both see the same attempt', async () => {
    await fixture.plant([cust('1', { attributes })]);
    const workers = [fixture.open(), fixture.open()];
    const { rows } = await workers[0]!.poll(everything());
    const future = later(await fixture.now(), 86_400);
    const results = await against('SELECT * FROM if_bnet_cust FOR UPDATE', () =>
      workers.map((worker, index) =>
        worker.claim(requestsFor(rows, index === 0 ? {} : { 'IF_BNET_CUST:1': future })),
      ),
    );
    expect(results.map(({ claimed }) => claimed).sort()).toEqual([0, 1]);
    const [standing] = await fixture.rows();
    expect(results.map((result) => result.rows[0]!.stateDate)).toEqual([
      standing!.stateDate,
      standing!.stateDate,
    ]);
    expect(standing).toMatchObject({ state: 1, attributes: [{ state: 1, stateDate: standing!.stateDate }] });
  });

  it('a claim that waits for a correction returns the corrected content', async () => {
    await fixture.plant([cust('1')]);
    const [result] = await against(
      `UPDATE if_bnet_cust SET custname = '更正后', custid = 7, statedate = '2090-01-01'`,
      () => [fixture.open().claim([requestFor(cust('1'))])],
    );
    expect(result).toMatchObject({ claimed: 1, rows: [{ custName: '更正后', custId: '7', state: 1 }] });
    expect(result!.rows[0]!.stateDate).toBe('2090-01-01 00:00:01');
  });

  it('a claim that waits for a delete, or for somebody’s answer, claims nothing', async () => {
    await fixture.plant([cust('1')]);
    const [answered] = await against(`UPDATE if_bnet_cust SET state = 3, errcontent = '00404'`, () => [
      fixture.open().claim([requestFor(cust('1'))]),
    ]);
    expect(answered).toMatchObject({ claimed: 0, rows: [{ state: State.Failed }] });
    await fixture.change({ source: 'CUST', streamingNo: '1' }, { state: State.Initial });
    const [deleted] = await against('DELETE FROM if_bnet_cust', () => [
      fixture.open().claim([requestFor(cust('1'))]),
    ]);
    expect(deleted).toEqual({ claimed: 0, rows: [] });
  });

  it('a mark that waits for a reset is a conflict and leaves the row open', async () => {
    await fixture.plant([account('1', { ...processing, attributes })]);
    const mark = { source: 'ACCOUNT', streamingNo: '1', attempt: longAgo, errContent: '00404' } as const;
    const [result] = await against('UPDATE if_bnet_account SET state = 0', () => [
      fixture.open().mark([mark]),
    ]);
    expect(result).toEqual({ marked: 0, conflicts: [{ mark, state: State.Initial, stateDate: longAgo }] });
    expect((await fixture.rows())[0]).toMatchObject({
      state: 0,
      errContent: null,
      attributes: [{ state: 1 }],
    });
  });

  it('two marks of one attempt with different outcomes: one lands, the other is a conflict', async () => {
    await fixture.plant([cust('1', processing)]);
    const mark = { source: 'CUST', streamingNo: '1', attempt: longAgo } as const;
    const results = await against('SELECT * FROM if_bnet_cust FOR UPDATE', () =>
      [null, '00404 业务逻辑执行错误'].map((errContent) => fixture.open().mark([{ ...mark, errContent }])),
    );
    expect(results.map(({ marked }) => marked).sort()).toEqual([0, 1]);
    const winner = results[0]!.marked === 1 ? State.Succeeded : State.Failed;
    const [standing] = await fixture.rows();
    expect(standing!.state).toBe(winner);
    expect(standing!.errContent).toBe(winner === State.Succeeded ? null : '00404 业务逻辑执行错误');
    expect(results.flatMap(({ conflicts }) => conflicts)).toMatchObject([{ state: winner }]);
  });

  it.each(['if_bnet_cust', 'if_bnet_account'])(
    'a poll held up at %s sees one moment of both tables and States',
    async (table) => {
      await fixture.plant([cust('1'), account('2', processing)]);
      await platform.query('BEGIN');
      await platform.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      const polling = fixture.open().poll(everything());
      await watcher.untilWaiting(1);
      await platform.query(
        `INSERT INTO if_bnet_cust (streamingno, state) VALUES (10, 0);
         INSERT INTO if_bnet_account (streamingno, state) VALUES (11, 0);
         UPDATE if_bnet_cust SET state = 1 WHERE streamingno = 1;
         UPDATE if_bnet_account SET state = 0 WHERE streamingno = 2;
         COMMIT`,
      );
      const page = await polling;
      expect(idsOf(page)).toEqual([
        'IF_BNET_CUST:10',
        'IF_BNET_ACCOUNT:11',
        'IF_BNET_CUST:1',
        'IF_BNET_ACCOUNT:2',
      ]);
      expect(page.rows.map((row) => row.state)).toEqual([0, 0, 1, 0]);
    },
  );

  it.each([
    ['claim', {}],
    ['mark', processing],
  ])('a %s that dies at the attribute rows has not changed the row either', async (call, columns) => {
    await fixture.plant([cust('1', { ...columns, attributes })]);
    const before = await fixture.rows();
    const middle = fixture.open();
    await platform.query('BEGIN');
    await platform.query('SELECT * FROM if_bnet_cust_attr FOR UPDATE');
    const failing = kindOf(
      call === 'claim'
        ? middle.claim([requestFor(cust('1'))])
        : middle.mark([{ source: 'CUST', streamingNo: '1', attempt: longAgo, errContent: null }]),
    );
    const [pid] = await watcher.untilWaiting(1);
    expect(await fixture.rows()).toEqual(before);
    await watcher.terminate(pid!);
    await platform.query('COMMIT');
    expect(await failing).toBe('connectionLost');
    expect(await fixture.rows()).toEqual(before);
    const { rows } = await middle.claim([requestFor(cust('1'))]);
    expect(byId(rows, 'IF_BNET_CUST:1').state).toBe(State.Processing);
  });
});
