import { describe, expect, it } from 'vitest';
import { bnetSync, configFor } from '../support/command.js';
import { isAvailable, openPair, standing, type Pair } from '../support/databases.js';
import { isRealOracle } from '../support/test-oracle.js';
import { beginTrouble, othersLimitMs, plantOthers, troubleNames, troublesOn } from '../support/troubles.js';
import { until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

/*
 * One row, one customer (P12), with processes: `run --once` ends with 1 and names what is left; a worker that is killed,
 * with rows in State 1, leaves what is deferred to the one that takes its shards over. Most of the time is waiting, so
 * several kinds of trouble wait at the same time.
 */

const healsWithinMs = 60_000;

/** A worker process, and what it logged. */
function start(file: string) {
  const child = bnetSync(['run', '--config', file]);
  let log = '';
  child.all.on('data', (chunk: Buffer) => (log += chunk.toString()));
  return { child, named: () => log.split('\n').filter((line) => /IF_BNET_CUST:7\b/.test(line)).length };
}

/** How many of the customers from 100 on have ended well. */
async function finished(pair: Pair): Promise<number> {
  const rows = [...(await standing(pair.middle)).values()];
  return rows.filter(({ streamingNo, state }) => state === 2 && streamingNo !== '7' && streamingNo !== '1007')
    .length;
}

for (const kind of ['PostgreSQL', 'Oracle'] as const) {
  describe.runIf(isAvailable(kind) && !(kind === 'Oracle' && isRealOracle))(
    `acceptance: one row on ${kind}`,
    () => {
      it.concurrent.each(troubleNames(kind))('%s', { timeout: scaled(400_000) }, async (name) => {
        const pair = await openPair(kind);
        const trouble = troublesOn(pair).find((each) => each.name === name)!;
        const { file, remove } = await configFor(pair, { worker: { callTimeoutMs: 10_000 } });
        const stateOf = async (no: string) => (await standing(pair.middle)).get(`CUST:${no}`)?.state;
        const startedAt = performance.now();
        await plantOthers(pair, 2001, 100);
        const before = await bnetSync(['run', '--once', '--config', file]);
        expect([before.exitCode, await finished(pair)], before.all).toEqual([0, 100]);
        const end = await beginTrouble(pair, trouble);
        const limitMs = othersLimitMs(performance.now() - startedAt);
        await plantOthers(pair, 101, 40);

        const once = await bnetSync(['run', '--once', '--config', file]);
        expect(await finished(pair), once.all).toBe(140);
        if (trouble.stays === null) {
          expect(once.exitCode, once.all).toBe(0);
          expect(await stateOf('7')).toBe(trouble.ends);
        } else {
          expect(once.exitCode, once.all).toBe(1);
          expect(once.stderr + once.stdout).toMatch(/nothing is left but deferred rows.*IF_BNET_CUST:7 /);
          expect(await stateOf('7')).toBe(trouble.stays);
        }

        const killed = start(file);
        await plantOthers(pair, 201, 100);
        await until(async () => (await finished(pair)) === 240, limitMs);
        await plantOthers(pair, 301, 50);
        await until(async () => (await finished(pair)) > 240, limitMs);
        killed.child.kill('SIGKILL');
        await killed.child;
        const successor = start(file);
        await plantOthers(pair, 401, 50);
        await until(async () => (await finished(pair)) === 340, limitMs);
        if (trouble.stays !== null) expect(await stateOf('7')).toBe(trouble.stays);
        await end();
        await until(async () => (await stateOf('7')) === trouble.ends, healsWithinMs);
        await until(async () => ((await stateOf('1007')) ?? 0) >= 2, healsWithinMs);
        successor.child.kill('SIGTERM');
        expect((await successor.child).exitCode).toBe(0);
        // The first process named it; those that took over knew how often it had been tried.
        expect(killed.named() + successor.named()).toBeLessThanOrEqual(10);
        await remove();
        await pair.close();
      });
    },
  );
}
