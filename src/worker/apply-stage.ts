import { DatabaseError } from '../database/errors.js';
import { isWorthLogging } from '../domain/deferral.js';
import type { Refusal } from '../domain/err-content.js';
import { rowId } from '../domain/keys.js';
import { AlreadyDecidedError } from '../store/port.js';
import { applyBatch, type BatchResult, type DecidedRow } from './apply-batch.js';
import { leasesOf, type Batch, type BatchRow } from './batch.js';
import { BreakerOpenError } from './circuit-breaker.js';
import { ErroredRowError, type HandlerUse } from './call-handler.js';
import { recordProgress, type WorkerContext } from './context.js';
import type { RowToDefer } from './deferrals.js';
import { errorText } from './errors.js';
import { isLocked, bisectBatch, partsByDeferral, type RefusedRow } from './bisect-batch.js';
import { backoffMs } from './clock.js';

/*
 * Applying a batch down to the row that fails (P6, P8, P12).
 *
 * A row that the product store, or the product's handler, refuses alone is counted, its customer is deferred for a while,
 * and the rows of the others go on. After `maxAttempts` such failures the row is refused with 00205, unless the breaker
 * is open: then the error is taken to be ours, nothing is counted and nothing is failed. A locked row is deferred and never
 * counted.
 */

/** The result of a batch: everything in `decided` is committed; `stoppedBy` is why the rest is left to the next poll. */
export interface Applied {
  readonly decided: readonly DecidedRow[];
  readonly stoppedBy?: unknown;
}

const retryLimits = { minMs: 500, maxMs: 30_000 };

const custIdOf = ({ row }: BatchRow) => row.custId;

/** Applies batches and keeps count of rows that failed alone. */
export class ApplyStage {
  readonly #context: WorkerContext;
  readonly #handling: HandlerUse;
  /** The last error of rows that failed alone, by `rowId`. */
  readonly #errors = new Map<string, Error>();
  readonly #forcedRefusals = new Map<string, Refusal>();

  constructor(context: WorkerContext, handling: HandlerUse) {
    this.#context = context;
    this.#handling = handling;
  }

  /** Refuses a row whatever it says. `batch` holds this row alone. */
  async refuse(batch: Batch, row: BatchRow, refusal: Refusal): Promise<Applied> {
    this.#forcedRefusals.set(rowId(row), refusal);
    try {
      return await this.apply(batch);
    } finally {
      this.#forcedRefusals.delete(rowId(row));
    }
  }

  async apply(batch: Batch): Promise<Applied> {
    const { deferrals, breakers } = this.#context;
    const isProbe = !breakers.apply.closed;
    const parts = partsByDeferral(batch.rows, custIdOf, deferrals.customers);
    const { results, refused, stoppedBy } = await bisectBatch(parts, {
      custIdOf,
      idOf: rowId,
      attempt: (rows) => this.#apply(batch, rows),
      stoppedBy: ({ errored }) => errored.map(({ row }) => custIdOf(row)),
      isKnown: (row) => deferrals.tries(row, 'apply', 'refused') > 0,
      breaker: breakers.apply,
    });
    const decided = results.flatMap((result) => result.decided);
    for (const { row } of decided) this.#errors.delete(rowId(row));
    const opened = stoppedBy instanceof BreakerOpenError ? stoppedBy : this.#countErrored(results);
    const failed = [...results.flatMap(({ errored }) => errored), ...refused];
    if (opened !== null && !isProbe) {
      await this.#forget();
      return { decided, stoppedBy: opened };
    }
    try {
      if (opened === null) await this.#defer(failed);
      else await this.#leaveForNow(failed);
    } catch (error) {
      return { decided, stoppedBy: error };
    }
    const stop = opened ?? stoppedBy;
    return stop === undefined ? { decided } : { decided, stoppedBy: stop };
  }

  async #apply(batch: Batch, rows: readonly BatchRow[]): Promise<BatchResult> {
    try {
      const result = await this.#applyOnce(batch, rows);
      if (appliedIn(result) > 0 && recordProgress(this.#context, 'apply')) await this.#forget();
      return result;
    } catch (error) {
      if (error instanceof AlreadyDecidedError) return { decided: [], errored: [] };
      if (error instanceof ErroredRowError) return { decided: [], errored: [error] };
      throw error;
    }
  }

  /** A handler that fails for row after row opens the breaker; not where most rows took effect. */
  #countErrored(results: readonly BatchResult[]): BreakerOpenError | null {
    const { breakers, deferrals } = this.#context;
    const errored = results.flatMap((result) => result.errored);
    const applied = results.reduce((sum, result) => sum + appliedIn(result), 0);
    if (applied > errored.length) return null;
    for (const { row, error } of errored) {
      if (deferrals.tries(row, 'apply', 'refused') > 0 || !breakers.apply.rowFailed(rowId(row))) continue;
      return new BreakerOpenError(errorText(error), { cause: error });
    }
    return null;
  }

  async #applyOnce(batch: Batch, rows: readonly BatchRow[]): Promise<BatchResult> {
    const { store, settings, health, emit, clock } = this.#context;
    const startedAt = clock.now();
    const leases = leasesOf(rows, batch.leases, settings.shards);
    const result = await health.trackRows('store', () =>
      store.apply(leases, (transaction) =>
        applyBatch(
          transaction,
          { rows, leases, now: batch.now },
          {
            rules: settings.rules,
            dependencyGraceMs: settings.dependencyGraceMs,
            handling: this.#handling,
            forcedRefusals: this.#forcedRefusalsFor(rows),
            maxErrored: settings.breakerThreshold,
          },
        ),
      ),
    );
    const alreadyJournalled = result.decided.filter((row) => row.alreadyJournalled !== undefined).length;
    const failed = result.decided.filter(
      (row) => row.outcome === 'failed' && row.alreadyJournalled === undefined,
    ).length;
    const applied = appliedIn(result);
    emit('applied', { applied, failed, alreadyJournalled, durationMs: clock.now() - startedAt });
    return result;
  }

  #forcedRefusalsFor(rows: readonly BatchRow[]): Map<string, Refusal> {
    const { breakers, deferrals, settings } = this.#context;
    const forcedRefusals = new Map(this.#forcedRefusals);
    if (!breakers.apply.closed || this.#errors.size === 0) return forcedRefusals;
    for (const row of rows) {
      const tries = deferrals.tries(row, 'apply', 'refused');
      const error = this.#errors.get(rowId(row));
      if (error === undefined || tries < settings.maxAttempts) continue;
      const detail = `该行单独处理 ${tries} 次均出错 (${errorKindText(error)})`;
      forcedRefusals.set(rowId(row), { code: '00205', detail });
    }
    return forcedRefusals;
  }

  async #defer(refused: readonly RefusedRow<BatchRow>[]): Promise<void> {
    const { deferrals } = this.#context;
    const rows = refused.map(({ row, error }): RowToDefer => {
      const { source, streamingNo } = row;
      const key = { source, streamingNo, custId: custIdOf(row), reason: errorText(error) };
      return isLocked(error) ? { ...key, cause: 'locked' } : { ...key, ...this.#recordFailure(row, error) };
    });
    await deferrals.defer('apply', rows);
  }

  /** The breaker stays open: nothing is held against the rows, but the next ones are to be tried. It all goes when it closes. */
  async #leaveForNow(refused: readonly RefusedRow<BatchRow>[]): Promise<void> {
    const rows = refused.map(({ row: { source, streamingNo, row }, error }): RowToDefer => {
      return { source, streamingNo, custId: row.custId, cause: 'refused', reason: errorText(error) };
    });
    await this.#context.deferrals.defer('apply', rows);
  }

  /** The try after the last one refuses the row: at once, but with a pause where that refusal cannot be recorded either. */
  #recordFailure(row: BatchRow, error: Error) {
    const { deferrals, settings, emit, clock } = this.#context;
    const { source, streamingNo } = row;
    this.#errors.set(rowId(row), error);
    const tries = deferrals.tries(row, 'apply', 'refused') + 1;
    const final = tries >= settings.maxAttempts;
    const delayMs =
      tries === settings.maxAttempts ? 0 : Math.round(backoffMs(tries, retryLimits, clock.random()));
    if (tries <= settings.maxAttempts || isWorthLogging(tries))
      emit('rowErrored', { source, streamingNo, tries, error: errorText(error), delayMs, final });
    return { cause: 'refused', tries, delayMs } as const;
  }

  /** The error was ours: nothing that was counted for it stands. */
  async #forget(): Promise<void> {
    this.#errors.clear();
    await this.#context.deferrals.clearStage('apply').catch(() => undefined);
  }
}

function appliedIn({ decided }: BatchResult): number {
  return decided.filter((row) => row.outcome === 'applied' && row.alreadyJournalled === undefined).length;
}

/** What ErrContent says of an error: its kind only, for its own words may hold statements, values or secrets. */
function errorKindText(error: Error): string {
  if (!(error instanceof DatabaseError)) return error.name;
  const constraint = error.constraint === undefined ? '' : `, 约束 ${error.constraint}`;
  return `数据库错误 ${error.code ?? error.kind}${constraint}`;
}
