import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../../src/demo/platform/random.js';
import { check, type Violation } from './checker.js';
import { breakerOpen, longestWaitMs, slowest } from './checker-troubles.js';
import { faultWorker, SupervisedWorker } from './workers.js';
import type { CheckedRules, Disturbance, Observations, Trouble } from './observations.js';
import { haveFaults, outerFaults, processFaults, type FaultContext } from './faults.js';
import { limitSpec, Schedule } from './schedule.js';
import { Platform } from './platform.js';
import { RowTroubles, type TroubleTimes } from './row-troubles.js';
import { collect, drain, drainOthers, FaultEnvironment } from './environment.js';
import { judgeTraces, type TraceReport } from './judge-traces.js';
import type { TraceProgram } from '../model/trace-program.js';

/** What a run is like; everything else is drawn from the seed. */
export interface FaultRunOptions {
  readonly seed: number;
  /** How long rows are written and faults happen. */
  readonly seconds: number;
  readonly customers: number;
  readonly rowsPerSecond: number;
  readonly poison: { readonly throws: number; readonly exits: number };
  /** Pause between two faults of processes, and of networks and servers. */
  readonly pauses: { readonly process: readonly [number, number]; readonly outer: readonly [number, number] };
  /** What is wrong with single rows meanwhile. */
  readonly troubles: TroubleTimes & {
    /** How long the platform goes on writing once all other faults have ended. */
    readonly writeSeconds: number;
    /** Whether an operator has all deferred rows tried at once when the troubles have ended. */
    readonly retried: boolean;
  };
  /** Longest time until nothing is left once all faults have ended. */
  readonly drainSeconds: number;
}

/** What came of a run. */
export interface FaultRunResult {
  readonly observations: Observations;
  readonly violations: readonly Violation[];
  /** What the protocol model says. */
  readonly traces: TraceReport;
  /** Where logs are. */
  readonly folder: string;
  readonly summary: string;
}

/** Runs workers under faults, lets them finish, and judges; `program` is the model of traces, where it can be compiled. */
export async function faultRun(
  options: FaultRunOptions,
  program: TraceProgram | null,
): Promise<FaultRunResult> {
  const folder = await mkdtemp(join(tmpdir(), `bnet-sync-fault-${options.seed}-`));
  const startedAt = Date.now();
  const note = (text: string): void => {
    appendFileSync(join(folder, 'faults.log'), `${new Date().toISOString()} ${text}\n`);
  };
  console.log(`fault run: seed ${options.seed}, ${options.seconds} s, logs in ${folder}`);
  const environment = new FaultEnvironment();
  const settings = drawnSettings(options.seed);
  note(`seed ${options.seed} ${JSON.stringify(settings)}`);
  const workers: SupervisedWorker[] = [];
  try {
    await environment.open(settings.worker.shards);
    const processSettings = { folder, ...environment.access, ...settings, proxies: true };
    for (const name of ['a', 'b', 'c', 'd']) workers.push(await SupervisedWorker.make(name, processSettings));
    const { platform, troubles, disturbances } = await played(options, {
      environment,
      workers,
      settings,
      note,
    });
    const drained = await drain(environment, workers, options.drainSeconds);
    const ended = Date.now();
    await Promise.all(workers.map((worker) => worker.leave()));
    const observations = await collect(environment, {
      folder,
      rows: platform.rows,
      troubles,
      disturbances: [...disturbances, ...workers.flatMap(disturbancesOf)],
      settings: { ...settings.worker, rules: settings.rules },
    });
    const violations = check(observations);
    const unexpected = workers.flatMap((worker) => worker.unexpected);
    for (const what of unexpected) violations.push({ kind: 'lost', about: 'a worker', what });
    const traces = await judgeTraces(program, environment, { observations, folder });
    const seconds = (ended - startedAt) / 1000;
    const run = summaryOf(observations, { platform, workers, seconds, drainMs: drained });
    const summary = `${run}; ${traces.summary}`;
    note(summary);
    if (violations.length === 0 && traces.unexplained.length === 0)
      await rm(folder, { recursive: true, force: true });
    return { observations, violations, traces, folder, summary };
  } finally {
    for (const worker of workers) await worker.leave('SIGKILL');
    await Promise.all(workers.map((worker) => worker.close()));
    await environment.close();
  }
}

interface Play {
  readonly environment: FaultEnvironment;
  readonly workers: readonly SupervisedWorker[];
  readonly settings: ReturnType<typeof drawnSettings>;
  note(text: string): void;
}

interface Played {
  readonly platform: Platform;
  readonly troubles: readonly Trouble[];
  readonly disturbances: readonly Disturbance[];
}

/** How long a row may be deferred after its trouble has ended. */
const deferredMs = 60_000;

/** The platform writes and faults happen, until the time is over; then the troubles of single rows are alone. */
async function played(
  options: FaultRunOptions,
  { environment, workers, settings, note }: Play,
): Promise<Played> {
  const { seed } = options;
  const disturbances: Disturbance[] = [];
  const connections = {
    middle: environment.connect('middle', 'faults'),
    store: environment.connect('store', 'faults'),
  };
  const context = (random: Random): FaultContext => ({
    ...{ workers, servers: environment.servers, connections, random, note, disturbances },
    storeName: environment.access.store.database,
    leaseTtlMs: settings.worker.leaseTtlMs,
  });
  const schedule = new Schedule(new Random(seed), {
    customers: options.customers,
    settleMs: settings.worker.settleMs,
    absurdDates: true,
  });
  const platformConnections = {
    first: environment.connect('middle', 'platform'),
    dba: environment.connect('middle', 'dba'),
    long: environment.connect('middle', 'platform'),
  };
  const troubles: RowTroubles = new RowTroubles({
    connect: (name) => environment.connect('middle', name),
    rows: () => platform.rows,
    ...{ random: new Random(seed + 6), times: options.troubles, note },
  });
  const platform = new Platform(platformConnections, schedule, new Random(seed + 1), (rows) =>
    troubles.beforeWriting(rows),
  );
  await platform.prepare();
  const end = Date.now() + options.seconds * 1000;
  const goesOn = () => Date.now() < end;
  for (const worker of workers.slice(0, new Random(seed + 4).between(2, 3))) worker.start();
  await Promise.all([
    platform.write(options.rowsPerSecond, goesOn),
    platform.reset(goesOn),
    servePoison(schedule, options, goesOn),
    haveFaults(context(new Random(seed + 2)), processFaults, { pauseMs: options.pauses.process, goesOn }),
    haveFaults(context(new Random(seed + 3)), outerFaults, { pauseMs: options.pauses.outer, goesOn }),
    troubles.happen(goesOn),
  ]);
  note('all faults have ended');
  for (const worker of workers) {
    worker.proxies.middle?.clear();
    worker.proxies.store?.clear();
  }
  for (const worker of workers.slice(0, 2)) if (!worker.wanted) worker.start();
  const writeUntil = Date.now() + options.troubles.writeSeconds * 1000;
  const isWriting = () => Date.now() < writeUntil;
  await Promise.all([platform.write(options.rowsPerSecond, isWriting), troubles.happen(isWriting)]);
  const troubled = () => troubles.customersSince(Date.now() - deferredMs);
  const othersMs = await drainOthers(environment, troubled, longestWaitMs / 1000);
  note(`${troubled().size} customers are in trouble, all others were done after ${othersMs} ms`);
  await troubles.lift();
  note('all troubles have ended');
  if (options.troubles.retried) await connections.store.retry((query) => query('DELETE FROM sync_deferral'));
  return { platform, troubles: troubles.ended, disturbances };
}

/** When processes of a worker ended, and when their breakers were open. */
function disturbancesOf(worker: SupervisedWorker): Disturbance[] {
  const ends = worker.ends.map((at) => ({ what: 'a process ends', from: at, until: at }));
  const openings = worker.logged('breakerOpened').map(({ at, fields }) => {
    return { what: breakerOpen, from: at, until: at + Number(fields['delayMs']) };
  });
  return [...ends, ...openings];
}

/** Poison comes in the first two thirds, spread evenly. */
async function servePoison(schedule: Schedule, { poison, seconds }: FaultRunOptions, goesOn: () => boolean) {
  const marks = [
    ...Array.from({ length: poison.exits }, () => 'exit' as const),
    ...Array.from({ length: poison.throws }, () => 'throw' as const),
  ];
  for (const mark of marks) {
    if (!goesOn()) return;
    schedule.poison(mark);
    await pause((seconds * 650) / marks.length);
  }
}

/** Settings that differ from seed to seed. */
function drawnSettings(seed: number): { worker: typeof faultWorker; rules: CheckedRules } {
  const random = new Random(seed + 5);
  return {
    worker: {
      ...faultWorker,
      settleMs: random.pick([1000, 1500, 2000]),
      batchSize: random.pick([50, 100, 200]),
      concurrency: random.between(1, 3),
      shards: random.pick([8, 16, 64]),
    },
    rules: {
      onDuplicateOpen: random.pick(['refuse', 'refuse', 'update']),
      onDuplicateBind: random.pick(['refuse', 'refuse', 'update']),
      onCancelWithUsers: random.pick(['refuse', 'refuse', 'unbind']),
      attributes: random.pick(['merge', 'merge', 'replace']),
      userLimitAttrSpecId: random.pick([null, limitSpec]),
    },
  };
}

function summaryOf(
  observations: Observations,
  told: { platform: Platform; workers: readonly SupervisedWorker[]; seconds: number; drainMs: number },
): string {
  const { rows, decisions, leases, troubles, disturbances } = observations;
  const { platform, workers, seconds, drainMs } = told;
  const codes = new Map<string, number>();
  for (const { code } of decisions) codes.set(code ?? 'applied', (codes.get(code ?? 'applied') ?? 0) + 1);
  const deferred = workers.flatMap((worker) =>
    ['rowsDeferred', 'rowsLocked'].flatMap((name) => worker.logged(name)),
  ).length;
  const openings = disturbances.filter(({ what }) => what === breakerOpen).length;
  const restarts = workers.reduce((sum, worker) => sum + worker.restarts, 0);
  const outcomes = [...codes]
    .sort()
    .map(([code, count]) => `${code} ${count}`)
    .join(', ');
  return (
    `${rows.length} rows, ${platform.resets} put back, ${decisions.length} decisions (${outcomes}); ` +
    `${restarts} processes replaced, ${leases.length} leases changed hands; ` +
    `${troubles.length} troubles, ${deferred} times rows were deferred, ${openings} breakers opened, ${slowest(observations)}; ` +
    `${seconds.toFixed(0)} s, drained in ${drainMs} ms`
  );
}
