import { identityKey } from '../../domain/customer.js';
import { errContent, type Refusal } from '../../domain/err-content.js';
import type { RowKey } from '../../domain/keys.js';
import { isRefusal, parseOperation } from '../../domain/operation.js';
import { rulesOfFinishedRows, type LostRow } from '../../domain/repair.js';
import type { InterfaceRow } from '../../domain/rows.js';
import type { Rules } from '../../domain/rules.js';
import type { Changes } from '../../domain/working-set.js';
import { compareRecords, type Records } from '../verify/compare.js';
import { ReplayedRecords } from '../verify/replay.js';
import type { RepairReport } from '../contract/actions.js';
import {
  isAfter,
  placeLost,
  placeOf,
  type MarkedRow,
  type LossClocks,
  type PlacedStep,
  type RowRefusedSince,
  type RowsToPlace,
} from './place-lost.js';
import { recordChanges } from './record-changes.js';

/*
 * A customer with rows that were decided after lost ones. The lost rows belong before those: all of its rows are applied in
 * memory, in their places, and the outcome is compared with the store.
 *
 * That is right only if nothing else made the records what they are. So the rows that the journal knows are applied alone
 * first: where they do not lead to what the store holds, because the journal was purged, rows are gone or somebody edited
 * records, the customer is left as it is. Products do not depend on each other: where no row of a product was applied since
 * (rows may have been refused), the store holds what was before its lost rows, and these are applied to that.
 *
 * A row that was refused since is decided anew in its place, by the rules of now. Where it would take effect it was refused
 * because of the loss, or because of another row that was.
 */

/** What is known of a customer with lost rows. */
export interface CustomerHistory extends RowsToPlace {
  readonly stored: Records;
  /** Why rows that took effect are not here; null: all are. */
  readonly gone: 'rowsLeft' | 'rowsRewritten' | null;
}

/** What a repair must know besides rows. */
export interface ReplaySettings extends LossClocks {
  readonly rules: Rules;
  /** Rows that were refused because of the loss take effect, too. */
  readonly takeBack: boolean;
}

/** What becomes of the customer. */
export type ReplayedCustomer =
  | {
      readonly kind: 'replayed';
      readonly rows: readonly LostRow[];
      readonly changes: Changes;
      /** Rows of the same products were applied after them. */
      readonly isAppliedSince: boolean;
      /** Those refused rows that would take effect. */
      readonly falselyRefused: readonly RowRefusedSince[];
    }
  | {
      readonly kind: 'left';
      readonly reason: RepairReport['left'][number]['reason'];
      /** The row that it is about; null: the reason is about the customer. */
      readonly row: RowKey | null;
      readonly why: string;
    };

/** Applies all rows of a customer in memory, the lost ones in their places. Pure. */
export function replayCustomer(history: CustomerHistory, settings: ReplaySettings): ReplayedCustomer {
  const firstLost = new Map<string, MarkedRow>();
  for (const row of history.lost) {
    const product = productOfRow(row);
    if (typeof product !== 'string') return impossible(row, errContent(row.source, product));
    if (!firstLost.has(product)) firstLost.set(product, row);
  }
  const products = new Set(firstLost.keys());
  const replayed = productsAppliedSince(history.decided, firstLost, settings.since);
  const unexplained = replayed.size === 0 ? null : whyUnexplained(history, replayed, settings.rules);
  if (unexplained !== null) return incomplete(unexplained);
  const placed = placeLost(history, settings);
  if (placed === null) return incomplete('its decisions leave no time for the lost rows');
  const stored = recordsOf(history.stored, (product) => products.has(product));
  const base = recordsOf(stored, (product) => !replayed.has(product));
  const play = (withRefused: boolean) => {
    const isPlayed = (product: string, { kind }: PlacedStep): boolean => {
      if (kind === 'decided') return replayed.has(product);
      return products.has(product) && (kind === 'lost' || withRefused);
    };
    return playSteps(placed.steps, { rules: settings.rules, base, isPlayed });
  };
  const anew = history.refused.length === 0 ? null : play(true);
  const right = anew !== null && settings.takeBack ? anew : play(false);
  if (right.refusal !== null) {
    const { row, refusal } = right.refusal;
    return impossible(row, errContent(row.source, refusal));
  }
  const isFalse = new Set(anew?.takenBack);
  return {
    ...{ kind: 'replayed', rows: placed.lost, isAppliedSince: replayed.size > 0 },
    changes: recordChanges(stored, right.records),
    falselyRefused: history.refused.filter(({ row }) => isFalse.has(row)),
  };
}

/** The product that a row is of, see `identityKey`; or why it is of none. */
function productOfRow(row: InterfaceRow): string | Refusal {
  const operation = parseOperation(row);
  return isRefusal(operation) ? operation : identityKey(operation.identity);
}

/** Those of the products with lost rows of which a row was applied after the first of these. */
function productsAppliedSince(
  decided: CustomerHistory['decided'],
  firstLost: ReadonlyMap<string, MarkedRow>,
  since: string | null,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const each of decided) {
    const product = productOfRow(each.row);
    if (typeof product !== 'string') continue;
    const lost = firstLost.get(product);
    if (lost !== undefined && isAfter(placeOf(each), lost, since)) found.add(product);
  }
  return found;
}

/** What speaks against taking the journal's rows for all that the records of products come from; null: nothing. */
function whyUnexplained(
  { gone, decided, stored }: CustomerHistory,
  products: ReadonlySet<string>,
  rules: Rules,
): string | null {
  if (gone === 'rowsLeft') return 'rows that were applied are gone from the middle database';
  if (gone === 'rowsRewritten') return 'rows that were applied have other content by now';
  const isPlayed = (product: string): boolean => products.has(product);
  const known = playSteps(decidedSteps(decided), { base: nothing, rules, isPlayed });
  if (known.refusal !== null) return 'a row that was applied could not have been by the rows before it';
  const { differences } = compareRecords(known.records, recordsOf(stored, isPlayed), null);
  return differences.length > 0 ? 'its records are not what the rows in the journal lead to' : null;
}

function* decidedSteps(decided: CustomerHistory['decided']): Generator<PlacedStep> {
  for (const { row, decidedAt } of decided) yield { kind: 'decided', row, at: decidedAt };
}

const nothing: Records = { customers: [], accounts: [] };

/** What steps lead to. */
interface Played {
  readonly records: Records;
  /** Rows that were refused, and take effect. */
  readonly takenBack: readonly InterfaceRow[];
  /** The first row that took effect once and cannot here; null: there is none. */
  readonly refusal: { readonly row: InterfaceRow; readonly refusal: Refusal } | null;
}

/** How steps are played. */
interface Play {
  readonly rules: Rules;
  /** What records are at first. */
  readonly base: Records;
  /** Which steps of a product count. */
  readonly isPlayed: (product: string, step: PlacedStep) => boolean;
}

function playSteps(steps: Iterable<PlacedStep>, { rules, base, isPlayed }: Play): Played {
  const records = new ReplayedRecords(base);
  const ofFinished = rulesOfFinishedRows(rules.attributes);
  const takenBack: InterfaceRow[] = [];
  for (const step of steps) {
    const { kind, row, at } = step;
    const product = productOfRow(row);
    if (typeof product !== 'string' || !isPlayed(product, step)) continue;
    const isRefused = kind === 'refused';
    const refusal = records.take(row, { rules: isRefused ? rules : ofFinished, at });
    if (refusal === null && isRefused) takenBack.push(row);
    if (refusal !== null && !isRefused) return { records: nothing, takenBack, refusal: { row, refusal } };
  }
  return { records: records.changed(), takenBack, refusal: null };
}

function incomplete(why: string): ReplayedCustomer {
  return { kind: 'left', reason: 'historyIncomplete', row: null, why };
}

function impossible(row: RowKey, why: string): ReplayedCustomer {
  return { kind: 'left', reason: 'impossible', row, why };
}

function recordsOf({ customers, accounts }: Records, isWanted: (product: string) => boolean): Records {
  return {
    customers: customers.filter((record) => isWanted(identityKey(record))),
    accounts: accounts.filter((record) => isWanted(identityKey(record))),
  };
}
