import { deferralLimits } from '../../../src/domain/deferral.js';
import {
  compareNumbers,
  isCanonicalNumber,
  rowId,
  type Attempt,
  type RowKey,
} from '../../../src/domain/keys.js';
import type { LossEvidence, Origin, StoreAlarm } from '../../../src/store/guard-port.js';
import {
  deferralsRead,
  type DeferralRequest,
  type Pause,
  type PauseTarget,
  type PendingDeferral,
  type WorkerIdentity,
} from '../../../src/store/port.js';
import type { DeferralRecord } from '../../../src/store/admin-port.js';
import type { LeaseTables } from './lease-tables.js';
import type { StoreServer } from './server.js';
import { Table } from './table.js';

/** A row of sync_guard. */
interface StandingAlarm extends StoreAlarm {
  readonly closedAt: string | null;
}

/** A row of sync_crash. */
interface CrashNote extends Attempt {
  readonly worker: string;
  readonly begunAt: string;
}

/** Pauses, alarms, origins, deferrals and crash notes of the simulated product store. Each statement commits by itself. */
export class NoteTables {
  readonly pauses = new Table<Pause>();
  readonly alarms = new Table<StandingAlarm>();
  readonly origins = new Table<Origin>();
  readonly deferrals = new Table<DeferralRecord>();
  readonly crashes = new Table<CrashNote>(rowId);
  /** All notes of rows tried alone that their writers never took back, also those of rows decided since. */
  readonly uncleared = new Map<string, CrashNote>();
  readonly #server: StoreServer;
  readonly #leases: LeaseTables;

  constructor(server: StoreServer, leases: LeaseTables) {
    this.#server = server;
    this.#leases = leases;
  }

  /** All pauses: tables first, then products. */
  readPauses(): readonly Pause[] {
    return this.pauses.all().sort((a, b) => comparePauses(a.target, b.target));
  }

  /** False where the target is paused already. */
  pause(target: PauseTarget, who: string, reason: string | null): boolean {
    if (this.pauses.get(nameOf(target), null) !== undefined) return false;
    this.pauses.put(nameOf(target), { target, since: this.#server.at(), who, reason }, null);
    return true;
  }

  /** False where the target is not paused. */
  resume(target: PauseTarget): boolean {
    const isPaused = this.pauses.get(nameOf(target), null) !== undefined;
    this.pauses.delete(nameOf(target));
    return isPaused;
  }

  /** Alarms that are open, oldest first, at most 20. */
  openAlarms(): readonly StoreAlarm[] {
    return this.alarms
      .all()
      .filter(({ closedAt }) => closedAt === null)
      .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
      .slice(0, 20)
      .map(({ closedAt: _, ...alarm }) => alarm);
  }

  /** Opens an alarm; one that is there stays as it is. */
  raise(alarmId: string, evidence: LossEvidence, { workerId: worker, host }: WorkerIdentity): void {
    if (this.alarms.get(alarmId, null) !== undefined) return;
    const { kind, rows, examples } = evidence;
    const raised = { alarmId, kind, rows, examples, worker, host, raisedAt: this.#server.at() };
    this.alarms.put(alarmId, { ...raised, closedAt: null }, null);
  }

  /** When an alarm was closed last; null: never. */
  get closedAt(): string | null {
    return this.alarms.all().reduce<string | null>((last, { closedAt }) => {
      return closedAt !== null && closedAt > (last ?? '') ? closedAt : last;
    }, null);
  }

  isClosed(alarmId: string): boolean {
    return (this.alarms.get(alarmId, null)?.closedAt ?? null) !== null;
  }

  /** Closes every open alarm and moves the origins; returns how many were closed. */
  accept(origins: readonly Origin[]): number {
    for (const origin of origins) this.origins.put(origin.productId ?? '', origin, null);
    const open = this.alarms.all().filter(({ closedAt }) => closedAt === null);
    for (const alarm of open) this.alarms.put(alarm.alarmId, { ...alarm, closedAt: this.#server.at() }, null);
    return open.length;
  }

  readOrigins(): readonly Origin[] {
    return this.origins.all().sort((a, b) => ((a.productId ?? '') < (b.productId ?? '') ? -1 : 1));
  }

  /** Adds origins; products that have one keep it. */
  addOrigins(origins: readonly Origin[]): void {
    for (const origin of origins) {
      const name = origin.productId ?? '';
      if (this.origins.get(name, null) === undefined) this.origins.put(name, origin, null);
    }
  }

  /** The deferred rows, those that are due first. A try that is much further ahead than any pause is long is due. */
  pendingDeferrals(): readonly PendingDeferral[] {
    return this.deferrals
      .all()
      .sort((a, b) => Date.parse(a.nextAt) - Date.parse(b.nextAt))
      .slice(0, deferralsRead)
      .map(({ since: _, nextAt, worker: __, ...deferral }) => {
        const remaining = Date.parse(nextAt) - this.#server.now;
        const isTooFar = remaining > 2 * deferralLimits(deferral.stage, deferral.cause).maxMs;
        return { ...deferral, remainingMs: isTooFar ? 0 : remaining };
      });
  }

  /** Defers rows of shards that the worker holds. */
  defer(requests: readonly DeferralRequest[], worker: string): void {
    for (const { shard, delayMs, ...deferral } of requests) {
      if (!isCanonicalNumber(deferral.streamingNo) || !this.#leases.holds(worker, shard)) continue;
      const standing = this.deferrals.get(rowId(deferral), null);
      const since = standing?.stage === deferral.stage ? standing.since : this.#server.at();
      const custId = isCanonicalNumber(deferral.custId ?? '') ? deferral.custId : null;
      const times = { since, nextAt: this.#server.at(delayMs), worker };
      this.deferrals.put(rowId(deferral), { ...deferral, custId, ...times }, null);
    }
  }

  /** Ends the deferring of a row; false where it is not deferred. */
  endDeferral(key: RowKey): boolean {
    const isDeferred = this.deferrals.get(rowId(key), null) !== undefined;
    this.deferrals.delete(rowId(key));
    return isDeferred;
  }

  /** How many other workers left a note about these attempts, by `rowId`. */
  crashCounts(attempts: readonly Attempt[], worker: string): ReadonlyMap<string, number> {
    const counts = attempts.map((attempt) => {
      const notes = this.crashes.group(rowId(attempt), null);
      const ofOthers = notes.filter((note) => note.attempt === attempt.attempt && note.worker !== worker);
      return [rowId(attempt), ofOthers.length] as const;
    });
    return new Map(counts.filter(([, count]) => count > 0));
  }

  beginTry({ source, streamingNo, attempt }: Attempt, worker: string): void {
    const note = { source, streamingNo, attempt, worker, begunAt: this.#server.at() };
    const name = nameOfNote(note, worker);
    if (this.crashes.get(name, null) === undefined) this.crashes.put(name, note, null);
    this.uncleared.set(name, note);
  }

  clearTry(attempt: Attempt, worker: string): void {
    this.crashes.delete(nameOfNote(attempt, worker));
    this.uncleared.delete(nameOfNote(attempt, worker));
  }

  forgetTries(key: RowKey): void {
    for (const name of this.crashes.keysOf(rowId(key), null)) this.crashes.delete(name);
  }
}

function nameOf(target: PauseTarget): string {
  return 'source' in target ? target.source : `product ${target.productId}`;
}

function nameOfNote(attempt: Attempt, worker: string): string {
  return `${rowId(attempt)} ${attempt.attempt} ${worker}`;
}

function placeOf({ raisedAt, alarmId }: StoreAlarm): string {
  return `${raisedAt} ${alarmId}`;
}

function comparePauses(a: PauseTarget, b: PauseTarget): number {
  if ('source' in a) return 'source' in b && b.source === 'CUST' ? 1 : -1;
  return 'source' in b ? 1 : compareNumbers(a.productId, b.productId);
}
