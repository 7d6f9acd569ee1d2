import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { logEvents, type EventSource } from '../../src/telemetry/log-events.js';
import { column, isAvailable, openPair, standing } from '../support/databases.js';
import { isRealOracle } from '../support/test-oracle.js';
import { beginTrouble, othersLimitMs, plantOthers, troubleNames, troublesOn } from '../support/troubles.js';
import { drain, testWorker, until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

/*
 * One row, one customer (P12): whatever is wrong with a row in the middle database, the rows of others end, it is named,
 * and it ends when it can. Most of the time is waiting, so several kinds of trouble wait at the same time.
 */

const [others, later] = [40, 100];
const healsWithinMs = 60_000;

for (const kind of ['PostgreSQL', 'Oracle'] as const) {
  describe.runIf(isAvailable(kind) && !(kind === 'Oracle' && isRealOracle))(`one row on ${kind}`, () => {
    it.concurrent.each(troubleNames(kind))('%s', { timeout: scaled(240_000) }, async (name) => {
      const pair = await openPair(kind);
      const trouble = troublesOn(pair).find((each) => each.name === name)!;
      const parts = () => ({ middle: pair.openMiddle(), store: pair.openStore() });
      const startedAt = performance.now();
      await plantOthers(pair, 2001, others);
      await drain(parts());
      const end = await beginTrouble(pair, trouble);
      const limitMs = othersLimitMs(performance.now() - startedAt);
      await plantOthers(pair, 101, others);
      const { worker } = testWorker({ ...parts(), settings: { batchSize: 1000 } });
      let log = '';
      logEvents(worker as EventSource, pino({ level: 'info' }, { write: (line: string) => (log += line) }));
      const running = worker.run();
      const rows = () => standing(pair.middle);
      const finished = async () =>
        [...(await rows()).values()].filter(
          ({ streamingNo, state }) => state === 2 && Number(streamingNo) > 100 && Number(streamingNo) < 1000,
        ).length;
      const stateOf = async (streamingNo: string) => (await rows()).get(`CUST:${streamingNo}`)?.state;
      try {
        await until(async () => (await finished()) === others, limitMs);
        await plantOthers(pair, 201, later);
        await until(async () => (await finished()) === others + later, limitMs);
        if (trouble.stays !== null) expect(await stateOf('7')).toBe(trouble.stays);
        await end();
        await until(async () => (await stateOf('7')) === trouble.ends, healsWithinMs);
        await until(async () => ((await stateOf('1007')) ?? 0) >= 2, healsWithinMs);
      } finally {
        worker.stop();
        await running;
      }
      const named = log.split('\n').filter((line) => /IF_BNET_CUST:7\b/.test(line)).length;
      if (trouble.isNamed) expect(named).toBeGreaterThan(0);
      expect(named).toBeLessThanOrEqual(10);
      expect((await column(pair.store, 'SELECT count(*) FROM sync_deferral')).map(Number)).toEqual([0]);
      await pair.close();
    });
  });
}
