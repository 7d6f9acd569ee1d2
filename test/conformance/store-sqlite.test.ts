import '../support/hostile-time-zone.js';
import { sqliteStoreFixture } from './store/knex-fixture.js';
import { storeConformance } from './store.js';

storeConformance('SQLite', sqliteStoreFixture);
