import { DatabaseError } from '../database/errors.js';
import { isWorthTelling } from '../domain/deferral.js';
import type { Refusal } from '../domain/err-content.js';
import { rowId } from '../domain/keys.js';
import { AlreadyDecidedError } from '../store/port.js';
import { applyBatch, type BatchResult, type DecidedRow } from './apply-batch.js';
import { leasesOf, type Batch, type BatchRow } from './batch.js';
import { BreakerOpenError } from './breaker.js';
import { GuiltyRowError, type HandlerUse } from './call-handler.js';
import { wentThrough, type Workshop } from './workshop.js';
import type { PutOff } from './deferrals.js';
import { errorText } from './error-text.js';
import { isLocked, isolate, putOffApart, type RefusedRow } from './isolation.js';
import { backoffMs } from './time.js';

/*
 * Applying a batch down to the guilty row (P6, P8, P12).
 *
 * A row that the product store, or the product's handler, refuses alone is counted, its customer is put off for a while,
 * and the rows of the others go on. After `maxAttempts` such failures the row is refused with 00205, unless the breaker
 * is open: then the error is taken to be ours, nothing is counted and nothing is failed. What somebody has locked is put
 * off and never counted.
 */

/** What came of a batch: everything in `decided` is committed. `stoppedBy` tells why the rest was left to the next poll. */
export interface Applied {
  readonly decided: readonly DecidedRow[];
  readonly stoppedBy?: unknown;
}

const retryLimits = { first: 500, most: 30_000 };

const custIdOf = ({ row }: BatchRow) => row.custId;

/** Applies batches and keeps count of rows that failed alone. */
export class ApplyStage {
  readonly #shop: Workshop;
  readonly #handling: HandlerUse;
  /** The last error of rows that failed alone, by `rowId`. */
  readonly #errors = new Map<string, Error>();
  readonly #condemned = new Map<string, Refusal>();

  constructor(shop: Workshop, handling: HandlerUse) {
    this.#shop = shop;
    this.#handling = handling;
  }

  /** Refuses a row whatever it says. `batch` holds this row alone. */
  async refuse(batch: Batch, row: BatchRow, refusal: Refusal): Promise<Applied> {
    this.#condemned.set(rowId(row), refusal);
    try {
      return await this.apply(batch);
    } finally {
      this.#condemned.delete(rowId(row));
    }
  }

  async apply(batch: Batch): Promise<Applied> {
    const { deferrals, breakers } = this.#shop;
    const isProbe = !breakers.apply.closed;
    const parts = putOffApart(batch.rows, custIdOf, deferrals.customers);
    const { results, refused, stoppedBy } = await isolate(parts, {
      custIdOf,
      idOf: rowId,
      attempt: (rows) => this.#apply(batch, rows),
      stoppedBy: ({ blamed }) => blamed.map(({ row }) => custIdOf(row)),
      isKnown: (row) => deferrals.tries(row, 'apply', 'refused') > 0,
      breaker: breakers.apply,
    });
    const decided = results.flatMap((result) => result.decided);
    for (const { row } of decided) this.#errors.delete(rowId(row));
    const opened = stoppedBy instanceof BreakerOpenError ? stoppedBy : this.#countBlamed(results);
    const failed = [...results.flatMap(({ blamed }) => blamed), ...refused];
    if (opened !== null && !isProbe) {
      await this.#forget();
      return { decided, stoppedBy: opened };
    }
    try {
      if (opened === null) await this.#putOff(failed);
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
      if (appliedIn(result) > 0 && wentThrough(this.#shop, 'apply')) await this.#forget();
      return result;
    } catch (error) {
      if (error instanceof AlreadyDecidedError) return { decided: [], blamed: [] };
      if (error instanceof GuiltyRowError) return { decided: [], blamed: [error] };
      throw error;
    }
  }

  /** A handler that fails for row after row opens the breaker; not where most rows took effect. */
  #countBlamed(results: readonly BatchResult[]): BreakerOpenError | null {
    const { breakers, deferrals } = this.#shop;
    const blamed = results.flatMap((result) => result.blamed);
    const applied = results.reduce((sum, result) => sum + appliedIn(result), 0);
    if (applied > blamed.length) return null;
    for (const { row, error } of blamed) {
      if (deferrals.tries(row, 'apply', 'refused') > 0 || !breakers.apply.rowFailed(rowId(row))) continue;
      return new BreakerOpenError(errorText(error), { cause: error });
    }
    return null;
  }

  async #applyOnce(batch: Batch, rows: readonly BatchRow[]): Promise<BatchResult> {
    const { store, settings, outages, emit, time } = this.#shop;
    const startedAt = time.now();
    const leases = leasesOf(rows, batch.leases, settings.shards);
    const result = await outages.watchRows('store', () =>
      store.apply(leases, (transaction) =>
        applyBatch(
          transaction,
          { rows, leases, now: batch.now },
          {
            rules: settings.rules,
            dependencyGraceMs: settings.dependencyGraceMs,
            handling: this.#handling,
            verdicts: this.#verdicts(rows),
            mayBlame: settings.breakerThreshold,
          },
        ),
      ),
    );
    const answered = result.decided.filter((row) => row.answered !== undefined).length;
    const failed = result.decided.filter(
      (row) => row.outcome === 'failed' && row.answered === undefined,
    ).length;
    const applied = appliedIn(result);
    emit('applied', { applied, failed, answered, durationMs: time.now() - startedAt });
    return result;
  }

  #verdicts(rows: readonly BatchRow[]): Map<string, Refusal> {
    const { breakers, deferrals, settings } = this.#shop;
    const verdicts = new Map(this.#condemned);
    if (!breakers.apply.closed || this.#errors.size === 0) return verdicts;
    for (const row of rows) {
      const tries = deferrals.tries(row, 'apply', 'refused');
      const error = this.#errors.get(rowId(row));
      if (error === undefined || tries < settings.maxAttempts) continue;
      const detail = `该行单独处理 ${tries} 次均出错 (${errorKindText(error)})`;
      verdicts.set(rowId(row), { code: '00205', detail });
    }
    return verdicts;
  }

  async #putOff(refused: readonly RefusedRow<BatchRow>[]): Promise<void> {
    const { deferrals } = this.#shop;
    const rows = refused.map(({ row, error }): PutOff => {
      const { source, streamingNo } = row;
      const key = { source, streamingNo, custId: custIdOf(row), reason: errorText(error) };
      return isLocked(error) ? { ...key, cause: 'locked' } : { ...key, ...this.#suspect(row, error) };
    });
    await deferrals.putOff('apply', rows);
  }

  /** The breaker stays open: nothing is held against the rows, but the next ones are to be tried. It all goes when it closes. */
  async #leaveForNow(refused: readonly RefusedRow<BatchRow>[]): Promise<void> {
    const rows = refused.map(({ row: { source, streamingNo, row }, error }): PutOff => {
      return { source, streamingNo, custId: row.custId, cause: 'refused', reason: errorText(error) };
    });
    await this.#shop.deferrals.putOff('apply', rows);
  }

  /** The try after the last one refuses the row: at once, but with a pause where that refusal cannot be recorded either. */
  #suspect(row: BatchRow, error: Error) {
    const { deferrals, settings, emit, time } = this.#shop;
    const { source, streamingNo } = row;
    this.#errors.set(rowId(row), error);
    const tries = deferrals.tries(row, 'apply', 'refused') + 1;
    const final = tries >= settings.maxAttempts;
    const delayMs =
      tries === settings.maxAttempts ? 0 : Math.round(backoffMs(tries, retryLimits, time.random()));
    if (tries <= settings.maxAttempts || isWorthTelling(tries))
      emit('suspected', { source, streamingNo, tries, error: errorText(error), delayMs, final });
    return { cause: 'refused', tries, delayMs } as const;
  }

  /** The error was ours: nothing that was counted for it stands. */
  async #forget(): Promise<void> {
    this.#errors.clear();
    await this.#shop.deferrals.forgive('apply').catch(() => undefined);
  }
}

function appliedIn({ decided }: BatchResult): number {
  return decided.filter((row) => row.outcome === 'applied' && row.answered === undefined).length;
}

/** What ErrContent says of an error: its kind only, for its own words may hold statements, values or secrets. */
function errorKindText(error: Error): string {
  if (!(error instanceof DatabaseError)) return error.name;
  const constraint = error.constraint === undefined ? '' : `, 约束 ${error.constraint}`;
  return `数据库错误 ${error.code ?? error.kind}${constraint}`;
}
