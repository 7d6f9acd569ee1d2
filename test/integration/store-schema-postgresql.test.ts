import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import type { DatabaseOptions } from '../../src/database/options.js';
import { setupFindings } from '../../src/operator/doctor/setup.js';
import { storeTables } from '../../src/store/knex/migrations.js';
import { KnexProductStore } from '../../src/store/knex/product-store.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { StoreNotMigratedError, StoreUnfitError } from '../../src/store/setup-port.js';
import type { Handlers } from '../../src/worker/handlers.js';
import { column, openPair, plant, statesOf, type Pair } from '../support/databases.js';
import { openOptions } from '../support/middle-databases.js';
import { postgresDatabase, type KnexSetting, type Made } from '../support/pair-databases.js';
import { hasPostgres } from '../support/postgres.js';
import { drain } from '../support/workers.js';
import { open as openOfProduct } from '../support/sample-rows.js';

const product = { ProductID: '323002000', BizID: 'b1', CustID: '7' };
const open = { ...openOfProduct, ...product };
const name = 'product "a"';

describe.runIf(hasPostgres)('the schema of the product store', () => {
  let made: Made<KnexSetting>;
  let plain: Database;
  let pair: Pair;
  const opened: Database[] = [];
  beforeEach(async () => {
    made = await postgresDatabase('schemas');
    plain = at();
    pair = await openPair('SQLite');
    await run(`CREATE SCHEMA "product ""a"""`);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    await Promise.all([made.drop(), pair.close()]);
  });

  function at(schema?: string, more: Partial<DatabaseOptions> = {}): Database {
    const own = schema === undefined ? {} : { schema: { name: schema, tables: storeTables } };
    const database = new Database({ ...openOptions, ...made.setting, ...own, ...more });
    opened.push(database);
    return database;
  }
  const run = (sql: string) => plain.execute({ sql, bindings: [] });
  const migrate = (schema?: string) => new KnexStoreAdmin(at(schema)).migrate(8);
  const setupOf = (schema?: string) => new KnexStoreAdmin(at(schema)).setup();
  const work = (schema: string | undefined, handlers: Handlers = {}) =>
    drain({ middle: pair.openMiddle(), store: new KnexProductStore(at(schema), 5000), handlers });

  it('is where all tables are made and all rows are applied; others stay empty', async () => {
    await migrate(name);
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' }, [['1', '110', 'x']]);
    await work(name);
    expect(await statesOf(pair.middle)).toEqual({ 2: 1 });
    expect(await column(plain, `SELECT cust_name FROM "product ""a""".bnet_customer`)).toEqual(['企业']);
    expect(
      await column(
        plain,
        `SELECT DISTINCT schemaname FROM pg_tables WHERE tablename = ANY (ARRAY['${storeTables.join("','")}'])`,
      ),
    ).toEqual([name]);
    expect((await setupOf(name)).pending).toEqual([]);
    expect(setupFindings(await setupOf(name))).toMatchObject([
      { level: 'ok', finding: `all have run, in the schema "${name}"` },
    ]);
  });

  it('keeps two stores of one database apart', async () => {
    await migrate();
    await migrate(name);
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
    await work(name);
    expect(await column(plain, 'SELECT count(*)::int FROM bnet_customer')).toEqual([0]);
    expect(await column(at(name), 'SELECT count(*)::int FROM bnet_customer')).toEqual([1]);
  });

  it("is never filled up from another one: a table that is missing is not another store's", async () => {
    await migrate();
    const { pending, done } = await setupOf(name);
    expect([pending.length > 0, done]).toEqual([true, []]);
    await expect(work(name)).rejects.toBeInstanceOf(StoreNotMigratedError);
    await expect(at(name).execute({ sql: 'SELECT 1 FROM sync_pause', bindings: [] })).rejects.toMatchObject({
      kind: 'schema',
    });
  });

  it("leaves the role's own search_path to handlers, behind it", async () => {
    await migrate(name);
    await run('CREATE TABLE orders (cust text)');
    await plant(pair.middle, 'CUST', { ...open, StreamingNo: '1' });
    await work(name, {
      onCustomer: async ({ knex, after }) => {
        await knex('orders').insert({ cust: after.custId });
      },
    });
    expect(await column(plain, 'SELECT cust FROM public.orders')).toEqual(['7']);
  });

  it('must exist: migrate makes none, and says how', async () => {
    const refused = migrate('prodct');
    await expect(refused).rejects.toBeInstanceOf(StoreUnfitError);
    await expect(refused).rejects.toThrow(/the schema "prodct" does not exist .*CREATE SCHEMA/);
    expect(setupFindings(await setupOf('prodct'))).toMatchObject([
      { level: 'error', finding: expect.stringContaining('"prodct"') as string },
    ]);
    await expect(work('prodct')).rejects.toThrow('the schema "prodct" does not exist');
  });

  it('is found where the search_path does not lead to it, before anybody is told to migrate or migrates', async () => {
    await migrate(name);
    const refused = migrate();
    await expect(refused).rejects.toBeInstanceOf(StoreUnfitError);
    await expect(refused).rejects.toThrow(`are in the schema "${name}"`);
    await expect(work(undefined)).rejects.toThrow(/are in the schema .*set store\.schema to it/);
    expect(setupFindings(await setupOf())).toMatchObject([
      {
        level: 'error',
        finding: expect.stringContaining(`in the schema "${name}"`) as string,
        whatToDo: expect.stringContaining('store.schema') as string,
      },
    ]);
    expect(await column(plain, `SELECT to_regclass('public.sync_migration')::text`)).toEqual([null]);
    await run('CREATE SCHEMA other');
    expect(await migrate('other')).not.toEqual([]);
  });

  it('is where later migrations go, too, though another schema comes first in the search_path by then', async () => {
    await migrate();
    await run('DROP TABLE sync_deferral');
    await run(`DELETE FROM sync_migration WHERE name = '0005_isolation'`);
    await run('CREATE SCHEMA first');
    const connection = { ...made.setting.connection, options: '-c search_path=first,public' };
    const database = at(undefined, { connection });
    expect(await new KnexStoreAdmin(database).migrate(8)).toEqual(['0005_isolation']);
    expect(await column(plain, `SELECT to_regclass('public.sync_deferral')::text`)).toEqual([
      'sync_deferral',
    ]);
  });
});
