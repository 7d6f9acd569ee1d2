import { consequenceOf, DatabaseError } from '../database/errors.js';
import type { Refusal } from '../domain/err-content.js';
import { rowId } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import { AlreadyDecidedError, LeaseLostError } from '../store/port.js';
import { applyBatch, GuiltyRowError, type BatchResult, type DecidedRow } from './apply-batch.js';
import { leasesOf, type Batch, type BatchRow } from './batch.js';
import type { Breaker } from './breaker.js';
import type { Workshop } from './claim-page.js';
import type { Handlers } from './handlers.js';
import { CredentialsRefusedError } from './outages.js';
import { errorText } from './error-text.js';
import { isGuardError } from './store-guard.js';
import { backoffMs, type Time } from './time.js';

/*
 * Applying a batch down to the guilty row (P6, P8).
 *
 * A batch whose transaction fails for a reason that may be a row's is halved until the guilty row is alone; the halves
 * follow one another, so that order holds. A row that fails alone is counted, its customer is set aside for a while,
 * and the rows of the others go on. After `maxAttempts` such failures the row is refused with 00205, unless the breaker
 * is open: then the error is taken to be ours, nothing is counted and nothing is failed.
 *
 * Rows that failed before are tried alone, so that they do not take a whole batch with them again.
 */

/** What came of a batch: everything in `decided` is committed. `stoppedBy` tells why the rest was left to the next poll. */
export interface Isolated {
  readonly decided: readonly DecidedRow[];
  readonly stoppedBy?: unknown;
}

const retryLimits = { first: 500, most: 30_000 };

/** Applies batches and keeps count of rows that failed alone. */
export class Isolator {
  readonly #shop: Workshop;
  readonly #breaker: Breaker;
  readonly #handlers: Handlers;
  readonly #time: Time;
  /** Rows that failed alone: how often, and the last error. */
  readonly #suspects = new Map<string, { readonly tries: number; readonly error: Error }>();

  readonly #condemned = new Map<string, Refusal>();

  constructor(shop: Workshop, parts: { breaker: Breaker; handlers: Handlers; time: Time }) {
    this.#shop = shop;
    this.#breaker = parts.breaker;
    this.#handlers = parts.handlers;
    this.#time = parts.time;
  }

  /** Refuses a row whatever it says. `batch` holds this row alone. */
  async refuse(batch: Batch, row: BatchRow, refusal: Refusal): Promise<Isolated> {
    this.#condemned.set(rowId(row), refusal);
    try {
      return await this.apply(batch);
    } finally {
      this.#condemned.delete(rowId(row));
    }
  }

  async apply(batch: Batch): Promise<Isolated> {
    const decided: DecidedRow[] = [];
    const aside = new Set<Cell>();
    const parts = this.#suspectsAlone(batch.rows).reverse();
    try {
      for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
        const rows = part.filter(({ row }) => !aside.has(row.custId));
        if (rows.length === 0) continue;
        const result = await this.#applyOrHalve(batch, rows);
        if ('halves' in result) {
          parts.push(...result.halves.reverse());
          continue;
        }
        decided.push(...result.decided);
        this.#countSuccess(result.decided);
        for (const { row, error } of result.blamed) {
          aside.add(row.row.custId);
          this.#blame(row, error);
        }
      }
      return { decided };
    } catch (error) {
      return { decided, stoppedBy: error };
    }
  }

  async #applyOrHalve(
    batch: Batch,
    rows: readonly BatchRow[],
  ): Promise<BatchResult | { halves: BatchRow[][] }> {
    try {
      return await this.#applyOnce(batch, rows);
    } catch (error) {
      if (error instanceof AlreadyDecidedError) return { decided: [], blamed: [] };
      if (error instanceof GuiltyRowError) return { decided: [], blamed: [error] };
      if (error instanceof LeaseLostError || isGuardError(error) || !mayBeARows(error)) throw error;
      const first = rows[0];
      if (rows.length === 1 && first !== undefined) return { decided: [], blamed: [{ row: first, error }] };
      const middle = Math.ceil(rows.length / 2);
      return { halves: [rows.slice(0, middle), rows.slice(middle)] };
    }
  }

  async #applyOnce(batch: Batch, rows: readonly BatchRow[]): Promise<BatchResult> {
    const { store, settings, outages, emit } = this.#shop;
    const startedAt = this.#time.now();
    const leases = leasesOf(rows, batch.leases, settings.shards);
    const result = await outages.watch('store', () =>
      store.apply(leases, (transaction) =>
        applyBatch(
          transaction,
          { rows, leases, now: batch.now },
          {
            rules: settings.rules,
            dependencyGraceMs: settings.dependencyGraceMs,
            handlers: this.#handlers,
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
    const applied = result.decided.length - answered - failed;
    emit('applied', { applied, failed, answered, durationMs: this.#time.now() - startedAt });
    return result;
  }

  /** Customers with a suspected row go alone, row by row; all others stay together. */
  #suspectsAlone(rows: readonly BatchRow[]): BatchRow[][] {
    if (this.#suspects.size === 0) return [[...rows]];
    const suspected = new Set(
      rows.filter((row) => this.#suspects.has(rowId(row))).map(({ row }) => row.custId),
    );
    const alone = rows.filter(({ row }) => suspected.has(row.custId)).map((row) => [row]);
    return [rows.filter(({ row }) => !suspected.has(row.custId)), ...alone];
  }

  #verdicts(rows: readonly BatchRow[]): Map<string, Refusal> {
    const verdicts = new Map(this.#condemned);
    if (!this.#breaker.closed) return verdicts;
    for (const row of rows) {
      const suspect = this.#suspects.get(rowId(row));
      if (suspect === undefined || suspect.tries < this.#shop.settings.maxAttempts) continue;
      const detail = `该行单独处理 ${suspect.tries} 次均出错 (${errorKindText(suspect.error)})`;
      verdicts.set(rowId(row), { code: '00205', detail });
    }
    return verdicts;
  }

  #countSuccess(decided: readonly DecidedRow[]): void {
    const { hand, emit } = this.#shop;
    for (const { row } of decided) this.#suspects.delete(rowId(row));
    const applied = decided.some(({ outcome, answered }) => outcome === 'applied' && answered === undefined);
    if (!applied || !this.#breaker.rowApplied()) return;
    hand.forgive();
    emit('breakerClosed', {});
  }

  /** Counts a failure against a row; throws when the breaker opens, so that the rest of the batch is left alone. */
  #blame(row: BatchRow, error: Error): void {
    const { hand, emit, settings } = this.#shop;
    const id = rowId(row);
    const wasClosed = this.#breaker.closed;
    if (this.#breaker.rowFailed(id)) {
      if (wasClosed) this.#forget();
      throw new BreakerOpenError(errorText(error), { cause: error });
    }
    const tries = (this.#suspects.get(id)?.tries ?? 0) + 1;
    this.#suspects.set(id, { tries, error });
    const final = tries >= settings.maxAttempts;
    const delayMs = final ? 0 : Math.round(backoffMs(tries, retryLimits, this.#time.random()));
    hand.setAside(row.row.custId, delayMs);
    const { source, streamingNo } = row;
    emit('suspected', { source, streamingNo, tries, error: errorText(error), delayMs, final });
  }

  /** The error was ours: nothing that was counted for it stands. */
  #forget(): void {
    this.#suspects.clear();
    this.#shop.hand.forgive();
  }
}

/** Unexpected errors met row after row: claiming stops. */
export class BreakerOpenError extends Error {
  override readonly name = 'BreakerOpenError';
}

function mayBeARows(error: unknown): error is Error {
  if (error instanceof CredentialsRefusedError) return false;
  if (error instanceof DatabaseError) return consequenceOf(error.kind) === 'suspect';
  return error instanceof Error;
}

/** What ErrContent says of an error: its kind only, for its own words may hold statements, values or secrets. */
function errorKindText(error: Error): string {
  if (!(error instanceof DatabaseError)) return error.name;
  const constraint = error.constraint === undefined ? '' : `, 约束 ${error.constraint}`;
  return `数据库错误 ${error.code ?? error.kind}${constraint}`;
}
