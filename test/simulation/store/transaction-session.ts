import { DatabaseError, HandlerTimeoutError } from '../../../src/database/errors.js';
import type { RowKey } from '../../../src/domain/keys.js';
import { leaseShares } from '../../../src/domain/lease-shares.js';
import type { Link, Session } from '../link.js';
import type { StoreTransaction } from './table.js';
import type { StoreTables } from './tables.js';
import { isLost, patiently } from './waiting-for-locks.js';

/** Where a worker's statements go. */
export interface StorePlace {
  readonly tables: StoreTables;
  readonly link: Link;
  readonly leaseTtlMs: number;
}

/** What handlers of a simulation are given in the place of Knex. */
export interface HandlerTransaction {
  /** Writes a line that stands if the row's apply is committed. */
  line(key: RowKey): Promise<void>;
}

const mostLockWaitMs = 1500;

/** A transaction over a connection of its own. */
export class TransactionSession {
  readonly tables: StoreTables;
  readonly #place: StorePlace;
  readonly #incarnation: number;
  readonly #session: Session;
  #transaction: StoreTransaction | null = null;
  #hasEnded = false;
  #linesOnTheirWay = 0;
  /** Why a line was not written; it counts even where the handler swallowed it. */
  #lineFailure: Error | null = null;

  constructor(place: StorePlace, incarnation: number) {
    this.tables = place.tables;
    this.#place = place;
    this.#incarnation = incarnation;
    this.#session = place.link.session(() => {
      this.#hasEnded = true;
      if (this.#transaction !== null) this.tables.rollback(this.#transaction);
    });
  }

  async begin(): Promise<void> {
    await this.#session.send('begin', () => {
      if (this.#hasEnded) throw new DatabaseError('connectionLost', 'the session has ended');
      this.#transaction = this.tables.statement(this.#incarnation, () => this.tables.begin());
    });
  }

  /** Sends a statement of the transaction; one that meets a lock waits for it, but not for long. */
  async send<T>(name: string, effect: (transaction: StoreTransaction) => T): Promise<T> {
    const patienceMs = Math.min(mostLockWaitMs, leaseShares.lockWait * this.#place.leaseTtlMs);
    const send = () =>
      this.#session.send(name, () => {
        const transaction = this.#begun();
        return this.tables.within(transaction, () => effect(transaction));
      });
    return patiently(this.#session, send, patienceMs);
  }

  /** Commits; of kind `commitUnknown` where no answer came that says what became of it. */
  async commit(): Promise<void> {
    try {
      await this.#session.send('commit', () => {
        this.tables.commit(this.#begun());
      });
    } catch (error) {
      const isUnavailable = error instanceof DatabaseError && error.kind === 'unavailable';
      if (!isLost(error) && !isUnavailable) throw error;
      throw new DatabaseError('commitUnknown', 'the answer to a commit was lost', { cause: error });
    }
  }

  /** Rolls back, as well as it can be told. */
  async rollback(): Promise<void> {
    await this.#session
      .send('rollback', () => {
        this.tables.rollback(this.#begun());
      })
      .catch(() => undefined);
  }

  close(): void {
    this.#session.close();
  }

  /** Runs a handler's own code in a savepoint, which may take so long; past it the transaction is lost. */
  async nested<T>(work: (own: HandlerTransaction) => Promise<T>, limitMs: number): Promise<T> {
    const begun = await this.#session.send('savepoint', () => {
      const transaction = this.#begun();
      return this.tables.within(transaction, () => transaction.lines.length);
    });
    this.#lineFailure = null;
    let result: T;
    try {
      result = await this.#limited(work({ line: (key) => this.#line(key) }), limitMs);
      this.#requireLines();
    } catch (error) {
      if (!(error instanceof HandlerTimeoutError)) await this.#undo(begun);
      throw error;
    }
    await this.send('release savepoint', () => undefined);
    return result;
  }

  async #line(key: RowKey): Promise<void> {
    this.#linesOnTheirWay += 1;
    try {
      await this.send('handler line', (transaction) => {
        this.tables.writeLine(key, transaction);
      });
    } catch (error) {
      this.#lineFailure = error as Error;
      throw error;
    } finally {
      this.#linesOnTheirWay -= 1;
    }
  }

  #requireLines(): void {
    if (this.#lineFailure !== null) throw this.#lineFailure;
  }

  /** Undoes what was written since, and with it the failure of a statement. */
  async #undo(lines: number): Promise<void> {
    await this.#session.send('rollback to savepoint', () => {
      const transaction = this.#begun();
      transaction.hasFailed = false;
      this.tables.within(transaction, () => transaction.lines.splice(lines));
    });
  }

  /** A statement that is on its way keeps the work waiting, not the handler: then it is looked at again later. */
  async #limited<T>(work: Promise<T>, limitMs: number): Promise<T> {
    let cancel = () => undefined as void;
    const hung = new Promise<never>((_, reject) => {
      const look = (): void => {
        if (this.#linesOnTheirWay === 0) reject(new HandlerTimeoutError(`not finished within ${limitMs} ms`));
        else cancel = this.#session.deadline(limitMs, look);
      };
      cancel = this.#session.deadline(limitMs, look);
    });
    try {
      return await Promise.race([work, hung]);
    } finally {
      cancel();
    }
  }

  #begun(): StoreTransaction {
    if (this.#transaction === null) throw new DatabaseError('connectionLost', 'no transaction was begun');
    return this.#transaction;
  }
}
