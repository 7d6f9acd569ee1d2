import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../src/demo/platform/random.js';
import type { PostgresServer } from '../support/postgres-server.js';
import { wrongClock, type Place } from './crew.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import type { Disturbance } from './evidence.js';
import type { Link } from './link.js';

/** What faults act on. */
export interface Stage {
  readonly places: readonly Place[];
  readonly servers: { readonly middle: PostgresServer; readonly store: PostgresServer };
  readonly links: { readonly middle: Link; readonly store: Link };
  readonly storeName: string;
  readonly leaseTtlMs: number;
  readonly random: Random;
  /** When faults happened. */
  readonly disturbances: Disturbance[];
  note(text: string): void;
}

/** A fault: what it does, and its undoing, are over when it resolves. */
type Fault = (stage: Stage) => Promise<void>;

/** Faults of processes. */
export const processFaults: Readonly<Record<string, Fault>> = {
  kill: async (stage) => {
    const place = running(stage);
    if (place === null) return;
    stage.note(`kill -9 ${place.name} (${place.pid ?? 0})`);
    place.signal('SIGKILL');
  },
  terminate: async (stage) => {
    const place = running(stage);
    if (place === null) return;
    stage.note(`SIGTERM ${place.name}`);
    place.signal('SIGTERM');
  },
  freeze: async (stage) => {
    const place = running(stage);
    if (place === null) return;
    const milliseconds = stage.leaseTtlMs + stage.random.between(-1500, 2500);
    stage.note(`SIGSTOP ${place.name} for ${milliseconds} ms`);
    place.signal('SIGSTOP');
    await pause(milliseconds);
    place.signal('SIGCONT');
  },
  join: async (stage) => {
    const place = stage.places.find(({ wanted }) => !wanted);
    stage.note(place === undefined ? 'nobody can join' : `${place.name} joins`);
    place?.start();
  },
  leave: async (stage) => {
    const present = stage.places.filter(({ wanted }) => wanted);
    const most = stage.random.between(1, 2);
    for (const place of present.slice(1, 1 + most)) {
      stage.note(`${place.name} leaves`);
      await place.leave();
    }
  },
  clock: async (stage) => {
    const place = stage.places.find(({ wanted }) => !wanted) ?? running(stage);
    if (place === null) return;
    const [hours, rate] = [stage.random.between(-30, 30), stage.random.pick([0.4, 0.8, 1.5, 3])];
    stage.note(`${place.name} starts with its clock ${hours} h ahead, running ${rate} times as fast`);
    await place.leave();
    place.start(wrongClock(hours * 3_600_000, rate));
  },
};

/** Faults of networks and servers. */
export const outerFaults: Readonly<Record<string, Fault>> = {
  cut: async (stage) => {
    withProxies(stage, 'cuts', (proxy) => {
      proxy.cut();
    });
  },
  swallow: async (stage) =>
    weather(stage, 'swallows', (proxy) => {
      proxy.swallow();
    }),
  hold: async (stage) =>
    weather(stage, 'holds back', (proxy) => {
      proxy.hold();
    }),
  delay: async (stage) => {
    const milliseconds = stage.random.pick([20, 80, 200, 500]);
    await weather(stage, `delays by ${milliseconds} ms`, (proxy) => {
      proxy.delay(milliseconds);
    });
  },
  refuse: async (stage) => {
    const proxies = withProxies(stage, 'refuses new connections', (proxy) => {
      proxy.refuse();
      proxy.cut();
    });
    await pause(stage.random.between(300, 3000));
    for (const proxy of proxies) await proxy.accept();
  },
  lostCommit: async (stage) =>
    lostAnswer(stage, 'store', ['COMMIT', 'COMMIT', 'INSERT INTO sync_journal', 'UPDATE sync_shard']),
  lostClaim: async (stage) => lostAnswer(stage, 'middle', ['WITH main AS', 'UNION ALL']),
  storeRestart: async (stage) => restart(stage, 'store'),
  middleRestart: async (stage) => restart(stage, 'middle'),
  backends: async (stage) => {
    const role = stage.random.pick(['store', 'middle'] as const);
    stage.note(`some sessions of workers on ${role} are terminated`);
    await stage.links[role].insist((query) => query(`${terminateWorkers} AND random() < 0.5`));
  },
  readOnly: async (stage) => {
    stage.note('the store becomes read-only');
    const set = (value: string) =>
      stage.links.store.insist(async (query) => {
        await query(`ALTER DATABASE "${stage.storeName}" SET default_transaction_read_only = ${value}`);
        await query(terminateWorkers);
      });
    await set('on');
    await pause(stage.random.between(500, 2500));
    await stage.links.store.insist(async (query) => {
      await query('SET default_transaction_read_only = off');
      await query(`ALTER DATABASE "${stage.storeName}" SET default_transaction_read_only = off`);
      await query(terminateWorkers);
    });
    stage.note('the store is writable again');
  },
};

const terminateWorkers = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'bnet-sync worker' AND datname = current_database()`;

/** Draws one fault after another until told to stop. */
export async function haveFaults(
  stage: Stage,
  faults: Readonly<Record<string, Fault>>,
  { pauseMs, goesOn }: { pauseMs: readonly [number, number]; goesOn: () => boolean },
): Promise<void> {
  const names = Object.keys(faults);
  // Each occurs once before any occurs again.
  let deck: string[] = [];
  for (;;) {
    await pause(stage.random.between(...pauseMs));
    if (!goesOn()) return;
    if (deck.length === 0) deck = stage.random.shuffled(names);
    const name = deck.pop() ?? '';
    const from = Date.now();
    await faults[name]?.(stage);
    stage.disturbances.push({ what: name, from, until: Date.now() });
  }
}

function running({ places, random }: Stage): Place | null {
  const candidates = places.filter((place) => place.running && place.wanted);
  return candidates.length === 0 ? null : random.pick(candidates);
}

/** One database of one worker, or of all. */
function chosenProxies(
  { places, random }: Stage,
  role?: 'store' | 'middle',
): { name: string; proxies: FaultProxy[] } {
  const which = role ?? random.pick(['store', 'middle'] as const);
  const chosen = random.chance(0.35) ? places : [random.pick(places)];
  const proxies = chosen.map((place) => place.proxies[which]).filter((proxy) => proxy !== null);
  return { name: `${chosen.map((place) => place.name).join('+')} to ${which}`, proxies };
}

function withProxies(stage: Stage, what: string, act: (proxy: FaultProxy) => void): FaultProxy[] {
  const { name, proxies } = chosenProxies(stage);
  stage.note(`the network of ${name} ${what}`);
  for (const proxy of proxies) act(proxy);
  return proxies;
}

async function weather(stage: Stage, what: string, act: (proxy: FaultProxy) => void): Promise<void> {
  const proxies = withProxies(stage, what, act);
  await pause(stage.random.between(300, 4000));
  for (const proxy of proxies) proxy.clear();
}

async function lostAnswer(stage: Stage, role: 'store' | 'middle', texts: readonly string[]): Promise<void> {
  const [text, then] = [stage.random.pick(texts), stage.random.pick(['cut', 'cut', 'deaf', 'hold'] as const)];
  const { name, proxies } = chosenProxies(stage, role);
  stage.note(`the network of ${name} loses the answer to ${text} (${then})`);
  for (const proxy of proxies) proxy.loseAnswerTo(text, then);
  await pause(stage.random.between(500, 2500));
  for (const proxy of proxies) proxy.clear();
}

async function restart(stage: Stage, role: 'store' | 'middle'): Promise<void> {
  const server = stage.servers[role];
  const crash = stage.random.chance(0.5);
  const milliseconds = stage.random.between(100, 2500);
  stage.note(`the server of ${role} ${crash ? 'crashes' : 'stops'}, and starts after ${milliseconds} ms`);
  if (crash) await server.kill();
  else await server.stop();
  await pause(milliseconds);
  await server.start();
  stage.note(`the server of ${role} runs again`);
}
