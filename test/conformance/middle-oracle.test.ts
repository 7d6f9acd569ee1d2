import '../support/hostile-time-zone.js';
import { describe } from 'vitest';
import { hasOracle } from '../support/test-oracle.js';
import { oracleMiddleFixture } from './middle/oracle-fixture.js';
import { middleConformance } from './middle.js';

describe.runIf(hasOracle)('Oracle', () => {
  middleConformance('Oracle', oracleMiddleFixture);
});
