import { consequenceOf, DatabaseError } from '../database/errors.js';
import { oneLine } from '../domain/foreign-text.js';
import type { BoundedCounts, MiddleAdmin, StateCounts, StrayCounts } from '../middle/admin-port.js';
import type { StoreAdmin } from '../store/admin-port.js';
import { barsOf, beginOf, windows, type Window } from './activity.js';
import type { Databases } from './databases.js';
import { deferredSummary } from './deferred.js';
import type { ActivityBar, CountsByState, DatabaseStatus, Overview, StrayNumbers } from './contract/state.js';
import type { Count } from './contract/schema.js';
import { byTableName, namedAlarm, namedPause } from './named.js';
import type { OperatorClocks } from './requests.js';
import { lastVerification } from './verification.js';

/** Where counting the rows of a State stops. */
export const countLimit = 10_000;

/** Reads the dashboard's summary, both databases at once. Never fails: a section that could not be read is null. */
export async function overview(databases: Databases, clocks: OperatorClocks): Promise<Overview> {
  const [middle, store] = await Promise.all([
    middlePart(databases.middle, clocks),
    storePart(databases.store, clocks),
  ]);
  return {
    at: new Date(clocks.wallClock()).toISOString(),
    ...middle.part,
    ...store.part,
    databases: { middle: middle.health, store: store.health },
  };
}

async function middlePart(middle: MiddleAdmin, { clock }: OperatorClocks) {
  const look = new Look(clock);
  await look.reach(() => middle.now());
  const counts = await look.read(() => middle.queries.countCapped(countLimit));
  const oldestPendingSeconds = await look.read(() => middle.oldestPendingSeconds());
  const createdAhead = await look.read(() => middle.createdAhead());
  const strays = await look.read(() => middle.strayAttributes({ scan: straysScan, examples: 1 }));
  const strayAttributes = strays && byTableName((source) => straysOf(strays[source]));
  const tables = counts && byTableName((source) => countsOf(counts[source]));
  return {
    part: { tables, oldestPendingSeconds, createdAhead, strayAttributes },
    health: look.health(),
  };
}

/** How many of the newest attribute rows of each table are checked, every ten seconds. */
const straysScan = 1000;

function straysOf({ late, orphaned }: StrayCounts): StrayNumbers {
  return { late: late.rows, orphaned: orphaned.rows };
}

async function storePart(store: StoreAdmin, { clock }: OperatorClocks) {
  const { records, guard } = store;
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
    pauses: await look.read(async () => (await records.pauses()).map(namedPause)),
    alarms: await look.read(async () => (await guard.openAlarms()).map(namedAlarm)),
    deferred: await look.read(() => deferredSummary(store)),
    verification: await look.read(async () => ({ last: await lastVerification(store.verifications) })),
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

/** Reads of one database. Once it fails to answer, the others are skipped: each would cost a deadline. */
class Look {
  readonly #clock: () => number;
  #answeredMs: number | null = null;
  #error: string | null = null;
  #silent = false;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** The first read, which measures how long an answer takes. */
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
