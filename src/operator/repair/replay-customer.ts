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
  placeLost,
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
 * records, the customer is left as it is. Where rows were only refused since, the store holds what was before the lost
 * rows, and these are applied to it.
 *
 * A row that was refused since is decided anew in its place, by the rules of now. Where it would take effect it was refused
 * because of the loss, or because of another row that was.
 */

/** What is known of a customer with lost rows. */
export interface CustomerHistory extends RowsToPlace {
  readonly stored: Records;
  /** Why rows that took effect are not here; null: all are. */
  readonly gone: 'rowsLeft' | 'rowsRewritten' | null;
  /** Rows were applied after the first lost one. */
  readonly isAppliedSince: boolean;
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
  const products = new Set<string>();
  for (const row of history.lost) {
    const operation = parseOperation(row);
    if (isRefusal(operation)) return impossible(row, errContent(row.source, operation));
    products.add(identityKey(operation.identity));
  }
  const stored = recordsOf(history.stored, products);
  const unexplained = history.isAppliedSince
    ? whyUnexplained(history, { stored, products, rules: settings.rules })
    : null;
  if (unexplained !== null) return incomplete(unexplained);
  const placed = placeLost(history, settings);
  if (placed === null) return incomplete('its decisions leave no time for the lost rows');
  const play = (kinds: readonly PlacedStep['kind'][]) =>
    playSteps(ofProducts(placed.steps, { products, kinds }), {
      rules: settings.rules,
      base: history.isAppliedSince ? nothing : stored,
    });
  const known = history.isAppliedSince ? (['decided', 'lost'] as const) : (['lost'] as const);
  const anew = history.refused.length === 0 ? null : play([...known, 'refused']);
  const right = anew !== null && settings.takeBack ? anew : play(known);
  if (right.refusal !== null) {
    const { step, refusal } = right.refusal;
    return impossible(step.row, errContent(step.row.source, refusal));
  }
  const isFalse = new Set(anew?.takenBack);
  return {
    kind: 'replayed',
    rows: placed.lost,
    changes: recordChanges(stored, right.records),
    falselyRefused: history.refused.filter(({ row }) => isFalse.has(row)),
  };
}

/** What speaks against taking the journal's rows for all that the store's records come from; null: nothing. */
function whyUnexplained(
  { gone, decided }: CustomerHistory,
  {
    stored,
    products,
    rules,
  }: {
    readonly stored: Records;
    readonly products: ReadonlySet<string>;
    readonly rules: Rules;
  },
): string | null {
  if (gone === 'rowsLeft') return 'rows that were applied are gone from the middle database';
  if (gone === 'rowsRewritten') return 'rows that were applied have other content by now';
  const known = playSteps(ofProducts(decidedSteps(decided), { products, kinds: ['decided'] }), {
    base: nothing,
    rules,
  });
  if (known.refusal !== null) return 'a row that was applied could not have been by the rows before it';
  const { differences } = compareRecords(known.records, stored, null);
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
  readonly refusal: { readonly step: PlacedStep; readonly refusal: Refusal } | null;
}

function playSteps(
  steps: Iterable<PlacedStep>,
  { base, rules }: { readonly base: Records; readonly rules: Rules },
): Played {
  const records = new ReplayedRecords(base);
  const ofFinished = rulesOfFinishedRows(rules.attributes);
  const takenBack: InterfaceRow[] = [];
  for (const step of steps) {
    const isRefused = step.kind === 'refused';
    const refusal = records.take(step.row, { rules: isRefused ? rules : ofFinished, at: step.at });
    if (refusal === null && isRefused) takenBack.push(step.row);
    if (refusal !== null && !isRefused) return { records: nothing, takenBack, refusal: { step, refusal } };
  }
  return { records: records.changed(), takenBack, refusal: null };
}

function incomplete(why: string): ReplayedCustomer {
  return { kind: 'left', reason: 'historyIncomplete', row: null, why };
}

function impossible(row: RowKey, why: string): ReplayedCustomer {
  return { kind: 'left', reason: 'impossible', row, why };
}

function recordsOf({ customers, accounts }: Records, products: ReadonlySet<string>): Records {
  return {
    customers: customers.filter((record) => products.has(identityKey(record))),
    accounts: accounts.filter((record) => products.has(identityKey(record))),
  };
}

/** Products do not depend on each other, and only what is lost has to be explained. */
function* ofProducts(
  steps: Iterable<PlacedStep>,
  {
    products,
    kinds,
  }: { readonly products: ReadonlySet<string>; readonly kinds: readonly PlacedStep['kind'][] },
): Generator<PlacedStep> {
  for (const step of steps) {
    if (!kinds.includes(step.kind)) continue;
    const operation = parseOperation(step.row);
    if (!isRefusal(operation) && products.has(identityKey(operation.identity))) yield step;
  }
}
