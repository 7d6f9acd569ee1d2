import { rowId, type Attempt } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import type { DecidedRow } from './apply-batch.js';
import type { Batch, BatchRow } from './batch.js';
import type { Applied, ApplyStage } from './apply-stage.js';
import type { Workshop } from './workshop.js';

/*
 * Rows taken over (P8). The process that had claimed them ended in the middle, and one of them may be why. So each is
 * tried alone, nothing else being in work, after a note of the trial is committed in the product store; the note is
 * taken back when the process lives on, whatever came of the row. One that is left tells of a process that ended while
 * it tried just this row: after `maxAttempts` such notes the row is refused with 00205. Rows with the fewest notes go
 * first, so that a row that ends every process that tries it keeps nobody but its own customer waiting. Rows that were
 * merely in hand when a process ended are never counted.
 */

/** Tries the rows of a batch that were taken over, with the rows of their customers that follow them. */
export class Trials {
  readonly #shop: Workshop;
  readonly #applying: ApplyStage;
  /** Notes that could not be taken back when their time was: the store was away. */
  readonly #owed = new Set<Attempt>();

  constructor(shop: Workshop, applying: ApplyStage) {
    this.#shop = shop;
    this.#applying = applying;
  }

  /** Yields what was decided, to be marked before rows are tried that ended more processes. */
  async *run(batch: Batch): AsyncGenerator<Applied> {
    const { store, outages } = this.#shop;
    await this.#payBack();
    const takenOver = batch.rows.filter((row) => row.takenOver);
    const deaths = await outages.watch('store', () => store.trials.deaths(takenOver));
    const deathsOf = (row: BatchRow) => deaths.get(rowId(row)) ?? 0;
    for (const customers of inOrder(batch.rows, deathsOf)) {
      const decided: DecidedRow[] = [];
      for (const rows of customers) {
        const result = await this.#tryCustomer(batch, rows, deathsOf);
        decided.push(...result.decided);
        if (result.stoppedBy === undefined) continue;
        yield { decided, stoppedBy: result.stoppedBy };
        return;
      }
      yield { decided };
    }
  }

  /** One customer's rows, one after another, until one is left undecided: the later ones must wait for it. */
  async #tryCustomer(
    batch: Batch,
    rows: readonly BatchRow[],
    deathsOf: (row: BatchRow) => number,
  ): Promise<Applied> {
    const decided: DecidedRow[] = [];
    for (const row of rows) {
      const alone: Batch = { ...batch, rows: [row] };
      let result: Applied;
      try {
        result = row.takenOver
          ? await this.#tryRow(alone, row, deathsOf(row))
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

  async #tryRow(alone: Batch, row: BatchRow, deaths: number): Promise<Applied> {
    const { store, outages, settings, emit } = this.#shop;
    const final = deaths >= settings.maxAttempts;
    if (deaths > 0) emit('tried', { source: row.source, streamingNo: row.streamingNo, deaths, final });
    if (final) {
      const detail = `处理该行时进程已 ${deaths} 次异常退出, 不再处理`;
      const result = await this.#applying.refuse(alone, row, { code: '00205', detail });
      if (result.decided.length > 0) await outages.watch('store', () => store.trials.end(row));
      return result;
    }
    await outages.watch('store', () => store.trials.begin(row));
    const result = await this.#applying.apply(alone);
    if (result.decided.length > 0) {
      await outages.watch('store', () => store.trials.end(row));
      return result;
    }
    this.#owed.add(row);
    if (result.stoppedBy === undefined) await this.#payBack();
    else await this.#payBack().catch(() => undefined);
    return result;
  }

  async #payBack(): Promise<void> {
    const { store, outages } = this.#shop;
    for (const attempt of this.#owed) {
      await outages.watch('store', () => store.trials.takeBack(attempt));
      this.#owed.delete(attempt);
    }
  }
}

/** Customers by the most notes against one of their rows taken over, fewest first; their rows in order. */
function inOrder(
  rows: readonly BatchRow[],
  deathsOf: (row: BatchRow) => number,
): readonly (readonly (readonly BatchRow[])[])[] {
  const customers = new Map<Cell, BatchRow[]>();
  for (const row of rows) customers.set(row.row.custId, [...(customers.get(row.row.custId) ?? []), row]);
  const byDeaths = new Map<number, BatchRow[][]>();
  for (const ofCustomer of customers.values()) {
    const deaths = Math.max(...ofCustomer.filter((row) => row.takenOver).map(deathsOf), 0);
    byDeaths.set(deaths, [...(byDeaths.get(deaths) ?? []), ofCustomer]);
  }
  return [...byDeaths].sort(([a], [b]) => a - b).map(([, ofDeaths]) => ofDeaths);
}
