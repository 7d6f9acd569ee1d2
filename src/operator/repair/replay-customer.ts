import { identityKey } from '../../domain/customer.js';
import { errContent } from '../../domain/err-content.js';
import { isRefusal, parseOperation } from '../../domain/operation.js';
import type { LostRow } from '../../domain/repair.js';
import type { InterfaceRow } from '../../domain/rows.js';
import type { Rules } from '../../domain/rules.js';
import type { Changes } from '../../domain/working-set.js';
import { compareRecords, type Records } from '../verify/compare.js';
import type { Step } from '../verify/effective-rows.js';
import { replay } from '../verify/replay.js';
import type { DecidedRow } from '../verify/staging.js';
import { placeLost, type LossClocks, type MarkedRow } from './place-lost.js';
import { recordChanges } from './record-changes.js';

/*
 * A customer with rows applied after lost ones. Applying the lost rows to what the store holds would put them behind those
 * rows. So all of its rows are applied in memory, the lost ones in their places, and the outcome is compared with the store.
 *
 * That is right only if nothing else made the records what they are. So the rows that the journal knows are applied alone
 * first: where they do not lead to what the store holds, because the journal was purged, rows are gone or somebody edited
 * records, the customer is left as it is.
 */

/** What is known of a customer with lost rows. */
export interface CustomerHistory {
  /** Rows that the journal knows as applied, in its order. Read anew at each iteration. */
  readonly decided: Iterable<DecidedRow>;
  /** In the order of their marks. */
  readonly lost: readonly MarkedRow[];
  readonly stored: Records;
  /** Why rows that took effect are not here; null: all are. */
  readonly gone: 'rowsLeft' | 'rowsRewritten' | null;
}

/** What a repair must know besides rows. */
export interface ReplaySettings extends LossClocks {
  readonly attributes: Rules['attributes'];
}

/** What becomes of the customer. */
export type ReplayedCustomer =
  | { readonly kind: 'replayed'; readonly rows: readonly LostRow[]; readonly changes: Changes }
  | {
      readonly kind: 'left';
      readonly reason: 'historyIncomplete' | 'impossible';
      /** The row that it is about; null: the reason is about the customer. */
      readonly row: InterfaceRow | null;
      readonly why: string | null;
    };

/** Applies all rows of a customer in memory, the lost ones in their places. Pure. */
export function replayCustomer(history: CustomerHistory, settings: ReplaySettings): ReplayedCustomer {
  if (history.gone !== null) return incomplete(goneWords[history.gone]);
  const products = new Set<string>();
  for (const row of history.lost) {
    const operation = parseOperation(row);
    if (isRefusal(operation)) return impossible(row, errContent(row.source, operation));
    products.add(identityKey(operation.identity));
  }
  const stored = recordsOf(history.stored, products);
  const known = replay(ofProducts(knownSteps(history.decided), products), settings.attributes);
  if (known.incomplete) return incomplete('a row that the journal knows could not have been applied');
  const { differences } = compareRecords(known, stored, null);
  if (differences.length > 0) return incomplete('its records are not what the rows in the journal lead to');
  const placed = placeLost(history.decided, history.lost, settings);
  if (placed === null) return incomplete('its decisions leave no time for the lost rows');
  const right = replay(ofProducts(placed.steps, products), settings.attributes);
  const [first] = right.impossible;
  if (first !== undefined) return impossible(first.row, errContent(first.row.source, first.refusal));
  if (right.incomplete) return impossible(null, 'a row applied since would not take effect after it');
  return { kind: 'replayed', rows: placed.lost, changes: recordChanges(stored, right) };
}

const goneWords = {
  rowsLeft: 'rows that were applied are gone from the middle database',
  rowsRewritten: 'rows that were applied have other content by now',
} as const;

function incomplete(why: string): ReplayedCustomer {
  return { kind: 'left', reason: 'historyIncomplete', row: null, why };
}

function impossible(row: InterfaceRow | null, why: string): ReplayedCustomer {
  return { kind: 'left', reason: 'impossible', row, why };
}

function recordsOf({ customers, accounts }: Records, products: ReadonlySet<string>): Records {
  return {
    customers: customers.filter((record) => products.has(identityKey(record))),
    accounts: accounts.filter((record) => products.has(identityKey(record))),
  };
}

function* knownSteps(decided: Iterable<DecidedRow>): Generator<Step> {
  for (const { row, decidedAt } of decided) yield { row, journalled: true, at: decidedAt };
}

/** Products do not depend on each other, and only what is lost has to be explained. */
function* ofProducts(steps: Iterable<Step>, products: ReadonlySet<string>): Generator<Step> {
  for (const step of steps) {
    const operation = parseOperation(step.row);
    if (!isRefusal(operation) && products.has(identityKey(operation.identity))) yield step;
  }
}
