import { rowId } from '../domain/keys.js';
import type { FinishedRow } from '../domain/loss.js';
import { alarmText } from '../guard/alarm-text.js';
import { compareFinished, evidenceOf, settledShards } from '../guard/compare-finished.js';
import { missingOrigins } from '../guard/origin.js';
import type { MiddleDatabase } from '../middle/port.js';
import type { LossEvidence, LossExample, StoreAlarm } from '../store/guard-port.js';
import { AlarmOpenError, StoreWentBackError } from '../store/guard-port.js';
import type { Lease, ProductStore } from '../store/port.js';
import type { Emit } from './events.js';
import type { DatabaseHealth } from './database-health.js';
import type { WorkerSettings } from './settings.js';
import type { Clock } from './clock.js';
import type { ProcessIdentity } from './process-identity.js';

/*
 * The guard against a product store that has lost what it once held (P13): after a fail-over to an asynchronous standby,
 * a restore or a wipe, rows stand in State 2 whose effect is gone, and to decide others on it would refuse good rows.
 *
 * What shows a loss:
 *   own commits     The fence of each apply transaction, and the first statement of each new session, look for the
 *                   commits that were acknowledged to this process (store/knex/acknowledged-commits.ts).
 *   finished rows   Before a worker claims rows of shards that it has taken, or that were compared on another server, it
 *                   compares their rows that were finished last with the journal (domain/loss.ts). So it does with a row
 *                   that it was about to take over and that another worker finished meanwhile.
 *                   As long as rows of a shard stand in State 1 from before, their last holder may still mark them: it is
 *                   compared with each poll until there are none.
 *   no origin       An operator must declare a store new that is empty beside finished rows (guard/origin.ts).
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

/** How often the event of an open alarm is repeated. */
const reminderMs = 10 * 60_000;

interface GuardParts {
  readonly middle: MiddleDatabase;
  readonly store: ProductStore;
  readonly settings: WorkerSettings;
  readonly health: DatabaseHealth;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly identity: Pick<ProcessIdentity, 'newId'>;
}

/** Whether this worker may decide rows. */
export class StoreGuard {
  readonly #parts: GuardParts;
  #own: OwnAlarm | null = null;
  #alarms: readonly StoreAlarm[] = [];
  #emittedAt: number | null = null;
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

  /** Handles an error that shows a loss or an open alarm; false for any other error. */
  report(error: unknown): boolean {
    if (error instanceof StoreWentBackError) {
      const examples: LossExample[] = error.lost.map(({ source, streamingNo, attempt }) => {
        return { source, streamingNo, custId: null, stateDate: attempt };
      });
      this.#raise({ kind: 'ownCommits', rows: examples.length, examples });
    }
    return isGuardError(error);
  }

  /** Records what this worker found, before it renews any lease: a renewal would hide it from the next holder. */
  async record(): Promise<void> {
    if (this.#own !== null && !this.#own.recorded) await this.#write(this.#own);
  }

  /** Takes note of the alarms that are open in the store. */
  async follow(alarms: readonly StoreAlarm[]): Promise<void> {
    const wasOpen = this.isOpen;
    if (this.#own !== null) await this.#settle(this.#own, alarms);
    this.#alarms = alarms;
    if (this.isOpen) this.#emitAlarm();
    else if (wasOpen) {
      this.#emittedAt = null;
      this.#parts.emit('storeAccepted', {});
    }
  }

  /**
   * Compares the finished rows of leases that were taken. Null where an alarm is open; else rows of all of them may be
   * decided, and those returned need not be compared again. The others have rows in State 1 from before, which their last
   * holder may still mark: they hold for the batch that was polled, and are compared again with the next.
   */
  async compare(leases: readonly Lease[]): Promise<readonly Lease[] | null> {
    const { store, settings, health } = this.#parts;
    if (!(await this.#hasOrigin())) return null;
    const settled = await this.#settled(leases);
    const shards = leases.map(({ shard }) => shard);
    const of = shards.length === settings.shards ? 'all' : shards;
    const { lost, byOthers } = await compareFinished(this.#tracked(), { shards: settings.shards, of });
    const known = settings.othersFinishRows ? [...lost, ...byOthers] : byOthers;
    if (known.length > 0) this.#parts.emit('finishedByOthers', evidenceOf(known));
    if (lost.length > 0 && !settings.othersFinishRows) {
      this.#raise(evidenceOf(lost));
      return null;
    }
    await health.track('store', () => store.leases.compared(settled));
    return settled;
  }

  /** What this process claims itself is later than the first comparison of a lease, and counts no more than in a steady state. */
  async #settled(leases: readonly Lease[]): Promise<readonly Lease[]> {
    const both = this.#tracked();
    const now = await both.middle.now();
    const names = leases.map(nameOf);
    this.#firstCompared = new Map(names.map((name) => [name, this.#firstCompared.get(name) ?? now]));
    const latest = [...this.#firstCompared.values()].sort().at(-1) ?? now;
    const of = leases.map(({ shard }) => shard);
    const shards = await settledShards(both, { shards: this.#parts.settings.shards, of }, latest);
    return leases.filter(({ shard }) => shards.has(shard));
  }

  /**
   * Rows that a worker was about to take over and that another one finished meanwhile: the late mark of their last holder,
   * whose decision may be lost. False where it is, and an alarm is open.
   */
  async compareFinishedMeanwhile(rows: readonly FinishedRow[]): Promise<boolean> {
    if (rows.length === 0) return true;
    const { store, settings, health, emit } = this.#parts;
    const outcomes = await health.track('store', () => store.guard.outcomes(rows));
    const unknown = rows.filter((row) => outcomes.get(rowId(row))?.outcome !== 'applied');
    if (unknown.length === 0) return true;
    if (settings.othersFinishRows) emit('finishedByOthers', evidenceOf(unknown));
    else this.#raise(evidenceOf(unknown));
    return settings.othersFinishRows;
  }

  async #hasOrigin(): Promise<boolean> {
    const { store, settings, health } = this.#parts;
    const missing = await missingOrigins(this.#tracked(), settings.productIds);
    if (missing === null) {
      this.#raise({ kind: 'noOrigin', rows: 0, examples: [] });
      return false;
    }
    await health.track('store', () => store.guard.addOrigins(missing));
    return true;
  }

  /** Both databases, with their outages counted. */
  #tracked(): Parameters<typeof compareFinished>[0] {
    const { middle, store, health } = this.#parts;
    const { guard } = store;
    return {
      middle: {
        now: () => health.track('middle', () => middle.now()),
        latestFinished: (request) => health.track('middle', () => middle.latestFinished(request)),
        claimedUntil: (request) => health.track('middle', () => middle.claimedUntil(request)),
      },
      store: {
        origins: () => health.track('store', () => guard.origins()),
        outcomes: (keys) => health.track('store', () => guard.outcomes(keys)),
        heldShards: (shards) => health.track('store', () => guard.heldShards(shards)),
        openAlarms: () => health.track('store', () => guard.openAlarms()),
      },
    };
  }

  #raise(evidence: LossEvidence): void {
    if (this.#own !== null) return;
    this.#own = { alarmId: this.#parts.identity.newId(), evidence, recorded: false };
    this.#emitAlarm();
  }

  async #settle(own: OwnAlarm, alarms: readonly StoreAlarm[]): Promise<void> {
    const { store, health } = this.#parts;
    if (alarms.some(({ alarmId }) => alarmId === own.alarmId)) return;
    if (await health.track('store', () => store.guard.isClosed(own.alarmId))) {
      store.guard.forgetCommits();
      this.#own = null;
      return;
    }
    await this.#write(own);
  }

  async #write(own: OwnAlarm): Promise<void> {
    const { store, health } = this.#parts;
    await health.track('store', () => store.guard.raise(own.alarmId, own.evidence));
    own.recorded = true;
  }

  #emitAlarm(): void {
    const { emit, clock } = this.#parts;
    const { evidence } = this;
    const now = clock.now();
    if (evidence === null || (this.#emittedAt !== null && now - this.#emittedAt < reminderMs)) return;
    this.#emittedAt = now;
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
