import '../support/hostile-time-zone.js';
import { describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { pgMiddle } from '../../src/middle/knex/postgresql.js';
import { pollStatement } from '../../src/middle/knex/poll.js';
import { ExplainingDatabase } from '../support/observed-database.js';
import { createDatabase, hasPostgres, type TestDatabase } from '../support/postgres.js';
import { openSession } from '../support/postgres-session.js';
import { adapterOver, pgConnection, postgresMiddleFixture, testOptions } from './middle/knex-fixture.js';
import { planRules } from './middle/plans.js';
import { account, cust, everything } from './middle/rows.js';
import { strangeDateRules } from './middle/strange-dates.js';
import { middleConformance, withFixture } from './middle.js';

describe.runIf(hasPostgres)('PostgreSQL', () => {
  middleConformance('PostgreSQL', postgresMiddleFixture);

  describe('PostgreSQL as a middle database, with dates that no clock shows', () => {
    let database: TestDatabase;
    const open = async () => {
      database = await createDatabase('middle_dates');
      return postgresMiddleFixture(database);
    };
    withFixture(open, (fixture) => {
      const dates = ['infinity', '-infinity', '10000-01-01 00:00:00', '0044-03-15 12:00:00 BC'];
      strangeDateRules(fixture, dates, async (date) => {
        const session = await openSession(database.connection);
        for (const table of ['if_bnet_cust', 'if_bnet_account'])
          await session.query(`UPDATE ${table} SET statedate = '${date}'`);
        await session.close();
      });
    });
  });

  describe('PostgreSQL as a middle database with a history', () => {
    let database: TestDatabase;
    const open = async () => {
      database = await createDatabase('middle_history');
      return postgresMiddleFixture(database);
    };
    withFixture(open, (fixture) => {
      planRules(fixture, {
        explaining: () => {
          const explaining = new ExplainingDatabase({ ...testOptions, ...pgConnection(database) });
          return { middle: adapterOver(explaining), plans: explaining.plans };
        },
        analyze: async () => {
          const session = await openSession(database.connection);
          await session.query('ANALYZE');
          await session.close();
        },
        byKey: /Index Cond: \(streamingno = a(_\d+)?\.streaming_no\)/,
      });

      it.each(['before', 'after'])(
        'a poll with a paused table looks each customer up by its index, %s the server has counted the rows',
        async (when) => {
          const numbers = Array.from({ length: 2000 }, (_, index) => String(index + 1));
          await fixture().plant(numbers.map((custId) => cust(custId, { custId })));
          await fixture().plant(numbers.map((custId) => account(custId, { custId: `9${custId}` })));
          const session = await openSession(database.connection);
          if (when === 'after') await session.query('ANALYZE');
          await session.close();
          const worker = new Database({ ...testOptions, ...pgConnection(database), byKey: true });
          const tables = {
            dialect: pgMiddle,
            schema: undefined,
            productIds: [],
            markAttributes: true,
            maxAttributes: 10_000,
          };
          const paused = { sources: ['CUST'], productIds: ['7'] } as const;
          const { sql, bindings } = pollStatement(tables, everything({ limit: 10, paused }));
          const { rows } = await worker.execute({ sql: `EXPLAIN (ANALYZE) ${sql}`, bindings });
          await worker.close();
          const plan = rows.map((row) => String(row['QUERY PLAN'])).join('\n');
          expect(plan).toMatch(/Index Cond: \(custid = t_?\d*\.custid\)/);
          expect(plan).not.toMatch(/hashed SubPlan|Anti Join/);
          expect(plan).toMatch(/if_bnet_account_poll .* rows=10(\.\d+)? loops=1/);
        },
      );
    });
  });
});
