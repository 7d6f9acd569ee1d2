import { deferralLimits, type Deferral, type DeferralCause, type Stage } from '../domain/deferral.js';
import { isCanonicalNumber, rowId, shardOf, type RowKey } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import type { DeferralStore, PendingDeferral } from '../store/port.js';
import { BreakerOpenError } from './circuit-breaker.js';
import type { Emit, NewlyDeferredRow } from './events.js';
import type { DatabaseHealth } from './database-health.js';
import { backoffMs, type Clock } from './clock.js';

/*
 * Deferred rows (P12). Each is deferred with its customer: the poll leaves the customer out until the pause is over.
 * They stand in the store before the customer is released, and are read with the leases, so that a worker that takes the
 * shard over knows them; what they say is advice, and no promise but progress rests on it. A row that ended, or was put
 * back, is taken off; so is one that a whole batch should have held and did not.
 */

/** A row to defer. */
export interface RowToDefer extends RowKey {
  readonly custId: Cell;
  readonly cause: DeferralCause;
  readonly reason: string;
  /** How often it was tried; default: once more than before. */
  readonly tries?: number;
  /** Default: by how often it was tried. */
  readonly delayMs?: number;
}

/** With more customers than this deferred at a stage, the fault is not the rows'. */
const maxDeferredCustomers = 1000;

/** The most customers with rows due that one batch holds: each may take statements of its own. */
const retriedAtOnce = 50;

/** With `run --once`, how often a deferred row is tried before the worker gives up. */
const triesWithOnce = 3;

interface Entry extends Deferral {
  /** By the process's clock. */
  readonly until: number;
}

/** What a worker knows of deferred rows, in memory and in the product store. */
export class Deferrals {
  readonly #store: () => DeferralStore;
  readonly #shards: number;
  readonly #health: DatabaseHealth;
  readonly #emit: Emit;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  /** By row: the change that it was last part of; the store's word is not newer where it was read before. */
  readonly #changedAt = new Map<string, number>();
  #changes = 0;
  /** Customers that were due at the last poll and had their turn, or were left out of it on purpose. */
  #polled: ReadonlySet<Cell> = new Set();

  constructor(parts: {
    readonly store: () => DeferralStore;
    readonly shards: number;
    readonly health: DatabaseHealth;
    readonly emit: Emit;
    readonly clock: Clock;
  }) {
    this.#store = parts.store;
    this.#shards = parts.shards;
    this.#health = parts.health;
    this.#emit = parts.emit;
    this.#clock = parts.clock;
  }

  /** To be given to `load` with what is read from the store after this. */
  get reading(): number {
    return this.#changes;
  }

  /** What the store holds of the shards held: others may have defer rows, or an operator wants one tried at once. */
  load(pending: readonly PendingDeferral[], shards: ReadonlySet<number>, reading: number): void {
    const ours = pending.filter(({ custId }) => shards.has(shardOf(custId, this.#shards)));
    const isKnownBetter = (id: string): boolean => (this.#changedAt.get(id) ?? 0) > reading;
    const kept = new Set(ours.map(rowId));
    for (const [id, { streamingNo }] of this.#entries)
      if (!kept.has(id) && !isKnownBetter(id) && isCanonicalNumber(streamingNo)) this.#entries.delete(id);
    for (const { remainingMs, ...deferral } of ours) {
      const id = rowId(deferral);
      if (isKnownBetter(id)) continue;
      // A CustID that is no number is not in the store.
      const custId = deferral.custId ?? this.#entries.get(id)?.custId ?? null;
      this.#entries.set(id, { ...deferral, custId, until: this.#clock.now() + remainingMs });
    }
    for (const [id, change] of this.#changedAt) if (change <= reading) this.#changedAt.delete(id);
  }

  /** How a row is deferred; undefined: it is not. */
  get(key: RowKey): Deferral | undefined {
    return this.#entries.get(rowId(key));
  }

  /** How often a row was tried in a stage and left for this cause: a lock is never counted as a failure. */
  tries(key: RowKey, stage: Stage, cause: DeferralCause): number {
    const entry = this.get(key);
    return entry?.stage === stage && entry.cause === cause ? entry.tries : 0;
  }

  /** Customers with a deferred row, or was and is tried again, by why. */
  get customers(): ReadonlyMap<Cell, DeferralCause> {
    return new Map([...this.#entries.values()].map(({ custId, cause }) => [custId, cause]));
  }

  /** Deferred rows, of the shards held. */
  get all(): readonly Deferral[] {
    return [...this.#entries.values()];
  }

  /** Rows on which `run --once` gives up; a row that the store refuses ends by itself after `maxAttempts` tries. */
  triedEnough(maxAttempts: number): readonly Deferral[] {
    return this.all.filter(({ stage, cause, tries }) =>
      stage === 'apply' && cause === 'refused' ? tries > maxAttempts : tries >= triesWithOnce,
    );
  }

  /**
   * Customers to leave out of a poll, and the rows whose customers are tried again with it. `freshOnly`: all customers that
   * are deferred are left out, due or not.
   */
  plan(freshOnly: boolean): { readonly excluded: readonly Cell[]; readonly due: readonly Deferral[] } {
    if (freshOnly) {
      this.#polled = new Set(this.customers.keys());
      return { excluded: [...this.#polled], due: [] };
    }
    const now = this.#clock.now();
    const excluded = new Set<Cell>();
    for (const { custId, until } of this.#entries.values()) if (until > now) excluded.add(custId);
    const due = [...this.#entries.values()]
      .filter(({ custId }) => !excluded.has(custId))
      .sort((a, b) => a.until - b.until);
    const tried = new Set(due.map(({ custId }) => custId));
    for (const custId of [...tried].slice(retriedAtOnce)) excluded.add(custId);
    const retried = due.filter(({ custId }) => !excluded.has(custId));
    this.#polled = new Set(retried.map(({ custId }) => custId));
    return { excluded: [...excluded], due: retried };
  }

  /**
   * Milliseconds until the first customer may be tried again, with all its rows; null: none is deferred. One that was due at
   * the last poll and did not come with it (it is paused, waits, is another worker's by now, or only fresh rows were polled)
   * has no hurry: it comes with some later poll.
   */
  nextRetryMs(): number | null {
    const now = this.#clock.now();
    const lastDue = new Map<Cell, number>();
    for (const { custId, until } of this.#entries.values())
      lastDue.set(custId, Math.max(until, lastDue.get(custId) ?? 0));
    const moments = [...lastDue]
      .filter(([custId, until]) => until > now || !this.#polled.has(custId))
      .map(([, until]) => until);
    return moments.length === 0 ? null : Math.max(0, Math.min(...moments) - now);
  }

  /** Defers rows and emits it. BreakerOpenError when too many customers are deferred. */
  async defer(stage: Stage, rows: readonly RowToDefer[]): Promise<void> {
    if (rows.length === 0) return;
    const put = rows.map((row) => this.#next(stage, row));
    this.#remember(put);
    await this.#health.track('store', () => this.#store().put(put));
    this.#emitDeferred(stage, put);
    const customers = new Set(this.all.filter((entry) => entry.stage === stage).map(({ custId }) => custId));
    if (customers.size > maxDeferredCustomers)
      throw new BreakerOpenError(
        `${customers.size} customers are deferred at the ${stage}: ${put[0]?.reason ?? ''}`,
      );
  }

  /** The rows have ended. */
  async end(keys: readonly RowKey[]): Promise<void> {
    if (this.#entries.size === 0) return;
    const known = keys.filter((key) => this.#entries.has(rowId(key)));
    if (known.length === 0) return;
    for (const key of known) {
      this.#entries.delete(rowId(key));
      this.#change(key);
    }
    await this.#health.track('store', () => this.#store().end(known));
  }

  /** What went wrong in this stage was not the rows' fault. */
  async clearStage(stage: Stage): Promise<void> {
    await this.end(this.all.filter((entry) => entry.stage === stage));
  }

  #next(stage: Stage, { source, streamingNo, custId, cause, reason, ...given }: RowToDefer): DeferredEntry {
    const before = this.get({ source, streamingNo });
    // The pause goes on growing whatever the cause.
    const tries = given.tries ?? (before?.stage === stage ? before.tries : 0) + 1;
    const limits = deferralLimits(stage, cause);
    const delayMs = given.delayMs ?? Math.round(backoffMs(tries, limits, this.#clock.random()));
    const shard = shardOf(custId, this.#shards);
    return { source, streamingNo, custId, stage, cause, reason, tries, shard, delayMs };
  }

  #remember(put: readonly DeferredEntry[]): void {
    for (const { shard: _, delayMs, ...deferral } of put) {
      this.#entries.set(rowId(deferral), { ...deferral, until: this.#clock.now() + delayMs });
      this.#change(deferral);
    }
  }

  #change(key: RowKey): void {
    this.#changes += 1;
    this.#changedAt.set(rowId(key), this.#changes);
  }

  /** Rows refused by `apply` have an event of their own (`rowErrored`). */
  #emitDeferred(stage: Stage, put: readonly DeferredEntry[]): void {
    for (const cause of ['locked', 'refused', 'ignored'] as const) {
      const rows = put.filter((row) => row.cause === cause).map(deferredRow);
      if (rows.length === 0 || (stage === 'apply' && cause === 'refused')) continue;
      if (cause === 'locked') this.#emit('rowsLocked', { stage, rows });
      else this.#emit('rowsDeferred', { stage, cause, rows });
    }
  }
}

type DeferredEntry = Deferral & { readonly shard: number; readonly delayMs: number };

function deferredRow({
  source,
  streamingNo,
  custId,
  tries,
  delayMs,
  reason,
}: DeferredEntry): NewlyDeferredRow {
  return { source, streamingNo, custId, tries, delayMs, reason };
}

/** With `once`: nothing is left but deferred rows, and rows behind them. */
export class RowsDeferredError extends Error {
  override readonly name = 'RowsDeferredError';

  constructor(readonly rows: readonly Deferral[]) {
    const shown = rows.slice(0, namedAtMost).map((row) => `${rowId(row)} (${row.stage}: ${row.reason})`);
    const more = rows.length > namedAtMost ? `; and ${rows.length - namedAtMost} more` : '';
    super(
      `nothing is left but deferred rows, and rows behind them: ${shown.join('; ')}${more}. ` +
        '"bnet-sync deferred" lists them',
    );
  }
}

const namedAtMost = 20;
