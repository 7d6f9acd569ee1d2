import { oneLine } from '../../domain/foreign-text.js';
import { NotTakenError } from '../audit.js';
import type { Actor, RepairReport } from '../contract/actions.js';
import type { BackgroundRepair } from '../contract/repair.js';
import type { Databases } from '../databases.js';
import type { ActionOptions } from '../requests.js';
import type { VerifySources } from '../verify/verify.js';
import type { RepairScope } from './repair-record.js';
import type { RepairSettings } from './repair-context.js';
import { repairStore, requireRepairable } from './repair-store.js';

/*
 * Repairs that go on without whoever asked for them, one at a time. A repair reads both databases entirely and takes
 * minutes, so that no request can wait for it. Its state is in memory: where the process ends first, the audit has an intent
 * without an outcome, and a repair that is started again does what is left.
 */

/** What is to be repaired, and why. */
export interface RepairOrder extends ActionOptions, RepairScope {}

/** Connections of a repair's own: it is not bound by the short limits of pages. */
interface RepairDatabases {
  readonly databases: Databases;
  close(): Promise<void>;
}

/** Dependencies of a runner. */
export interface RepairRunnerParts extends Pick<VerifySources, 'openStaging'> {
  readonly open: () => Promise<RepairDatabases>;
  readonly settings: RepairSettings;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** Called with what a repair failed for. */
  readonly onFailure?: (error: unknown) => void;
}

/** A repair is running in this process already. */
export class RepairRunningError extends Error {
  override readonly name = 'RepairRunningError';

  constructor() {
    super('a repair or a dry run is running in this process: wait for its end, or cancel it');
  }
}

/** The staging database cannot be had; `cause` says why. */
export class StagingError extends Error {
  override readonly name = 'StagingError';
}

/** Who ends a repair where its process is stopped. */
export const endedBySignal = 'signal';

const shownLeft = 200;

/** Runs repairs, one at a time. */
export class RepairRunner {
  /** Called when a repair has ended. */
  onEnd: () => void = () => undefined;
  readonly #parts: RepairRunnerParts;
  #job: Job | null = null;
  #isBusy = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(parts: RepairRunnerParts) {
    this.#parts = parts;
  }

  /** The present or last repair of this process; null: there was none. */
  state(): BackgroundRepair | null {
    return this.#job?.state ?? null;
  }

  /**
   * Starts a repair; resolves once it is recorded. RepairRunningError, StagingError, NotTakenError, NotOurProductError,
   * NoOriginError: nothing was started.
   */
  async start(actor: Actor, order: RepairOrder): Promise<BackgroundRepair> {
    if (this.#isBusy) throw new RepairRunningError();
    this.#isBusy = true;
    try {
      const opened = await this.#prepare(order);
      const last = this.#job;
      const job = new Job(this.#parts, actor, order);
      this.#job = job;
      this.#ended = job.run(opened).finally(() => {
        this.#isBusy = false;
        this.onEnd();
      });
      if (!order.dryRun) await job.recorded;
      if (job.error instanceof NotTakenError) {
        this.#job = last;
        throw job.error;
      }
      return job.state;
    } catch (error) {
      this.#isBusy = false;
      throw error;
    }
  }

  /** Ends the present repair after the set it is at; null: none is running. */
  cancel(who: string): BackgroundRepair | null {
    if (this.#job?.isRunning !== true) return null;
    this.#job.cancel(who);
    return this.#job.state;
  }

  /** Resolves when no repair is running. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  /** Everything that speaks against it is found out before anything is answered. */
  async #prepare(order: RepairOrder): Promise<RepairDatabases> {
    const { openStaging, open, settings } = this.#parts;
    try {
      (await openStaging()).close();
    } catch (cause) {
      throw new StagingError(messageOf(cause), { cause });
    }
    const opened = await open();
    try {
      await requireRepairable(opened.databases, settings, order);
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }
}

/** A repair and how far it has come. */
class Job {
  error: unknown = null;
  /** Resolves when its intent is recorded, or it has ended before. */
  readonly recorded: Promise<void>;
  readonly #parts: RepairRunnerParts;
  readonly #actor: Actor;
  readonly #order: RepairOrder;
  readonly #ending = new AbortController();
  readonly #startedAt: number;
  #endedAt: number | null = null;
  #action: string | null = null;
  #phase: BackgroundRepair['phase'] = null;
  #progress: BackgroundRepair['progress'] = { rows: 0, journal: 0, repaired: 0 };
  #report: RepairReport | null = null;
  #isRecorded: () => void = () => undefined;

  constructor(parts: RepairRunnerParts, actor: Actor, order: RepairOrder) {
    this.#parts = parts;
    this.#actor = actor;
    this.#order = order;
    this.#startedAt = parts.wallClock();
    this.recorded = new Promise((resolve) => (this.#isRecorded = resolve));
  }

  get isRunning(): boolean {
    return this.#endedAt === null;
  }

  get state(): BackgroundRepair {
    const { dryRun, reason, custId, productId, all, takeBack } = this.#order;
    const report = this.#report;
    return {
      who: this.#actor.name,
      ...{ reason, dryRun, custId, productId, all, takeBack },
      startedAt: new Date(this.#startedAt).toISOString(),
      endedAt: this.#endedAt === null ? null : new Date(this.#endedAt).toISOString(),
      status: this.#status(),
      action: this.#action,
      phase: this.#phase,
      progress: this.#progress,
      report: report === null ? null : { ...report, left: report.left.slice(0, shownLeft) },
      customersLeft: report?.left.length ?? 0,
      error: this.error === null ? null : messageOf(this.error),
    };
  }

  /** Never fails. */
  async run(opened: RepairDatabases): Promise<void> {
    const { openStaging, settings, wallClock, onFailure } = this.#parts;
    try {
      this.#report = await repairStore({ ...opened.databases, openStaging }, this.#actor, settings, {
        ...this.#order,
        signal: this.#ending.signal,
        onProgress: (phase, done) => {
          if (phase !== 'rows' && phase !== 'journal' && phase !== 'repaired') return;
          this.#phase = phase;
          this.#progress = { ...this.#progress, [phase]: done };
        },
        onRecorded: (action) => {
          this.#action = action;
          this.#isRecorded();
        },
      });
    } catch (error) {
      this.error = error;
      onFailure?.(error);
    }
    await opened.close().catch(onFailure);
    this.#endedAt = wallClock();
    this.#isRecorded();
  }

  cancel(who: string): void {
    if (!this.#ending.signal.aborted) this.#ending.abort(new Error(who));
  }

  #status(): BackgroundRepair['status'] {
    if (this.#endedAt === null) return this.#ending.signal.aborted ? 'ending' : 'running';
    if (this.error !== null) return 'failed';
    return (this.#report?.cancelled ?? null) === null ? 'done' : 'cancelled';
  }
}

function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error));
}
