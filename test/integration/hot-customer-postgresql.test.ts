import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { readSnapshot } from '../../src/store/knex/snapshot.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { pgConnection, testOptions } from '../conformance/middle/knex-fixture.js';
import { createDatabase, hasPostgres, type TestDatabase } from '../support/postgres.js';
import { MeasuredDatabase } from '../support/rows-read.js';

const products = 2000;
const asked = 300;

describe.runIf(hasPostgres)('PostgreSQL: a customer with thousands of products and users', () => {
  let created: TestDatabase;
  let owner: Database;
  let measured: MeasuredDatabase;

  beforeAll(async () => {
    created = await createDatabase('hot');
    const options = { ...testOptions, ...pgConnection(created), byKey: true };
    owner = new Database(options);
    await new KnexStoreAdmin(owner).migrate(64);
    const run = (sql: string) => owner.execute({ sql, bindings: [] });
    await run(`INSERT INTO bnet_customer (product_id, cust_id, biz_id, status, opened_at, last_streaming_no)
               SELECT 42, 7, 'B' || n, 'active', now(), n FROM generate_series(1, ${products}) AS n`);
    await run(`INSERT INTO bnet_account (product_id, cust_id, biz_id, user_id, status, bound_at, last_streaming_no)
               SELECT 42, 7, 'B1', 'u' || n, 'bound', now(), n FROM generate_series(1, ${products}) AS n`);
    measured = new MeasuredDatabase(options);
  });
  afterAll(async () => {
    await Promise.all([owner.close(), measured.close()]);
    await created.drop();
  });

  it.each([
    ['has never been analysed', () => Promise.resolve()],
    ['has been analysed', () => owner.execute({ sql: 'ANALYZE', bindings: [] })],
  ])('costs a batch no more than what it asks for, where the store %s', async (_, prepare) => {
    await prepare();
    const identities = Array.from({ length: asked }, (_, n) => ({
      productId: '42',
      custId: '7',
      bizId: `B${n + 1}`,
    }));
    const users = identities.map((identity, n) => ({ ...identity, bizId: 'B1', userId: `u${n + 1}` }));
    measured.costs.length = 0;
    const snapshot = await readSnapshot(measured, { products: identities, users, counted: [] });
    expect([snapshot.customers.length, snapshot.accounts.length]).toEqual([asked, asked]);
    expect(measured.costs).toHaveLength(4);
    for (const { rowsRead, sql } of measured.costs) expect(rowsRead, sql).toBeLessThanOrEqual(2 * asked);
  });
});
