import { consequenceOf, DatabaseError } from '../database/errors.js';
import type { DeferralCause } from '../domain/deferral.js';
import type { Cell } from '../domain/rows.js';
import { BreakerOpenError, type CircuitBreaker } from './circuit-breaker.js';
import { errorText } from './errors.js';
import { LeaseLostError } from '../store/port.js';
import { CredentialsRefusedError } from './database-health.js';
import { isGuardError } from './store-guard.js';

/*
 * Isolation (P12): the same for claim, apply and mark. Rows go through together; where the database refuses them together,
 * or one of them is locked, they are halved until the row is alone, and its customer stops there: the customer's earlier
 * rows have gone through, its later ones are left. A half never cuts a customer, as long as there is more than one.
 *
 * A database that refuses row after row is not the rows' fault (P6). Before the breaker opens for it, customers from all
 * over what is left are tried: one that goes through shows that the others were refused for their own sake.
 *
 * Statements: n rows of which k are refused take about k log2 n more.
 */

/** What a stage does with rows. */
export interface BisectSteps<Row, Result> {
  readonly custIdOf: (row: Row) => Cell;
  readonly idOf: (row: Row) => string;
  /** Puts rows through, all or none; fails where the database refuses. */
  readonly attempt: (rows: readonly Row[]) => Promise<Result>;
  /** Customers that stop with this result, though the database refused nothing. */
  readonly stoppedBy: (result: Result) => readonly Cell[];
  /** Whether a row was refused before, and deferred for it: that says nothing new of the database. */
  readonly isKnown: (row: Row) => boolean;
  readonly breaker: CircuitBreaker;
}

/** A row that the database refused alone, or that was locked. */
export interface RefusedRow<Row> {
  readonly row: Row;
  readonly error: Error;
}

/** What became of rows. */
export interface BisectResult<Row, Result> {
  readonly results: readonly Result[];
  /** Each of another customer. */
  readonly refused: readonly RefusedRow<Row>[];
  /**
   * Why the rest was left. Where the breaker opens, what was refused counts against no row; where it was open already,
   * those are deferred, so that the next rows are tried.
   */
  readonly stoppedBy?: unknown;
}

/** Puts parts through one after another; a customer's rows are in one part, in order. */
export async function bisectBatch<Row, Result>(
  parts: readonly (readonly Row[])[],
  steps: BisectSteps<Row, Result>,
): Promise<BisectResult<Row, Result>> {
  const work = new Bisection(parts, steps);
  try {
    await work.run();
    return { results: work.results, refused: work.refused };
  } catch (error) {
    const isOurs = error instanceof BreakerOpenError && !work.isProbe;
    return { results: work.results, refused: isOurs ? [] : work.refused, stoppedBy: error };
  }
}

class Bisection<Row, Result> {
  readonly results: Result[] = [];
  readonly refused: RefusedRow<Row>[] = [];
  readonly #steps: BisectSteps<Row, Result>;
  /** Parts that are left, the next one last. */
  readonly #left: (readonly Row[])[];
  readonly #stopped = new Set<Cell>();
  /** The breaker was open: a few rows are tried, each of them, and it stays open where none goes through. */
  readonly isProbe: boolean;
  /** How many locked rows were met in succession. */
  #locked = 0;

  constructor(parts: readonly (readonly Row[])[], steps: BisectSteps<Row, Result>) {
    this.#steps = steps;
    this.isProbe = !steps.breaker.closed;
    this.#left = parts.filter((part) => part.length > 0).reverse();
  }

  async run(): Promise<void> {
    for (let part = this.#left.pop(); part !== undefined; part = this.#left.pop()) {
      const rows = part.filter((row) => !this.#stopped.has(this.#steps.custIdOf(row)));
      if (rows.length === 0) continue;
      const error = await this.#attempt(rows);
      const [row, ...others] = rows;
      if (error === null || row === undefined) continue;
      if (others.length > 0) this.#left.push(...halves(rows, this.#steps.custIdOf).reverse());
      else await this.#refuse(row, error);
    }
    const { breaker, isKnown } = this.#steps;
    const [fresh] = this.refused.filter(({ row }) => !isKnown(row));
    if (fresh === undefined || this.results.length > 0) return;
    if (this.isProbe && !breaker.closed) {
      breaker.open();
      throw opened(fresh.error);
    }
  }

  /** Null where the rows went through; an error that may be a row's. */
  async #attempt(rows: readonly Row[]): Promise<Error | null> {
    try {
      const result = await this.#steps.attempt(rows);
      this.results.push(result);
      for (const custId of this.#steps.stoppedBy(result)) this.#stopped.add(custId);
      this.#locked = 0;
      return null;
    } catch (error) {
      if (!this.#mayBeRowError(error)) throw error;
      return error;
    }
  }

  #mayBeRowError(error: unknown): error is Error {
    if (error instanceof CredentialsRefusedError || error instanceof BreakerOpenError) return false;
    if (error instanceof LeaseLostError || isGuardError(error)) return false;
    if (!(error instanceof DatabaseError)) return error instanceof Error;
    return isLocked(error) || isRefusedByDatabase(error);
  }

  async #refuse(row: Row, error: Error): Promise<void> {
    const { custIdOf, idOf, isKnown, breaker } = this.#steps;
    this.#stopped.add(custIdOf(row));
    this.refused.push({ row, error });
    if (isLocked(error)) {
      // Each may have waited for its lock: what is locked all over is an outage.
      this.#locked += 1;
      if (this.#locked >= breaker.threshold) throw error;
      return;
    }
    if (this.isProbe || isKnown(row)) return;
    if (breaker.wouldOpen(idOf(row)) && (await this.#anotherGoesThrough())) return;
    if (breaker.rowFailed(idOf(row))) throw opened(error);
  }

  /** Tries a few customers, evenly spread over what is left. */
  async #anotherGoesThrough(): Promise<boolean> {
    const { custIdOf, breaker } = this.#steps;
    const places = this.#left.flatMap((part, index) =>
      byCustomer(part, custIdOf)
        .filter(([first]) => first !== undefined && !this.#stopped.has(custIdOf(first)))
        .map((rows) => ({ index, rows })),
    );
    const probes = Math.min(breaker.threshold, places.length);
    for (let probe = 0; probe < probes; probe += 1) {
      const place = places[Math.floor((probe * places.length) / probes)];
      if (place === undefined || (await this.#attempt(place.rows)) !== null) continue;
      const done = new Set(place.rows);
      this.#left[place.index] = (this.#left[place.index] ?? []).filter((row) => !done.has(row));
      return true;
    }
    return false;
  }
}

function opened(error: Error): BreakerOpenError {
  return new BreakerOpenError(errorText(error), { cause: error });
}

/** Two halves that share no customer; of a single customer's rows the earlier and the later ones. */
function halves<Row>(rows: readonly Row[], custIdOf: (row: Row) => Cell): (readonly Row[])[] {
  const customers = byCustomer(rows, custIdOf);
  if (customers.length > 1) {
    const middle = Math.ceil(customers.length / 2);
    return [customers.slice(0, middle).flat(), customers.slice(middle).flat()];
  }
  const middle = Math.ceil(rows.length / 2);
  return [rows.slice(0, middle), rows.slice(middle)];
}

/** Rows by customer, each in order, customers as they come first. */
function byCustomer<Row>(rows: readonly Row[], custIdOf: (row: Row) => Cell): Row[][] {
  const customers = new Map<Cell, Row[]>();
  for (const row of rows) {
    const ofCustomer = customers.get(custIdOf(row));
    if (ofCustomer === undefined) customers.set(custIdOf(row), [row]);
    else ofCustomer.push(row);
  }
  return [...customers.values()];
}

/**
 * Parts of a batch: customers without deferred rows together, those with a locked row together, and each customer with
 * a row that was refused before for itself, so that it does not take the others with it again.
 */
export function partsByDeferral<Row>(
  rows: readonly Row[],
  custIdOf: (row: Row) => Cell,
  customers: ReadonlyMap<Cell, DeferralCause>,
): (readonly Row[])[] {
  if (customers.size === 0) return [rows];
  const causeOf = (row: Row) => customers.get(custIdOf(row));
  const refused = rows.filter((row) => causeOf(row) !== undefined && causeOf(row) !== 'locked');
  return [
    rows.filter((row) => causeOf(row) === undefined),
    rows.filter((row) => causeOf(row) === 'locked'),
    ...byCustomer(refused, custIdOf),
  ];
}

/** Whether an error means that a row is locked. */
export function isLocked(error: unknown): boolean {
  return error instanceof DatabaseError && error.kind === 'locked';
}

/** Whether a database refused the rows it was given. */
export function isRefusedByDatabase(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && consequenceOf(error.kind) === 'rowError';
}
