import { DatabaseError } from '../../../src/database/errors.js';
import { leaseShares } from '../../../src/domain/lease-shares.js';
import { StoreWentBackError } from '../../../src/store/guard-port.js';
import type { AcknowledgedCommits } from '../../../src/store/knex/acknowledged-commits.js';
import type { StoreTables } from './tables.js';
import { TransactionSession, type StorePlace } from './transaction-session.js';
import { isLocked, isLost, lockRetryMs, patiently, pause } from './waiting-for-locks.js';

/*
 * How statements reach the simulated server: which incarnation of it our connections lead to, and what is asked of new
 * ones.
 */

/** The connections of one process. They are taken for lost together, and asked anew together. */
export class Connections {
  readonly #place: StorePlace;
  readonly #commits: AcknowledgedCommits;
  #incarnation: number | null = null;
  #checking: Promise<number> | null = null;

  constructor(place: StorePlace, commits: AcknowledgedCommits) {
    this.#place = place;
    this.#commits = commits;
  }

  /** The server. */
  get tables(): StoreTables {
    return this.#place.tables;
  }

  /** Sends a statement that commits by itself. */
  async statement<T>(name: string, effect: (tables: StoreTables) => T): Promise<T> {
    const { tables, link, leaseTtlMs } = this.#place;
    const incarnation = await this.#connected();
    const send = () => link.send(name, () => tables.statement(incarnation, () => effect(tables)));
    try {
      return await send().catch((error: unknown) => {
        if (!isLocked(error)) throw error;
        return this.#waiting(send, leaseShares.server * leaseTtlMs);
      });
    } catch (error) {
      this.#note(incarnation, error);
      throw error;
    }
  }

  /** Runs `work` in a transaction and commits it; rolls back when `work` throws. */
  async transaction<T>(work: (transaction: TransactionSession) => Promise<T>): Promise<T> {
    const incarnation = await this.#connected();
    const transaction = new TransactionSession(this.#place, incarnation);
    try {
      await transaction.begin();
      const result = await work(transaction).catch(async (error: unknown) => {
        await transaction.rollback();
        throw error;
      });
      await transaction.commit();
      return result;
    } catch (error) {
      this.#note(incarnation, error);
      throw error;
    } finally {
      transaction.close();
    }
  }

  /** The server's limit on a statement ends a wait. */
  async #waiting<T>(send: () => Promise<T>, limitMs: number): Promise<T> {
    const session = this.#place.link.session(() => undefined);
    try {
      await pause(session, lockRetryMs);
      return await patiently(session, send, limitMs);
    } catch (error) {
      if (isLocked(error))
        throw new DatabaseError('timeout', 'the server ended a statement that waited for a lock');
      throw error;
    } finally {
      session.close();
    }
  }

  async #connected(): Promise<number> {
    if (this.#incarnation !== null) return this.#incarnation;
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  /** What is asked of a new connection: whether the store still holds what it acknowledged to this process. */
  async #check(): Promise<number> {
    const { tables, link } = this.#place;
    const { last } = this.#commits;
    const { incarnation, missing, ...moments } = await link.send('connect', () => {
      const { incarnation, at } = tables;
      const { closedAt } = tables.notes;
      const missing = tables.statement(incarnation, () => tables.journalTable.missing(last, null));
      return { incarnation, missing, at, closedAt };
    });
    if (this.#commits.lost.length === 0 && missing.length > 0 && this.#commits.missed(missing, moments))
      throw new StoreWentBackError(this.#commits.lost);
    this.#incarnation = incarnation;
    return incarnation;
  }

  /** After a call whose connection was lost or thrown away the next one needs a new connection. */
  #note(incarnation: number, error: unknown): void {
    if (isLost(error) && this.#incarnation === incarnation) this.#incarnation = null;
  }
}
