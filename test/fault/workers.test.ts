import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { bnetSync } from '../support/command.js';
import { hasPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';
import { faultWorker, poisonFile } from './workers.js';
import { ScriptedEnvironment } from './scripted-environment.js';
import { scaled } from '../support/time-factor.js';

const timeout = scaled(120_000);

/** A busy machine may be late by so much. */
const slackMs = scaled(3000);

describe.runIf(hasPostgres)('fault suite: several worker processes, on PostgreSQL', { timeout }, () => {
  let environment: ScriptedEnvironment;
  afterEach(() => environment.close());

  it('a row that ends its process fails alone after maxAttempts crashes, and the others go on', async () => {
    environment = await ScriptedEnvironment.open({ worker: { leaseTtlMs: scaled(1000) }, proxies: false });
    const worker = await environment.worker('mortal');
    await environment.plantOpens(1, 20);
    await environment.plantOpens(21, 1, 'POISON-EXIT');
    await environment.plantOpens(22, 20);
    worker.start();
    await until('it died twice', async () => worker.restarts >= 2, 40_000);
    await environment.plantOpens(42, 20);
    await environment.untilInState(3, 1, 60_000);
    await environment.untilInState(2, 60);
    const [failed] = await environment.middle.run((query) =>
      query('SELECT StreamingNo::text AS no, ErrContent AS text FROM IF_BNET_CUST WHERE State = 3'),
    );
    expect(failed).toMatchObject({
      no: '21',
      text: expect.stringMatching(/^00205 过程执行异常: /) as unknown,
    });
    // Once in a batch, which counts against nobody, and then alone.
    const calls = readFileSync(poisonFile(environment.folder), 'utf8').trim().split('\n').length;
    expect(calls).toBeGreaterThanOrEqual(faultWorker.maxAttempts);
    expect(calls).toBeLessThanOrEqual(faultWorker.maxAttempts + 1);
    const order = await environment.queryStore(
      'SELECT streaming_no::text AS no FROM fault_decision ORDER BY seq',
    );
    expect(order.at(-1)?.['no'], 'nobody waits for it').toBe('21');
  });

  it('takes over after a kill within the lease time and a check, and at once after a stop', async () => {
    environment = await ScriptedEnvironment.open({ proxies: false });
    const [first, second, third] = [
      await environment.worker('first'),
      await environment.worker('second'),
      await environment.worker('third'),
    ];
    for (const worker of [first, second, third]) worker.start();
    await environment.untilShared(3);
    const { leaseTtlMs } = faultWorker;
    const checkMs = Math.min(leaseTtlMs / 3, 4000);

    const killedAt = Date.now();
    await first.leave('SIGKILL');
    await environment.untilShared(2);
    const afterKill = Date.now() - killedAt;
    await second.leave('SIGTERM');
    const stoppedAt = Date.now();
    await environment.untilShared(1);
    const afterStop = Date.now() - stoppedAt;
    console.log(
      `takeover after SIGKILL ${afterKill} ms, after SIGTERM ${afterStop} ms (lease ${leaseTtlMs} ms)`,
    );
    expect(afterKill).toBeLessThan(leaseTtlMs + checkMs + slackMs);
    expect(afterStop).toBeLessThan(checkMs + slackMs);
  });

  it('a worker that joins gets its share, while rows go on and none is claimed in vain', async () => {
    environment = await ScriptedEnvironment.open({ proxies: false });
    const [first, second] = [await environment.worker('first'), await environment.worker('second')];
    first.start();
    await environment.untilShared(1);
    let planted = 0;
    const sharing = { over: false };
    second.start();
    const writing = (async () => {
      for (let rest = 5; rest > 0; rest -= sharing.over ? 1 : 0) {
        await environment.plantOpens(1000 + planted, 40);
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
    await environment.untilShared(2).finally(() => (sharing.over = true));
    const sharedMs = Date.now() - startedAt;
    await writing;
    await environment.untilInState(2, planted);
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
    const claims = await environment.middle.run((query) =>
      query(
        `SELECT streaming_no FROM fault_change WHERE "from" = 0 AND "to" = 1 GROUP BY streaming_no HAVING count(*) > 1`,
      ),
    );
    expect(claims).toEqual([]);
    const workers = await environment.queryStore(
      'SELECT count(DISTINCT worker) AS workers FROM fault_decision',
    );
    expect(workers).toEqual([{ workers: '2' }]);
  });

  it('a worker that loses its leases while a row waits works on when the store is back', async () => {
    environment = await ScriptedEnvironment.open({
      worker: { leaseTtlMs: scaled(1000), dependencyGraceMs: 3000 },
    });
    const worker = await environment.worker('waiting');
    worker.start();
    await environment.untilShared(1);
    await environment.plantOpens(1, 1);
    await environment.untilInState(2, 1);
    // A change of a product that nobody opened.
    await environment.middle.run((query) =>
      query(`INSERT INTO IF_BNET_CUST (StreamingNo, ProductID, BizID, CustID, CustName, OPFlag, CreateDate, State)
             VALUES (2, 323002000, 'b', 2, '企业', '0102', localtimestamp(0), 0)`),
    );
    await until('it waits', async () => worker.log().some(({ event }) => event === 'waiting'));
    worker.proxies.store?.hold();
    await pause(scaled(5000));
    worker.proxies.store?.clear();
    await environment.untilInState(3, 1, 20_000);
    await worker.leave();
    expect(worker.unexpected).toEqual([]);
  });

  it('a worker with other settings ends with 2 and names them', async () => {
    environment = await ScriptedEnvironment.open({ proxies: false });
    const first = await environment.worker('first');
    first.start();
    await environment.untilShared(1);
    const other = JSON.parse(readFileSync(join(environment.folder, 'first.json'), 'utf8')) as Record<
      string,
      object
    >;
    const file = join(environment.folder, 'other.json');
    const changed = {
      middle: { ...other['middle'], productIds: ['1'] },
      rules: { onDuplicateOpen: 'update' },
    };
    writeFileSync(file, JSON.stringify({ ...other, ...changed }));
    const run = await bnetSync(['run', '--config', file]);
    expect(run.exitCode, run.all).toBe(2);
    expect(run.stderr).toContain('rules.onDuplicateOpen');
    expect(run.stderr).toContain('middle.productIds');
    expect([...(await environment.shards()).values()]).toEqual([16]);
  });
});
