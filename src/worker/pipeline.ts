import PQueue from 'p-queue';
import { DatabaseError } from '../database/errors.js';
import type { Stage } from '../domain/deferral.js';
import type { Cell } from '../domain/rows.js';
import { LeaseLostError } from '../store/port.js';
import type { DecidedRow } from './apply-batch.js';
import type { ApplyStage } from './apply-stage.js';
import { partByLane, partByTakeover, type Batch } from './batch.js';
import { BreakerOpenError } from './circuit-breaker.js';
import type { MarkStage } from './mark-stage.js';
import type { CrashQuarantine } from './crash-quarantine.js';
import type { WorkerContext } from './context.js';

/*
 * A claimed batch is applied, then marked. Batches follow one another through three stages, so that one is
 * claimed while the one before is applied and the one before that is marked; never more than `maxBatches` are in flight,
 * which bounds the memory. A batch with rows taken over is in flight alone, and those are tried last. Within a batch,
 * customers are applied side by side in lanes by shard (`worker.concurrency`, usually one): two lanes never share a
 * customer or a lease, and a lane works on one batch at a time.
 *
 * Whatever fails, the rows are dropped from hand and stay in State 1: the next poll finds them, and the journal knows
 * what became of them. There is no second way of recovery.
 */

const maxBatches = 3;

/** What the pipeline reports to the worker. */
export interface PipelineReports {
  /** A batch left the pipeline. */
  readonly onBatchDone: () => void;
  readonly onLeaseLost: () => void;
  /** The product store has lost something, or an alarm is open. */
  readonly onAlarm: () => void;
  /** The breaker opened or stays open; claiming must pause. */
  readonly onBreakerOpen: (error: unknown) => void;
  /** The worker cannot go on. */
  readonly onFatal: (error: unknown) => void;
}

interface PipelineParts {
  readonly applying: ApplyStage;
  readonly quarantine: CrashQuarantine;
  readonly marking: MarkStage;
}

/** Applies and marks claimed pages. */
export class Pipeline {
  readonly #context: WorkerContext;
  readonly #parts: PipelineParts;
  readonly #reports: PipelineReports;
  readonly #lanes: readonly PQueue[];
  readonly #marking = new PQueue({ concurrency: 1 });
  readonly #batches = new Set<Promise<void>>();

  constructor(context: WorkerContext, parts: PipelineParts, reports: PipelineReports) {
    this.#context = context;
    this.#parts = parts;
    this.#reports = reports;
    this.#lanes = Array.from({ length: context.settings.concurrency }, () => new PQueue({ concurrency: 1 }));
  }

  /** Pages in flight. */
  get batches(): number {
    return this.#batches.size;
  }

  /** Resolves when another batch may be claimed. */
  async room(): Promise<void> {
    while (this.#batches.size >= maxBatches) await Promise.race(this.#batches);
  }

  /** Resolves when no batch is in flight. */
  async empty(): Promise<void> {
    while (this.#batches.size > 0) await Promise.all(this.#batches);
  }

  /** Starts a batch; one with rows that are tried alone must be the only one in flight. Never rejects. */
  take(batch: Batch): void {
    const customers = new Set(batch.rows.map(({ row }) => row.custId));
    this.#context.inFlight.add(customers);
    const polledBatch = this.#finish(batch, customers).finally(() => {
      this.#batches.delete(polledBatch);
      this.#reports.onBatchDone();
    });
    this.#batches.add(polledBatch);
  }

  async #finish(batch: Batch, customers: ReadonlySet<Cell>): Promise<void> {
    try {
      const { normal: normal, takenOverRows: takenOverRows } = partByTakeover(batch);
      const lanes = partByLane(normal, this.#context.settings.shards, this.#lanes.length);
      const parts = [...lanes].map(
        async ([lane, part]) => this.#lanes[lane]?.add(() => this.#apply(part)) ?? [],
      );
      await this.#markAll((await Promise.all(parts)).flat());
      if (takenOverRows.rows.length > 0) await this.#try(takenOverRows);
    } catch (error) {
      this.#report('mark', error, batch.rows.length);
    } finally {
      this.#context.inFlight.remove(customers);
    }
  }

  async #try(takenOverRows: Batch): Promise<void> {
    for await (const { decided, stoppedBy } of this.#parts.quarantine.run(takenOverRows)) {
      await this.#markAll(decided);
      if (stoppedBy !== undefined) this.#report('apply', stoppedBy, takenOverRows.rows.length);
    }
  }

  async #markAll(decided: readonly DecidedRow[]): Promise<void> {
    if (decided.length > 0) await this.#marking.add(() => this.#parts.marking.mark(decided));
  }

  async #apply(part: Batch): Promise<readonly DecidedRow[]> {
    const { decided, stoppedBy } = await this.#parts.applying.apply(part);
    if (stoppedBy !== undefined) this.#report('apply', stoppedBy, part.rows.length - decided.length);
    return decided;
  }

  /** What an error means for the worker; the rows stay in State 1 whatever it is. */
  #report(stage: Stage, error: unknown, rows: number): void {
    const { emit, health, guard, breakers } = this.#context;
    if (guard.report(error)) {
      this.#reports.onAlarm();
    } else if (error instanceof LeaseLostError) {
      emit('leaseLost', { rows });
      this.#reports.onLeaseLost();
    } else if (error instanceof BreakerOpenError) {
      this.#reports.onBreakerOpen(error);
    } else if (health.isOutage(error)) {
      return;
    } else if (error instanceof DatabaseError) {
      // A table is missing, or a mark is refused: no row is the cause, the database must be repaired.
      breakers[stage].open();
      this.#reports.onBreakerOpen(error);
    } else {
      this.#reports.onFatal(error);
    }
  }
}
