import '../support/hostile-time-zone.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { sources, tableOf } from '../../src/domain/keys.js';
import { initMiddle } from '../../src/middle/knex/init.js';
import type { FailedSearch, BoundedQueries } from '../../src/middle/admin-port.js';
import { openMiddle } from '../../src/app/open-databases.js';
import { pgConnection, searchOver, testOptions } from '../conformance/middle/knex-fixture.js';
import { longAgo } from '../conformance/middle/rows.js';
import { pagesOf } from '../conformance/middle/search-failed.js';
import { createDatabase, hasPostgres, type TestDatabase } from '../support/postgres.js';
import { MeasuredDatabase, type StatementCost } from '../support/rows-read.js';
import { until } from '../support/until.js';
import { parsed } from '../unit/config/minimal-config.js';
import { scaled } from '../support/time-factor.js';

const finished = 50_000;
const failures = 20_000;
const inFlight = 3000;

/**
 * In each table: finished rows, failed ones in ties of 500 of which every thousandth is a 00402 and fifty have no
 * StateDate, rows in State 1; one customer has 10,000 of the failed ones. Nothing was ever analysed.
 */
async function fill(platform: Database): Promise<void> {
  const run = (sql: string) => platform.execute({ sql, bindings: [] });
  for (const source of sources) {
    const table = tableOf[source];
    await run(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
    await run(`INSERT INTO ${table} (StreamingNo, ProductID, BizID, CustID, OPFlag, CreateDate, State, ErrContent, StateDate)
      SELECT n, 42, 'B' || n, CASE WHEN n % 2 = 0 AND n > ${finished} THEN 7 ELSE 1000 + n % 5000 END, '0101',
             timestamp '2026-01-02 03:04:05' + n * interval '1 second',
             CASE WHEN n <= ${finished} THEN 2 WHEN n <= ${finished + failures} THEN 3 ELSE 1 END,
             CASE WHEN n <= ${finished} OR n > ${finished + failures} THEN NULL WHEN n % 1000 = 0 THEN '00402 x' ELSE '00401 x' END,
             CASE WHEN n % 400 = 0 THEN NULL ELSE timestamp '2026-01-02 03:04:05' + (n / 500) * interval '1 second' END
      FROM generate_series(1, ${finished + failures + inFlight}) AS n`);
  }
}

function search(part: Partial<FailedSearch> = {}): FailedSearch {
  return { filter: {}, after: null, limit: 50, scan: 1000, ...part };
}

describe.runIf(hasPostgres)('PostgreSQL: what looking about costs', { timeout: scaled(90_000) }, () => {
  let created: TestDatabase;
  let platform: Database;
  let database: MeasuredDatabase;
  let middle: BoundedQueries;

  beforeAll(async () => {
    created = await createDatabase('search');
    const options = { ...testOptions, ...pgConnection(created) };
    platform = new Database(options);
    await initMiddle(platform);
    await fill(platform);
    database = new MeasuredDatabase(options);
    middle = searchOver(database);
  }, scaled(90_000));
  afterAll(async () => {
    await Promise.all([platform.close(), database.close()]);
    await created.drop();
  });

  async function costsOf(
    work: (search: BoundedQueries) => Promise<unknown>,
    over = middle,
  ): Promise<StatementCost[]> {
    database.costs.length = 0;
    await work(over);
    return database.costs.splice(0);
  }

  const mostOf = (costs: readonly StatementCost[]) => Math.max(...costs.map(({ rowsRead }) => rowsRead));

  it('before any was analysed, the search of a configuration goes by the indexes without being told to', async () => {
    await platform.execute({ sql: 'SELECT pg_stat_reset()', bindings: [] });
    const config = parsed({ middle: { client: 'pg', connection: { ...created.connection } } });
    const opened = await openMiddle(config, { applicationName: 'bnet-sync test' });
    const page = await opened.admin.queries.failedPage(search({ filter: { text: '没有' }, scan: 500 }));
    expect(page.rows).toEqual([]);
    await opened.admin.queries.failedCounts(500);
    await opened.close();
    // The server's statistics come when a session ends, and a little later.
    const read = await until('the server has counted', async () => {
      const { rows } = await platform.execute({
        sql: `SELECT sum(seq_scan) AS whole, sum(idx_tup_fetch) AS by_index FROM pg_stat_user_tables
              WHERE relname IN ('if_bnet_cust', 'if_bnet_account')`,
        bindings: [],
      });
      return Number(rows[0]!['by_index']) >= 2000 ? rows[0]! : null;
    });
    expect(Number(read['whole'])).toBe(0);
    expect(Number(read['by_index'])).toBe(2000);
  });

  describe.each(['never analysed', 'analysed'])('tables that were %s', (kind) => {
    beforeAll(async () => {
      if (kind === 'analysed') await platform.execute({ sql: 'ANALYZE', bindings: [] });
    });

    it('a page of failed rows reads one row more than it has, of each table, by the index of failed rows', async () => {
      const costs = await costsOf((each) => each.failedPage(search()));
      expect(costs).toHaveLength(2);
      expect(mostOf(costs)).toBeLessThanOrEqual(51);
      expect(costs.map(({ steps }) => steps)).toEqual([
        ['Index Scan if_bnet_cust_failed'],
        ['Index Scan if_bnet_account_failed'],
      ]);
    });

    it('deep in the list it reads no more, in the middle of a tie and beyond the last StateDate', async () => {
      const middleOfTie = { source: 'CUST', streamingNo: '60123', stateDate: '2026-01-02 03:06:05' } as const;
      const undated = { source: 'ACCOUNT', streamingNo: '60000', stateDate: null } as const;
      for (const after of [middleOfTie, undated]) {
        const costs = await costsOf((each) => each.failedPage(search({ after })));
        expect(mostOf(costs)).toBeLessThanOrEqual(51);
        for (const { steps } of costs)
          expect(steps.join()).toMatch(/^Index Scan if_bnet_(cust|account)_failed$/);
      }
    });

    it.each([
      { code: '00402' },
      { text: '没有' },
      { custId: '1' },
      { userId: 'U9' },
      { since: longAgo, until: '2026-01-02 03:06:00' },
      { productId: '43' },
    ])('a filter that hardly a row matches lets a statement read no more than it may: %o', async (filter) => {
      const costs = await costsOf(async (each) => {
        const { next } = await each.failedPage(search({ filter }));
        await each.failedPage(search({ filter, after: next }));
      });
      expect(mostOf(costs)).toBeLessThanOrEqual(1000);
      for (const { steps } of costs)
        expect(steps.join()).toMatch(/^Index Scan if_bnet_(cust|account)_failed$/);
    });

    it('of another product there may be as many as there are: they are read up to the limit, not returned', async () => {
      const costs = await costsOf(
        (each) => each.failedPage(search()),
        searchOver(database, { productIds: ['43'] }),
      );
      expect(mostOf(costs)).toBeLessThanOrEqual(1000);
    });

    it('counts read no row beyond their limit, and where all products are ours the indexes alone', async () => {
      const [count] = await costsOf((each) => each.countCapped(1000));
      expect(count!.rowsRead).toBeLessThanOrEqual(8 * 1000);
      for (const step of count!.steps) expect(step).toMatch(/^Index Only Scan/);
      const ours = await costsOf(
        (each) => each.countCapped(1000),
        searchOver(database, { productIds: ['43'] }),
      );
      expect(mostOf(ours)).toBeLessThanOrEqual(8 * 1000);
      for (const { steps } of ours) expect(steps.join()).toMatch(/^(Index (Only )?Scan \w+,?)+$/);
    });

    it('counts of failures read so many of each table', async () => {
      const costs = await costsOf((each) => each.failedCounts(2000));
      expect(costs).toHaveLength(2);
      expect(mostOf(costs)).toBeLessThanOrEqual(2000);
      for (const { steps } of costs) expect(steps.join()).toMatch(/Index Scan if_bnet_(cust|account)_failed/);
    });

    it('rows in State 1 read ten times what they return, a customer what it returns', async () => {
      expect(mostOf(await costsOf((each) => each.processing(100)))).toBeLessThanOrEqual(1000);
      const customer = await costsOf((each) => each.ofCustomer('7', 100));
      expect(mostOf(customer)).toBeLessThanOrEqual(100);
      expect(customer.map(({ steps }) => steps)).toEqual([
        ['Index Scan if_bnet_cust_customer'],
        ['Index Scan if_bnet_account_customer'],
      ]);
    });
  });

  it('all pages together have each matching row once', async () => {
    const pages = await pagesOf(searchOver(platform), { filter: { code: '00402' }, limit: 50, scan: 3000 });
    const found = pages.flatMap(({ rows }) => rows);
    expect(found).toHaveLength((2 * failures) / 1000);
    expect(new Set(found.map(({ source, streamingNo }) => `${source}${streamingNo}`)).size).toBe(
      found.length,
    );
  });

  it('fractions of a second lose no row between two pages', async () => {
    const fine = await createDatabase('search_fine');
    const owner = new Database({ ...testOptions, ...pgConnection(fine) });
    await initMiddle(owner);
    await owner.execute({ sql: 'ALTER TABLE IF_BNET_CUST ALTER StateDate TYPE timestamp', bindings: [] });
    await owner.execute({
      sql: `INSERT INTO IF_BNET_CUST (StreamingNo, State, StateDate)
            SELECT n, 3, timestamp '2026-01-02 03:04:05' + (n * 7 % 20) * interval '0.1 second' FROM generate_series(1, 40) AS n`,
      bindings: [],
    });
    const pages = await pagesOf(searchOver(owner), { limit: 3, scan: 5 });
    expect(new Set(pages.flatMap(({ rows }) => rows.map(({ streamingNo }) => streamingNo))).size).toBe(40);
    expect(pages.flatMap(({ rows }) => rows)).toHaveLength(40);
    await owner.close();
    await fine.drop();
  });
});
