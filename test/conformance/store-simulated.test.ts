import { describe } from 'vitest';
import { workerRules, withStoreFixture } from './store.js';
import { simulatedStoreFixture } from './store/simulated-fixture.js';

describe('the simulated product store', () => {
  withStoreFixture(simulatedStoreFixture, workerRules);
});
