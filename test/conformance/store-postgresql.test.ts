import '../support/hostile-time-zone.js';
import { describe, expect, it } from 'vitest';
import { hasPostgres } from '../support/postgres.js';
import { postgresStoreFixture } from './store/knex-fixture.js';
import { record, startWorker } from './store/data.js';
import { storeConformance, withStoreFixture } from './store.js';

describe.runIf(hasPostgres)('PostgreSQL', () => {
  storeConformance('PostgreSQL', postgresStoreFixture);

  withStoreFixture(postgresStoreFixture, (fixture) => {
    it('what was decided is counted without a statement of its own', async () => {
      const { apply } = await startWorker(fixture());
      const statements = await fixture().statementsDuring(() =>
        apply((transaction) => transaction.record([record()], [])),
      );
      // BEGIN, the leases, the journal with the count, COMMIT.
      expect(statements).toBe(4);
      expect(await fixture().rows('sync_activity')).toMatchObject([{ rows: '1' }]);
    });
  });
});
