import { randomUUID } from 'node:crypto';
import { rowId } from '../domain/keys.js';
import type { FinishedRow } from '../domain/loss.js';
import { alarmText } from '../guard/alarm-text.js';
import { compareFinished, evidenceOf, settledShards } from '../guard/compare-finished.js';
import { missingOrigins } from '../guard/origin.js';
import type { MiddleDatabase } from '../middle/port.js';
import {
  AlarmOpenError,
  StoreWentBackError,
  type LossEvidence,
  type LostRow,
  type StoreAlarm,
} from '../store/guard-port.js';
import type { Lease, ProductStore } from '../store/port.js';
import type { Emit } from './events.js';
import type { Outages } from './outages.js';
import type { WorkerSettings } from './settings.js';
import type { Time } from './time.js';

/*
 * The guard against a product store that has lost what it once held (P13): after a fail-over to an asynchronous standby,
 * a restore or a wipe, rows stand in State 2 whose effect is gone, and to decide others on it would refuse good rows.
 *
 * What shows a loss:
 *   own commits     The fence of each apply transaction, and the first statement of each new connection, look for the
 *                   commits that were acknowledged to this process (store/knex/acknowledged-commits.ts).
 *   finished rows   Before a worker claims rows of shards that it has taken, or that were compared on another server, it
 *                   compares their rows that were finished last with the journal (domain/loss.ts). So it does with a row
 *                   that it was about to take over and that somebody finished meanwhile.
 *                   As long as rows of a shard stand in State 1 from before, their last holder may still mark them: it is
 *                   compared with each poll until there are none.
 *   no origin       A store that is new beside finished rows must be told that it is (guard/origin.ts).
 *
 * A loss raises an alarm: an entry in sync_guard, under which no worker of the store decides a row, and a flag in this
 * process, which holds while the entry cannot be written. Nothing is marked either: rows in State 1 are decided anew or
 * answered later. No time and no success ends an alarm; an operator does ("bnet-sync repair"). An alarm that vanishes
 * without having been closed was lost with the store, and is raised again.
 */

interface OwnAlarm {
  readonly alarmId: string;
  readonly evidence: LossEvidence;
  recorded: boolean;
}

/** How often an open alarm is told again. */
const reminderMs = 10 * 60_000;

interface GuardParts {
  readonly middle: MiddleDatabase;
  readonly store: ProductStore;
  readonly settings: WorkerSettings;
  readonly outages: Outages;
  readonly emit: Emit;
  readonly time: Time;
}

/** Whether this worker may decide rows. */
export class StoreGuard {
  readonly #parts: GuardParts;
  #own: OwnAlarm | null = null;
  #alarms: readonly StoreAlarm[] = [];
  #toldAt: number | null = null;
  /** When leases that are not settled were compared first, by the middle database's clock. */
  #firstCompared: ReadonlyMap<string, string> = new Map();

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  /** An alarm is open: no row is claimed, decided or marked. */
  get isOpen(): boolean {
    return this.#own !== null || this.#alarms.length > 0;
  }

  /** What the alarm rests on; null: none is open. */
  get evidence(): LossEvidence | null {
    return this.#own?.evidence ?? this.#alarms[0] ?? null;
  }

  /** Takes note of an error that tells of a loss or an alarm; false where it tells of something else. */
  report(error: unknown): boolean {
    if (error instanceof StoreWentBackError) {
      const examples: LostRow[] = error.lost.map(({ source, streamingNo, attempt }) => {
        return { source, streamingNo, custId: null, stateDate: attempt };
      });
      this.#raise({ kind: 'ownCommits', rows: examples.length, examples });
    }
    return isGuardError(error);
  }

  /** Records what this worker found, before it renews any lease: a renewal would hide it from who comes after. */
  async record(): Promise<void> {
    if (this.#own !== null && !this.#own.recorded) await this.#write(this.#own);
  }

  /** Takes note of the alarms that are open in the store. */
  async follow(alarms: readonly StoreAlarm[]): Promise<void> {
    const wasOpen = this.isOpen;
    if (this.#own !== null) await this.#settle(this.#own, alarms);
    this.#alarms = alarms;
    if (this.isOpen) this.#tell();
    else if (wasOpen) {
      this.#toldAt = null;
      this.#parts.emit('storeAccepted', {});
    }
  }

  /**
   * Compares the finished rows of leases that were taken. Null where an alarm is open; else rows of all of them may be
   * decided, and those returned need not be compared again. The others have rows in State 1 from before, which their last
   * holder may still mark: they are good for the page that was polled, and compared again with the next.
   */
  async compare(leases: readonly Lease[]): Promise<readonly Lease[] | null> {
    const { store, settings, outages } = this.#parts;
    if (!(await this.#hasOrigin())) return null;
    const settled = await this.#settled(leases);
    const shards = leases.map(({ shard }) => shard);
    const of = shards.length === settings.shards ? 'all' : shards;
    const { lost, byOthers } = await compareFinished(this.#watched(), { shards: settings.shards, of });
    const known = settings.othersFinishRows ? [...lost, ...byOthers] : byOthers;
    if (known.length > 0) this.#parts.emit('finishedByOthers', evidenceOf(known));
    if (lost.length > 0 && !settings.othersFinishRows) {
      this.#raise(evidenceOf(lost));
      return null;
    }
    await outages.watch('store', () => store.leases.compared(settled));
    return settled;
  }

  /** What this process claims itself is later than the first comparison of a lease, and counts no more than in a steady state. */
  async #settled(leases: readonly Lease[]): Promise<readonly Lease[]> {
    const both = this.#watched();
    const now = await both.middle.now();
    const names = leases.map(nameOf);
    this.#firstCompared = new Map(names.map((name) => [name, this.#firstCompared.get(name) ?? now]));
    const latest = [...this.#firstCompared.values()].sort().at(-1) ?? now;
    const of = leases.map(({ shard }) => shard);
    const shards = await settledShards(both, { shards: this.#parts.settings.shards, of }, latest);
    return leases.filter(({ shard }) => shards.has(shard));
  }

  /**
   * Rows that a worker was about to take over, and that somebody finished meanwhile: the late mark of their last holder,
   * whose decision may be lost. False where it is, and an alarm is open.
   */
  async compareFinishedMeanwhile(rows: readonly FinishedRow[]): Promise<boolean> {
    if (rows.length === 0) return true;
    const { store, settings, outages, emit } = this.#parts;
    const outcomes = await outages.watch('store', () => store.guard.outcomes(rows));
    const unknown = rows.filter((row) => outcomes.get(rowId(row))?.outcome !== 'applied');
    if (unknown.length === 0) return true;
    if (settings.othersFinishRows) emit('finishedByOthers', evidenceOf(unknown));
    else this.#raise(evidenceOf(unknown));
    return settings.othersFinishRows;
  }

  async #hasOrigin(): Promise<boolean> {
    const { store, settings, outages } = this.#parts;
    const missing = await missingOrigins(this.#watched(), settings.productIds);
    if (missing === null) {
      this.#raise({ kind: 'noOrigin', rows: 0, examples: [] });
      return false;
    }
    await outages.watch('store', () => store.guard.addOrigins(missing));
    return true;
  }

  /** Both databases, with their outages counted. */
  #watched(): Parameters<typeof compareFinished>[0] {
    const { middle, store, outages } = this.#parts;
    const { guard } = store;
    return {
      middle: {
        now: () => outages.watch('middle', () => middle.now()),
        latestFinished: (request) => outages.watch('middle', () => middle.latestFinished(request)),
        claimedUntil: (request) => outages.watch('middle', () => middle.claimedUntil(request)),
      },
      store: {
        origins: () => outages.watch('store', () => guard.origins()),
        outcomes: (keys) => outages.watch('store', () => guard.outcomes(keys)),
        heldShards: (shards) => outages.watch('store', () => guard.heldShards(shards)),
        openAlarms: () => outages.watch('store', () => guard.openAlarms()),
      },
    };
  }

  #raise(evidence: LossEvidence): void {
    if (this.#own !== null) return;
    this.#own = { alarmId: randomUUID(), evidence, recorded: false };
    this.#tell();
  }

  async #settle(own: OwnAlarm, alarms: readonly StoreAlarm[]): Promise<void> {
    const { store, outages } = this.#parts;
    if (alarms.some(({ alarmId }) => alarmId === own.alarmId)) return;
    if (await outages.watch('store', () => store.guard.isClosed(own.alarmId))) {
      store.guard.forgetCommits();
      this.#own = null;
      return;
    }
    await this.#write(own);
  }

  async #write(own: OwnAlarm): Promise<void> {
    const { store, outages } = this.#parts;
    await outages.watch('store', () => store.guard.raise(own.alarmId, own.evidence));
    own.recorded = true;
  }

  #tell(): void {
    const { emit, time } = this.#parts;
    const { evidence } = this;
    const now = time.now();
    if (evidence === null || (this.#toldAt !== null && now - this.#toldAt < reminderMs)) return;
    this.#toldAt = now;
    const worker = this.#own === null ? (this.#alarms[0]?.worker ?? null) : null;
    const { kind, rows, examples } = evidence;
    emit('storeWentBack', { kind, rows, examples, foundBy: worker });
  }
}

function nameOf({ shard, term, server }: Lease): string {
  return `${shard}/${term}/${server}`;
}

/** Whether an error says that nothing may be decided on this store. */
export function isGuardError(error: unknown): error is StoreWentBackError | AlarmOpenError {
  return error instanceof StoreWentBackError || error instanceof AlarmOpenError;
}

/** With `once`: an alarm is open, and only an operator ends it. */
export class StoreAlarmError extends Error {
  override readonly name = 'StoreAlarmError';

  constructor(evidence: LossEvidence) {
    super(`${alarmText(evidence)}. "bnet-sync doctor" says what to do`);
  }
}
