import '../support/hostile-time-zone.js';
import { describe } from 'vitest';
import { hasOracle } from '../support/test-oracle.js';
import { hasPostgres } from '../support/postgres.js';
import { finishedRules } from './middle/finished.js';
import { postgresMiddleFixture, sqliteMiddleFixture } from './middle/knex-fixture.js';
import { oracleMiddleFixture } from './middle/oracle-fixture.js';
import { withFixture } from './middle.js';

describe('FinishedRows on SQLite', () => {
  withFixture(() => sqliteMiddleFixture(), finishedRules);
});

describe.runIf(hasPostgres)('FinishedRows on PostgreSQL', () => {
  withFixture(() => postgresMiddleFixture(), finishedRules);
});

describe.runIf(hasOracle)('FinishedRows on Oracle', () => {
  withFixture(() => oracleMiddleFixture(), finishedRules);
});
