import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../src/database/errors.js';
import type { Clock } from '../../src/worker/clock.js';
import { Worker } from '../../src/worker/worker.js';
import { isAvailable, openPair, pairKinds, plant, statesOf, type Pair } from '../support/databases.js';
import { quickSettings } from '../support/workers.js';

/** A clock on which every sleep is over at once. */
function hastyTime(): Clock {
  let now = 0;
  return {
    now: () => now,
    random: () => 0.5,
    sleep: async (milliseconds) => {
      now += milliseconds;
      await nextTurn();
    },
  };
}

for (const kind of pairKinds) {
  describe.runIf(isAvailable(kind))(`a worker that works once, on ${kind}`, () => {
    let pair: Pair;
    beforeEach(async () => {
      pair = await openPair(kind);
    });
    afterEach(async () => {
      await pair.close();
    });

    it('gives up after five minutes of an outage without a break, with its error, and fails no row', async () => {
      const columns = {
        ProductID: '1',
        BizID: 'b',
        CustID: '1',
        OPFlag: '0101',
        CustAccount: 'a',
        CustName: '企业',
      };
      await plant(pair.middle, 'CUST', { ...columns, StreamingNo: '1' });
      const middle = pair.openMiddle();
      const time = hastyTime();
      middle.claim = () => Promise.reject(new DatabaseError('unavailable', 'the database is read-only'));
      const parts = { middle, store: pair.openStore(), settings: quickSettings, once: true, clock: time };
      await expect(new Worker(parts).run()).rejects.toThrow('the database is read-only');
      expect(time.now()).toBeGreaterThan(5 * 60_000);
      expect(await statesOf(pair.middle)).toEqual({ 0: 1 });
    });
  });
}
