import { isCanonicalNumber, rowId, shardOf, type RowKey } from '../domain/keys.js';
import type { PolledRow } from '../domain/rows.js';
import { State } from '../domain/states.js';
import type { Lease } from '../store/port.js';

/**
 * Which rows this process has claimed and not marked yet, each under the term of its shard's lease. A row in State 1
 * that is not among them was left by a process that ended, or by a worker that lost the shard: it is taken over.
 */
export class ClaimRegister {
  readonly #terms = new Map<string, number>();

  constructor(private readonly shards: number) {}

  /**
   * Notes what is about to be claimed, since a claim whose answer is lost may land as well; returns those that are taken
   * over and that the journal does not know to be decided, by `rowId`. `attempts` are those it knows.
   */
  add(
    rows: readonly PolledRow[],
    attempts: ReadonlyMap<string, readonly string[]>,
    leases: readonly Lease[],
  ): ReadonlySet<string> {
    const terms = new Map(leases.map(({ shard, term }) => [shard, term]));
    const takenOver = new Set<string>();
    for (const row of rows) {
      const id = rowId(row);
      const term = terms.get(shardOf(row.custId, this.shards));
      const isDecided = row.stateDate !== null && attempts.get(id)?.includes(row.stateDate) === true;
      if (this.#isFresh(row, term)) this.#terms.set(id, term ?? 0);
      else if (!isDecided && isCanonicalNumber(row.streamingNo)) takenOver.add(id);
    }
    return takenOver;
  }

  /** The rows are answered. */
  remove(rows: readonly RowKey[]): void {
    for (const row of rows) this.#terms.delete(rowId(row));
  }

  /** Unclaimed, or claimed by this process, which has held its shard ever since. */
  #isFresh(row: PolledRow, term: number | undefined): boolean {
    return row.state === State.Initial || this.#terms.get(rowId(row)) === term;
  }
}
