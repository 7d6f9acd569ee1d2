import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { BadRowKind } from './bad-row.js';
import { history } from './history.js';
import type { RowKey } from '../../domain/keys.js';
import type { Rules } from '../../domain/rules.js';
import type { Message } from './message.js';
import type { Platform } from './platform.js';
import type { SentCorrection } from './refused-rows.js';

/** How long the simulator waits without progress. */
interface Patience {
  /** Until the worker is first seen at work; 0: refused rows are looked for once. */
  readonly toBeginMs: number;
  /** From then on. */
  readonly toGoOnMs: number;
}

/** What to simulate. */
export interface SimulateOptions {
  readonly seed: number;
  /** How many rows to send, corrections not counted; 0: only corrections; Infinity: until the time is over. */
  readonly rows: number;
  /** Default: one for every eight rows, at most 100,000. */
  readonly customers?: number;
  /** Share of the rows that are wrong on purpose, 0 to 1. */
  readonly badShare: number;
  readonly faults: readonly BadRowKind[];
  readonly userLimitAttrSpecId: Rules['userLimitAttrSpecId'];
  /** Absent or empty: the simulator's own. */
  readonly productIds?: readonly string[];
  /** Rows in one transaction. */
  readonly batchSize: number;
  /** Absent: as fast as possible. */
  readonly ratePerSecond?: number;
  /** Absent: until all rows are sent. */
  readonly durationSeconds?: number;
  /** Whether to correct refused rows, those of earlier runs included. */
  readonly correct: boolean;
  /** How long to wait for the worker, after the last row, while corrections are still to be sent. */
  readonly patience: Patience;
  /** Ends the simulation early, without an error. */
  readonly signal?: AbortSignal;
}

/** A row that was wrong on purpose. */
interface SentFault {
  readonly row: RowKey;
  readonly kind: BadRowKind;
  readonly expectedCode: string;
  readonly correctable: boolean;
}

/** What has been sent so far. */
export interface SimulationProgress {
  readonly sent: number;
  readonly bad: number;
  readonly corrected: number;
  /** Rows inserted or requeued for that. */
  readonly correctionRows: number;
  /** Corrections that must wait until their rows are refused. */
  readonly toCorrect: number;
}

/** What a simulation sent. */
export interface SimulationSummary {
  readonly seed: number;
  readonly rows: number;
  readonly attributes: number;
  readonly byOpFlag: Readonly<Record<string, number>>;
  readonly badByCode: Readonly<Record<string, number>>;
  readonly faults: readonly SentFault[];
  readonly corrections: readonly SentCorrection[];
  readonly toCorrect: number;
  readonly firstStreamingNo: string | null;
  readonly lastStreamingNo: string | null;
  readonly seconds: number;
}

/** Plays the platform: sends a history and the corrections of refused rows. */
export async function simulate(
  platform: Platform,
  options: SimulateOptions,
  onProgress: (progress: SimulationProgress) => void = () => undefined,
): Promise<SimulationSummary> {
  const simulation = new Simulation(platform, options, onProgress);
  await simulation.sendHistory();
  if (options.correct) await simulation.sendCorrections();
  return simulation.summary();
}

const correctionsAtOnce = 500;
const millisecondsBetweenLooks = 250;
const paceSteps = 10;

class Simulation {
  readonly #platform: Platform;
  readonly #options: SimulateOptions;
  readonly #onProgress: (progress: SimulationProgress) => void;
  readonly #startedAt = performance.now();
  readonly #byOpFlag = new Map<string, number>();
  readonly #faults: SentFault[] = [];
  readonly #corrections: SentCorrection[] = [];
  /** Keys of this run's rows whose correction is still to be sent. */
  readonly #toCorrect = new Set<string>();
  #rows = 0;
  #attributes = 0;
  #first: string | null = null;
  #last: string | null = null;
  #lookedAt = 0;

  constructor(
    platform: Platform,
    options: SimulateOptions,
    onProgress: (progress: SimulationProgress) => void,
  ) {
    this.#platform = platform;
    this.#options = options;
    this.#onProgress = onProgress;
  }

  /** Sends the history in batches, at the requested rate; meanwhile corrects what has been refused. */
  async sendHistory(): Promise<void> {
    const { rows, ratePerSecond, correct } = this.#options;
    const customers = this.#options.customers ?? Math.min(100_000, Math.ceil(rows / 8));
    const firstCustId = await this.#platform.firstCustId();
    const messages = history({ ...this.#options, customers: Math.max(1, customers), firstCustId });
    const pace = ratePerSecond === undefined ? Infinity : Math.max(1, Math.ceil(ratePerSecond / paceSteps));
    const batchSize = Math.min(this.#options.batchSize, pace);
    for (let batch = take(messages, batchSize); batch.length > 0; batch = take(messages, batchSize)) {
      if (this.#isOver()) return;
      this.#note(batch, await this.#platform.send(batch));
      // SQLite answers at once: without a pause neither a signal nor a timer would get its turn.
      await setImmediate();
      if (correct && performance.now() - this.#lookedAt > millisecondsBetweenLooks) await this.#correctOnce();
      if (ratePerSecond !== undefined) await this.#sleepUntil((this.#rows / ratePerSecond) * 1000);
    }
  }

  /** Sends corrections until every row to correct was refused and corrected, or nothing happens for too long. */
  async sendCorrections(): Promise<void> {
    const { patience, signal } = this.#options;
    let patienceMs = this.#corrections.length > 0 ? patience.toGoOnMs : patience.toBeginMs;
    let open = await this.#platform.countOpen();
    let movedAt = performance.now();
    while (signal?.aborted !== true) {
      const corrected = await this.#correctOnce();
      if (corrected >= correctionsAtOnce) continue;
      if (this.#toCorrect.size === 0) return;
      const openNow = await this.#platform.countOpen();
      if (corrected > 0 || openNow < open) {
        movedAt = performance.now();
        patienceMs = patience.toGoOnMs;
      }
      open = openNow;
      if (performance.now() - movedAt >= patienceMs) return;
      this.#report();
      await this.#sleepUntil(this.#elapsedMs() + millisecondsBetweenLooks);
    }
  }

  summary(): SimulationSummary {
    return {
      seed: this.#options.seed,
      rows: this.#rows,
      attributes: this.#attributes,
      byOpFlag: sortedCounts(this.#byOpFlag),
      badByCode: sortedCounts(countBy(this.#faults, ({ expectedCode }) => expectedCode)),
      faults: this.#faults,
      corrections: this.#corrections,
      toCorrect: this.#toCorrect.size,
      firstStreamingNo: this.#first,
      lastStreamingNo: this.#last,
      seconds: Math.round(this.#elapsedMs() / 10) / 100,
    };
  }

  #note(messages: readonly Message[], keys: readonly RowKey[]): void {
    for (const [index, message] of messages.entries()) {
      const row = keys[index];
      if (row === undefined) continue;
      this.#first ??= row.streamingNo;
      this.#last = row.streamingNo;
      this.#attributes += message.attributes.length;
      const opFlag = message.opFlag ?? '';
      this.#byOpFlag.set(opFlag, (this.#byOpFlag.get(opFlag) ?? 0) + 1);
      if (message.fault === undefined) continue;
      const { kind, code, correction } = message.fault;
      this.#faults.push({ row, kind, expectedCode: code, correctable: correction !== null });
      if (correction !== null) this.#toCorrect.add(idOf(row));
    }
    this.#rows += messages.length;
    this.#report();
  }

  async #correctOnce(): Promise<number> {
    const sent = await this.#platform.correct(correctionsAtOnce);
    for (const { refused } of sent) this.#toCorrect.delete(idOf(refused));
    this.#corrections.push(...sent);
    this.#lookedAt = performance.now();
    if (sent.length > 0) this.#report();
    return sent.length;
  }

  #report(): void {
    const [bad, corrected, toCorrect] = [this.#faults.length, this.#corrections.length, this.#toCorrect.size];
    const correctionRows = this.#corrections.reduce((sum, { sent }) => sum + sent.length, 0);
    this.#onProgress({ sent: this.#rows, bad, corrected, correctionRows, toCorrect });
  }

  #isOver(): boolean {
    const { durationSeconds = Infinity, signal } = this.#options;
    return signal?.aborted === true || this.#elapsedMs() >= durationSeconds * 1000;
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  async #sleepUntil(elapsedMs: number): Promise<void> {
    const { signal } = this.#options;
    const restMs = elapsedMs - this.#elapsedMs();
    if (restMs > 0)
      await sleep(restMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}

function take(messages: Generator<Message, void, undefined>, count: number): Message[] {
  const taken: Message[] = [];
  while (taken.length < count) {
    const { value, done } = messages.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

function idOf({ source, streamingNo }: RowKey): string {
  return `${source}/${streamingNo}`;
}

function countBy<T>(members: readonly T[], keyOf: (member: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const member of members) counts.set(keyOf(member), (counts.get(keyOf(member)) ?? 0) + 1);
  return counts;
}

function sortedCounts(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
