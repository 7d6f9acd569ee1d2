import '../support/hostile-time-zone.js';
import { describe } from 'vitest';
import { hasPostgres } from '../support/postgres.js';
import { postgresStoreFixture } from './store/knex-fixture.js';
import { storeConformance } from './store.js';

describe.runIf(hasPostgres)('PostgreSQL', () => {
  storeConformance('PostgreSQL', postgresStoreFixture);
});
