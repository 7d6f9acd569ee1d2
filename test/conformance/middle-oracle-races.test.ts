import '../support/hostile-time-zone.js';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DatabaseError } from '../../src/database/errors.js';
import { State } from '../../src/domain/states.js';
import { hasOracle, isRealOracle, openOraclePlace, PlainOracle } from '../support/oracle-place.js';
import { openSession, type Session } from '../support/postgres-session.js';
import { oracleMiddleFixture } from './middle/oracle-fixture.js';
import { account, cust, everything, idsOf, later, longAgo, requestFor, requestsFor } from './middle/rows.js';
import type { MiddleFixture } from './middle.js';

const attributes = [{ attrId: '1', attrValue: 'a' }];
const processing = { state: State.Processing, stateDate: longAgo };
const lockAll = 'SELECT StreamingNo FROM IF_BNET_CUST FOR UPDATE';

describe.runIf(hasOracle)('Oracle as a middle database, several sessions at once', () => {
  let fixture: MiddleFixture;
  let platform: PlainOracle;
  /** On the database behind the stand-in; null where the Oracle is real. */
  let behind: Session | null = null;

  beforeAll(async () => {
    const place = await openOraclePlace();
    const { connection, created } = place;
    fixture = await oracleMiddleFixture(place);
    platform = new PlainOracle({ ...connection, ...created?.standIn.owner });
    if (created !== null) behind = await openSession(created.database.connection);
  });
  beforeEach(() => fixture.clear());
  afterAll(async () => {
    await Promise.all([platform.close(), behind?.close()]);
    await fixture.close();
  });

  /** Waits until so many sessions wait for a lock; a real Oracle shows that to its DBAs alone. */
  async function untilWaiting(sessions: number): Promise<void> {
    await (behind === null ? pause(2000) : behind.untilWaiting(sessions));
  }

  /** Lets calls run into a transaction of the platform, and commits it when all of them wait for it. */
  async function against<T>(sql: string, calls: () => readonly Promise<T>[]): Promise<T[]> {
    let running: readonly Promise<T>[] = [];
    await platform.transaction(async (transaction) => {
      await transaction.execute({ sql, bindings: [] });
      running = calls();
      await untilWaiting(running.length);
    });
    return Promise.all(running);
  }

  it('two claims of one row claim it once, and both see the same attempt', async () => {
    await fixture.plant([cust('1', { attributes })]);
    const workers = [fixture.open(), fixture.open()];
    const { rows } = await workers[0]!.poll(everything());
    const future = later(await fixture.now(), 86_400);
    const results = await against(lockAll, () =>
      workers.map((worker, index) =>
        worker.claim(requestsFor(rows, index === 0 ? {} : { 'IF_BNET_CUST:1': future })),
      ),
    );
    expect(results.map(({ claimed }) => claimed).sort()).toEqual([0, 1]);
    const [standing] = await fixture.rows();
    const stateDate = standing!.stateDate;
    expect(results.map((result) => result.rows[0]!.stateDate)).toEqual([stateDate, stateDate]);
    expect(standing).toMatchObject({ state: 1, attributes: [{ state: 1, stateDate }] });
  });

  it('claims of the same hundreds of rows claim each row once', async () => {
    const numbers = Array.from({ length: 300 }, (_, index) => String(index + 1));
    await fixture.plant(
      numbers.flatMap((no) => [
        cust(no, { attributes: [{ attrId: no }] }),
        account(no, { attributes: [{ attrId: no }] }),
      ]),
    );
    const workers = [fixture.open(), fixture.open(), fixture.open()];
    const pages = await Promise.all(workers.map((worker) => worker.poll(everything())));
    const results = await Promise.all(
      workers.map((worker, index) => worker.claim(requestsFor(pages[index]!.rows))),
    );
    expect(results.reduce((sum, { claimed }) => sum + claimed, 0)).toBe(600);
    for (const { state, stateDate, attributes: own } of await fixture.rows()) {
      expect(state).toBe(State.Processing);
      expect(own).toMatchObject([{ state, stateDate }]);
    }
  });

  it('a claim that waits for a correction returns the corrected content', async () => {
    await fixture.plant([cust('1')]);
    const [result] = await against(
      `UPDATE IF_BNET_CUST SET CustName = '更正后', CustID = 7, StateDate = TO_DATE('2090-01-01', 'YYYY-MM-DD')`,
      () => [fixture.open().claim([requestFor(cust('1'))])],
    );
    expect(result).toMatchObject({ claimed: 1, rows: [{ custName: '更正后', custId: '7', state: 1 }] });
    expect(result!.rows[0]!.stateDate).toBe('2090-01-01 00:00:01');
  });

  it('a claim that waits for a delete, or for somebody’s answer, claims nothing', async () => {
    await fixture.plant([cust('1', { attributes })]);
    const [answered] = await against(`UPDATE IF_BNET_CUST SET State = 3, ErrContent = '00404'`, () => [
      fixture.open().claim([requestFor(cust('1'))]),
    ]);
    expect(answered).toMatchObject({ claimed: 0, rows: [{ state: State.Failed }] });
    expect((await fixture.rows())[0]!.attributes).toMatchObject([{ state: State.Initial }]);
    await fixture.change({ source: 'CUST', streamingNo: '1' }, { state: State.Initial });
    const [deleted] = await against('DELETE FROM IF_BNET_CUST', () => [
      fixture.open().claim([requestFor(cust('1'))]),
    ]);
    expect(deleted).toEqual({ claimed: 0, rows: [] });
  });

  it('a mark that waits for a reset is a conflict and leaves the row open', async () => {
    await fixture.plant([account('1', { ...processing, attributes })]);
    const mark = { source: 'ACCOUNT', streamingNo: '1', attempt: longAgo, errContent: '00404' } as const;
    const [result] = await against('UPDATE IF_BNET_ACCOUNT SET State = 0', () => [
      fixture.open().mark([mark]),
    ]);
    expect(result).toEqual({ marked: 0, conflicts: [{ mark, state: State.Initial, stateDate: longAgo }] });
    expect((await fixture.rows())[0]).toMatchObject({
      state: 0,
      errContent: null,
      attributes: [{ state: 1 }],
    });
  });

  it('a mark that waits for a new attempt at its row is a conflict, a delete leaves nothing', async () => {
    await fixture.plant([cust('1', { ...processing, attributes })]);
    const mark = { source: 'CUST', streamingNo: '1', attempt: longAgo, errContent: null } as const;
    const again = later(longAgo, 1);
    const [late] = await against(
      `UPDATE IF_BNET_CUST SET StateDate = TO_DATE('${again}', 'YYYY-MM-DD HH24:MI:SS')`,
      () => [fixture.open().mark([mark])],
    );
    expect(late).toEqual({ marked: 0, conflicts: [{ mark, state: State.Processing, stateDate: again }] });
    const [gone] = await against('DELETE FROM IF_BNET_CUST', () => [
      fixture.open().mark([{ ...mark, attempt: again }]),
    ]);
    expect(gone).toMatchObject({ marked: 0, conflicts: [{ state: null, stateDate: null }] });
  });

  it('two marks of one attempt with different outcomes: one lands, the other is a conflict', async () => {
    await fixture.plant([cust('1', processing)]);
    const mark = { source: 'CUST', streamingNo: '1', attempt: longAgo } as const;
    const results = await against(lockAll, () =>
      [null, '00404 业务逻辑执行错误'].map((errContent) => fixture.open().mark([{ ...mark, errContent }])),
    );
    expect(results.map(({ marked }) => marked).sort()).toEqual([0, 1]);
    const winner = results[0]!.marked === 1 ? State.Succeeded : State.Failed;
    const [standing] = await fixture.rows();
    expect(standing!.state).toBe(winner);
    expect(standing!.errContent).toBe(winner === State.Succeeded ? null : '00404 业务逻辑执行错误');
    expect(results.flatMap(({ conflicts }) => conflicts)).toMatchObject([{ state: winner }]);
  });

  it('a claim in a deadlock with the platform is all or nothing, and works when it is repeated', async () => {
    await fixture.plant([cust('1', { attributes }), cust('2')]);
    const requests = [requestFor(cust('1')), requestFor(cust('2'))];
    const worker = fixture.open();
    const crossing = (no: number) => ({
      sql: `UPDATE IF_BNET_CUST SET Remark = 'touched' WHERE StreamingNo = ${no}`,
      bindings: [],
    });
    let claiming: Promise<string> | undefined;
    const platformFailed = await platform
      .transaction(async (transaction) => {
        await transaction.execute(crossing(2));
        claiming = worker.claim(requests).then(
          ({ claimed }) => `claimed ${claimed}`,
          (error: unknown) => (error as DatabaseError).kind,
        );
        await untilWaiting(1);
        await transaction.execute(crossing(1));
      })
      .then(
        () => false,
        () => true,
      );
    expect(await claiming).toBe(platformFailed ? 'claimed 2' : 'conflict');
    const states = (await fixture.rows()).map((row) => [row.state, row.attributes[0]?.state]);
    const state = platformFailed ? State.Processing : State.Initial;
    expect(states).toEqual([
      [state, state],
      [state, undefined],
    ]);
    expect((await worker.claim(requests)).rows.map((row) => row.state)).toEqual([1, 1]);
  });

  it.skipIf(isRealOracle).each(['if_bnet_cust', 'if_bnet_account'])(
    'a poll held up at %s sees one moment of both tables and States',
    async (table) => {
      await fixture.plant([cust('1'), account('2', processing)]);
      await behind!.query('BEGIN');
      await behind!.query(`LOCK TABLE ismp.${table} IN ACCESS EXCLUSIVE MODE`);
      const polling = fixture.open().poll(everything());
      await pause(300);
      await behind!.query(
        `INSERT INTO ismp.if_bnet_cust (streamingno, state) VALUES (10, 0);
         INSERT INTO ismp.if_bnet_account (streamingno, state) VALUES (11, 0);
         UPDATE ismp.if_bnet_cust SET state = 1 WHERE streamingno = 1;
         UPDATE ismp.if_bnet_account SET state = 0 WHERE streamingno = 2;
         COMMIT`,
      );
      const page = await polling;
      const open = ['IF_BNET_CUST:10', 'IF_BNET_ACCOUNT:11', 'IF_BNET_CUST:1', 'IF_BNET_ACCOUNT:2'];
      expect(idsOf(page)).toEqual(open);
      expect(page.rows.map((row) => row.state)).toEqual([0, 0, 1, 0]);
    },
  );
});
