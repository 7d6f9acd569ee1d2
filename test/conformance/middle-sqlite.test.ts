import '../support/hostile-time-zone.js';
import { sqliteMiddleFixture } from './middle/knex-fixture.js';
import { middleConformance } from './middle.js';

middleConformance('SQLite', sqliteMiddleFixture);
