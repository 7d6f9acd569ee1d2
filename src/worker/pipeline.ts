import PQueue from 'p-queue';
import { DatabaseError } from '../database/errors.js';
import type { Cell } from '../domain/rows.js';
import { State } from '../domain/states.js';
import type { Mark, MarkConflict } from '../middle/port.js';
import { LeaseLostError } from '../store/port.js';
import type { DecidedRow } from './apply-batch.js';
import { partByLane, partByTrial, type Batch } from './batch.js';
import type { Breaker } from './breaker.js';
import type { Workshop } from './claim-page.js';
import type { OutcomeCount } from './events.js';
import { BreakerOpenError, type Isolator } from './isolate.js';
import type { Time } from './time.js';
import type { Trials } from './trials.js';

/*
 * What happens to a claimed page: apply, then mark. Pages follow one another through three stages, so that one is
 * claimed while the one before is applied and the one before that is marked; never more than `maxPages` are in hand,
 * which bounds the memory. A page with rows taken over is in hand alone, and those are tried last. Within a page,
 * customers are applied side by side in lanes by shard (`worker.concurrency`, usually one): two lanes never share a
 * customer or a lease, and a lane works on one batch at a time.
 *
 * Whatever fails, the rows are dropped from hand and stay in State 1: the next poll finds them, and the journal knows
 * what became of them. There is no second way of recovery.
 */

const maxPages = 3;

/** How the pipeline tells the worker what it met. */
export interface PipelineReports {
  /** A page left the pipeline. */
  readonly onPageDone: () => void;
  readonly onLeaseLost: () => void;
  /** The product store has lost something, or an alarm is open. */
  readonly onAlarm: () => void;
  /** The breaker opened or stays open; claiming must pause. */
  readonly onBreakerOpen: (error: unknown) => void;
  /** The worker cannot go on. */
  readonly onFatal: (error: unknown) => void;
}

interface PipelineParts {
  readonly isolator: Isolator;
  readonly trials: Trials;
  readonly breaker: Breaker;
  readonly time: Time;
}

/** Applies and marks claimed pages. */
export class Pipeline {
  readonly #shop: Workshop;
  readonly #parts: PipelineParts;
  readonly #reports: PipelineReports;
  readonly #lanes: readonly PQueue[];
  readonly #marking = new PQueue({ concurrency: 1 });
  readonly #pages = new Set<Promise<void>>();

  constructor(shop: Workshop, parts: PipelineParts, reports: PipelineReports) {
    this.#shop = shop;
    this.#parts = parts;
    this.#reports = reports;
    this.#lanes = Array.from({ length: shop.settings.concurrency }, () => new PQueue({ concurrency: 1 }));
  }

  /** Pages in hand. */
  get pages(): number {
    return this.#pages.size;
  }

  /** Resolves when another page may be claimed. */
  async room(): Promise<void> {
    while (this.#pages.size >= maxPages) await Promise.race(this.#pages);
  }

  /** Resolves when no page is in hand any more. */
  async empty(): Promise<void> {
    while (this.#pages.size > 0) await Promise.all(this.#pages);
  }

  /** Takes a page in hand; one with rows to be tried alone is to be the only one there. Never rejects. */
  take(batch: Batch): void {
    const customers = new Set(batch.rows.map(({ row }) => row.custId));
    this.#shop.hand.take(customers);
    const page = this.#finish(batch, customers).finally(() => {
      this.#pages.delete(page);
      this.#reports.onPageDone();
    });
    this.#pages.add(page);
  }

  async #finish(batch: Batch, customers: ReadonlySet<Cell>): Promise<void> {
    try {
      const { calm, trials } = partByTrial(batch);
      const lanes = partByLane(calm, this.#shop.settings.shards, this.#lanes.length);
      const parts = [...lanes].map(
        async ([lane, part]) => this.#lanes[lane]?.add(() => this.#apply(part)) ?? [],
      );
      await this.#markAll((await Promise.all(parts)).flat());
      if (trials.rows.length > 0) await this.#try(trials);
    } catch (error) {
      this.#report(error, batch.rows.length);
    } finally {
      this.#shop.hand.release(customers);
    }
  }

  async #try(trials: Batch): Promise<void> {
    for await (const { decided, stoppedBy } of this.#parts.trials.run(trials)) {
      await this.#markAll(decided);
      if (stoppedBy !== undefined) this.#report(stoppedBy, trials.rows.length);
    }
  }

  async #markAll(decided: readonly DecidedRow[]): Promise<void> {
    if (decided.length > 0) await this.#marking.add(() => this.#mark(decided));
  }

  async #apply(part: Batch): Promise<readonly DecidedRow[]> {
    const { decided, stoppedBy } = await this.#parts.isolator.apply(part);
    if (stoppedBy !== undefined) this.#report(stoppedBy, part.rows.length - decided.length);
    return decided;
  }

  async #mark(decided: readonly DecidedRow[]): Promise<void> {
    const { middle, claims, outages, guard, emit } = this.#shop;
    // What was decided may be lost: a row in State 1 is decided anew, a row in State 2 would be lost with it.
    if (guard.isOpen) return;
    const startedAt = this.#parts.time.now();
    const marks = decided.flatMap(marksOf);
    const result = await outages.watch('middle', () => middle.mark(marks));
    claims.forget(marks);
    const failed = marks.filter((mark) => mark.errContent !== null).length;
    emit('marked', {
      succeeded: marks.length - failed,
      failed,
      outcomes: outcomesOf(decided),
      durationMs: this.#parts.time.now() - startedAt,
    });
    for (const conflict of result.conflicts) if (!answersAlready(conflict)) emit('markConflict', conflict);
    this.#tell(decided);
    outages.worked('middle');
    outages.worked('store');
  }

  #tell(decided: readonly DecidedRow[]): void {
    const { emit } = this.#shop;
    for (const { row, code, errContent, answered, contentChanged } of decided) {
      const { source, streamingNo } = row;
      if (answered?.again === true) emit('answeredAgain', { source, streamingNo });
      if (contentChanged) emit('contentChanged', { source, streamingNo });
      if (errContent !== null) emit('rowFailed', { source, streamingNo, code: code ?? '', errContent });
    }
  }

  /** What an error means for the worker; the rows stay in State 1 whatever it is. */
  #report(error: unknown, rows: number): void {
    const { emit, outages, guard } = this.#shop;
    if (guard.report(error)) {
      this.#reports.onAlarm();
    } else if (error instanceof LeaseLostError) {
      emit('leaseLost', { rows });
      this.#reports.onLeaseLost();
    } else if (error instanceof BreakerOpenError) {
      this.#reports.onBreakerOpen(error);
    } else if (outages.isOutage(error)) {
      return;
    } else if (error instanceof DatabaseError) {
      // A table is missing, or a mark is refused: nobody's row is to blame, somebody must repair the database.
      this.#parts.breaker.open();
      this.#reports.onBreakerOpen(error);
    } else {
      this.#reports.onFatal(error);
    }
  }
}

function marksOf({ row, errContent }: DecidedRow): Mark[] {
  const { source, streamingNo } = row;
  return [row.attempt, ...row.twins].map((attempt) => ({ source, streamingNo, attempt, errContent }));
}

/** How many rows got each answer. */
function outcomesOf(decided: readonly DecidedRow[]): readonly OutcomeCount[] {
  const counts = new Map<string, OutcomeCount>();
  for (const { row, outcome, code } of decided) {
    const { source, twins } = row;
    const key = `${source} ${outcome} ${code ?? ''}`;
    const rows = (counts.get(key)?.rows ?? 0) + 1 + twins.length;
    counts.set(key, { source, outcome, code, rows });
  }
  return [...counts.values()];
}

/** The mark had landed before, its answer was lost. */
function answersAlready({ mark, state }: MarkConflict): boolean {
  return state === (mark.errContent === null ? State.Succeeded : State.Failed);
}
