import { DatabaseError, consequenceOf } from '../../database/errors.js';
import { oneLine } from '../../domain/foreign-text.js';
import { untilNextRunMs } from '../../domain/verify-schedule.js';
import type { Lease } from '../../store/port.js';
import type { VerificationRecords } from '../../store/verification-port.js';
import { withTimeout } from '../../timeout.js';
import type { VerifySummary } from '../contract/checks.js';
import { gentlePace, type RestClock } from './gentle-pace.js';
import type { Pace } from './load.js';
import { foundOf, type FoundByRun } from './recorded-run.js';

/*
 * `verify` by itself, in the worker that holds the lease of shard 0.
 *
 * When the next run is due is read from the store: at a lease that was not held before, and when the time computed from
 * the last reading has come. So a restart or a takeover goes on with the interval, and a run that a command recorded
 * counts as well. A run is begun in the store, where only the holder of the lease can, and ended there once.
 *
 * A run ends early, as cancelled, when the worker stops, an alarm is opened or the lease is lost; it is then due as it was before. Any
 * failure ends the run alone: it is reported once, and the next run follows after the whole interval. Nothing here delays or
 * fails a row.
 */

/** The lease that a run is begun under. */
type RunLease = Pick<Lease, 'shard' | 'term'>;

/** The worker in whose process it runs. */
interface ScheduleHost {
  readonly workerId: string;
  /** The lease of shard 0; null: not held, or the worker stops, or an alarm is open. */
  lease(): RunLease | null;
  /** A database is away at present. */
  isWaitingForDatabase(): boolean;
}

/** What is reported. */
interface ScheduleReports {
  onStarted(): void;
  onFinished(event: {
    readonly rows: number;
    readonly customers: number;
    readonly notJudged: number;
    readonly differences: number;
    readonly byKind: Readonly<Record<string, number>>;
    readonly durationMs: number;
  }): void;
  onCancelled(event: { readonly reason: string }): void;
  onFailed(event: { readonly error: string }): void;
}

/** What a schedule is made of. */
interface ScheduleParts {
  readonly everyMs: number;
  readonly host: ScheduleHost;
  readonly records: Pick<VerificationRecords, 'runs' | 'begin' | 'end'>;
  /** Verifies everything at this pace. */
  readonly verifyAll: (pace: Pace) => Promise<FoundByRun>;
  readonly reports: ScheduleReports;
  readonly clock: RestClock;
}

/** How often the lease is looked for, in memory. */
const tickMs = 1000;
/** After an outage the record is read again so much later. */
const outageRetryMs = 60_000;
/** How long an end of the process waits for a run to notice. */
const stopLimitMs = 1000;

class RunCancelledError extends Error {
  override readonly name = 'RunCancelledError';
}

/** Runs verifications at an interval until it is stopped. */
export class VerifySchedule {
  readonly #parts: ScheduleParts;
  readonly #stopping = new AbortController();
  /** Of the run in progress. */
  #ending = new AbortController();
  #looked: { readonly term: number; readonly againAt: number } | null = null;
  #loop: Promise<void> | null = null;

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Something has changed with the worker: a run in progress looks at once whether it may go on. */
  look(): void {
    this.#ending.abort();
  }

  /** Ends a run in progress, and waits for it, for a second at most. Never fails. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#ending.abort();
    if (this.#loop === null) return;
    await withTimeout(this.#loop, stopLimitMs, (reject) => {
      reject(new RunCancelledError('the run has not noticed yet'));
    }).catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { clock, host } = this.#parts;
    while (!this.#stopping.signal.aborted) {
      const lease = host.lease();
      if (lease !== null && this.#isTimeToLook(lease) && !host.isWaitingForDatabase())
        await this.#lookAtRecord(lease);
      await clock.sleep(tickMs, this.#stopping.signal);
    }
  }

  #isTimeToLook({ term }: RunLease): boolean {
    return this.#looked?.term !== term || this.#parts.clock.now() >= this.#looked.againAt;
  }

  /** Reads when the next run is due, and runs it where it is. */
  async #lookAtRecord(lease: RunLease): Promise<void> {
    const { records, everyMs, reports } = this.#parts;
    try {
      const waitMs = untilNextRunMs(everyMs, await records.runs());
      this.#lookAgainIn(lease, waitMs);
      if (waitMs === 0) await this.#runOnce(lease);
    } catch (error) {
      // An outage is the worker's to report: it has seen it too.
      if (isOutage(error)) this.#lookAgainIn(lease, Math.min(everyMs, outageRetryMs));
      else {
        this.#lookAgainIn(lease, everyMs);
        reports.onFailed({ error: textOf(error) });
      }
    }
  }

  #lookAgainIn({ term }: RunLease, milliseconds: number): void {
    this.#looked = { term, againAt: this.#parts.clock.now() + milliseconds };
  }

  async #runOnce(lease: RunLease): Promise<void> {
    const { records, host, everyMs, reports, clock } = this.#parts;
    const id = await records.begin(host.workerId, lease);
    if (id === null) return;
    reports.onStarted();
    const startedAt = clock.now();
    try {
      const found = await this.#verify(lease);
      if (!(await records.end(id, { state: 'finished', ...foundOf(found) })))
        throw new RunCancelledError('another worker has begun one');
      this.#reportFinished(found.summary, clock.now() - startedAt);
    } catch (error) {
      const cancelledBy = error instanceof RunCancelledError ? error.message : this.#whyStopping();
      if (cancelledBy !== null) {
        reports.onCancelled({ reason: cancelledBy });
        await records.end(id, { state: 'cancelled', error: cancelledBy }).catch(() => false);
        return;
      }
      this.#lookAgainIn(lease, everyMs);
      reports.onFailed({ error: textOf(error) });
      await records.end(id, { state: 'failed', error: textOf(error) }).catch(() => false);
    }
  }

  /** RunCancelledError as soon as the run may not go on. */
  async #verify(lease: RunLease): Promise<FoundByRun> {
    const { verifyAll, clock } = this.#parts;
    const mayGoOn = (): void => {
      const reason = this.#whyNot(lease);
      if (reason !== null) throw new RunCancelledError(reason);
    };
    const sleep: RestClock['sleep'] = async (milliseconds) => {
      const until = clock.now() + milliseconds;
      for (let left = milliseconds; left > 0; left = until - clock.now()) {
        this.#ending = new AbortController();
        if (this.#whyNot(lease) !== null) return;
        await clock.sleep(left, this.#ending.signal);
      }
    };
    try {
      return await verifyAll(gentlePace({ now: () => clock.now(), sleep }, this.#stopping.signal, mayGoOn));
    } catch (error) {
      // A call that fails because the worker ends is no failure of the run.
      mayGoOn();
      throw error;
    }
  }

  #whyNot({ term }: RunLease): string | null {
    const isHeld = this.#parts.host.lease()?.term === term;
    return this.#whyStopping() ?? (isHeld ? null : 'the worker stops, an alarm is open, or shard 0 is lost');
  }

  #whyStopping(): string | null {
    return this.#stopping.signal.aborted ? 'the worker stops' : null;
  }

  #reportFinished(summary: VerifySummary, durationMs: number): void {
    const { rows, customers, differences, byKind } = summary;
    const notJudged = Object.values(summary.notJudged).reduce((sum, each) => sum + each, 0);
    const counts = { rows, customers, notJudged, differences, byKind };
    this.#parts.reports.onFinished({ ...counts, durationMs: Math.round(durationMs) });
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof DatabaseError && consequenceOf(error.kind) === 'retry';
}

const longestText = 500;

/** One line of so many characters at most. */
function textOf(error: unknown): string {
  const words = oneLine(error instanceof Error ? error.message : String(error));
  return [...words].slice(0, longestText).join('');
}
