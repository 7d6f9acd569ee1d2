import { consequenceOf, DatabaseError } from '../database/errors.js';
import type { DatabaseRole, Emit } from './events.js';
import { backoffMs, type Clock } from './clock.js';

/** A database refused our credentials: trying again could lock the account. The worker stops with exit code 3. */
export class CredentialsRefusedError extends Error {
  override readonly name = 'CredentialsRefusedError';
}

const limits = { minMs: 200, maxMs: 10_000 };

/** Databases that cannot be worked with at present: how often in succession, and when to try again. */
export class DatabaseHealth {
  readonly #failures: Record<DatabaseRole, number> = { middle: 0, store: 0 };
  readonly #retryAt: Record<DatabaseRole, number> = { middle: 0, store: 0 };
  #since: number | null = null;
  #lastError: DatabaseError | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly emit: Emit,
  ) {}

  /** Runs a call to a database. An outage is counted and emitted before the error is thrown on. */
  async track<T>(database: DatabaseRole, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof DatabaseError) this.#failed(database, error);
      throw error;
    }
  }

  /** The same for a call about rows: a locked row is no outage. */
  async trackRows<T>(database: DatabaseRole, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof DatabaseError && error.kind !== 'locked') this.#failed(database, error);
      throw error;
    }
  }

  /** Whether an error is one that time heals: it was counted, and the work is simply done again. */
  isOutage(error: unknown): boolean {
    return error instanceof DatabaseError && consequenceOf(error.kind) === 'retry';
  }

  /** How long to wait before the databases are tried again. */
  remainingMs(): number {
    return Math.max(0, Math.max(this.#retryAt.middle, this.#retryAt.store) - this.clock.now());
  }

  /** For how long there has been an outage without a break. */
  durationMs(): number {
    return this.#since === null ? 0 : this.clock.now() - this.#since;
  }

  /** The error of the last outage. */
  get lastError(): DatabaseError | undefined {
    return this.#lastError;
  }

  #failed(database: DatabaseRole, error: DatabaseError): void {
    if (consequenceOf(error.kind) === 'stop') {
      throw new CredentialsRefusedError(`the ${nameOf[database]} refuses the credentials: ${error.message}`, {
        cause: error,
      });
    }
    if (consequenceOf(error.kind) !== 'retry') return;
    this.#since ??= this.clock.now();
    this.#lastError = error;
    this.#failures[database] += 1;
    const failures = this.#failures[database];
    const delayMs = Math.round(backoffMs(failures, limits, this.clock.random()));
    this.#retryAt[database] = this.clock.now() + delayMs;
    this.emit('outage', { database, error: error.message, failures, delayMs });
  }

  /** A unit of work succeeded: a batch was marked, a poll was empty, the leases were renewed. */
  markHealthy(database: DatabaseRole): void {
    if (this.#failures[database] === 0) return;
    this.#failures[database] = 0;
    this.#retryAt[database] = 0;
    if (this.#failures.middle + this.#failures.store === 0) this.#since = null;
    this.emit('recovered', { database });
  }
}

const nameOf: Readonly<Record<DatabaseRole, string>> = { middle: 'middle database', store: 'product store' };
