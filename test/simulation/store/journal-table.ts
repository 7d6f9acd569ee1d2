import { DatabaseError } from '../../../src/database/errors.js';
import type { JournalEntry, JournalRecord } from '../../../src/domain/journal.js';
import { isCanonicalNumber, rowId, type Attempt, type RowKey } from '../../../src/domain/keys.js';
import type { JournalledOutcome } from '../../../src/domain/loss.js';
import { State } from '../../../src/domain/states.js';
import { repairedBy } from '../../../src/store/admin-port.js';
import type { AcknowledgedCommit } from '../../../src/store/knex/acknowledged-commits.js';
import { AlreadyDecidedError } from '../../../src/store/port.js';
import type { FinalEntry } from '../../fault/observations.js';
import type { StoreServer } from './server.js';
import { Table, type By, type StoreTransaction } from './table.js';

/** A row of sync_journal. */
interface StandingEntry extends JournalRecord {
  readonly superseded: boolean;
  readonly worker: string;
  readonly decidedAt: string;
}

/** Who decided the records, and when. */
interface Decider {
  readonly workerId: string;
  readonly at: string;
}

/** The journal of the simulated product store. Entries have numbers as keys: without its guard a row could have the same twice. */
export class JournalTable {
  readonly entries = new Table<StandingEntry>(rowId);
  readonly #server: StoreServer;

  constructor(server: StoreServer) {
    this.#server = server;
  }

  /** The same, as it is committed now. */
  copy(): JournalTable {
    const copy = new JournalTable(this.#server);
    copy.entries.restore(this.entries.copy());
    return copy;
  }

  /** The current entries of these rows, and the superseded ones of these very attempts. */
  read(attempts: readonly Attempt[], by: By): JournalEntry[] {
    return attempts.flatMap((asked) =>
      this.entries
        .group(rowId(asked), by)
        .filter((entry) => !entry.superseded || entry.attempt === asked.attempt)
        .map(({ source, streamingNo, attempt, superseded, outcome, errContent, digest }) => {
          return { source, streamingNo, attempt, superseded, outcome, errContent, digest };
        }),
    );
  }

  /** The attempts recorded for each of these rows, by `rowId`. */
  attempts(keys: readonly (RowKey & { readonly state?: number })[]): ReadonlyMap<string, readonly string[]> {
    if (!this.#server.has('entries are closed in the apply'))
      for (const key of keys) if (key.state === State.Initial) this.#closeFailed(key);
    const found = keys.map((key) => [rowId(key), this.entries.group(rowId(key), null)] as const);
    return new Map(
      found
        .filter(([, entries]) => entries.length > 0)
        .map(([id, entries]) => [id, entries.map(({ attempt }) => attempt)]),
    );
  }

  /** The current entries of these rows, by `rowId`. */
  outcomes(keys: readonly RowKey[]): ReadonlyMap<string, JournalledOutcome> {
    return new Map(
      keys.flatMap((key) =>
        this.entries
          .group(rowId(key), null)
          .filter(({ superseded }) => !superseded)
          .map(({ outcome, attempt, worker }) => [
            rowId(key),
            { outcome, attempt, repaired: worker.startsWith(repairedBy) },
          ]),
      ),
    );
  }

  /** Those of a worker's commits that the journal does not hold. */
  missing(commits: readonly AcknowledgedCommit[], by: By): readonly AcknowledgedCommit[] {
    if (!this.#server.has('own commits are checked')) return [];
    const isSame = (entry: StandingEntry, { attempt, worker }: AcknowledgedCommit): boolean =>
      entry.attempt === attempt &&
      (entry.worker === worker || !this.#server.has('own commits name the worker'));
    return commits.filter(
      (commit) => !this.entries.group(rowId(commit), by).some((entry) => isSame(entry, commit)),
    );
  }

  /** Closes the current entries of these rows. */
  supersede(keys: readonly RowKey[], by: StoreTransaction): void {
    if (!this.#server.has('supersede closes entries')) return;
    for (const key of keys) {
      this.#lock(key, by);
      for (const name of this.entries.keysOf(rowId(key), by)) {
        const entry = this.entries.get(name, by);
        if (entry?.superseded === false) this.entries.put(name, { ...entry, superseded: true }, by);
      }
    }
  }

  /** Inserts current entries; AlreadyDecidedError where a row has one, or the attempt was recorded before. */
  insert(records: readonly JournalRecord[], { workerId, at }: Decider, by: StoreTransaction): void {
    for (const record of records) {
      this.#require(record);
      this.#lock(record, by);
      this.#requireNew(record, by);
      const entry = { ...record, superseded: false, worker: workerId, decidedAt: at };
      const seq = this.#server.next();
      const { now, trueTime } = this.#server;
      this.entries.put(String(seq), entry, by);
      const { source, streamingNo, attempt, outcome, code, errContent } = record;
      by.decisions.push({
        ...{ seq, xid: by.xid, source, streamingNo, attempt, outcome, code, errContent },
        ...{ worker: workerId, decidedAt: trueTime - (now - Date.parse(at)), at: trueTime },
      });
    }
  }

  /** All entries, as the checker reads them. */
  final(): FinalEntry[] {
    return this.entries.all().map(({ source, streamingNo, attempt, superseded, outcome, errContent }) => {
      return { source, streamingNo, attempt, superseded, outcome, errContent };
    });
  }

  /** A row in State 0 will have another attempt than that which failed. */
  #closeFailed(key: RowKey): void {
    for (const name of this.entries.keysOf(rowId(key), null)) {
      const entry = this.entries.get(name, null);
      if (entry?.outcome === 'failed') this.entries.put(name, { ...entry, superseded: true }, null);
    }
  }

  #require(record: JournalRecord): void {
    const { streamingNo, productId, custId } = record;
    const isNumbered = [streamingNo, productId, custId].every((no) => no === null || isCanonicalNumber(no));
    if (!isNumbered) throw new DatabaseError('data', 'a number of the journal is none');
    if (this.#server.refusesRecord(record))
      throw new DatabaseError('constraint', 'a rule refuses the record', { constraint: 'simulated_rule' });
  }

  /** Another transaction has inserted an entry of the row, or closed one, and has not ended. */
  #lock(key: RowKey, by: StoreTransaction): void {
    if (!this.#server.has('journal key')) return;
    if (this.entries.isLocked(rowId(key), by))
      throw new DatabaseError('conflict', 'another transaction is about to decide the row');
    this.entries.lock(rowId(key), by);
  }

  #requireNew(record: JournalRecord, by: StoreTransaction): void {
    if (!this.#server.has('journal key')) return;
    const isDecided = this.entries
      .group(rowId(record), by)
      .some(({ superseded, attempt }) => !superseded || attempt === record.attempt);
    if (isDecided) throw new AlreadyDecidedError('a row of the batch was decided meanwhile');
  }
}
