import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  column,
  retryWhileBusy,
  isAvailable,
  openPair,
  plant,
  standing,
  statesOf,
  type Pair,
} from '../support/databases.js';
import { hasPostgres } from '../support/postgres.js';
import type { PostgresAccess } from '../support/postgres-database.js';
import { openSession } from '../support/postgres-session.js';
import { goodOpen, plantOthers } from '../support/troubles.js';
import { drain, testWorker, until, type ToldEvent } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

const timeout = scaled(120_000);

const countOf = (told: readonly ToldEvent[], name: string) =>
  told.filter((event) => event.name === name).length;

describe.runIf(hasPostgres)('a customer that somebody has locked in the product store', { timeout }, () => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await openPair('PostgreSQL');
  });
  afterEach(async () => {
    await pair.close();
  });

  it('is deferred, is not failed for it, and ends when the lock is gone; the others end meanwhile', async () => {
    await plant(pair.middle, 'CUST', goodOpen(7));
    await drain({ middle: pair.openMiddle(), store: pair.openStore() });
    const person = await openSession(pair.connections.store.connection as unknown as PostgresAccess);
    await person.query('BEGIN');
    await person.query(`UPDATE bnet_customer SET cust_name = 'checking' WHERE cust_id = 7`);
    const change = { ...goodOpen(7), OPFlag: '0102', StreamingNo: '8', CreateDate: '2026-11-02 08:00:00' };
    await plant(pair.middle, 'CUST', change);
    await plantOthers(pair, 101, 40);
    const { worker, told } = testWorker({
      middle: pair.openMiddle(),
      store: pair.openStore(),
      settings: { batchSize: 100, concurrency: 1 },
    });
    const running = worker.run();
    await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 41, 45_000);
    expect((await standing(pair.middle)).get('CUST:8')?.state).toBe(1);
    await until(() => countOf(told, 'rowsLocked') > 0);
    expect(await column(pair.store, `SELECT stage || ' ' || cause FROM sync_deferral`)).toEqual([
      'apply locked',
    ]);
    await person.query('ROLLBACK');
    await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 42, 60_000);
    await person.close();
    worker.stop();
    await running;
    expect(countOf(told, 'outage') + countOf(told, 'rowErrored') + countOf(told, 'breakerOpened')).toBe(0);
  });
});

describe.each(['SQLite', 'PostgreSQL'] as const)('the middle database %s', (kind) => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await openPair(kind);
  });
  afterEach(async () => {
    await pair.close();
  });
  const parts = () => ({ middle: pair.openMiddle(), store: pair.openStore() });
  const set = (assignments: string, where = 'TRUE') =>
    retryWhileBusy(() =>
      pair.middle.execute({ sql: `UPDATE IF_BNET_CUST SET ${assignments} WHERE ${where}`, bindings: [] }),
    );

  it.runIf(isAvailable(kind))(
    'was restored, so that an attempt came back whose row was decided anew since: it is answered, and not decided again',
    async () => {
      await plant(pair.middle, 'CUST', { ...goodOpen(1), OPFlag: '0999' });
      await plant(pair.middle, 'CUST', {
        ...goodOpen(1),
        OPFlag: '0102',
        StreamingNo: '2',
        CreateDate: '2026-11-03 08:00:00',
      });
      await drain(parts());
      const [attempt] = await column(pair.store, `SELECT attempt FROM sync_journal WHERE streaming_no = '1'`);
      await set(`OPFlag = '0101', State = 0, ErrContent = NULL`, `StreamingNo = '1'`);
      await drain(parts());
      expect((await standing(pair.middle)).get('CUST:1')?.state).toBe(2);
      await set(`State = 1, StateDate = '${String(attempt)}'`, `StreamingNo = '1'`);
      await set(`State = 0, ErrContent = NULL`, `StreamingNo = '2'`);
      const told = await drain(parts());
      const rows = await standing(pair.middle);
      expect([rows.get('CUST:1')?.state, rows.get('CUST:1')?.errContent]).toEqual([2, null]);
      expect(rows.get('CUST:2')?.state).toBe(2);
      expect(countOf(told, 'crashRetry') + countOf(told, 'markConflict')).toBe(0);
      const opened = await column(pair.store, `SELECT count(*) FROM sync_journal WHERE streaming_no = '1'`);
      expect(opened.map(Number)).toEqual([2]);
    },
  );
});

describe('the middle database SQLite, which takes anything for a date and for a number', () => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await openPair('SQLite');
  });
  afterEach(async () => {
    await pair.close();
  });

  it.each(['soon', '2026-11-28', '2026-11-28T08:00:00', '9999-12-31 23:59:59', ' '])(
    'a StateDate of %j, in State 0 or 1, keeps nobody waiting',
    async (StateDate) => {
      for (const State of [0, 1])
        await plant(pair.middle, 'CUST', { ...goodOpen(State + 1), State, StateDate });
      await plantOthers(pair, 101, 5);
      await drain({ middle: pair.openMiddle(), store: pair.openStore() });
      expect(await statesOf(pair.middle)).toEqual({ 2: 7 });
    },
  );

  it.each(['PostgreSQL', 'SQLite'] as const)(
    'a StreamingNo that is no number is refused with 00403, with a product store on %s',
    async (storeKind) => {
      if (!isAvailable(storeKind)) return;
      const other = await openPair(storeKind);
      for (const State of [0, 1])
        await plant(pair.middle, 'CUST', {
          ...goodOpen(State + 1),
          ...{ StreamingNo: `abc${State}`, State, StateDate: '2026-11-01 08:00:00' },
        });
      await plantOthers(pair, 101, 28);
      await drain({ middle: pair.openMiddle(), store: other.openStore() });
      const rows = await standing(pair.middle);
      for (const no of ['abc0', 'abc1'])
        expect(rows.get(`CUST:${no}`)).toMatchObject({
          state: 3,
          errContent: `00403 数据格式不正确: StreamingNo "${no}" 不是 30 位以内的非负整数`,
        });
      expect(await statesOf(pair.middle)).toEqual({ 2: 28, 3: 2 });
      await other.close();
    },
  );
});

describe.runIf(hasPostgres)('a refusal that cannot be recorded either', { timeout: scaled(90_000) }, () => {
  it('is tried again ever more rarely, and said a few times', async () => {
    const pair = await openPair('PostgreSQL');
    const run = (sql: string) => pair.store.execute({ sql, bindings: [] });
    await run(`ALTER TABLE sync_journal ADD CONSTRAINT never CHECK (streaming_no <> 7)`);
    await plant(pair.middle, 'CUST', goodOpen(7));
    await plantOthers(pair, 101, 20);
    const { worker, told } = testWorker({ middle: pair.openMiddle(), store: pair.openStore() });
    const running = worker.run();
    await until(() => countOf(told, 'rowErrored') >= 3);
    const applied = countOf(told, 'polled');
    await new Promise((resolve) => setTimeout(resolve, 5000));
    expect((await standing(pair.middle)).get('CUST:7')?.state).toBe(1);
    expect((await statesOf(pair.middle))[2]).toBe(20);
    expect(countOf(told, 'rowErrored')).toBeLessThanOrEqual(5);
    const tries = await column(pair.store, 'SELECT tries FROM sync_deferral');
    expect(Number(tries[0])).toBeLessThanOrEqual(8);
    expect(applied).toBeGreaterThan(0);
    await run(`ALTER TABLE sync_journal DROP CONSTRAINT never`);
    await until(async () => (await standing(pair.middle)).get('CUST:7')?.state !== 1, 60_000);
    worker.stop();
    await running;
    await pair.close();
  });
});
