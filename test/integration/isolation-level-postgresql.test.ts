import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { readServer } from '../../src/middle/knex/server.js';
import { isolationFindings } from '../../src/operator/doctor/isolation.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { column, openPair, plant, statesOf, type KnexPair } from '../support/databases.js';
import { openOptions } from '../support/middle-databases.js';
import { operatorsOf } from '../support/operators.js';
import { hasPostgres } from '../support/postgres.js';
import { testWorker, until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';
import { open } from '../support/sample-rows.js';

const change = { ...open, OPFlag: '0102' };

describe.runIf(hasPostgres).each(['repeatable read', 'serializable'])(
  'PostgreSQL whose transactions begin as %s',
  (level) => {
    let pair: KnexPair;
    beforeEach(async () => {
      pair = await openPair('PostgreSQL');
      for (const database of [pair.middle, pair.store]) {
        const [name] = await column(database, 'SELECT current_database()');
        const sql = `ALTER DATABASE "${String(name)}" SET default_transaction_isolation = '${level}'`;
        await database.execute({ sql, bindings: [] });
      }
    });
    afterEach(() => pair.close());

    /** A database with connections of its own, made from now on. */
    async function opened<T>(
      setting: { readonly connection: object },
      work: (database: Database) => Promise<T>,
      byKey = false,
    ): Promise<T> {
      const connection = { ...setting.connection };
      const database = new Database({ ...openOptions, client: 'pg', connection, byKey });
      try {
        return await work(database);
      } finally {
        await database.close();
      }
    }

    it.each([true, false])(
      'sees READ COMMITTED from us, alone and in transactions: by key %s',
      async (byKey) => {
        const sql = 'SHOW transaction_isolation';
        const seen = (database: Database) =>
          Promise.all([
            column(database, sql),
            database.transaction((transaction) => column(transaction, sql)),
          ]);
        expect((await opened(pair.connections.store, seen, byKey)).flat()).toEqual([
          'read committed',
          'read committed',
        ]);
      },
    );

    it('lets several workers work without an outage', async () => {
      for (let n = 1; n <= 40; n += 1) {
        const CustID = String(n % 10);
        await plant(pair.middle, 'CUST', { ...(n <= 10 ? open : change), CustID, StreamingNo: String(n) });
      }
      const workers = [1, 2, 3].map(() => {
        const settings = { batchSize: 4, leaseTtlMs: scaled(1500) };
        return testWorker({ middle: pair.openMiddle(), store: pair.openStore(1500), settings });
      });
      const running = workers.map(({ worker }) => worker.run());
      await until(async () => (await statesOf(pair.middle))[2] === 40);
      for (const { worker } of workers) worker.stop();
      await Promise.all(running);
      expect(workers.flatMap(({ told }) => told).filter(({ name }) => name === 'outage')).toEqual([]);
    });

    it('is named by the doctor, for both databases', async () => {
      const { middle, store } = pair.connections;
      expect((await opened(middle, readServer)).isolation).toBe(level);
      expect(await opened(store, (database) => new KnexStoreAdmin(database).isolation())).toBe(level);
      const [finding] = isolationFindings('product store', level);
      expect(finding).toMatchObject({ area: 'product store', level: 'warning' });
      expect(finding?.finding).toContain(level.toUpperCase());
    });
  },
);

describe.runIf(hasPostgres)('PostgreSQL whose transactions begin as usual', () => {
  it('is nothing for the doctor to name', async () => {
    const pair = await openPair('PostgreSQL');
    const { middle, store } = operatorsOf(pair);
    const levels = [(await middle.server()).isolation, await store.isolation()];
    await pair.close();
    expect(levels).toEqual(['read committed', 'read committed']);
    expect(levels.flatMap((level) => isolationFindings('server', level))).toEqual([]);
  });
});
