import { randomUUID } from 'node:crypto';
import { DatabaseError } from '../database/errors.js';
import type { MiddleDatabase, OpenRowsExcept } from '../middle/port.js';
import type { ProductStore } from '../store/port.js';
import type { Batch } from './batch.js';
import { ApplyStage } from './apply-stage.js';
import { BreakerOpenError, Breakers } from './breaker.js';
import { handlerUse, type AroundHandler } from './call-handler.js';
import { claimPage } from './claim-page.js';
import { ClockWatch } from './clock-watch.js';
import { Deferrals, RowsPutOffError } from './deferrals.js';
import { errorText } from './error-text.js';
import { EventTeller } from './event-teller.js';
import type { Handlers } from './handlers.js';
import { LeaseKeeper } from './lease-keeper.js';
import { MarkStage } from './mark-stage.js';
import { Outages } from './outages.js';
import { pausedBy, PausedError } from './paused.js';
import { Pipeline, type PipelineReports } from './pipeline.js';
import { register } from './register.js';
import type { WorkerSettings } from './settings.js';
import { StoreAlarmError, StoreGuard } from './store-guard.js';
import { Trials } from './trials.js';
import { Alarm, backoffMs, systemTime, type Time } from './time.js';
import { newMemory, type Workshop } from './workshop.js';

/*
 * The life of a worker.
 *
 *   register → [ poll → claim → (pipeline: apply → mark) ]* → drain → give leases back
 *
 * Polling is adaptive: at once after a full page, after `pollIntervalMs` when there was something, and then backing off
 * up to `idlePollMaxMs`; an outage or an open breaker puts its own back-off before the next poll. With `once`, the loop
 * ends when no row of our products is in State 0 or 1, or with an error when only paused ones are. While an alarm says
 * that the product store has lost something nothing is polled at all (`store-guard.ts`).
 *
 * Stopping (P11): no new poll; what was polled is claimed, applied and marked; leases are given back.
 */

/** What a worker is made of. */
export interface WorkerParts {
  readonly middle: MiddleDatabase;
  readonly store: ProductStore;
  readonly settings: WorkerSettings;
  readonly handlers?: Handlers;
  readonly aroundHandler?: AroundHandler;
  /** End when nothing is left to do. */
  readonly once?: boolean;
  readonly time?: Time;
}

/** With `once`, how long an outage may last before the worker gives up. */
const onceOutageLimitMs = 5 * 60_000;
const breakerLimits = { first: 1_000, most: 60_000 };
/** Rows tried while the breaker is half open: enough that one bad row cannot keep it open. */
const probeRows = 10;

/** What a poll returned, and how long it took; null: there was none. */
interface PollOutcome {
  readonly rows: number;
  readonly durationMs: number | null;
}

/** A worker: polls, applies and marks until it is stopped. One instance runs once. */
export class Worker extends EventTeller {
  readonly workerId = randomUUID();
  readonly #settings: WorkerSettings;
  readonly #once: boolean;
  readonly #time: Time;
  readonly #shop: Workshop;
  readonly #breakers: Breakers;
  readonly #pipeline: Pipeline;
  readonly #keeper: LeaseKeeper;
  readonly #guard: StoreGuard;
  readonly #deferrals: Deferrals;
  readonly #clockWatch: ClockWatch;
  readonly #alarm: Alarm;
  #stopping = false;
  #fatal: Error | undefined;
  #breakerUntil = 0;
  /** The last poll of rows that were not put off found none. */
  #nothingFresh = false;
  #idleDelayMs: number;

  constructor(parts: WorkerParts) {
    super();
    const { settings, time = systemTime } = parts;
    const emit = this.tell;
    this.#settings = settings;
    this.#once = parts.once ?? false;
    this.#time = time;
    this.#alarm = new Alarm(time);
    this.#idleDelayMs = settings.pollIntervalMs;
    this.#breakers = new Breakers(settings.breakerThreshold);
    const outages = new Outages(time, emit);
    const { middle, store } = parts;
    this.#guard = new StoreGuard({ middle, store, settings, outages, emit, time });
    this.#deferrals = new Deferrals({
      store: () => store.deferrals,
      shards: settings.shards,
      outages,
      emit,
      time,
    });
    this.#shop = {
      middle,
      store,
      settings,
      ...newMemory(settings, time),
      deferrals: this.#deferrals,
      breakers: this.#breakers,
      outages,
      guard: this.#guard,
      emit,
      time,
    };
    this.#clockWatch = new ClockWatch(this.#shop);
    const applying = new ApplyStage(this.#shop, handlerUse(parts, settings));
    this.#pipeline = new Pipeline(
      this.#shop,
      { applying, trials: new Trials(this.#shop, applying), marking: new MarkStage(this.#shop) },
      this.#reports(),
    );
    this.#keeper = new LeaseKeeper(parts.store.leases, settings, {
      time,
      emit,
      outages,
      guard: this.#guard,
      deferrals: this.#deferrals,
      onChange: () => {
        this.#alarm.ring();
      },
    });
  }

  /** What the pipeline tells. */
  #reports(): PipelineReports {
    return {
      onPageDone: () => {
        this.#alarm.ring();
      },
      onLeaseLost: () => {
        this.#keeper.recheck();
      },
      onAlarm: () => {
        this.#keeper.checkNow();
      },
      onBreakerOpen: (error) => {
        this.#openBreaker(error);
      },
      onFatal: (error) => {
        this.#fail(error);
      },
    };
  }

  /** Works until `stop` is called or, with `once`, nothing is left. Rejects where it cannot go on. */
  async run(): Promise<void> {
    const { emit } = this.#shop;
    if (await this.#register()) await this.#runRegistered();
    emit('stopped', {});
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  async #register(): Promise<boolean> {
    const [once, isStopping] = [this.#once, () => this.#stopping];
    return register(this.#shop, { workerId: this.workerId, alarm: this.#alarm, once, isStopping });
  }

  async #runRegistered(): Promise<void> {
    this.#shop.emit('started', { workerId: this.workerId, shards: this.#settings.shards });
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
      if (!this.#shop.outages.isOutage(error)) this.#fail(error);
    });
  }

  /** Asks the worker to finish what it has in hand and to end; `run` resolves when it has. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#shop.emit('stopping', { inHand: this.#pipeline.pages });
    this.#alarm.ring();
  }

  #fail(error: unknown): void {
    this.#fatal ??= error instanceof Error ? error : new Error(errorText(error));
    this.#stopping = true;
    this.#alarm.ring();
  }

  async #work(): Promise<void> {
    while (!this.#stopping) {
      await this.#pipeline.room();
      const pauseMs = this.#pauseMs();
      if (pauseMs > 0) {
        const { lastError } = this.#shop.outages;
        const isLasting = this.#shop.outages.durationMs() > onceOutageLimitMs;
        if (this.#once && isLasting && lastError !== undefined) throw lastError;
        await this.#pipeline.empty();
        await this.#alarm.sleep(pauseMs);
        continue;
      }
      try {
        await this.#keeper.giveBack((shard) => this.#shop.hand.holds(shard, this.#settings.shards));
        if (await this.#turn()) return;
      } catch (error) {
        this.#afterFailure(error);
      }
    }
  }

  /** One poll and what follows from it; true when there is nothing left to do. */
  async #turn(): Promise<boolean> {
    if (this.#guard.isOpen) return this.#standStill();
    const leases = this.#keeper.held();
    if (leases.length === 0) return this.#idle();
    const limit = this.#breakers.closed
      ? this.#settings.batchSize
      : Math.min(probeRows, this.#settings.batchSize);
    const pauses = () => this.#keeper.pauses;
    const uncompared = this.#keeper.uncompared();
    // While the breaker is half open, rows that were put off would fill each small page: they are tried when nothing else is.
    const freshOnly = !this.#breakers.closed && !this.#nothingFresh;
    const page = await claimPage(this.#shop, { leases, uncompared, pauses, limit, freshOnly });
    this.#nothingFresh = freshOnly && page.polled === 0;
    const { batch, polled, isFull, pollMs } = page;
    this.#keeper.markCompared(page.compared);
    if (batch.rows.length > 0) {
      this.#idleDelayMs = this.#settings.pollIntervalMs;
      await this.#takeInHand(batch);
      const delayMs = isFull ? 0 : this.#settings.pollIntervalMs;
      this.#tellPoll({ rows: polled, delayMs, durationMs: pollMs });
      if (delayMs > 0) await this.#alarm.sleep(delayMs);
      return false;
    }
    this.#shop.outages.worked('middle');
    return this.#idle({ rows: polled, durationMs: pollMs });
  }

  /** An alarm is open: only an operator ends it. The keeper looks for it at every check. */
  async #standStill(): Promise<boolean> {
    await this.#pipeline.empty();
    await this.#guard.record();
    const { evidence } = this.#guard;
    if (this.#once && evidence !== null) throw new StoreAlarmError(evidence);
    await this.#alarm.sleep(this.#settings.idlePollMaxMs);
    return false;
  }

  /** Rows are tried alone, after an end of a process or while the breaker is half open, with no other page in hand. */
  async #takeInHand(batch: Batch): Promise<void> {
    const isTrial = batch.rows.some(({ takenOver }) => takenOver);
    if (isTrial) await this.#pipeline.empty();
    this.#pipeline.take(batch);
    if (isTrial || !this.#breakers.closed) await this.#pipeline.empty();
  }

  /** Nothing could be claimed: waits for the page in hand, or for the next poll. */
  async #idle(poll: PollOutcome = { rows: 0, durationMs: null }): Promise<boolean> {
    const { hand, sightings } = this.#shop;
    if (this.#pipeline.pages > 0) {
      this.#tellPoll({ ...poll, delayMs: this.#settings.pollIntervalMs });
      await this.#alarm.sleep(this.#settings.pollIntervalMs);
      return false;
    }
    if (poll.durationMs !== null) await this.#clockWatch.look();
    // Without leases nothing is polled, so that what is due stays due: waiting for it would never let go of the thread.
    const isHolding = this.#keeper.held().length > 0;
    const returns = isHolding
      ? [hand, this.#deferrals, sightings].map((waiting) => waiting.nextReturnMs())
      : [];
    const delayMs = Math.min(this.#idleDelayMs, ...returns.map((returnMs) => returnMs ?? Infinity));
    this.#tellPoll({ ...poll, delayMs });
    if (this.#once) {
      if (await this.#nothingLeft()) return true;
      await this.#alarm.sleep(Math.min(delayMs, this.#settings.pollIntervalMs));
      return false;
    }
    await this.#alarm.sleep(delayMs);
    this.#idleDelayMs = Math.min(this.#idleDelayMs * 2, this.#settings.idlePollMaxMs);
    return false;
  }

  /** PausedError where only paused rows are left, RowsPutOffError where rows that are put off are, and what waits for them. */
  async #nothingLeft(): Promise<boolean> {
    if (this.#guard.isOpen || !this.#keeper.isChecked) return false;
    const { middle, outages } = this.#shop;
    const { pauses } = this.#keeper;
    const anyOpen = (except?: OpenRowsExcept) => outages.watch('middle', () => middle.hasOpenRows(except));
    if (!(await anyOpen())) return true;
    const tried = this.#deferrals.triedEnough(this.#settings.maxAttempts);
    const excluded = [...new Set(tried.map(({ custId }) => custId))];
    if (pauses.length + excluded.length === 0) return false;
    const paused = pausedBy(pauses);
    if (await anyOpen({ paused, excluded })) return false;
    if (excluded.length > 0 && (pauses.length === 0 || (await anyOpen({ paused }))))
      throw new RowsPutOffError(tried);
    throw new PausedError(pauses);
  }

  #tellPoll(poll: PollOutcome & { readonly delayMs: number }): void {
    this.#shop.emit('polled', { ...poll, waiting: this.#shop.hand.waits().length });
  }

  /** An outage has its own back-off, before the next poll. */
  #afterFailure(error: unknown): void {
    if (this.#guard.report(error)) {
      this.#keeper.checkNow();
      return;
    }
    if (this.#shop.outages.isOutage(error)) return;
    if (error instanceof DatabaseError) this.#breakers.claim.open();
    else if (!(error instanceof BreakerOpenError)) throw error;
    this.#openBreaker(error);
  }

  /** A stage has opened its breaker; where none has, too many customers are put off. */
  #openBreaker(error: unknown): void {
    if (this.#breakers.closed) this.#breakers.claim.open();
    const delayMs = Math.round(backoffMs(this.#breakers.openings, breakerLimits, this.#time.random()));
    this.#breakerUntil = this.#time.now() + delayMs;
    this.#shop.emit('breakerOpened', { error: errorText(error), delayMs });
    if (this.#once)
      this.#fail(
        error instanceof BreakerOpenError ? error : new BreakerOpenError(errorText(error), { cause: error }),
      );
  }

  #pauseMs(): number {
    const breakerMs = this.#breakers.closed ? 0 : this.#breakerUntil - this.#time.now();
    return Math.max(0, breakerMs, this.#shop.outages.remainingMs());
  }
}
