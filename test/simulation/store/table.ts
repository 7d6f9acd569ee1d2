import { DatabaseError } from '../../../src/database/errors.js';
import type { Decision, HandlerLine } from '../../fault/observations.js';

/** A transaction on the simulated server, with what it did that others do not see yet. */
export class StoreTransaction {
  isOpen = true;
  /** A statement failed: nothing but the end is possible any more. */
  hasFailed = false;
  readonly decisions: Decision[] = [];
  readonly lines: HandlerLine[] = [];

  constructor(
    readonly xid: string,
    readonly incarnation: number,
  ) {}
}

/** A table's rows as they were at one moment. */
export type TableCopy<R> = ReadonlyMap<string, R>;

/** Who reads or writes: a transaction, or null for a statement that commits by itself. */
export type By = StoreTransaction | null;

/** Rows by key, and the keys of each group. */
class Rows<R> {
  readonly byKey = new Map<string, R>();
  readonly #groups = new Map<string, Set<string>>();
  readonly #groupOf: (row: R) => string;

  constructor(groupOf: (row: R) => string) {
    this.#groupOf = groupOf;
  }

  put(key: string, row: R): void {
    this.byKey.set(key, row);
    const name = this.#groupOf(row);
    const group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, new Set([key]));
    else group.add(key);
  }

  delete(key: string): void {
    const row = this.byKey.get(key);
    if (row === undefined) return;
    this.byKey.delete(key);
    this.#groups.get(this.#groupOf(row))?.delete(key);
  }

  keysOf(group: string): ReadonlySet<string> {
    return this.#groups.get(group) ?? noKeys;
  }

  clear(): void {
    this.byKey.clear();
    this.#groups.clear();
  }
}

const noKeys: ReadonlySet<string> = new Set();

/**
 * A table. What a transaction writes is seen by itself alone until it is committed, and is locked for others. Rows are
 * never changed in place; a row's key says which group it belongs to.
 */
export class Table<R> {
  readonly #groupOf: (row: R) => string;
  readonly #committed: Rows<R>;
  readonly #pending = new Map<StoreTransaction, Rows<R>>();
  readonly #locks = new Map<string, StoreTransaction>();

  constructor(groupOf: (row: R) => string = () => '') {
    this.#groupOf = groupOf;
    this.#committed = new Rows(groupOf);
  }

  get(key: string, by: By): R | undefined {
    return this.#own(by)?.byKey.get(key) ?? this.#committed.byKey.get(key);
  }

  /** All rows as they are committed. */
  all(): R[] {
    return [...this.#committed.byKey.values()];
  }

  /** The rows of a group. */
  group(name: string, by: By): R[] {
    return this.keysOf(name, by).flatMap((key) => {
      const row = this.get(key, by);
      return row === undefined ? [] : [row];
    });
  }

  /** The keys of a group's rows, in the order in which they were written first. */
  keysOf(name: string, by: By): string[] {
    const committed = this.#committed.keysOf(name);
    const own = this.#own(by)?.keysOf(name) ?? noKeys;
    return [...committed, ...[...own].filter((key) => !committed.has(key))];
  }

  isLocked(key: string, by: By): boolean {
    const holder = this.#locks.get(key);
    return holder !== undefined && holder !== by;
  }

  /** Locks a key, whether or not there is a row, until the transaction ends; of kind `locked` where another one did. */
  lock(key: string, by: By): void {
    if (this.isLocked(key, by)) throw new DatabaseError('locked', 'another transaction has locked the row');
    if (by !== null) this.#locks.set(key, by);
  }

  /** Inserts or replaces a row. */
  put(key: string, row: R, by: By): void {
    this.lock(key, by);
    if (by === null) {
      this.#committed.put(key, row);
      return;
    }
    const own = this.#own(by) ?? new Rows(this.#groupOf);
    this.#pending.set(by, own);
    own.put(key, row);
  }

  /** Deletes a row at once. */
  delete(key: string): void {
    this.lock(key, null);
    this.#committed.delete(key);
  }

  /** Ends a transaction's part in this table. */
  end(transaction: StoreTransaction, commits: boolean): void {
    if (commits) for (const [key, row] of this.#own(transaction)?.byKey ?? []) this.#committed.put(key, row);
    this.#pending.delete(transaction);
    for (const [key, holder] of this.#locks) if (holder === transaction) this.#locks.delete(key);
  }

  copy(): TableCopy<R> {
    return new Map(this.#committed.byKey);
  }

  /** Goes back to a copy; no transaction may be open. */
  restore(copy: TableCopy<R>): void {
    this.#committed.clear();
    for (const [key, row] of copy) this.#committed.put(key, row);
  }

  #own(by: By): Rows<R> | undefined {
    return by === null ? undefined : this.#pending.get(by);
  }
}
