import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { initMiddle } from '../../src/middle/knex/init.js';
import { KnexMiddleDatabase } from '../../src/middle/knex/middle-database.js';
import { pgMiddle } from '../../src/middle/knex/postgresql.js';
import { KnexProductStore } from '../../src/store/knex/product-store.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import type { CustomerHandlerContext } from '../../src/worker/handlers.js';
import {
  column,
  retryWhileBusy,
  isAvailable,
  openPair,
  pairKinds,
  plant,
  standing,
  statesOf,
  type Pair,
} from '../support/databases.js';
import { hasPostgres, PostgresServer } from '../support/postgres.js';
import { drain, testWorker, toldOnce, until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';
import { bind, open as openOfProduct } from '../support/sample-rows.js';

const open = { ...openOfProduct, AreaCode: '020' };

async function plantOpens(pair: Pair, count: number): Promise<void> {
  for (let n = 1; n <= count; n += 1)
    await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) });
}

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`failures on ${kind}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await openPair(kind);
    });
    afterEach(async () => {
      await pair.close();
    });
    const parts = () => ({ middle: pair.openMiddle(), store: pair.openStore() });

    it('a row whose handler keeps failing ends in 3 with 00205 after maxAttempts, and the others go on', async () => {
      await plantOpens(pair, 30);
      await plant(pair.middle, 'ACCOUNT', {
        ...bind,
        CustID: '13',
        StreamingNo: '100',
        CreateDate: '2026-11-02 00:00:00',
      });
      let calls = 0;
      const handlers = {
        onCustomer: ({ operation }: { operation: { identity: { custId: string } } }) => {
          if (operation.identity.custId !== '13') return;
          calls += 1;
          throw new TypeError('secret of the handler');
        },
      };
      const told = await drain({ ...parts(), handlers });
      const rows = await standing(pair.middle);
      expect(rows.get('CUST:13')).toMatchObject({
        state: 3,
        errContent: '00205 过程执行异常: 该行单独处理 3 次均出错 (TypeError)',
      });
      expect(calls).toBe(3);
      expect(await statesOf(pair.middle)).toEqual({ 2: 29, 3: 2 });
      expect(rows.get('ACCOUNT:100')?.errContent).toMatch(/^00402/);
      expect(told.filter(({ name }) => name === 'rowErrored')).toHaveLength(3);
    });

    it('a row that the store itself refuses is found in its batch and ends in 3 with 00205', async () => {
      await plantOpens(pair, 30);
      const trigger =
        pair.store.dialect.name === 'better-sqlite3'
          ? [
              `CREATE TRIGGER no13 BEFORE INSERT ON bnet_customer WHEN NEW.cust_id = '13' BEGIN SELECT RAISE(ABORT, 'secret'); END`,
            ]
          : [
              `CREATE FUNCTION no13() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.cust_id = 13 THEN RAISE EXCEPTION 'secret'; END IF; RETURN NEW; END $$`,
              `CREATE TRIGGER no13 BEFORE INSERT ON bnet_customer FOR EACH ROW EXECUTE FUNCTION no13()`,
            ];
      for (const sql of trigger) await pair.store.execute({ sql, bindings: [] });
      await drain(parts());
      const rows = await standing(pair.middle);
      expect(rows.get('CUST:13')?.errContent).toMatch(
        /^00205 过程执行异常: 该行单独处理 3 次均出错 \(数据库错误 /,
      );
      expect(rows.get('CUST:13')?.errContent).not.toContain('secret');
      expect(await statesOf(pair.middle)).toEqual({ 2: 29, 3: 1 });
    });

    it('a row whose handler never ends is tried maxAttempts times and ends in 3 with 00205, and the others go on', async () => {
      await plantOpens(pair, 10);
      const handlers = {
        onCustomer: ({ operation }: CustomerHandlerContext) =>
          operation.identity.custId === '4' ? new Promise<undefined>(() => undefined) : undefined,
      };
      const told = await drain({
        middle: pair.openMiddle(),
        store: pair.openStore(10_000, { callTimeoutMs: 1000 }),
        handlers,
      });
      expect((await standing(pair.middle)).get('CUST:4')?.errContent).toBe(
        '00205 过程执行异常: 该行单独处理 3 次均出错 (HandlerTimeoutError)',
      );
      expect(await statesOf(pair.middle)).toEqual({ 2: 9, 3: 1 });
      expect(told.filter(({ name }) => name === 'outage')).toEqual([]);
    });

    it('a handler that throws at every row opens the breaker after a few rows and fails none', async () => {
      await plantOpens(pair, 200);
      const handlers = {
        onCustomer: () => {
          throw new Error('always');
        },
      };
      await expect(drain({ ...parts(), handlers })).rejects.toThrow('always');
      const states = await statesOf(pair.middle);
      expect(states[3]).toBeUndefined();
      expect(states[2]).toBeUndefined();
      expect(states[0]).toBeGreaterThan(0);
    });

    it('a missing table opens the breaker at once, fails no row, and work goes on when it is back', async () => {
      const { worker, told } = testWorker(parts());
      const started = toldOnce(worker, 'polled');
      const running = worker.run();
      await started;
      await retryWhileBusy(() =>
        pair.store.execute({ sql: 'ALTER TABLE bnet_customer RENAME TO away', bindings: [] }),
      );
      const opened = toldOnce(worker, 'breakerOpened');
      await plantOpens(pair, 200);
      await opened;
      expect((await statesOf(pair.middle))[3]).toBeUndefined();
      await retryWhileBusy(() =>
        pair.store.execute({ sql: 'ALTER TABLE away RENAME TO bnet_customer', bindings: [] }),
      );
      await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 200);
      worker.stop();
      await running;
      expect(told.some(({ name }) => name === 'breakerClosed')).toBe(true);
    });

    it('a middle database that refuses a mark opens the breaker, and every row is right when it is mended', async () => {
      await plantOpens(pair, 20);
      await pair.testMiddle.refuseSuccess();
      const { worker } = testWorker(parts());
      const running = worker.run();
      await toldOnce(worker, 'breakerOpened');
      expect((await statesOf(pair.middle))[3]).toBeUndefined();
      await retryWhileBusy(() => pair.testMiddle.allowSuccess());
      await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 20);
      worker.stop();
      await running;
      expect(Number((await column(pair.store, 'SELECT count(*) FROM sync_journal'))[0])).toBe(20);
    });

    it('a handler refuses a row with a code and a text, and what it wrote for that row is undone', async () => {
      await pair.store.execute({ sql: 'CREATE TABLE notes (cust text)', bindings: [] });
      await plantOpens(pair, 3);
      const handlers = {
        onCustomer: async ({ knex, operation }: CustomerHandlerContext) => {
          await knex('notes').insert({ cust: operation.identity.custId });
          return operation.identity.custId === '2'
            ? { refuse: { code: '00004' as const, detail: '产品 X 未授权' } }
            : undefined;
        },
      };
      await drain({ ...parts(), handlers });
      expect((await standing(pair.middle)).get('CUST:2')?.errContent).toBe('00004 业务未授权: 产品 X 未授权');
      expect(await column(pair.store, 'SELECT cust FROM notes ORDER BY cust')).toEqual(['1', '3']);
      expect(
        await column(pair.store, 'SELECT CAST(cust_id AS TEXT) FROM bnet_customer ORDER BY cust_id'),
      ).toEqual(['1', '3']);
    });
  });
}

describe.runIf(hasPostgres)('outages of PostgreSQL', () => {
  let server: PostgresServer;
  let pair: Pair;
  beforeEach(async () => {
    server = new PostgresServer();
    await server.start();
    pair = await openPair('SQLite');
  });
  afterEach(async () => {
    await pair.close();
    await server.remove();
  });

  it('a product store that is stopped, killed and started again leaves no row in State 3 for it', async () => {
    const { connection } = await server.createDatabase('store');
    const options = {
      client: 'pg',
      connection: { ...connection },
      applicationName: 'test',
      maxConnections: 5,
      callTimeoutMs: 3000,
      serverTimeoutMs: 2000,
    } as const;
    const migrating = new Database(options);
    await new KnexStoreAdmin(migrating).migrate(8);
    await migrating.close();
    await plantOpens(pair, 300);
    const store = new KnexProductStore(new Database(options), 3000);
    const middle = pair.openMiddle();
    const { worker, told } = testWorker({
      middle,
      store,
      settings: { batchSize: 20, leaseTtlMs: scaled(3000) },
    });
    const running = worker.run();
    await toldOnce(worker, 'applied');
    await server.kill();
    await toldOnce(worker, 'outage');
    await server.start();
    await until(async () => ((await statesOf(pair.middle))[2] ?? 0) > 100);
    await server.stop();
    await plant(pair.middle, 'CUST', { ...open, CustID: '999', StreamingNo: '999' });
    await toldOnce(worker, 'outage');
    await server.start();
    await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 301);
    worker.stop();
    await running;
    await store.close();
    expect(told.filter(({ name }) => name === 'rowFailed' || name === 'rowErrored')).toEqual([]);
  });

  it('a middle database that is killed and stopped in the middle of the work leaves every row right', async () => {
    const { connection } = await server.createDatabase('middle');
    const options = {
      client: 'pg',
      connection: { ...connection },
      applicationName: 'test',
      maxConnections: 5,
      callTimeoutMs: 3000,
      serverTimeoutMs: 2000,
    } as const;
    const planting = new Database(options);
    await initMiddle(planting);
    for (let n = 1; n <= 300; n += 1) {
      await plant(planting, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) });
    }
    const tables = {
      dialect: pgMiddle,
      schema: undefined,
      productIds: [],
      markAttributes: true,
      maxAttributes: 10_000,
    };
    const middle = new KnexMiddleDatabase(new Database(options), tables);
    const store = pair.openStore();
    const { worker, told } = testWorker({ middle, store, settings: { batchSize: 20 } });
    const running = worker.run();
    await toldOnce(worker, 'applied');
    await server.kill();
    await toldOnce(worker, 'outage');
    await server.start();
    await toldOnce(worker, 'marked');
    await server.stop();
    await toldOnce(worker, 'outage');
    await server.start();
    const states = (): Promise<Record<number, number>> => statesOf(planting).catch(() => ({}));
    await until(async () => ((await states())[2] ?? 0) === 300);
    worker.stop();
    await running;
    await Promise.all([middle.close(), planting.close()]);
    expect(told.filter(({ name }) => name === 'rowFailed' || name === 'rowErrored')).toEqual([]);
    expect(Number((await column(pair.store, 'SELECT count(*) FROM sync_journal'))[0])).toBe(300);
  });
});
