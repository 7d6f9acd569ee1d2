import type { Knex } from 'knex';
import { withTimeout } from '../timeout.js';
import { classify } from './classify.js';
import { consequenceOf, DatabaseError, TransactionEndedError, HandlerTimeoutError } from './errors.js';

/*
 * A product's own statements, in a savepoint of a transaction of ours. Whether the savepoint is kept is decided by what
 * the work returns or throws and by nothing else: a Knex transaction that is handed a function listens to its `commit`
 * and `rollback`, and takes `throw undefined` for a success, so the savepoint is begun and ended here, and the work
 * cannot end it with what it is given. The end is believed only when the database has confirmed it.
 */

/** What Knex tells of a statement; the savepoints of transactions within have no id, and nothing is told of their end. */
interface Query {
  readonly sql: string;
  readonly __knexQueryUid?: string;
}

/** A savepoint that is in use by foreign code. */
export class NestedWork {
  readonly #trx: Knex.Transaction;
  /** The work tried to end the transaction; it counts even where the work swallowed the error. */
  #misuse: TransactionEndedError | undefined;
  /** The last failure of a statement, whether or not the work swallowed it. */
  #failure: unknown;
  readonly #waiting = new Set<string>();

  constructor(trx: Knex.Transaction) {
    this.#trx = trx;
  }

  /** Whether a statement is on its way: then it is the database that keeps the work waiting. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Runs `work`, which may take so long; past it the transaction is lost. */
  async run<T>(work: (knex: Knex.Transaction) => Promise<T>, limitMs: number): Promise<T> {
    const inner = await this.#trx.transaction();
    const savepoint = new Savepoint(inner);
    this.#watch(inner);
    let result: T;
    try {
      result = await withTimeout(work(inner), limitMs, (reject) => {
        if (!this.isWaiting) reject(new HandlerTimeoutError(`not finished within ${limitMs} ms`));
      });
      if (this.#misuse !== undefined) throw this.#misuse;
      // A failure that the work swallowed: where the database refuses to go on, the savepoint must be rolled back.
      if (this.#failure !== undefined)
        await inner.raw('SELECT 1').catch(() => Promise.reject(this.#failure as Error));
    } catch (error) {
      if (error instanceof HandlerTimeoutError) throw error;
      await savepoint.undo();
      throw this.#misuse ?? error;
    }
    await savepoint.release();
    return result;
  }

  #watch(inner: Knex.Transaction): void {
    const refuse = (what: string): never => {
      this.#misuse ??= new TransactionEndedError(`${what} within a transaction that is not its own`);
      throw this.#misuse;
    };
    inner.commit = () => refuse('commit()');
    inner.rollback = () => refuse('rollback()');
    delete (inner as { parentTransaction?: Knex.Transaction }).parentTransaction;
    // Knex tells a statement before it sends it: what is thrown here keeps it from being sent.
    inner.on('query', (query: Query) => {
      const command = endsATransaction.exec(query.sql)?.[1];
      if (command !== undefined) refuse(command.toUpperCase());
      if (query.__knexQueryUid !== undefined) this.#waiting.add(query.__knexQueryUid);
    });
    inner.on('query-response', (_: unknown, query: Query) =>
      this.#waiting.delete(query.__knexQueryUid ?? ''),
    );
    inner.on('query-error', (error: unknown, query: Query) => {
      this.#waiting.delete(query.__knexQueryUid ?? '');
      this.#failure = error;
    });
  }
}

/** `ROLLBACK TO` a savepoint is the product's good right. */
const endsATransaction =
  /^[\s;]*(commit|end|abort|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))\b/i;

/** The ends of a savepoint, kept from those who use it; each fails where the database does not confirm it. */
class Savepoint {
  readonly #commit: () => PromiseLike<unknown>;
  readonly #rollback: (reason: Error) => PromiseLike<unknown>;
  readonly #ended: Promise<unknown>;

  constructor(inner: Knex.Transaction) {
    this.#commit = inner.commit.bind(inner);
    this.#rollback = inner.rollback.bind(inner);
    this.#ended = inner.executionPromise;
    this.#ended.catch(() => undefined);
  }

  async release(): Promise<void> {
    try {
      await this.#commit();
      await this.#ended;
    } catch (error) {
      throw lost(error);
    }
  }

  async undo(): Promise<void> {
    const asked = new Error('rolled back as asked');
    try {
      await this.#rollback(asked);
      await this.#ended;
    } catch (error) {
      if (error !== asked) throw lost(error);
    }
  }
}

/** The savepoint is gone though nothing is wrong with the database: a statement ended the transaction. */
function lost(error: unknown): unknown {
  const reason = classify(error);
  if (reason instanceof DatabaseError && consequenceOf(reason.kind) === 'retry') return reason;
  const words = reason instanceof Error ? reason.message : String(reason);
  return new TransactionEndedError(`its statements ended the transaction: ${words}`, { isLost: true });
}
