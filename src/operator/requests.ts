import type { Rules } from '../domain/rules.js';
import type { RowFilter } from '../middle/admin-port.js';

/*
 * Arguments and dependencies of the operator service.
 */

/** Dependencies of the operator service besides the databases. */
export interface OperatorSettings {
  /** Canonical numbers; empty: all products are ours. */
  readonly productIds: readonly string[];
  readonly shards: number;
  readonly rules: Rules;
  readonly settleMs: number;
  readonly dependencyGraceMs: number;
  readonly maxAttributes: number;
  /** Others finish rows of our products as well: an unknown finished row is no sign of a loss. */
  readonly othersFinishRows: boolean;
}

/** The clocks of an operator service. */
export interface OperatorClocks {
  /** Milliseconds since 1970 by the process's clock. */
  readonly wallClock: () => number;
  /** Monotonic milliseconds, to measure with. */
  readonly clock: () => number;
}

/** Which part of a list to read. */
export interface ListRequest {
  readonly limit: number;
  /** The `next` of the page before; absent: from the start. InvalidCursorError if it is none. */
  readonly after?: string;
}

/** How an action is taken. */
export interface ActionOptions {
  /** Changes nothing, and reports what would change. */
  readonly dryRun: boolean;
  readonly reason: string | null;
}

/** The product to verify is not in `middle.productIds`. */
export class NotOurProductError extends Error {
  override readonly name = 'NotOurProductError';

  constructor(productId: string) {
    super(`${productId} is not in middle.productIds: its rows are not ours`);
  }
}

/** The store is new, or was wiped: which finished rows are ours is not known. */
export class NoOriginError extends Error {
  override readonly name = 'NoOriginError';

  constructor() {
    super(
      'the product store is new, or was wiped, and does not know since when finished rows are ours; "bnet-sync repair --all" ' +
        'takes all of them for ours, "bnet-sync migrate --new-store" none of those that are finished by now',
    );
  }
}

/** Failed rows that match a filter, or what an action on such rows left: its number in the audit. */
export type MatchTarget = { readonly filter: RowFilter } | { readonly continues: string };

/** When a requeue by filter ends early, and who watches it. */
export interface MatchOptions {
  /** Called after each step: whether to end here and leave the rest. Default: after five seconds. */
  readonly isOver?: () => boolean;
  /** Called after each step. */
  readonly onStep?: (progress: { readonly matched: number; readonly requeued: number }) => void;
}
