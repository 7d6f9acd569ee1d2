import '../support/hostile-time-zone.js';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { State } from '../../src/domain/states.js';
import { hasOracle, isRealOracle, openTestOracle, PlainOracle } from '../support/test-oracle.js';
import type { TableRules } from '../support/oracle/table-rules.js';
import { openSession, type Session } from '../support/postgres-session.js';
import { lockRules, triggerRules } from './middle/locks.js';
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
  /** Triggers of the stand-in. */
  let rules: TableRules | undefined;

  beforeAll(async () => {
    const oracle = await openTestOracle();
    const { connection, created } = oracle;
    fixture = await oracleMiddleFixture(oracle);
    rules = created?.standIn.rules;
    platform = new PlainOracle({ ...connection, ...created?.standIn.owner });
    if (created !== null) behind = await openSession(created.database.connection);
  });
  beforeEach(() => fixture.clear());
  afterAll(async () => {
    await Promise.all([platform.close(), behind?.close()]);
    await fixture.close();
  });

  /** Executes a statement, and commits when `work` is done. */
  async function holding<T>(sql: string, work: () => Promise<T>): Promise<T> {
    return platform.transaction(async (transaction) => {
      await transaction.execute({ sql, bindings: [] });
      return work();
    });
  }

  lockRules(
    () => fixture,
    () => ({ holding: ({ sql }, work) => holding(sql, work) }),
  );

  describe.skipIf(isRealOracle)('with triggers', () => {
    triggerRules(
      () => fixture,
      () => ({
        undoing: async (_how, state, work) => {
          const when = `NEW.State = ${state} AND NEW.StreamingNo = 2`;
          const trigger = await rules!.createTrigger({
            table: 'IF_BNET_CUST',
            when,
            action: { kind: 'restore row' },
          });
          try {
            return await work();
          } finally {
            await trigger.remove();
          }
        },
      }),
      ['restore'],
      'the second time',
    );
  });

  it('two claims of one row claim it once, and whoever sees it claimed sees the same attempt', async () => {
    await fixture.plant([cust('1', { attributes })]);
    const workers = [fixture.open(), fixture.open()];
    const { rows } = await workers[0]!.poll(everything());
    const future = later(await fixture.now(), 43_200);
    const claims = () =>
      Promise.all(
        workers.map((worker, index) =>
          worker.claim(requestsFor(rows, index === 0 ? {} : { 'IF_BNET_CUST:1': future })),
        ),
      );
    expect(await holding(lockAll, claims)).toMatchObject([
      { claimed: 0, left: locked('CUST') },
      { claimed: 0, left: locked('CUST') },
    ]);
    const results = await claims();
    expect(results.map(({ claimed }) => claimed).sort()).toEqual([0, 1]);
    const [standing] = await fixture.rows();
    const stateDate = standing!.stateDate;
    // The claim of the other one may have been found under way.
    for (const { rows: seen, left } of results)
      if (left.length === 0) expect(seen[0]!.stateDate).toBe(stateDate);
      else expect(left).toEqual(locked('CUST'));
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

  it('a claim does not wait for a correction; the next one returns the corrected content', async () => {
    await fixture.plant([cust('1')]);
    const near = later(await fixture.now(), 43_200);
    const claim = () => fixture.open().claim([requestFor(cust('1'))]);
    const kept = await holding(
      `UPDATE IF_BNET_CUST SET CustName = '更正后', CustID = 7, StateDate = TO_DATE('${near}', 'YYYY-MM-DD HH24:MI:SS')`,
      claim,
    );
    expect(kept).toMatchObject({ claimed: 0, left: locked('CUST'), rows: [{ custId: '1000', state: 0 }] });
    const result = await claim();
    expect(result).toMatchObject({ claimed: 1, rows: [{ custName: '更正后', custId: '7', state: 1 }] });
    expect(result.rows[0]!.stateDate).toBe(later(near, 1));
  });

  it('a claim does not wait for a delete, or for somebody’s answer; the next one claims nothing', async () => {
    await fixture.plant([cust('1', { attributes })]);
    const claim = () => fixture.open().claim([requestFor(cust('1'))]);
    const answering = await holding(`UPDATE IF_BNET_CUST SET State = 3, ErrContent = '00404'`, claim);
    expect(answering).toMatchObject({ claimed: 0, left: locked('CUST') });
    expect(await claim()).toMatchObject({ claimed: 0, left: [], rows: [{ state: State.Failed }] });
    expect((await fixture.rows())[0]!.attributes).toMatchObject([{ state: State.Initial }]);
    await fixture.change({ source: 'CUST', streamingNo: '1' }, { state: State.Initial });
    const deleting = await holding('DELETE FROM IF_BNET_CUST', claim);
    expect(deleting).toMatchObject({ claimed: 0, left: locked('CUST') });
    expect(await claim()).toEqual({ claimed: 0, rows: [], left: [] });
  });

  it('a mark does not wait for a reset; the next one is a conflict and leaves the row open', async () => {
    await fixture.plant([account('1', { ...processing, attributes })]);
    const mark = {
      source: 'ACCOUNT',
      streamingNo: '1',
      attempt: longAgo,
      custId: null,
      errContent: '00404',
    } as const;
    const answer = () => fixture.open().mark([mark]);
    const kept = await holding('UPDATE IF_BNET_ACCOUNT SET State = 0', answer);
    expect(kept).toEqual({ marked: 0, conflicts: [], left: locked('ACCOUNT'), heldBack: [] });
    const conflict = { mark, state: State.Initial, stateDate: longAgo };
    expect(await answer()).toEqual({ marked: 0, conflicts: [conflict], left: [], heldBack: [] });
    expect((await fixture.rows())[0]).toMatchObject({
      state: 0,
      errContent: null,
      attributes: [{ state: 1 }],
    });
  });

  it('a mark does not wait for a new attempt at its row, or a delete; the next one is a conflict', async () => {
    await fixture.plant([cust('1', { ...processing, attributes })]);
    const mark = {
      source: 'CUST',
      streamingNo: '1',
      attempt: longAgo,
      custId: null,
      errContent: null,
    } as const;
    const again = later(longAgo, 1);
    const answer = (attempt: string) => fixture.open().mark([{ ...mark, attempt }]);
    const left = { marked: 0, conflicts: [], left: locked('CUST'), heldBack: [] };
    const sql = `UPDATE IF_BNET_CUST SET StateDate = TO_DATE('${again}', 'YYYY-MM-DD HH24:MI:SS')`;
    expect(await holding(sql, () => answer(longAgo))).toEqual(left);
    const late = { mark, state: State.Processing, stateDate: again };
    expect(await answer(longAgo)).toEqual({ marked: 0, conflicts: [late], left: [], heldBack: [] });
    expect(await holding('DELETE FROM IF_BNET_CUST', () => answer(again))).toEqual(left);
    expect(await answer(again)).toMatchObject({ marked: 0, conflicts: [{ state: null, stateDate: null }] });
  });

  it('two marks of one attempt with different outcomes: one lands, and the other is told so', async () => {
    await fixture.plant([cust('1', processing)]);
    const mark = { source: 'CUST', streamingNo: '1', attempt: longAgo, custId: null } as const;
    const marks = () =>
      Promise.all(
        [null, '00404 业务逻辑执行错误'].map((errContent) => fixture.open().mark([{ ...mark, errContent }])),
      );
    expect(await holding(lockAll, marks)).toMatchObject([
      { marked: 0, left: locked('CUST') },
      { marked: 0, left: locked('CUST') },
    ]);
    const results = await marks();
    expect(results.map(({ marked }) => marked).sort()).toEqual([0, 1]);
    const winner = results[0]!.marked === 1 ? State.Succeeded : State.Failed;
    const [standing] = await fixture.rows();
    expect(standing!.state).toBe(winner);
    expect(standing!.errContent).toBe(winner === State.Succeeded ? null : '00404 业务逻辑执行错误');
    const loser = results.find(({ marked }) => marked === 0)!;
    if (loser.left.length === 0) expect(loser.conflicts).toMatchObject([{ state: winner }]);
    else expect(loser).toMatchObject({ conflicts: [], left: locked('CUST') });
  });

  it('a claim is in no deadlock with somebody who changes the same rows in another order', async () => {
    await fixture.plant([cust('1', { attributes }), cust('2', { custId: '2' })]);
    const requests = [requestFor(cust('1')), requestFor(cust('2', { custId: '2' }))];
    const worker = fixture.open();
    const touching = (no: number) => ({
      sql: `UPDATE IF_BNET_CUST SET Remark = 'touched' WHERE StreamingNo = ${no}`,
      bindings: [],
    });
    await platform.transaction(async (transaction) => {
      await transaction.execute(touching(2));
      const left = [{ source: 'CUST', streamingNo: '2', cause: 'locked' }];
      expect(await worker.claim(requests)).toMatchObject({ claimed: 1, left });
      await transaction.execute(touching(1));
    });
    expect(await fixture.rows()).toMatchObject([
      { state: State.Processing, remark: 'touched', attributes: [{ state: State.Processing }] },
      { state: State.Initial, remark: 'touched' },
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

function locked(source: 'CUST' | 'ACCOUNT') {
  return [{ source, streamingNo: '1', cause: 'locked' }];
}
