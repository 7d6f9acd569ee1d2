import type { Knex } from 'knex';
import type { Account, Customer } from '../domain/customer.js';
import type { AccountOperation, CustomerOperation } from '../domain/operation.js';
import type { ResultCode } from '../domain/result-codes.js';

/*
 * The product's own logic. A handler runs inside the transaction that applies the batch, before its commit, once per
 * row that takes effect, in the customer's order. What it writes with the given transaction commits together with the
 * row's effect and its journal entry, or not at all; what it does elsewhere may happen again after a crash.
 */

/** A row the product refuses: it ends in State 3 with this code, its standard text and the detail. */
export interface HandlerRefusal {
  readonly refuse: { readonly code: ResultCode; readonly detail: string };
}

/** What a handler may return: nothing, or a refusal. */
export type HandlerResult = HandlerRefusal | undefined | void;

interface HandlerContext {
  /**
   * The batch's transaction. The tables of the product store show the state before the batch: what this and earlier
   * rows of the batch change is in `before` and `after`, and is written when all rows are decided.
   */
  readonly knex: Knex.Transaction;
  /** The store's clock, ISO 8601, UTC; the same for the whole batch. */
  readonly at: string;
}

/** An open, change or cancel that takes effect. */
export interface CustomerHandlerContext extends HandlerContext {
  readonly operation: CustomerOperation;
  /** Null: never seen. */
  readonly before: Customer | null;
  readonly after: Customer;
}

/** A bind, change or unbind that takes effect. */
export interface AccountHandlerContext extends HandlerContext {
  readonly operation: AccountOperation;
  readonly customer: Customer;
  /** Null: never seen. */
  readonly before: Account | null;
  readonly after: Account;
}

/** The functions that a product may hook in (`store.handlers`). */
export interface Handlers {
  onCustomer?(context: CustomerHandlerContext): Promise<HandlerResult> | HandlerResult;
  onAccount?(context: AccountHandlerContext): Promise<HandlerResult> | HandlerResult;
}
