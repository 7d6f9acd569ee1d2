import { consequenceOf, DatabaseError } from '../database/errors.js';
import { oneLine } from '../domain/foreign-text.js';
import { sources, tableOf, type Source } from '../domain/keys.js';
import type {
  BoundedCounts,
  MiddleAdmin,
  BoundedQueries,
  StateCounts,
  StrayCounts,
} from '../middle/admin-port.js';
import type { StoreAdmin, StoreRecords } from '../store/admin-port.js';
import type { LossLookup } from '../store/guard-port.js';
import { barsOf, beginOf, windows, type Window } from './activity.js';
import { countLimit } from './count.js';
import { deferredSummary } from './deferred.js';
import type {
  ActivityBar,
  Count,
  CountsByState,
  DatabaseStatus,
  Overview,
  StrayNumbers,
} from './operator-service.js';

/** What an overview is read from. */
export interface OverviewSources {
  readonly middle: MiddleAdmin;
  readonly search: BoundedQueries;
  readonly store: StoreAdmin;
  readonly records: StoreRecords;
  readonly guard: LossLookup;
  /** Milliseconds since 1970 by the process's clock. */
  readonly wallClock: () => number;
  /** Milliseconds that only grow, to measure with. */
  readonly clock: () => number;
}

/** Reads what one wants to know first, both databases at once. Never fails: what could not be read is null. */
export async function overview(parts: OverviewSources): Promise<Overview> {
  const [middle, store] = await Promise.all([middlePart(parts), storePart(parts)]);
  return {
    at: new Date(parts.wallClock()).toISOString(),
    ...middle.part,
    ...store.part,
    databases: { middle: middle.health, store: store.health },
  };
}

async function middlePart({ middle, search, clock }: OverviewSources) {
  const look = new Look(clock);
  await look.reach(() => middle.now());
  const counts = await look.read(() => search.countCapped(countLimit));
  const oldestPendingSeconds = await look.read(() => middle.oldestPendingSeconds());
  const createdAhead = await look.read(() => middle.createdAhead());
  const strays = await look.read(() => middle.strayAttributes({ scan: straysScan, examples: 1 }));
  const strayAttributes = strays && byTable((source) => straysOf(strays[source]));
  const tables = counts && byTable((source) => countsOf(counts[source]));
  return {
    part: { tables, oldestPendingSeconds, createdAhead, strayAttributes },
    health: look.health(),
  };
}

/** How many attribute rows of each table are looked at: the newest ones, for this is read every ten seconds. */
const straysScan = 1000;

function byTable<T>(of: (source: Source) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(sources.map((source) => [tableOf[source], of(source)]));
}

function straysOf({ late, orphaned }: StrayCounts): StrayNumbers {
  return { late: late.rows, orphaned: orphaned.rows };
}

async function storePart({ store, records, guard, clock }: OverviewSources) {
  const look = new Look(clock);
  const now = await look.reach(() => store.now());
  const bars = async (window: Window): Promise<readonly ActivityBar[] | null> => {
    if (now === null) return null;
    return look.read(async () =>
      barsOf(await records.activity(beginOf(window, now), window.spanMinutes), window, now),
    );
  };
  const part = {
    lastHour: await bars(windows.lastHour),
    lastDay: await bars(windows.lastDay),
    workers: await look.read(() => store.workers()),
    shards: await look.read(() => store.shards()),
    pauses: await look.read(() => records.pauses()),
    alarms: await look.read(() => guard.openAlarms()),
    deferred: await look.read(() => deferredSummary({ store, records })),
  };
  return { part, health: look.health() };
}

function countsOf(counts: BoundedCounts): CountsByState {
  const countOf = (state: keyof StateCounts): Count => {
    return { rows: counts[state] ?? 0, atLeast: counts.stopped.includes(state) };
  };
  const states = { '0': countOf('0'), '1': countOf('1'), '2': countOf('2'), '3': countOf('3') };
  return counts.other === undefined ? states : { ...states, other: countOf('other') };
}

/** A look at one database. Once it does not answer it is not asked again: each question would cost a deadline. */
class Look {
  readonly #clock: () => number;
  #answeredMs: number | null = null;
  #error: string | null = null;
  #silent = false;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The first question, which tells how long an answer takes. */
  async reach<T>(question: () => Promise<T>): Promise<T | null> {
    const start = this.#clock();
    const answer = await this.read(question);
    if (this.#error === null) this.#answeredMs = Math.round(this.#clock() - start);
    else this.#silent = true;
    return answer;
  }

  /** Null where it fails. */
  async read<T>(question: () => Promise<T>): Promise<T | null> {
    if (this.#silent) return null;
    try {
      return await question();
    } catch (error) {
      this.#error ??= oneLine(error instanceof Error ? error.message : String(error));
      this.#silent = isOutage(error);
      return null;
    }
  }

  health(): DatabaseStatus {
    return { reachable: this.#answeredMs !== null, answeredMs: this.#answeredMs, error: this.#error };
  }
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  const consequence = consequenceOf(error.kind);
  return consequence === 'retry' || consequence === 'stop';
}
