import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  column,
  isAvailable,
  isOnOracle,
  openPair,
  plant,
  standing,
  statesOf,
  type Pair,
} from '../support/databases.js';
import type { PostgresAccess } from '../support/postgres-database.js';
import { openSession } from '../support/postgres-session.js';
import { plantOthers } from '../support/troubles.js';
import { testWorker, toldOnce, until, type ToldEvent } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';
import { open as openOfProduct } from '../support/sample-rows.js';

const open = { ...openOfProduct, AreaCode: '020' };

/** Refuses every row a State, and lets it through again. */
interface Rule {
  readonly refuse: (state: number) => Promise<void>;
  readonly allow: () => Promise<void>;
}

function ruleOf(pair: Pair): Rule {
  if (isOnOracle(pair)) {
    const { oracle } = pair;
    return {
      refuse: (state) =>
        oracle.alter('IF_BNET_CUST', `ADD CONSTRAINT rule CHECK (State <> ${state}) NOT VALID`),
      allow: () => oracle.alter('IF_BNET_CUST', 'DROP CONSTRAINT rule'),
    };
  }
  const run = async (sql: string) => {
    await pair.middle.execute({ sql, bindings: [] });
  };
  return {
    refuse: (state) =>
      run(`ALTER TABLE if_bnet_cust ADD CONSTRAINT rule CHECK (state <> ${state}) NOT VALID`),
    allow: () => run('ALTER TABLE if_bnet_cust DROP CONSTRAINT rule'),
  };
}

for (const kind of ['PostgreSQL', 'Oracle'] as const) {
  describe.runIf(isAvailable(kind))(`a rule that refuses every row on ${kind}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await openPair(kind);
    });
    afterEach(async () => {
      await pair.close();
    });
    const count = (told: readonly ToldEvent[], name: string) =>
      told.filter((event) => event.name === name).length;

    it.each([
      ['claim', 1, 0],
      ['mark', 2, 1],
    ])(
      'its %s: the breaker opens at once, nobody is deferred, and nothing is applied twice',
      async (_, state, stays) => {
        for (let n = 1; n <= 200; n += 1)
          await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) });
        const rule = ruleOf(pair);
        await rule.refuse(state);
        const { worker, told } = testWorker({
          middle: pair.openMiddle(),
          store: pair.openStore(),
          settings: { batchSize: 50 },
        });
        const running = worker.run();
        await toldOnce(worker, 'breakerOpened');
        expect(count(told, 'claimed')).toBeLessThanOrEqual(3);
        expect(count(told, 'rowsDeferred') + count(told, 'rowErrored')).toBe(0);
        await new Promise((resolve) => setTimeout(resolve, 3000));
        const states = await statesOf(pair.middle);
        expect([states[2] ?? 0, states[3] ?? 0]).toEqual([0, 0]);
        expect(states[stays]).toBeGreaterThan(0);
        await rule.allow();
        await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 200, 60_000);
        worker.stop();
        await running;
        expect(count(told, 'breakerClosed')).toBeGreaterThan(0);
        expect(Number((await column(pair.store, 'SELECT count(*) FROM sync_journal'))[0])).toBe(200);
        expect(Number((await column(pair.store, 'SELECT count(*) FROM bnet_customer'))[0])).toBe(200);
        expect(Number((await column(pair.store, 'SELECT count(*) FROM sync_deferral'))[0])).toBe(0);
      },
      scaled(120_000),
    );
  });
}

describe.runIf(isAvailable('PostgreSQL'))('many refused rows', { timeout: scaled(120_000) }, () => {
  let pair: Pair;
  beforeEach(async () => {
    pair = await openPair('PostgreSQL');
  });
  afterEach(async () => {
    await pair.close();
  });

  it.each([1, 2])(
    'one that a security policy keeps from State %i looks like a missing privilege, and stops nobody',
    async (state) => {
      await plantOthers(pair, 1, 60);
      const run = (sql: string) => pair.middle.execute({ sql, bindings: [] });
      await run(
        `CREATE FUNCTION policy() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION 'new row violates row-level security policy' USING ERRCODE = '42501'; END $$`,
      );
      await run(
        `CREATE TRIGGER policy BEFORE UPDATE ON if_bnet_cust FOR EACH ROW
       WHEN (NEW.streamingno = 7 AND NEW.state = ${state}) EXECUTE FUNCTION policy()`,
      );
      const { worker, told } = testWorker({ middle: pair.openMiddle(), store: pair.openStore() });
      const running = worker.run();
      await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 59);
      await until(() => told.some(({ name }) => name === 'rowsDeferred'));
      worker.stop();
      await running;
      expect(told.filter(({ name }) => name === 'breakerOpened')).toEqual([]);
      expect((await standing(pair.middle)).get('CUST:7')?.state).toBe(state - 1);
    },
  );

  it('that a person has locked, 1500 of them at the head of the queue, keep those behind them waiting for seconds', async () => {
    await pair.middle.execute({
      sql: `INSERT INTO if_bnet_cust
              (streamingno, productid, bizid, custid, custaccount, custname, opflag, createdate, state)
            SELECT g, 323002000, 'b1', g, 'a', 'n', '0101', '2026-11-01 08:00:00', 0 FROM generate_series(1, 1540) AS g`,
      bindings: [],
    });
    const person = await openSession(pair.connections.middle.connection as unknown as PostgresAccess);
    await person.query('BEGIN');
    await person.query(`UPDATE if_bnet_cust SET remark = 'checking' WHERE streamingno <= 1500`);
    const { worker, told } = testWorker({
      middle: pair.openMiddle(),
      store: pair.openStore(),
      settings: { batchSize: 1000 },
    });
    const running = worker.run();
    await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 40, 45_000);
    // More than a thousand customers are deferred: that is said loudly.
    await until(() => told.some(({ name }) => name === 'breakerOpened'));
    await person.query('ROLLBACK');
    await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 1540, 60_000);
    worker.stop();
    await running;
    await person.close();
    expect(told.filter(({ name }) => name === 'outage' || name === 'rowFailed')).toEqual([]);
    expect(await column(pair.store, 'SELECT count(*) FROM sync_deferral')).toEqual(['0']);
  });

  it('twelve in succession, at the head of sixty, do not open the breaker', async () => {
    for (let n = 1; n <= 60; n += 1)
      await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) });
    await pair.middle.execute({
      sql: 'ALTER TABLE if_bnet_cust ADD CONSTRAINT rule CHECK (streamingno > 12 OR state <> 2) NOT VALID',
      bindings: [],
    });
    const { worker, told } = testWorker({ middle: pair.openMiddle(), store: pair.openStore() });
    const running = worker.run();
    await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 48);
    worker.stop();
    await running;
    expect(told.filter(({ name }) => name === 'breakerOpened')).toEqual([]);
    expect(await column(pair.store, 'SELECT count(*) FROM sync_deferral')).toEqual(['12']);
  });

  it('that fill the head of the queue do not keep the rows behind them waiting for ever', async () => {
    for (let n = 1; n <= 100; n += 1)
      await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) });
    await pair.middle.execute({
      sql: 'ALTER TABLE if_bnet_cust ADD CONSTRAINT rule CHECK (streamingno > 30 OR state <> 1) NOT VALID',
      bindings: [],
    });
    // One page holds none but refused rows.
    const { worker, told } = testWorker({
      middle: pair.openMiddle(),
      store: pair.openStore(),
      settings: { batchSize: 20 },
    });
    const running = worker.run();
    await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 70, 45_000);
    worker.stop();
    await running;
    expect(told.some(({ name }) => name === 'breakerOpened')).toBe(true);
    expect((await standing(pair.middle)).get('CUST:1')?.state).toBe(0);
  });

  it('keep one good row behind them waiting for a few back-offs, which try more rows each time', async () => {
    for (let n = 1; n <= 81; n += 1)
      await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) });
    await pair.middle.execute({
      sql: 'ALTER TABLE if_bnet_cust ADD CONSTRAINT rule CHECK (streamingno > 80 OR state <> 1) NOT VALID',
      bindings: [],
    });
    const { worker, told } = testWorker({ middle: pair.openMiddle(), store: pair.openStore() });
    const running = worker.run();
    await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 1, 60_000);
    worker.stop();
    await running;
    // 10, 20, 40 and 50 rows, the size of a batch, after back-offs of 1, 2, 4 and 8 seconds.
    const opened = told.filter(({ name }) => name === 'breakerOpened').length;
    expect(opened).toBeGreaterThan(1);
    expect(opened).toBeLessThan(6);
  });
});
