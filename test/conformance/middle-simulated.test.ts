import '../support/hostile-time-zone.js';
import { describe } from 'vitest';
import { duplicateRules } from './middle/duplicates.js';
import { latestFinishedRules } from './middle/finished.js';
import { lockRules, triggerRules } from './middle/locks.js';
import { SimulatedMiddleFixture } from './middle/simulated-fixture.js';
import { strangeDateRules } from './middle/strange-dates.js';
import { withFixture, workerRules } from './middle.js';

const open = async () => new SimulatedMiddleFixture();

describe('the simulated middle database', () => {
  withFixture(open, (fixture) => {
    workerRules(fixture);
    latestFinishedRules(fixture, (settings) => fixture().open(settings));
    lockRules(fixture, () => fixture().otherSession);
    triggerRules(fixture, () => fixture().triggers, ['restore', 'skip']);
  });
});

describe('the simulated middle database without keys', () => {
  withFixture(async () => new SimulatedMiddleFixture({ hasPrimaryKey: false }), duplicateRules);
});

describe('the simulated middle database, with dates that no clock shows', () => {
  withFixture(open, (fixture) => {
    const dates = ['infinity', '-infinity', '10000-01-01 00:00:00', '0044-03-15 12:00:00 BC'];
    strangeDateRules(fixture, dates, async (stateDate) => {
      await fixture().change({ source: 'CUST', streamingNo: '1' }, { stateDate });
      await fixture().change({ source: 'ACCOUNT', streamingNo: '2' }, { stateDate });
    });
  });
});
