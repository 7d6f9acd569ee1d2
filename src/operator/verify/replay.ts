import { identityKey, type Identity } from '../../domain/customer.js';
import type { DecisionContext } from '../../domain/decide.js';
import type { Refusal } from '../../domain/err-content.js';
import { isRefusal, parseOperation, type Operation } from '../../domain/operation.js';
import { rulesOfFinishedRows } from '../../domain/repair.js';
import type { InterfaceRow } from '../../domain/rows.js';
import type { Rules } from '../../domain/rules.js';
import { WorkingSet } from '../../domain/working-set.js';
import type { Records } from './compare.js';
import type { Step } from './effective-rows.js';

/*
 * What a customer's finished rows lead to, by the worker's own rules. Every row here has taken effect, according to the
 * middle database. So rules that only say whether a row is refused are not applied: they may have been different then.
 * The one that says how it takes effect is (`rules.attributes`).
 */

/** What the rows lead to. Times are those of the steps, where they have one. */
export interface Replayed extends Records {
  /** Rows unknown to the journal that could not take effect. */
  readonly impossible: readonly { readonly row: InterfaceRow; readonly refusal: Refusal }[];
  /** A row took effect that could not have without others missing here. */
  readonly incomplete: boolean;
}

/** Applies rows one after another. */
export function replay(rows: Iterable<Step>, attributes: Rules['attributes']): Replayed {
  const rules = rulesOfFinishedRows(attributes);
  const records = new ReplayedRecords();
  const impossible: { row: InterfaceRow; refusal: Refusal }[] = [];
  let incomplete = false;
  for (const { row, journalled, at = notCompared } of rows) {
    const refusal = records.take(row, { rules, at });
    if (refusal === null) continue;
    if (journalled) incomplete = true;
    else impossible.push({ row, refusal });
  }
  return { ...records.changed(), impossible, incomplete };
}

/** Workers took times from the store's clock: rows do not have them. */
const notCompared = '';

/** The records of a customer, while its rows are applied. */
export class ReplayedRecords {
  readonly #base: Records;
  readonly #products = new Map<string, WorkingSet>();

  /** `base`: what they are at first, all of them. */
  constructor(base: Records = { customers: [], accounts: [] }) {
    this.#base = base;
  }

  /** Null: the row took effect. */
  take(row: InterfaceRow, context: DecisionContext): Refusal | null {
    const operation = parseOperation(row);
    if (isRefusal(operation)) return operation;
    const product = this.#productOf(operation);
    const decision = product.decide(operation, context);
    if (decision.kind === 'refused') return decision.refusal;
    product.take(operation, decision, context.at);
    return null;
  }

  /** Records that are not what they were at first. */
  changed(): Records {
    const changes = [...this.#products.values()].map((product) => product.changes());
    return {
      customers: changes.flatMap(({ customers }) => customers),
      accounts: changes.flatMap(({ accounts }) => accounts),
    };
  }

  #productOf({ identity }: Operation): WorkingSet {
    const key = identityKey(identity);
    const present = this.#products.get(key);
    if (present !== undefined) return present;
    const isOfProduct = (record: Identity): boolean => identityKey(record) === key;
    const accounts = this.#base.accounts.filter(isOfProduct);
    const count = accounts.filter(({ status }) => status === 'bound').length;
    const product = new WorkingSet(
      { products: [identity], users: [], counted: [] },
      {
        customers: this.#base.customers.filter(isOfProduct),
        accounts,
        boundUsers: [{ ...identity, count }],
      },
    );
    this.#products.set(key, product);
    return product;
  }
}
