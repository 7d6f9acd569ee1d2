import '../support/hostile-time-zone.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { State } from '../../src/domain/states.js';
import { createDatabase, hasPostgres } from '../support/postgres.js';
import { openSession, type Session } from '../support/postgres-session.js';
import { postgresMiddleFixture } from './middle/knex-fixture.js';
import { lockRules, triggerRules } from './middle/locks.js';
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

  /** Executes a statement, and commits when `work` is done. */
  async function holding<T>(sql: string, work: () => Promise<T>): Promise<T> {
    await platform.query('BEGIN');
    try {
      await platform.query(sql);
      return await work();
    } finally {
      await platform.query('COMMIT');
    }
  }

  lockRules(
    () => fixture,
    () => ({ holding: ({ sql }, work) => holding(sql, work) }),
  );

  triggerRules(
    () => fixture,
    () => ({
      undoing: async (how, state, work) => {
        await platform.query(
          `CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN ${how === 'restore' ? 'OLD' : 'NULL'}; END'`,
        );
        await platform.query(
          `CREATE TRIGGER undo BEFORE UPDATE ON if_bnet_cust FOR EACH ROW
           WHEN (NEW.state = ${state} AND NEW.streamingno = 2) EXECUTE FUNCTION undo()`,
        );
        try {
          return await work();
        } finally {
          await platform.query('DROP FUNCTION undo CASCADE');
        }
      },
    }),
    ['restore', 'skip'],
  );

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
    const kept = await holding('SELECT * FROM if_bnet_cust FOR UPDATE', claims);
    expect(kept).toMatchObject([
      { claimed: 0, left: locked('CUST') },
      { claimed: 0, left: locked('CUST') },
    ]);
    const results = await claims();
    expect(results.map(({ claimed }) => claimed).sort()).toEqual([0, 1]);
    const [standing] = await fixture.rows();
    // The claim of the other one may have been found under way.
    for (const { rows: seen, left } of results)
      if (left.length === 0) expect(seen[0]!.stateDate).toBe(standing!.stateDate);
      else expect(left).toEqual(locked('CUST'));
    expect(standing).toMatchObject({ state: 1, attributes: [{ state: 1, stateDate: standing!.stateDate }] });
  });

  it('a claim does not wait for a correction; the next one returns the corrected content', async () => {
    await fixture.plant([cust('1')]);
    const near = later(await fixture.now(), 43_200);
    const claim = () => fixture.open().claim([requestFor(cust('1'))]);
    const kept = await holding(
      `UPDATE if_bnet_cust SET custname = '更正后', custid = 7, statedate = '${near}'`,
      claim,
    );
    expect(kept).toMatchObject({ claimed: 0, left: locked('CUST'), rows: [{ custId: '1000', state: 0 }] });
    const result = await claim();
    expect(result).toMatchObject({ claimed: 1, rows: [{ custName: '更正后', custId: '7', state: 1 }] });
    expect(result.rows[0]!.stateDate).toBe(later(near, 1));
  });

  it('a claim does not wait for a delete, or for somebody’s answer; the next one claims nothing', async () => {
    await fixture.plant([cust('1')]);
    const claim = () => fixture.open().claim([requestFor(cust('1'))]);
    const answering = await holding(`UPDATE if_bnet_cust SET state = 3, errcontent = '00404'`, claim);
    expect(answering).toMatchObject({ claimed: 0, left: locked('CUST') });
    expect(await claim()).toMatchObject({ claimed: 0, left: [], rows: [{ state: State.Failed }] });
    await fixture.change({ source: 'CUST', streamingNo: '1' }, { state: State.Initial });
    const deleting = await holding('DELETE FROM if_bnet_cust', claim);
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
    const kept = await holding('UPDATE if_bnet_account SET state = 0', answer);
    expect(kept).toEqual({ marked: 0, conflicts: [], left: locked('ACCOUNT'), heldBack: [] });
    expect(await answer()).toEqual({
      marked: 0,
      conflicts: [{ mark, state: State.Initial, stateDate: longAgo }],
      left: [],
      heldBack: [],
    });
    expect((await fixture.rows())[0]).toMatchObject({
      state: 0,
      errContent: null,
      attributes: [{ state: 1 }],
    });
  });

  it('two marks of one attempt with different outcomes: one lands, and the other is told so', async () => {
    await fixture.plant([cust('1', processing)]);
    const mark = { source: 'CUST', streamingNo: '1', attempt: longAgo, custId: null } as const;
    const marks = () =>
      Promise.all(
        [null, '00404 业务逻辑执行错误'].map((errContent) => fixture.open().mark([{ ...mark, errContent }])),
      );
    const kept = await holding('SELECT * FROM if_bnet_cust FOR UPDATE', marks);
    expect(kept).toMatchObject([
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
    // The attribute row is held up by a trigger, which waits for the platform.
    await platform.query(
      `CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN SET LOCAL lock_timeout = 0; PERFORM pg_advisory_xact_lock(1); RETURN NEW; END';
       CREATE TRIGGER hold_up BEFORE UPDATE ON if_bnet_cust_attr FOR EACH ROW EXECUTE FUNCTION hold_up()`,
    );
    await platform.query('SELECT pg_advisory_lock(1)');
    const failing = kindOf(
      call === 'claim'
        ? middle.claim([requestFor(cust('1'))])
        : middle.mark([
            { source: 'CUST', streamingNo: '1', attempt: longAgo, custId: null, errContent: null },
          ]),
    );
    const [pid] = await watcher.untilWaiting(1);
    expect(await fixture.rows()).toEqual(before);
    await watcher.terminate(pid!);
    await platform.query('SELECT pg_advisory_unlock(1); DROP FUNCTION hold_up CASCADE');
    expect(await failing).toBe('connectionLost');
    expect(await fixture.rows()).toEqual(before);
    const { rows } = await middle.claim([requestFor(cust('1'))]);
    expect(byId(rows, 'IF_BNET_CUST:1').state).toBe(State.Processing);
  });
});

function locked(source: 'CUST' | 'ACCOUNT') {
  return [{ source, streamingNo: '1', cause: 'locked' }];
}
