import { Random } from '../../src/demo/platform/random.js';
import type { Rules } from '../../src/domain/rules.js';
import type { WorkerSettings } from '../../src/worker/settings.js';
import type { Content, TroubleKind } from '../fault/observations.js';
import { limitSpec, Schedule, type ScheduledRow, type ScheduledTransaction } from '../fault/schedule.js';
import type { NetworkQuality } from './network.js';

/*
 * A scenario is all that is decided before a simulation begins: settings, what the platform writes, and what goes wrong when.
 * It is plain data, so that a failing one can be made shorter step by step.
 */

/** Everything that is drawn from a seed. Times in milliseconds from the start. */
export interface Scenario {
  readonly seed: number;
  readonly settings: WorkerSettings;
  readonly network: NetworkQuality;
  /** Processes that are started at the beginning. */
  readonly workers: number;
  /** How far the clocks of the servers are ahead of the true time. */
  readonly clockAheadMs: { readonly middle: number; readonly store: number };
  /** The probability with which a failed row is put back to State 0 at once. */
  readonly hurry: number;
  readonly steps: readonly Step[];
  /** From then on nothing goes wrong any more. */
  readonly calmAtMs: number;
}

/** Something that happens to the system at its moment. `pick`, from 0 up to 1, chooses among what is there then. */
export type Step = { readonly atMs: number } & (
  | { readonly kind: 'write'; readonly transaction: ScheduledTransaction }
  /** The statement meets something. */
  | ({ readonly kind: 'ambush' } & NextStatement & Ambush)
  /** Another step follows from the statement, so many milliseconds after it has taken effect. */
  | ({ readonly kind: 'upon'; readonly then: Step } & NextStatement)
  /** A row in State 0 is changed by those who wrote it. */
  | { readonly kind: 'edit'; readonly pick: number; readonly content: Partial<Content> }
  /** Somebody else writes a row that he has finished, and takes it away after a while. */
  | { readonly kind: 'other hands'; readonly row: ScheduledRow; readonly forMs: number }
  | { readonly kind: 'put back'; readonly pick: number; readonly seed: number; readonly exactly?: PutBack }
  | {
      readonly kind: 'trouble';
      readonly trouble: TroubleKind;
      readonly of: 'rows there are' | 'next rows';
      /** With how many of them. */
      readonly rows: number;
      readonly pick: number;
      readonly forMs: number;
    }
  | { readonly kind: 'start' }
  | { readonly kind: 'stop'; readonly pick: number }
  | { readonly kind: 'kill'; readonly pick: number; readonly forMs: number }
  | { readonly kind: 'freeze'; readonly pick: number; readonly forMs: number }
  | { readonly kind: 'restart'; readonly server: ServerRole; readonly forMs: number }
  | { readonly kind: 'cut off'; readonly server: ServerRole; readonly forMs: number }
  /** A server's clock is set so far ahead, or back. */
  | { readonly kind: 'set clock'; readonly server: ServerRole; readonly byMs: number }
  | { readonly kind: 'pause'; readonly pick: number; readonly forMs: number }
  /** `withContent`: not the attempt alone, but what the row asked for then. */
  | { readonly kind: 'old attempt'; readonly pick: number; readonly withContent?: boolean }
  /** `sameServer`: nothing tells the store from what it was before, as after rows were restored into live tables. */
  | { readonly kind: 'fail over'; readonly lostMs: number; readonly sameServer?: boolean }
);

/** The next statement of this name, after so many others of it; of this worker, by its number, or of any. */
interface NextStatement {
  readonly statement: AmbushedStatement;
  readonly skip: number;
  readonly worker?: number;
}

/** How a row is put back, where that is not drawn. */
export interface PutBack {
  readonly from: 2 | 3;
  /** The row keeps its StateDate. */
  readonly keepsDate?: boolean;
  /** What is corrected. */
  readonly content: Partial<Content>;
}

/** Statements as the simulated adapters call them: those at which it matters most what happens, and others. */
export type AmbushedStatement =
  | (typeof ambushedStatements)[number]
  | 'connect'
  | 'latestFinished'
  | 'begin'
  | 'journal'
  | 'snapshot'
  | 'raise alarm';

const ambushedStatements = [
  'poll',
  'claim',
  'read',
  'fence',
  'record',
  'commit',
  'mark',
  'heartbeat and renewal',
  'take shards',
  'attempts',
  'shards compared',
  'begin try',
  'release all shards',
] as const;

const changingStatements: readonly AmbushedStatement[] = ['claim', 'commit', 'mark'];

/**
 * What happens: its process is killed or stands still as soon as it is sent, or it is late, or its answer is lost. Or it is
 * held up, or its process stands still, until so many other statements have taken effect.
 */
export type Ambush =
  | { readonly what: 'kill' | 'freeze' | 'late' | 'answer lost'; readonly forMs: number }
  /** `unnoticed`: until then the server does not see that its sender has given up. */
  | ({ readonly what: 'held'; readonly unnoticed?: true } & UntilOthers)
  | ({ readonly what: 'stand still' } & UntilOthers);

/** Statements of this name; of this worker, by its number, or of any. */
export interface UntilOthers {
  readonly until: AmbushedStatement;
  readonly times: number;
  readonly untilWorker?: number;
}

/** One of the two databases. */
export type ServerRole = 'middle' | 'store';

/** A trouble that stays until all rows of other customers have ended. */
const untilLifted = 1_000_000;

const writingMs = 15_000;
const faultsMs = 22_000;

/** The scenario of a seed. */
export function drawScenario(seed: number): Scenario {
  const random = new Random(seed);
  const settings = drawSettings(random);
  const isCalm = random.chance(0.1);
  const writes = drawWrites(random, settings);
  const faults = isCalm ? [] : drawFaults(random, writes);
  // Whole seconds: a CreateDate has no more.
  const hour = 3600;
  const ahead = () => 1000 * random.pick([0, 0, random.between(-hour, hour), 8 * hour]);
  return {
    seed,
    settings,
    network: isCalm ? noFaults : drawNetwork(random),
    workers: random.between(1, 3),
    clockAheadMs: { middle: ahead(), store: ahead() },
    hurry: random.pick([0, 0, 0, 0.3, 0.7]),
    steps: [...writes, ...faults].sort((a, b) => a.atMs - b.atMs),
    calmAtMs: faultsMs,
  };
}

const noFaults: NetworkQuality = { loseRequest: 0, loseAnswer: 0, silent: 0, slow: 0 };

function drawNetwork(random: Random): NetworkQuality {
  const upTo = (most: number) => (random.chance(0.3) ? 0 : random.next() * most);
  return { loseRequest: upTo(0.03), loseAnswer: upTo(0.04), silent: upTo(0.02), slow: upTo(0.02) };
}

function drawSettings(random: Random): WorkerSettings {
  const rules: Rules = {
    onDuplicateOpen: random.pick(['refuse', 'refuse', 'update']),
    onDuplicateBind: random.pick(['refuse', 'refuse', 'update']),
    onCancelWithUsers: random.pick(['refuse', 'refuse', 'unbind']),
    attributes: random.pick(['merge', 'merge', 'replace']),
    userLimitAttrSpecId: random.pick([null, limitSpec]),
  };
  return {
    batchSize: random.pick([1, 2, 5, 10, 50]),
    concurrency: random.between(1, 2),
    pollIntervalMs: 100,
    idlePollMaxMs: 1000,
    settleMs: random.pick([0, 0, 1000, 1500]),
    dependencyGraceMs: random.pick([0, 2000, 3000]),
    leaseTtlMs: 3000,
    shards: random.pick([4, 8]),
    maxAttempts: random.between(2, 3),
    maxAttributes: 10_000,
    breakerThreshold: random.pick([3, 5, 10]),
    drainTimeoutMs: 5000,
    callTimeoutMs: 1500,
    handlerTimeoutMs: 1000,
    productIds: [],
    othersFinishRows: false,
    rules,
  };
}

function drawWrites(random: Random, { settleMs }: WorkerSettings): Step[] {
  const customers = random.between(2, 6);
  const schedule = new Schedule(new Random(random.between(0, 0x7fffffff)), { customers, settleMs });
  if (random.chance(0.15)) schedule.poison(random.pick(['throw', 'exit']));
  const times = Array.from({ length: random.between(3, 12) }, () => random.between(0, writingMs)).sort(
    inOrder,
  );
  const writes = times.map((atMs): Step => ({ atMs, kind: 'write', transaction: schedule.transaction(4) }));
  const resets = Array.from({ length: random.between(0, 4) }, (): Step => {
    const atMs = random.between(2000, faultsMs);
    return { atMs, kind: 'put back', pick: random.next(), seed: random.between(0, 0x7fffffff) };
  });
  const restored = random.chance(0.25) ? Array.from({ length: 4 }, () => random.between(6000, faultsMs)) : [];
  const oldAttempts = restored.map((atMs): Step => ({ atMs, kind: 'old attempt', pick: random.next() }));
  return [...writes, ...resets, ...oldAttempts];
}

const inOrder = (a: number, b: number): number => a - b;

const troubleKinds: readonly TroubleKind[] = [
  'claim refused',
  'claim swallowed',
  'claim set back',
  'success refused',
  'failure refused',
  'mark refused',
  'mark swallowed',
  'mark undone',
  'row locked',
  'attribute row locked',
  'ErrContent too narrow',
  'decision refused',
  'effect refused',
];

const ambushes = ['kill', 'freeze', 'late', 'answer lost', 'held'] as const;

type DrawnFault = (random: Random, atMs: number) => Step;

const faultKinds: readonly DrawnFault[] = [
  (random, atMs) => ({ atMs, kind: 'kill', pick: random.next(), forMs: random.between(0, 3000) }),
  (random, atMs) => ({ atMs, kind: 'freeze', pick: random.next(), forMs: random.between(200, 9000) }),
  (random, atMs) => ({ atMs, kind: 'stop', pick: random.next() }),
  (_random, atMs) => ({ atMs, kind: 'start' }),
  (random, atMs) => ({ atMs, kind: 'restart', server: drawServer(random), forMs: random.between(50, 3000) }),
  (random, atMs) => ({ atMs, kind: 'cut off', server: drawServer(random), forMs: random.between(200, 6000) }),
  (random, atMs) => ({ atMs, kind: 'pause', pick: random.next(), forMs: random.between(500, 6000) }),
];

/** Troubles of one kind or a few, with a row each or with many. */
function troublesOf(random: Random): DrawnFault {
  const kinds = fewOf(random, troubleKinds);
  const mostRows = random.pick([1, 1, 1, 4, 15]);
  return (_random, atMs) => {
    const trouble = random.pick(kinds);
    const forMs = random.chance(0.25) ? untilLifted : random.between(500, 12_000);
    const of = random.chance(0.7) ? 'next rows' : 'rows there are';
    const rows = random.between(1, mostRows);
    return { atMs, kind: 'trouble', trouble, of, rows, pick: random.next(), forMs };
  };
}

/** Ambushes of one kind or a few, on one statement or a few. */
function ambushesOf(random: Random): DrawnFault {
  const statements = fewOf(random, random.chance(0.5) ? changingStatements : ambushedStatements);
  const ways = fewOf(random, ambushes);
  return (_random, atMs) => {
    const [statement, what] = [random.pick(statements), random.pick(ways)];
    const place = { atMs, kind: 'ambush', statement, skip: random.between(0, 3) } as const;
    if (what === 'held')
      return { ...place, what, until: random.pick(changingStatements), times: random.between(1, 8) };
    return { ...place, what, forMs: random.pick([300, 2000, 4000, 8000]) };
  };
}

/** Some of the choices, one at least and mostly few: what happens often in one scenario happens in none of another. */
function fewOf<T>(random: Random, choices: readonly T[]): readonly T[] {
  const some = choices.filter(() => random.chance(1.5 / choices.length));
  return some.length > 0 ? some : [random.pick(choices)];
}

function drawServer(random: Random): ServerRole {
  return random.pick(['middle', 'store']);
}

function drawFaults(random: Random, writes: readonly Step[]): Step[] {
  const kinds = fewOf(random, [
    ...faultKinds,
    ...Array.from({ length: 3 }, () => troublesOf(random)),
    ...Array.from({ length: 3 }, () => ambushesOf(random)),
  ]);
  const faults = Array.from({ length: random.between(0, 9) }, () =>
    random.pick(kinds)(random, random.between(0, faultsMs - 1000)),
  );
  if (!random.chance(0.15)) return faults;
  // Soon after something was written, so that there is something to lose.
  const atMs = Math.min(faultsMs - 100, random.pick(writes).atMs + random.between(100, 2500));
  return [...faults, { atMs, kind: 'fail over', lostMs: Math.min(atMs, random.pick([50, 300, 1000, 3000])) }];
}
