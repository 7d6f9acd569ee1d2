import '../support/hostile-time-zone.js';
import { describe } from 'vitest';
import { hasPostgres } from '../support/postgres.js';
import { postgresMiddleFixture } from './middle/knex-fixture.js';
import { middleConformance } from './middle.js';

describe.runIf(hasPostgres)('PostgreSQL', () => {
  middleConformance('PostgreSQL', postgresMiddleFixture);
});
