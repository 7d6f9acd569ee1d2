import '../support/hostile-time-zone.js';
import { describe } from 'vitest';
import { ExplainingDatabase } from '../support/observed-database.js';
import { createDatabase, hasPostgres, type TestDatabase } from '../support/postgres.js';
import { openSession } from '../support/postgres-session.js';
import { adapterOver, pgConnection, postgresMiddleFixture, testOptions } from './middle/knex-fixture.js';
import { planRules } from './middle/plans.js';
import { middleConformance, withFixture } from './middle.js';

describe.runIf(hasPostgres)('PostgreSQL', () => {
  middleConformance('PostgreSQL', postgresMiddleFixture);

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
        byKey: /Index Cond: \(streamingno = a\.streaming_no\)/,
      });
    });
  });
});
