import type { Attempt, RowKey, RowOrder } from '../../domain/keys.js';
import type { InterfaceRow } from '../../domain/rows.js';
import type { ScannedEntry } from '../../store/admin-port.js';
import type { Evidence } from './check-customer.js';
import type { Records } from './compare.js';
import type { AppliedRow } from './effective-rows.js';

/** The customer of rows and entries that have no CustID. */
export const nobody = '';

/** Where a row stands that the journal has as applied. */
export interface AppliedLater extends RowOrder {
  /** StateDate of its claim. */
  readonly attempt: string;
  /** When it was marked; null: it is not in State 2. */
  readonly stateDate: string | null;
  /** ISO 8601; null: a repair recorded it, with the time of the mark. */
  readonly decidedAt: string | null;
}

/** A row that the journal has as applied, with its content. */
export interface JournalledRow extends AppliedRow {
  readonly attempt: string;
  /** ISO 8601; a repair gives the time of the mark. */
  readonly decidedAt: string;
  readonly repaired: boolean;
}

/** A refusal that the journal has as the row's current outcome. */
export interface RefusedEntry extends Attempt {
  /** Of the row as it was refused. */
  readonly digest: string;
  /** ISO 8601. */
  readonly decidedAt: string;
}

/**
 * What a verification has read of both databases, by customer. It exceeds memory, and is gone once it is closed or the
 * process ends.
 */
export interface StagingDatabase {
  close(): void;
  /** Rows of the middle database; one already here is replaced. */
  putRows(rows: readonly InterfaceRow[]): void;
  /** The same rows, reread by key: those gone are removed. */
  replaceRows(keys: readonly RowKey[], rows: readonly InterfaceRow[]): void;
  /** Journal entries; `again`: of a second reading, see `moved`. */
  putEntries(entries: readonly ScannedEntry[], into: 'entry' | 'again'): void;
  /** Records of the product store. */
  putRecords(records: Partial<Records>): void;
  /** The number of customers. */
  customerCount(): number;
  /** Customers after one, in order. */
  customersAfter(cust: string | null, limit: number): string[];
  /** Customers that seem to differ and are to be reread, after one, in order. */
  candidatesAfter(cust: string | null, limit: number): string[];
  /** Adds a customer to the candidates. */
  candidate(cust: string): void;
  /** Products of the rows and records here. */
  productIds(): string[];
  /** Rows of these customers that the journal has as applied, and whose content is not here as it was applied. */
  unresolved(custs: readonly string[], limit: number): RowKey[];
  /** Removes everything read of these customers, to reread it. */
  forget(custs: readonly string[]): void;
  /** Those of these customers whose second journal reading differs from the first. */
  moved(custs: readonly string[]): Set<string>;
  /** Everything about a customer. Its rows are read anew at each iteration. */
  evidence(cust: string): Evidence;
  /** What the evidence has as journalled, with what the journal says of each row. */
  decided(cust: string): Iterable<JournalledRow>;
  /** Those of these customers that have finished rows which the journal does not know as applied, in the order given. */
  withNotApplied(custs: readonly string[]): string[];
  /** These rows of a customer, in the order of their marks; rows of one second in the customer's order. */
  notApplied(cust: string): Iterable<InterfaceRow>;
  /** The newest claim of each of these customers that the journal has as applied by a worker. */
  newestClaims(custs: readonly string[]): { readonly custId: string; readonly attempt: string }[];
  /** When a row of the customer was decided last, ISO 8601; null: never. */
  newestDecision(cust: string): string | null;
  /**
   * Rows of the customer that the journal has as applied and that were claimed at this StateDate or later, or decided since an
   * instant, ISO 8601 (null: there is none).
   */
  appliedFrom(
    cust: string,
    from: { readonly stateDate: string; readonly since: string | null },
  ): readonly AppliedLater[];
  /** Refusals of the customer's rows for one of these result codes, in the journal's order. */
  refused(cust: string, codes: readonly string[]): readonly RefusedEntry[];
}
