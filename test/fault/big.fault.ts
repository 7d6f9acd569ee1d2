import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/demo/platform/random.js';
import { hasPostgres } from '../support/postgres.js';
import { check, report } from './checker.js';
import { faultWorker, SupervisedWorker, type WorkerProcessSettings } from './workers.js';
import { Schedule } from './schedule.js';
import { Platform } from './platform.js';
import { collect, drain, FaultEnvironment } from './environment.js';
import { describeTakeovers, takeovers, type Kill } from './takeovers.js';
import { scaled } from '../support/time-factor.js';

const seed = Number(process.env['FAULT_SEED'] ?? 20_261_122);
const wanted = Number(process.env['FAULT_ROWS'] ?? 20_000);
const rules = {
  onDuplicateOpen: 'refuse',
  onDuplicateBind: 'refuse',
  onCancelWithUsers: 'refuse',
  attributes: 'merge',
  userLimitAttrSpecId: null,
} as const;
const workerSettings = { ...faultWorker, batchSize: 200, shards: 64 };

describe.runIf(hasPostgres)('fault suite, big, on PostgreSQL', { timeout: scaled(1_500_000) }, () => {
  it(`${wanted} rows of 2000 customers, four workers, one killed every few seconds, the store restarted twice`, async () => {
    const folder = await mkdtemp(join(tmpdir(), `bnet-sync-fault-big-${seed}-`));
    console.log(`big run: seed ${seed}, logs in ${folder}`);
    const environment = new FaultEnvironment();
    const workers: SupervisedWorker[] = [];
    try {
      await environment.open(workerSettings.shards);
      const processSettings: WorkerProcessSettings = {
        ...{ folder, ...environment.access },
        ...{ worker: workerSettings, rules, proxies: false },
      };
      for (const name of ['a', 'b', 'c', 'd'])
        workers.push(await SupervisedWorker.make(name, processSettings));
      for (const worker of workers) worker.start();
      const startedAt = Date.now();
      let goesOn = true;
      const kills: Kill[] = [];
      const killing = killEveryFewSeconds({
        workers,
        random: new Random(seed + 2),
        kills,
        goesOn: () => goesOn,
      });
      const restarting = restartTwice(environment, () => goesOn);
      const platform = await written(environment);
      const writtenMs = Date.now() - startedAt;
      await drain(environment, workers, 400);
      const seconds = (Date.now() - startedAt) / 1000;
      goesOn = false;
      const [outages] = await Promise.all([restarting, killing]);
      await drain(environment, workers, 60);
      await Promise.all(workers.map((worker) => worker.leave()));
      const settings = { ...workerSettings, rules };
      // How long a row may wait in a backlog is not judged.
      const disturbances = [{ what: 'the whole run', from: 0, until: Infinity }];
      const observations = await collect(environment, {
        folder,
        rows: platform.rows,
        settings,
        disturbances,
      });
      const violations = check(observations);
      console.log(
        `seed ${seed}: ${platform.rows.length} rows written in ${(writtenMs / 1000).toFixed(0)} s, done after ` +
          `${seconds.toFixed(0)} s (${Math.round(platform.rows.length / seconds)} rows/s), ${kills.length} kills, ` +
          describeTakeovers(takeovers(observations.leases, kills, outages)),
      );
      expect(violations, `seed ${seed}, logs in ${folder}\n${report(observations, violations)}`).toEqual([]);
      expect(workers.flatMap((worker) => worker.unexpected)).toEqual([]);
      await rm(folder, { recursive: true, force: true });
    } finally {
      for (const worker of workers) await worker.leave('SIGKILL');
      await environment.close();
    }
  });
});

/** The platform writes everything; workers are at it already. */
async function written(environment: FaultEnvironment): Promise<Platform> {
  const schedule = new Schedule(new Random(seed), { customers: 1800, settleMs: workerSettings.settleMs });
  const connections = {
    first: environment.connect('middle', 'platform'),
    dba: environment.connect('middle', 'dba'),
    long: environment.connect('middle', 'platform'),
  };
  const platform = new Platform(connections, schedule, new Random(seed + 1));
  await platform.prepare();
  await platform.write(500, () => platform.rows.length < wanted);
  return platform;
}

async function killEveryFewSeconds(context: {
  workers: readonly SupervisedWorker[];
  random: Random;
  kills: Kill[];
  goesOn: () => boolean;
}): Promise<void> {
  for (;;) {
    await pause(context.random.between(3000, 6000));
    if (!context.goesOn()) return;
    const worker = context.random.pick(context.workers);
    const workerId = worker.log().findLast(({ event, pid }) => event === 'started' && pid === worker.pid)?.[
      'workerId'
    ];
    if (typeof workerId !== 'string') continue;
    context.kills.push({ workerId, at: Date.now() });
    worker.signal('SIGKILL');
  }
}

/** A crash and a stop of the store; returns from when to when nobody could take anything over. */
async function restartTwice(
  environment: FaultEnvironment,
  goesOn: () => boolean,
): Promise<(readonly [number, number])[]> {
  const outages: (readonly [number, number])[] = [];
  for (const end of ['kill', 'stop'] as const) {
    await pause(8000);
    if (!goesOn()) break;
    const from = Date.now();
    await environment.servers.store[end]();
    await pause(1000);
    await environment.servers.store.start();
    outages.push([from, Date.now()]);
  }
  return outages;
}
