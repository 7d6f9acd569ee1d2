import type { JournalEntry, JournalRecord } from '../../src/domain/journal.js';
import { rowId, type Attempt, type RowKey } from '../../src/domain/keys.js';
import type { ApplyTransaction } from '../../src/store/port.js';
import type { MemoryStore } from './memory-store.js';

/** A journal as a plain list of entries. */
export class MemoryJournal {
  #entries: readonly JournalEntry[];

  constructor(entries: readonly JournalEntry[]) {
    this.#entries = entries;
  }

  /** The current entries of these rows, and the superseded ones of these very attempts. */
  entries(attempts: readonly Attempt[]): readonly JournalEntry[] {
    return this.#entries.filter((entry) =>
      attempts.some(
        (asked) => rowId(asked) === rowId(entry) && (!entry.superseded || entry.attempt === asked.attempt),
      ),
    );
  }

  record(records: readonly JournalRecord[], superseding: readonly RowKey[]): void {
    const closed = new Set(superseding.map(rowId));
    const kept = this.#entries.map((entry) =>
      closed.has(rowId(entry)) ? { ...entry, superseded: true } : entry,
    );
    this.#entries = [...kept, ...records.map((record) => ({ ...record, superseded: false }))];
    const current = this.#entries.filter(({ superseded }) => !superseded).map(rowId);
    if (new Set(current).size < current.length) throw new Error('a row has two current entries');
  }
}

/** The transaction of a batch over a store and a journal in memory; there are no handlers. */
export function memoryTransaction(store: MemoryStore, journal: MemoryJournal, at: string): ApplyTransaction {
  return {
    at,
    journal: async (attempts) => journal.entries(attempts),
    snapshot: async (request) => store.read(request),
    write: async (changes) => store.write(changes, at),
    record: async (records, superseding) => journal.record(records, superseding),
    nested: async () => {
      throw new Error('no handler is called');
    },
  };
}
