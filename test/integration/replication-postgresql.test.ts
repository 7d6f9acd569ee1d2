import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { KnexProductStore } from '../../src/store/knex/product-store.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { column, openPair, plant, statesOf, type Pair, type Planted } from '../support/databases.js';
import { openOptions } from '../support/middle-databases.js';
import { hasPostgres, PostgresServer } from '../support/postgres.js';
import { until } from '../support/until.js';
import { drain, testWorker, toldOnce } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

const product = { ProductID: '323002000', BizID: 'b1', CustID: '7' };
const open: Planted = { ...product, OPFlag: '0101', CustAccount: 'a', CustName: '企业' };
const bind: Planted = { ...product, OPFlag: '0201', UserID: 'u', AccType: '1', AccName: '张三' };
const at = (second: number) => ({ CreateDate: `2026-11-01 08:00:0${second}`, StreamingNo: String(second) });

describe.runIf(hasPostgres)('a product store on PostgreSQL of which a publication holds all tables', () => {
  const server = new PostgresServer({ wal_level: 'logical' });
  const opened: Database[] = [];
  let pair: Pair;
  let options: ConstructorParameters<typeof Database>[0];

  beforeAll(() => server.start(), scaled(60_000));
  afterAll(() => server.remove());
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    await pair.close();
  });

  const openStore = () => {
    const database = new Database(options);
    opened.push(database);
    return database;
  };

  async function published(): Promise<Database> {
    const { connection } = await server.createDatabase('published');
    options = { ...openOptions, client: 'pg', connection: { ...connection } };
    pair = await openPair('SQLite');
    const store = openStore();
    await new KnexStoreAdmin(store).migrate(8);
    await store.execute({ sql: 'CREATE PUBLICATION everything FOR ALL TABLES', bindings: [] });
    return store;
  }

  it('takes changes with attributes, of customers and of users, and pauses that end', async () => {
    const store = await published();
    await plant(pair.middle, 'CUST', { ...open, ...at(1) }, [['1', '110', 'x']]);
    await plant(pair.middle, 'CUST', { ...open, OPFlag: '0102', ...at(2) }, [['2', '110', 'y']]);
    await plant(pair.middle, 'ACCOUNT', { ...bind, ...at(3) }, [['1', '210', 'x']]);
    await plant(pair.middle, 'ACCOUNT', { ...bind, OPFlag: '0202', ...at(4) }, [['2', '210', 'y']]);
    await drain({ middle: pair.openMiddle(), store: new KnexProductStore(openStore(), 5000) });
    expect(await statesOf(pair.middle)).toEqual({ 2: 4 });
    for (const table of ['bnet_customer_attr', 'bnet_account_attr']) {
      expect(await column(store, `SELECT attr_value FROM ${table}`)).toEqual(['y']);
    }

    const run = (sql: string) => store.execute({ sql, bindings: [] });
    await run(`INSERT INTO sync_pause (source, since, who) VALUES ('CUST', now(), 'wang')`);
    expect((await run(`DELETE FROM sync_pause WHERE source = 'CUST'`)).changed).toBe(1);
  });

  it('has no table whose rows a subscriber could not tell apart', async () => {
    const store = await published();
    expect(
      await column(
        store,
        `SELECT c.relname FROM pg_class AS c
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relreplident <> 'f'
           AND NOT EXISTS (SELECT 1 FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary)`,
      ),
    ).toEqual([]);
  });

  it('opens the breaker at once where a table lost its identity, fails no row, and goes on when it has it back', async () => {
    const store = await published();
    await plant(pair.middle, 'CUST', { ...open, ...at(1) }, [['1', '110', 'x']]);
    await drain({ middle: pair.openMiddle(), store: new KnexProductStore(openStore(), 5000) });
    await store.execute({ sql: 'ALTER TABLE bnet_customer_attr REPLICA IDENTITY NOTHING', bindings: [] });
    await plant(pair.middle, 'CUST', { ...open, OPFlag: '0102', ...at(2) }, [['2', '110', 'y']]);
    const { worker, told } = testWorker({
      middle: pair.openMiddle(),
      store: new KnexProductStore(openStore(), 5000),
    });
    const running = worker.run();
    await toldOnce(worker, 'breakerOpened');
    await store.execute({ sql: 'ALTER TABLE bnet_customer_attr REPLICA IDENTITY FULL', bindings: [] });
    await until('both rows are applied', async () => ((await statesOf(pair.middle))[2] ?? 0) === 2, 20_000);
    worker.stop();
    await running;
    expect(told.filter(({ name }) => name === 'rowFailed' || name === 'rowErrored')).toEqual([]);
  });
});
