import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { logEvents, type EventSource } from '../../src/telemetry/log-events.js';
import { column, isAvailable, openPair, standing } from '../support/databases.js';
import { isRealOracle } from '../support/test-oracle.js';
import { beginTrouble, plantOthers, troubleNames, troublesOn, type Trouble } from '../support/troubles.js';
import { testWorker, until } from '../support/workers.js';

/*
 * One row, one customer (P12): whatever is wrong with a row in the middle database, the rows of others end, it is named,
 * and it ends when it can. Most of the time is waiting, so several kinds of trouble wait at the same time.
 */

const [others, later] = [40, 100];
const endsWithinMs = 45_000;
const healsWithinMs = 60_000;
/** Writing 600,000 attribute rows keeps the databases of a small machine busy for a while: nothing is promised for that. */
const limitOf = ({ manyAttributes }: Trouble): number => (manyAttributes === true ? 2 : 1) * endsWithinMs;

for (const kind of ['PostgreSQL', 'Oracle'] as const) {
  describe.runIf(isAvailable(kind) && !(kind === 'Oracle' && isRealOracle))(`one row on ${kind}`, () => {
    it.concurrent.each(troubleNames(kind))('%s', { timeout: 240_000 }, async (name) => {
      const pair = await openPair(kind);
      const trouble = troublesOn(pair).find((each) => each.name === name)!;
      const end = await beginTrouble(pair, trouble);
      await plantOthers(pair, 101, others);
      const { worker } = testWorker({
        middle: pair.openMiddle(),
        store: pair.openStore(),
        settings: { batchSize: 1000 },
      });
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
        await until(async () => (await finished()) === others, limitOf(trouble));
        await plantOthers(pair, 201, later);
        await until(async () => (await finished()) === others + later, limitOf(trouble));
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
