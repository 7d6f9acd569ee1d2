import { rowId, type Attempt } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import type { DecidedRow } from './apply-batch.js';
import type { Batch, BatchRow } from './batch.js';
import type { Applied, ApplyStage } from './apply-stage.js';
import type { WorkerContext } from './context.js';

/*
 * Rows taken over (P8). The process that had claimed them ended in the middle, and one of them may be why. So each is
 * tried alone, with nothing else in flight, after a note of the retry is committed in the product store; the note is
 * taken back when the process lives on, whatever came of the row. One that is left tells of a process that ended while
 * it tried just this row: after `maxAttempts` such notes the row is refused with 00205. Rows with the fewest notes go
 * first, so that a row that ends every process that tries it delays its own customer only. Rows that were
 * merely in flight when a process ended are never counted.
 */

/** Tries the rows of a batch that were taken over, with the rows of their customers that follow them. */
export class CrashQuarantine {
  readonly #context: WorkerContext;
  readonly #applying: ApplyStage;
  /** Notes that could not be taken back when their time was: the store was away. */
  readonly #owed = new Set<Attempt>();

  constructor(context: WorkerContext, applying: ApplyStage) {
    this.#context = context;
    this.#applying = applying;
  }

  /** Yields what was decided, to be marked before rows are tried that ended more processes. */
  async *run(batch: Batch): AsyncGenerator<Applied> {
    const { store, health } = this.#context;
    await this.#clearOwed();
    const takenOver = batch.rows.filter((row) => row.takenOver);
    const crashes = await health.track('store', () => store.crashLog.crashCounts(takenOver));
    const crashesOf = (row: BatchRow) => crashes.get(rowId(row)) ?? 0;
    for (const customers of inOrder(batch.rows, crashesOf)) {
      const decided: DecidedRow[] = [];
      for (const rows of customers) {
        const result = await this.#applyCustomer(batch, rows, crashesOf);
        decided.push(...result.decided);
        if (result.stoppedBy === undefined) continue;
        yield { decided, stoppedBy: result.stoppedBy };
        return;
      }
      yield { decided };
    }
  }

  /** One customer's rows, one after another, until one is left undecided: the later ones must wait for it. */
  async #applyCustomer(
    batch: Batch,
    rows: readonly BatchRow[],
    crashesOf: (row: BatchRow) => number,
  ): Promise<Applied> {
    const decided: DecidedRow[] = [];
    for (const row of rows) {
      const alone: Batch = { ...batch, rows: [row] };
      let result: Applied;
      try {
        result = row.takenOver
          ? await this.#applyRow(alone, row, crashesOf(row))
          : await this.#applying.apply(alone);
      } catch (error) {
        return { decided, stoppedBy: error };
      }
      decided.push(...result.decided);
      if (result.stoppedBy !== undefined) return { decided, stoppedBy: result.stoppedBy };
      if (result.decided.length === 0) return { decided };
    }
    return { decided };
  }

  async #applyRow(alone: Batch, row: BatchRow, crashes: number): Promise<Applied> {
    const { store, health, settings, emit } = this.#context;
    const final = crashes >= settings.maxAttempts;
    if (crashes > 0) emit('crashRetry', { source: row.source, streamingNo: row.streamingNo, crashes, final });
    if (final) {
      const detail = `处理该行时进程已 ${crashes} 次异常退出, 不再处理`;
      const result = await this.#applying.refuse(alone, row, { code: '00205', detail });
      if (result.decided.length > 0) await health.track('store', () => store.crashLog.forget(row));
      return result;
    }
    await health.track('store', () => store.crashLog.begin(row));
    const result = await this.#applying.apply(alone);
    if (result.decided.length > 0) {
      await health.track('store', () => store.crashLog.forget(row));
      return result;
    }
    this.#owed.add(row);
    if (result.stoppedBy === undefined) await this.#clearOwed();
    else await this.#clearOwed().catch(() => undefined);
    return result;
  }

  async #clearOwed(): Promise<void> {
    const { store, health } = this.#context;
    for (const attempt of this.#owed) {
      await health.track('store', () => store.crashLog.clear(attempt));
      this.#owed.delete(attempt);
    }
  }
}

/** Customers by the most notes against one of their rows taken over, fewest first; their rows in order. */
function inOrder(
  rows: readonly BatchRow[],
  crashesOf: (row: BatchRow) => number,
): readonly (readonly (readonly BatchRow[])[])[] {
  const customers = new Map<Cell, BatchRow[]>();
  for (const row of rows) customers.set(row.row.custId, [...(customers.get(row.row.custId) ?? []), row]);
  const byCrashes = new Map<number, BatchRow[][]>();
  for (const ofCustomer of customers.values()) {
    const crashes = Math.max(...ofCustomer.filter((row) => row.takenOver).map(crashesOf), 0);
    byCrashes.set(crashes, [...(byCrashes.get(crashes) ?? []), ofCustomer]);
  }
  return [...byCrashes].sort(([a], [b]) => a - b).map(([, ofCrashes]) => ofCrashes);
}
