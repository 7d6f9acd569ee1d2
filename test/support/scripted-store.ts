import type { JournalRecord } from '../../src/domain/journal.js';
import { rowId, type Attempt, type RowKey } from '../../src/domain/keys.js';
import type { ApplyTransaction, Lease, CrashLog } from '../../src/store/port.js';
import { AlreadyDecidedError } from '../../src/store/port.js';

/** A store in memory: it writes down what is done, and fails where the test says so. */
export class ScriptedStore implements CrashLog {
  /** What was done, in order: `begin 1`, `apply 1`, … */
  readonly done: string[] = [];
  readonly recorded: JournalRecord[] = [];
  readonly dead = new Map<string, number>();
  /** Errors by what is done: `apply 1`. */
  readonly failing = new Map<string, Error>();
  /** Rows whose attempt was superseded by a later one, which the journal has an answer for. */
  readonly superseded = new Set<string>();
  /** Rows that another worker decides at the same time. */
  readonly overtaken = new Set<string>();
  asked: readonly Attempt[] = [];

  async crashCounts(attempts: readonly Attempt[]): Promise<ReadonlyMap<string, number>> {
    this.asked = attempts;
    this.#fail('crashCounts');
    return new Map(
      [...this.dead].map(([streamingNo, count]) => [rowId({ source: 'CUST', streamingNo }), count]),
    );
  }

  begin = (row: Attempt) => this.#do('begin', row);
  clear = (row: Attempt) => this.#do('clear', row);
  forget = (row: RowKey) => this.#do('end', row);

  async apply<T>(_leases: readonly Lease[], work: (transaction: ApplyTransaction) => Promise<T>): Promise<T> {
    return work({
      at: '2026-11-20T00:00:06.000Z',
      journal: async (rows) => {
        for (const row of rows) await this.#do('apply', row);
        const entry = { outcome: 'failed', errContent: '00404', digest: '' } as const;
        return rows
          .filter(({ streamingNo }) => this.superseded.has(streamingNo))
          .flatMap(({ source, streamingNo, attempt: own }) => [
            { ...entry, source, streamingNo, attempt: own, superseded: true },
            { ...entry, source, streamingNo, attempt: '2026-11-20 09:00:00', superseded: false },
          ]);
      },
      snapshot: async () => ({ customers: [], accounts: [], boundUsers: [] }),
      write: async ({ customers }) => {
        for (const { custId } of customers) this.done.push(`open ${custId}`);
      },
      record: async (records) => {
        if (records.some(({ streamingNo }) => this.overtaken.has(streamingNo)))
          throw new AlreadyDecidedError('somebody else was faster');
        this.recorded.push(...records);
      },
      nested: () => Promise.reject(new Error('there are no handlers here')),
    });
  }

  async #do(what: string, { streamingNo }: RowKey): Promise<void> {
    this.done.push(`${what} ${streamingNo}`);
    this.#fail(`${what} ${streamingNo}`);
  }

  #fail(what: string): void {
    const error = this.failing.get(what);
    if (error !== undefined) throw error;
  }
}
