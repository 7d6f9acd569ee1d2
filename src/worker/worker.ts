import { DatabaseError } from '../database/errors.js';
import { pausedBy, type MiddleDatabase, type OpenRowsExcept } from '../middle/port.js';
import type { Lease, ProductStore } from '../store/port.js';
import type { Batch } from './batch.js';
import { ApplyStage } from './apply-stage.js';
import { BreakerOpenError, CircuitBreakers } from './circuit-breaker.js';
import { handlerUse, type AroundHandler } from './call-handler.js';
import { claimBatch } from './claim-batch.js';
import { ClockWatch } from './clock-watch.js';
import { Deferrals, RowsDeferredError } from './deferrals.js';
import { errorText } from './errors.js';
import { WorkerEventEmitter } from './event-emitter.js';
import type { Handlers } from './handlers.js';
import { LeaseKeeper } from './lease-keeper.js';
import { MarkStage } from './mark-stage.js';
import { DatabaseHealth } from './database-health.js';
import { PausedError } from './paused.js';
import { thisProcess, type ProcessIdentity } from './process-identity.js';
import { Pipeline, type PipelineReports } from './pipeline.js';
import { register } from './register.js';
import type { WorkerSettings } from './settings.js';
import { StoreAlarmError, StoreGuard } from './store-guard.js';
import { CrashQuarantine } from './crash-quarantine.js';
import { Wakeup, backoffMs, systemClock, type Clock } from './clock.js';
import { newMemory, type WorkerContext } from './context.js';

/*
 * The life of a worker.
 *
 *   register → [ poll → claim → (pipeline: apply → mark) ]* → drain → give leases back
 *
 * Polling is adaptive: at once after a full batch, after `pollIntervalMs` when there was something, then backing off up
 * to `idlePollMaxMs`; an outage or an open breaker puts its own back-off before the next poll. With `once`, the loop
 * ends when no row of our products is in State 0 or 1, or with an error when only paused ones are. While an alarm says
 * that the product store has lost something nothing is polled at all (`store-guard.ts`).
 *
 * Stopping (P11): no new poll; what was polled is claimed, applied and marked; leases are given back.
 */

/** A worker's parts. */
export interface WorkerParts {
  readonly middle: MiddleDatabase;
  readonly store: ProductStore;
  readonly settings: WorkerSettings;
  readonly handlers?: Handlers;
  readonly aroundHandler?: AroundHandler;
  /** Ends when no open row is left. */
  readonly once?: boolean;
  readonly clock?: Clock;
  readonly identity?: ProcessIdentity;
}

/** With `once`, how long an outage may last before the worker gives up. */
const onceOutageLimitMs = 5 * 60_000;
const breakerLimits = { minMs: 1_000, maxMs: 60_000 };

/** What a poll returned, and how long it took; null: there was none. */
interface PollOutcome {
  readonly rows: number;
  readonly durationMs: number | null;
}

/** A worker: polls, applies and marks until it is stopped. One instance runs once. */
export class Worker extends WorkerEventEmitter {
  readonly workerId: string;
  readonly #identity: ProcessIdentity;
  readonly #settings: WorkerSettings;
  readonly #once: boolean;
  readonly #clock: Clock;
  readonly #context: WorkerContext;
  readonly #breakers: CircuitBreakers;
  readonly #pipeline: Pipeline;
  readonly #keeper: LeaseKeeper;
  readonly #guard: StoreGuard;
  readonly #deferrals: Deferrals;
  readonly #clockWatch: ClockWatch;
  readonly #wakeup: Wakeup;
  #stopping = false;
  #fatal: Error | undefined;
  #breakerUntil = 0;
  /** The last poll of rows that were not deferred found none. */
  #nothingFresh = false;
  #idleDelayMs: number;

  constructor(parts: WorkerParts) {
    super();
    const { settings, clock = systemClock, identity = thisProcess } = parts;
    this.workerId = identity.newId();
    this.#identity = identity;
    const emit = this.emitEvent;
    this.#settings = settings;
    this.#once = parts.once ?? false;
    this.#clock = clock;
    this.#wakeup = new Wakeup(clock);
    this.#idleDelayMs = settings.pollIntervalMs;
    this.#breakers = new CircuitBreakers(settings.breakerThreshold);
    const health = new DatabaseHealth(clock, emit);
    const { middle, store } = parts;
    this.#guard = new StoreGuard({ middle, store, settings, health, emit, clock, identity });
    this.#deferrals = new Deferrals({
      store: () => store.deferrals,
      shards: settings.shards,
      health,
      emit,
      clock,
    });
    this.#context = {
      middle,
      store,
      settings,
      ...newMemory(settings, clock),
      deferrals: this.#deferrals,
      breakers: this.#breakers,
      health,
      guard: this.#guard,
      emit,
      clock,
    };
    this.#clockWatch = new ClockWatch(this.#context);
    const applying = new ApplyStage(this.#context, handlerUse(parts, settings));
    this.#pipeline = new Pipeline(
      this.#context,
      {
        applying,
        quarantine: new CrashQuarantine(this.#context, applying),
        marking: new MarkStage(this.#context),
      },
      this.#reports(),
    );
    this.#keeper = new LeaseKeeper(parts.store.leases, settings, {
      clock,
      emit,
      health,
      guard: this.#guard,
      deferrals: this.#deferrals,
      onChange: () => {
        this.#wakeup.wake();
      },
    });
  }

  /** What the worker does about what the pipeline reports. */
  #reports(): PipelineReports {
    return {
      onBatchDone: () => this.#wakeup.wake(),
      onLeaseLost: () => this.#keeper.recheck(),
      onAlarm: () => this.#keeper.checkNow(),
      onBreakerOpen: (error) => this.#openBreaker(error),
      onFatal: (error) => this.#fail(error),
    };
  }

  /** Runs until `stop` or, with `once`, until no open row is left. Rejects when it cannot continue. */
  async run(): Promise<void> {
    const { emit } = this.#context;
    if (await this.#register()) await this.#runRegistered();
    emit('stopped', {});
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  async #register(): Promise<boolean> {
    const me = { workerId: this.workerId, host: this.#identity.host, pid: this.#identity.pid };
    const [once, isStopping] = [this.#once, () => this.#stopping];
    return register(this.#context, { me, wakeup: this.#wakeup, once, isStopping });
  }

  async #runRegistered(): Promise<void> {
    this.#context.emit('started', { workerId: this.workerId, shards: this.#settings.shards });
    const keeping = this.#keeper.run().catch((error: unknown) => {
      this.#fail(error);
    });
    try {
      await this.#work();
    } catch (error) {
      this.#fail(error);
    }
    await this.#pipeline.empty();
    await this.#keeper.stop(keeping).catch((error: unknown) => {
      if (!this.#context.health.isOutage(error)) this.#fail(error);
    });
  }

  /** The lease of a shard, for work beside the rows; null: not held, or this worker stops, or an alarm is open. */
  leaseOf(shard: number): Lease | null {
    if (this.#stopping || this.#guard.isOpen) return null;
    return this.#keeper.held().find((lease) => lease.shard === shard) ?? null;
  }

  /** A database is away at present. */
  isWaitingForDatabase(): boolean {
    return this.#context.health.durationMs() > 0;
  }

  /** Stops after what is in flight; `run` resolves then. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#context.emit('stopping', { inFlight: this.#pipeline.batches });
    this.#wakeup.wake();
  }

  #fail(error: unknown): void {
    this.#fatal ??= error instanceof Error ? error : new Error(errorText(error));
    this.#stopping = true;
    this.#wakeup.wake();
  }

  async #work(): Promise<void> {
    while (!this.#stopping) {
      await this.#pipeline.room();
      const pauseMs = this.#pauseMs();
      if (pauseMs > 0) {
        const { lastError } = this.#context.health;
        const isLasting = this.#context.health.durationMs() > onceOutageLimitMs;
        if (this.#once && isLasting && lastError !== undefined) throw lastError;
        await this.#pipeline.empty();
        await this.#wakeup.sleep(pauseMs);
        continue;
      }
      try {
        await this.#keeper.releaseLeaving((shard) =>
          this.#context.inFlight.holdsShard(shard, this.#settings.shards),
        );
        if (await this.#pollOnce()) return;
      } catch (error) {
        this.#afterFailure(error);
      }
    }
  }

  /** One poll and what follows from it; true when there is nothing left to do. */
  async #pollOnce(): Promise<boolean> {
    if (this.#guard.isOpen) return this.#standStill();
    const leases = this.#keeper.held();
    if (leases.length === 0) return this.#idle();
    const limit = this.#breakers.closed
      ? this.#settings.batchSize
      : Math.min(this.#breakers.probeRows, this.#settings.batchSize);
    const pauses = () => this.#keeper.pauses;
    const uncompared = this.#keeper.uncompared();
    // While the breaker is half open, deferred rows would fill each small batch: they are tried when nothing else is left.
    const freshOnly = !this.#breakers.closed && !this.#nothingFresh;
    const polledBatch = await claimBatch(this.#context, { leases, uncompared, pauses, limit, freshOnly });
    this.#nothingFresh = freshOnly && polledBatch.polled === 0;
    const { batch, polled, isFull, pollMs } = polledBatch;
    this.#keeper.markCompared(polledBatch.compared);
    if (batch.rows.length > 0) {
      this.#idleDelayMs = this.#settings.pollIntervalMs;
      await this.#process(batch);
      const delayMs = isFull ? 0 : this.#settings.pollIntervalMs;
      this.#emitPolled({ rows: polled, delayMs, durationMs: pollMs });
      if (delayMs > 0) await this.#wakeup.sleep(delayMs);
      return false;
    }
    this.#context.health.markHealthy('middle');
    return this.#idle({ rows: polled, durationMs: pollMs });
  }

  /** An alarm is open until an operator closes it; the lease keeper sees that at its next check. */
  async #standStill(): Promise<boolean> {
    await this.#pipeline.empty();
    await this.#guard.record();
    const { evidence } = this.#guard;
    if (this.#once && evidence !== null) throw new StoreAlarmError(evidence);
    await this.#wakeup.sleep(this.#settings.idlePollMaxMs);
    return false;
  }

  /** Rows are tried alone, after an end of a process or while the breaker is half open, with no other batch in flight. */
  async #process(batch: Batch): Promise<void> {
    const hasTakenOver = batch.rows.some(({ takenOver }) => takenOver);
    if (hasTakenOver) await this.#pipeline.empty();
    this.#pipeline.take(batch);
    if (hasTakenOver || !this.#breakers.closed) await this.#pipeline.empty();
  }

  /** Nothing to claim: waits for a batch in flight or for the next poll. */
  async #idle(poll: PollOutcome = { rows: 0, durationMs: null }): Promise<boolean> {
    const { inFlight, sightings } = this.#context;
    if (this.#pipeline.batches > 0) {
      this.#emitPolled({ ...poll, delayMs: this.#settings.pollIntervalMs });
      await this.#wakeup.sleep(this.#settings.pollIntervalMs);
      return false;
    }
    if (poll.durationMs !== null) await this.#clockWatch.look();
    // Without leases nothing is polled and what is due stays due: a delay of 0 would spin.
    const isHolding = this.#keeper.held().length > 0;
    const retries = isHolding
      ? [inFlight, this.#deferrals, sightings].map((waiting) => waiting.nextRetryMs())
      : [];
    const delayMs = Math.min(this.#idleDelayMs, ...retries.map((retryMs) => retryMs ?? Infinity));
    this.#emitPolled({ ...poll, delayMs });
    if (this.#once) {
      if (await this.#nothingLeft()) return true;
      await this.#wakeup.sleep(Math.min(delayMs, this.#settings.pollIntervalMs));
      return false;
    }
    await this.#wakeup.sleep(delayMs);
    this.#idleDelayMs = Math.min(this.#idleDelayMs * 2, this.#settings.idlePollMaxMs);
    return false;
  }

  /** PausedError where only paused rows are left, RowsDeferredError where deferred rows are, and what waits for them. */
  async #nothingLeft(): Promise<boolean> {
    if (this.#guard.isOpen || !this.#keeper.isChecked) return false;
    const { middle, health } = this.#context;
    const { pauses } = this.#keeper;
    const anyOpen = (except?: OpenRowsExcept) => health.track('middle', () => middle.hasOpenRows(except));
    if (!(await anyOpen())) return true;
    const tried = this.#deferrals.triedEnough(this.#settings.maxAttempts);
    const excluded = [...new Set(tried.map(({ custId }) => custId))];
    if (pauses.length + excluded.length === 0) return false;
    const paused = pausedBy(pauses);
    if (await anyOpen({ paused, excluded })) return false;
    if (excluded.length > 0 && (pauses.length === 0 || (await anyOpen({ paused }))))
      throw new RowsDeferredError(tried);
    throw new PausedError(pauses);
  }

  #emitPolled(poll: PollOutcome & { readonly delayMs: number }): void {
    this.#context.emit('polled', { ...poll, waiting: this.#context.inFlight.waits().length });
  }

  /** Outages back off on their own (`DatabaseHealth`); other database errors open the breaker. */
  #afterFailure(error: unknown): void {
    if (this.#guard.report(error)) {
      this.#keeper.checkNow();
      return;
    }
    if (this.#context.health.isOutage(error)) return;
    if (error instanceof DatabaseError) this.#breakers.claim.open();
    else if (!(error instanceof BreakerOpenError)) throw error;
    this.#openBreaker(error);
  }

  /** A stage opened its breaker, or too many customers are deferred. */
  #openBreaker(error: unknown): void {
    if (this.#breakers.closed) this.#breakers.claim.open();
    const delayMs = Math.round(backoffMs(this.#breakers.openings, breakerLimits, this.#clock.random()));
    this.#breakerUntil = this.#clock.now() + delayMs;
    this.#context.emit('breakerOpened', { error: errorText(error), delayMs });
    if (this.#once)
      this.#fail(
        error instanceof BreakerOpenError ? error : new BreakerOpenError(errorText(error), { cause: error }),
      );
  }

  #pauseMs(): number {
    const breakerMs = this.#breakers.closed ? 0 : this.#breakerUntil - this.#clock.now();
    return Math.max(0, breakerMs, this.#context.health.remainingMs());
  }
}
