import type { Rules } from '../domain/rules.js';
import type { RowFilter } from '../middle/admin-port.js';

/*
 * What calls of the operator service take, and what it depends on.
 */

/** What the operator service depends on besides the databases. */
export interface OperatorSettings {
  /** Canonical numbers; empty: all products are ours. */
  readonly productIds: readonly string[];
  readonly shards: number;
  readonly rules: Rules;
  readonly settleMs: number;
  readonly dependencyGraceMs: number;
  readonly maxAttributes: number;
}

/** The clocks of an operator service. */
export interface OperatorClocks {
  /** Milliseconds since 1970 by the process's clock. */
  readonly wallClock: () => number;
  /** Milliseconds that only grow, to measure with. */
  readonly clock: () => number;
}

/** Which part of a list to read. */
export interface ListRequest {
  readonly limit: number;
  /** The `next` of the page before; absent: from the start. InvalidCursorError where it is none. */
  readonly after?: string;
}

/** How an action is taken. */
export interface ActionOptions {
  /** Changes nothing, and reports what would be changed. */
  readonly dryRun: boolean;
  readonly reason: string | null;
}

/** The product to verify is none of `middle.productIds`. */
export class NotOurProductError extends Error {
  override readonly name = 'NotOurProductError';

  constructor(productId: string) {
    super(`${productId} is none of middle.productIds: its rows are not ours`);
  }
}

/** The failed rows that match a filter, or what an action about such rows has left: its number in the audit. */
export type MatchTarget = { readonly filter: RowFilter } | { readonly continues: string };

/** When a requeue by filter ends early, and who watches it. */
export interface MatchOptions {
  /** Called after each step: whether to end here and leave the rest. Default: five seconds after the start. */
  readonly isOver?: () => boolean;
  /** Called after each step. */
  readonly onStep?: (progress: { readonly matched: number; readonly requeued: number }) => void;
}
