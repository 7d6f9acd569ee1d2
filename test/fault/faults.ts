import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../src/demo/platform/random.js';
import type { PostgresServer } from '../support/postgres-server.js';
import { wrongClock, type SupervisedWorker } from './workers.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import type { Disturbance } from './observations.js';
import type { Connection } from './connection.js';

/** What faults act on. */
export interface FaultContext {
  readonly workers: readonly SupervisedWorker[];
  readonly servers: { readonly middle: PostgresServer; readonly store: PostgresServer };
  readonly connections: { readonly middle: Connection; readonly store: Connection };
  readonly storeName: string;
  readonly leaseTtlMs: number;
  readonly random: Random;
  /** When faults happened. */
  readonly disturbances: Disturbance[];
  note(text: string): void;
}

/** A fault: what it does, and its undoing, are over when it resolves. */
type Fault = (context: FaultContext) => Promise<void>;

/** Faults of processes. */
export const processFaults: Readonly<Record<string, Fault>> = {
  kill: async (context) => {
    const worker = running(context);
    if (worker === null) return;
    context.note(`kill -9 ${worker.name} (${worker.pid ?? 0})`);
    worker.signal('SIGKILL');
  },
  terminate: async (context) => {
    const worker = running(context);
    if (worker === null) return;
    context.note(`SIGTERM ${worker.name}`);
    worker.signal('SIGTERM');
  },
  freeze: async (context) => {
    const worker = running(context);
    if (worker === null) return;
    const milliseconds = context.leaseTtlMs + context.random.between(-1500, 2500);
    context.note(`SIGSTOP ${worker.name} for ${milliseconds} ms`);
    worker.signal('SIGSTOP');
    await pause(milliseconds);
    worker.signal('SIGCONT');
  },
  join: async (context) => {
    const worker = context.workers.find(({ wanted }) => !wanted);
    context.note(worker === undefined ? 'nobody can join' : `${worker.name} joins`);
    worker?.start();
  },
  leave: async (context) => {
    const present = context.workers.filter(({ wanted }) => wanted);
    const most = context.random.between(1, 2);
    for (const worker of present.slice(1, 1 + most)) {
      context.note(`${worker.name} leaves`);
      await worker.leave();
    }
  },
  clock: async (context) => {
    const worker = context.workers.find(({ wanted }) => !wanted) ?? running(context);
    if (worker === null) return;
    const [hours, rate] = [context.random.between(-30, 30), context.random.pick([0.4, 0.8, 1.5, 3])];
    context.note(`${worker.name} starts with its clock ${hours} h ahead, running ${rate} times as fast`);
    await worker.leave();
    worker.start(wrongClock(hours * 3_600_000, rate));
  },
};

/** Faults of networks and servers. */
export const outerFaults: Readonly<Record<string, Fault>> = {
  cut: async (context) => {
    withProxies(context, 'cuts', (proxy) => {
      proxy.cut();
    });
  },
  swallow: async (context) =>
    disturb(context, 'swallows', (proxy) => {
      proxy.swallow();
    }),
  hold: async (context) =>
    disturb(context, 'holds back', (proxy) => {
      proxy.hold();
    }),
  delay: async (context) => {
    const milliseconds = context.random.pick([20, 80, 200, 500]);
    await disturb(context, `delays by ${milliseconds} ms`, (proxy) => {
      proxy.delay(milliseconds);
    });
  },
  refuse: async (context) => {
    const proxies = withProxies(context, 'refuses new connections', (proxy) => {
      proxy.refuse();
      proxy.cut();
    });
    await pause(context.random.between(300, 3000));
    for (const proxy of proxies) await proxy.accept();
  },
  lostCommit: async (context) =>
    lostAnswer(context, 'store', ['COMMIT', 'COMMIT', 'INSERT INTO sync_journal', 'UPDATE sync_shard']),
  lostClaim: async (context) => lostAnswer(context, 'middle', ['WITH main AS', 'UNION ALL']),
  storeRestart: async (context) => restart(context, 'store'),
  middleRestart: async (context) => restart(context, 'middle'),
  backends: async (context) => {
    const role = context.random.pick(['store', 'middle'] as const);
    context.note(`some sessions of workers on ${role} are terminated`);
    await context.connections[role].retry((query) => query(`${terminateWorkers} AND random() < 0.5`));
  },
  readOnly: async (context) => {
    context.note('the store becomes read-only');
    const set = (value: string) =>
      context.connections.store.retry(async (query) => {
        await query(`ALTER DATABASE "${context.storeName}" SET default_transaction_read_only = ${value}`);
        await query(terminateWorkers);
      });
    await set('on');
    await pause(context.random.between(500, 2500));
    await context.connections.store.retry(async (query) => {
      await query('SET default_transaction_read_only = off');
      await query(`ALTER DATABASE "${context.storeName}" SET default_transaction_read_only = off`);
      await query(terminateWorkers);
    });
    context.note('the store is writable again');
  },
};

const terminateWorkers = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'bnet-sync worker' AND datname = current_database()`;

/** Draws one fault after another until told to stop. */
export async function haveFaults(
  context: FaultContext,
  faults: Readonly<Record<string, Fault>>,
  { pauseMs, goesOn }: { pauseMs: readonly [number, number]; goesOn: () => boolean },
): Promise<void> {
  const names = Object.keys(faults);
  // Each occurs once before any occurs again.
  let deck: string[] = [];
  for (;;) {
    await pause(context.random.between(...pauseMs));
    if (!goesOn()) return;
    if (deck.length === 0) deck = context.random.shuffled(names);
    const name = deck.pop() ?? '';
    const from = Date.now();
    await faults[name]?.(context);
    context.disturbances.push({ what: name, from, until: Date.now() });
  }
}

function running({ workers, random }: FaultContext): SupervisedWorker | null {
  const candidates = workers.filter((worker) => worker.running && worker.wanted);
  return candidates.length === 0 ? null : random.pick(candidates);
}

/** One database of one worker, or of all. */
function chosenProxies(
  { workers, random }: FaultContext,
  role?: 'store' | 'middle',
): { name: string; proxies: FaultProxy[] } {
  const which = role ?? random.pick(['store', 'middle'] as const);
  const chosen = random.chance(0.35) ? workers : [random.pick(workers)];
  const proxies = chosen.map((worker) => worker.proxies[which]).filter((proxy) => proxy !== null);
  return { name: `${chosen.map((worker) => worker.name).join('+')} to ${which}`, proxies };
}

function withProxies(context: FaultContext, what: string, act: (proxy: FaultProxy) => void): FaultProxy[] {
  const { name, proxies } = chosenProxies(context);
  context.note(`the network of ${name} ${what}`);
  for (const proxy of proxies) act(proxy);
  return proxies;
}

async function disturb(context: FaultContext, what: string, act: (proxy: FaultProxy) => void): Promise<void> {
  const proxies = withProxies(context, what, act);
  await pause(context.random.between(300, 4000));
  for (const proxy of proxies) proxy.clear();
}

async function lostAnswer(
  context: FaultContext,
  role: 'store' | 'middle',
  texts: readonly string[],
): Promise<void> {
  const [text, then] = [
    context.random.pick(texts),
    context.random.pick(['cut', 'cut', 'deaf', 'hold'] as const),
  ];
  const { name, proxies } = chosenProxies(context, role);
  context.note(`the network of ${name} loses the answer to ${text} (${then})`);
  for (const proxy of proxies) proxy.loseAnswerTo(text, then);
  await pause(context.random.between(500, 2500));
  for (const proxy of proxies) proxy.clear();
}

async function restart(context: FaultContext, role: 'store' | 'middle'): Promise<void> {
  const server = context.servers[role];
  const crash = context.random.chance(0.5);
  const milliseconds = context.random.between(100, 2500);
  context.note(`the server of ${role} ${crash ? 'crashes' : 'stops'}, and starts after ${milliseconds} ms`);
  if (crash) await server.kill();
  else await server.stop();
  await pause(milliseconds);
  await server.start();
  context.note(`the server of ${role} runs again`);
}
