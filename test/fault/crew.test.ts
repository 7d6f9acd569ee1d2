import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bnetSync } from '../support/command.js';
import { hasPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';
import { faultWorker, poisonFile } from './crew.js';
import { SmallScene } from './small-scene.js';

/** A busy machine may be late by so much. */
const slackMs = 3000;

describe.runIf(hasPostgres)('fault suite: several worker processes, on PostgreSQL', () => {
  let scene: SmallScene;
  afterEach(() => scene.close());

  it('a row that ends its process fails alone after maxAttempts crashes, and the others go on', async () => {
    scene = await SmallScene.open({ worker: { leaseTtlMs: 1000 }, proxies: false });
    const place = await scene.place('mortal');
    await scene.plantOpens(1, 20);
    await scene.plantOpens(21, 1, 'POISON-EXIT');
    await scene.plantOpens(22, 20);
    place.start();
    await until('it died twice', async () => place.restarts >= 2, 40_000);
    await scene.plantOpens(42, 20);
    await scene.untilInState(3, 1, 60_000);
    await scene.untilInState(2, 60);
    const [failed] = await scene.middle.run((query) =>
      query('SELECT StreamingNo::text AS no, ErrContent AS text FROM IF_BNET_CUST WHERE State = 3'),
    );
    expect(failed).toMatchObject({
      no: '21',
      text: expect.stringMatching(/^00205 过程执行异常: /) as unknown,
    });
    // Once in a batch, which counts against nobody, and then alone.
    const calls = readFileSync(poisonFile(scene.folder), 'utf8').trim().split('\n').length;
    expect(calls).toBeGreaterThanOrEqual(faultWorker.maxAttempts);
    expect(calls).toBeLessThanOrEqual(faultWorker.maxAttempts + 1);
    const order = await scene.ask('SELECT streaming_no::text AS no FROM fault_decision ORDER BY seq');
    expect(order.at(-1)?.['no'], 'nobody waits for it').toBe('21');
  }, 120_000);

  it('takes over after a kill within the lease time and a check, and at once after a stop', async () => {
    scene = await SmallScene.open({ proxies: false });
    const [first, second, third] = [
      await scene.place('first'),
      await scene.place('second'),
      await scene.place('third'),
    ];
    for (const place of [first, second, third]) place.start();
    await scene.untilShared(3);
    const { leaseTtlMs } = faultWorker;
    const checkMs = Math.min(leaseTtlMs / 3, 4000);

    const killedAt = Date.now();
    await first.leave('SIGKILL');
    await scene.untilShared(2);
    const afterKill = Date.now() - killedAt;
    await second.leave('SIGTERM');
    const stoppedAt = Date.now();
    await scene.untilShared(1);
    const afterStop = Date.now() - stoppedAt;
    console.log(
      `takeover after SIGKILL ${afterKill} ms, after SIGTERM ${afterStop} ms (lease ${leaseTtlMs} ms)`,
    );
    expect(afterKill).toBeLessThan(leaseTtlMs + checkMs + slackMs);
    expect(afterStop).toBeLessThan(checkMs + slackMs);
  }, 90_000);

  it('a worker that joins gets its share, while rows go on and none is claimed in vain', async () => {
    scene = await SmallScene.open({ proxies: false });
    const [first, second] = [await scene.place('first'), await scene.place('second')];
    first.start();
    await scene.untilShared(1);
    let planted = 0;
    const sharing = { over: false };
    second.start();
    const writing = (async () => {
      for (let rest = 5; rest > 0; rest -= sharing.over ? 1 : 0) {
        await scene.plantOpens(1000 + planted, 40);
        planted += 40;
        await pause(200);
      }
    })();
    await until(
      'the second one works',
      async () => second.log().some(({ event }) => event === 'started'),
      30_000,
    );
    const startedAt = Date.now();
    await scene.untilShared(2).finally(() => (sharing.over = true));
    const sharedMs = Date.now() - startedAt;
    await writing;
    await scene.untilInState(2, planted);
    await Promise.all([first.leave(), second.leave()]);

    const logs = [...first.log(), ...second.log()];
    const claimed = logs.filter(({ event }) => event === 'claimed');
    const sum = (field: string) => claimed.reduce((total, line) => total + Number(line[field]), 0);
    console.log(
      `shared evenly after ${sharedMs} ms; ${planted} rows, ${sum('claimed')} claims, ${sum('takenOver')} taken over`,
    );
    expect(sum('claimed')).toBe(planted);
    expect(sum('takenOver')).toBe(0);
    expect(logs.filter(({ event }) => event === 'leaseLost')).toEqual([]);
    const claims = await scene.middle.run((query) =>
      query(
        `SELECT streaming_no FROM fault_change WHERE "from" = 0 AND "to" = 1 GROUP BY streaming_no HAVING count(*) > 1`,
      ),
    );
    expect(claims).toEqual([]);
    const workers = await scene.ask('SELECT count(DISTINCT worker) AS workers FROM fault_decision');
    expect(workers).toEqual([{ workers: '2' }]);
  }, 90_000);

  it('a worker that loses its leases while a row waits works on when the store is back', async () => {
    scene = await SmallScene.open({ worker: { leaseTtlMs: 1000, dependencyGraceMs: 3000 } });
    const place = await scene.place('waiting');
    place.start();
    await scene.untilShared(1);
    await scene.plantOpens(1, 1);
    await scene.untilInState(2, 1);
    // A change of a product that nobody opened.
    await scene.middle.run((query) =>
      query(`INSERT INTO IF_BNET_CUST (StreamingNo, ProductID, BizID, CustID, CustName, OPFlag, CreateDate, State)
             VALUES (2, 323002000, 'b', 2, '企业', '0102', localtimestamp(0), 0)`),
    );
    await until('it waits', async () => place.log().some(({ event }) => event === 'waiting'));
    place.proxies.store?.hold();
    await pause(5000);
    place.proxies.store?.clear();
    await scene.untilInState(3, 1, 20_000);
    await place.leave();
    expect(place.unexpected).toEqual([]);
  }, 60_000);

  it('a worker with other settings ends with 2 and names them', async () => {
    scene = await SmallScene.open({ proxies: false });
    const first = await scene.place('first');
    first.start();
    await scene.untilShared(1);
    const other = JSON.parse(readFileSync(join(scene.folder, 'first.json'), 'utf8')) as Record<
      string,
      object
    >;
    const file = join(scene.folder, 'other.json');
    const changed = {
      middle: { ...other['middle'], productIds: ['1'] },
      rules: { onDuplicateOpen: 'update' },
    };
    writeFileSync(file, JSON.stringify({ ...other, ...changed }));
    const run = await bnetSync(['run', '--config', file]);
    expect(run.exitCode, run.all).toBe(2);
    expect(run.stderr).toContain('rules.onDuplicateOpen');
    expect(run.stderr).toContain('middle.productIds');
    expect([...(await scene.shards()).values()]).toEqual([16]);
  }, 60_000);
});
