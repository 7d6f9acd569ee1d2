import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/demo/platform/random.js';
import { hasPostgres } from '../support/postgres.js';
import { check, report } from './checker.js';
import { faultWorker, Place } from './crew.js';
import { Planner } from './planner.js';
import { Platform } from './platform.js';
import { collect, drain, Scene } from './scene.js';
import { describeTakeovers, takeovers, type Kill } from './takeovers.js';

const seed = Number(process.env['FAULT_SEED'] ?? 20_261_122);
const wanted = Number(process.env['FAULT_ROWS'] ?? 20_000);
const rules = {
  onDuplicateOpen: 'refuse',
  onDuplicateBind: 'refuse',
  onCancelWithUsers: 'refuse',
  attributes: 'merge',
  userLimitAttrSpecId: null,
} as const;
const worker = { ...faultWorker, batchSize: 200, shards: 64 };

describe.runIf(hasPostgres)('fault suite, big, on PostgreSQL', () => {
  it(`${wanted} rows of 2000 customers, four workers, one killed every few seconds, the store restarted twice`, async () => {
    const folder = await mkdtemp(join(tmpdir(), `bnet-sync-fault-big-${seed}-`));
    console.log(`big run: seed ${seed}, logs in ${folder}`);
    const scene = new Scene();
    const places: Place[] = [];
    try {
      await scene.open(worker.shards);
      const crew = { folder, ...scene.access, worker, rules, proxies: false };
      for (const name of ['a', 'b', 'c', 'd']) places.push(await Place.make(name, crew));
      for (const place of places) place.start();
      const startedAt = Date.now();
      let goesOn = true;
      const kills: Kill[] = [];
      const killing = killEveryFewSeconds({
        places,
        random: new Random(seed + 2),
        kills,
        goesOn: () => goesOn,
      });
      const restarting = restartTwice(scene, () => goesOn);
      const platform = await written(scene);
      const writtenMs = Date.now() - startedAt;
      await drain(scene, places, 400);
      const seconds = (Date.now() - startedAt) / 1000;
      goesOn = false;
      const [outages] = await Promise.all([restarting, killing]);
      await drain(scene, places, 60);
      await Promise.all(places.map((place) => place.leave()));
      const settings = { ...worker, rules };
      // How long a row may wait in a backlog is not judged.
      const disturbances = [{ what: 'the whole run', from: 0, until: Infinity }];
      const evidence = await collect(scene, { folder, rows: platform.rows, settings, disturbances });
      const violations = check(evidence);
      console.log(
        `seed ${seed}: ${platform.rows.length} rows written in ${(writtenMs / 1000).toFixed(0)} s, done after ` +
          `${seconds.toFixed(0)} s (${Math.round(platform.rows.length / seconds)} rows/s), ${kills.length} kills, ` +
          describeTakeovers(takeovers(evidence.leases, kills, outages)),
      );
      expect(violations, `seed ${seed}, logs in ${folder}\n${report(evidence, violations)}`).toEqual([]);
      expect(places.flatMap((place) => place.unexpected)).toEqual([]);
      await rm(folder, { recursive: true, force: true });
    } finally {
      for (const place of places) await place.leave('SIGKILL');
      await scene.close();
    }
  }, 1_500_000);
});

/** The platform writes everything; workers are at it already. */
async function written(scene: Scene): Promise<Platform> {
  const planner = new Planner(new Random(seed), { customers: 1800, settleMs: worker.settleMs });
  const links = {
    first: scene.link('middle', 'platform'),
    dba: scene.link('middle', 'dba'),
    long: scene.link('middle', 'platform'),
  };
  const platform = new Platform(links, planner, new Random(seed + 1));
  await platform.prepare();
  await platform.write(500, () => platform.rows.length < wanted);
  return platform;
}

async function killEveryFewSeconds(stage: {
  places: readonly Place[];
  random: Random;
  kills: Kill[];
  goesOn: () => boolean;
}): Promise<void> {
  for (;;) {
    await pause(stage.random.between(3000, 6000));
    if (!stage.goesOn()) return;
    const place = stage.random.pick(stage.places);
    const workerId = place.log().findLast(({ event, pid }) => event === 'started' && pid === place.pid)?.[
      'workerId'
    ];
    if (typeof workerId !== 'string') continue;
    stage.kills.push({ workerId, at: Date.now() });
    place.signal('SIGKILL');
  }
}

/** A crash and a stop of the store; returns from when to when nobody could take anything over. */
async function restartTwice(scene: Scene, goesOn: () => boolean): Promise<(readonly [number, number])[]> {
  const outages: (readonly [number, number])[] = [];
  for (const end of ['kill', 'stop'] as const) {
    await pause(8000);
    if (!goesOn()) break;
    const from = Date.now();
    await scene.servers.store[end]();
    await pause(1000);
    await scene.servers.store.start();
    outages.push([from, Date.now()]);
  }
  return outages;
}
