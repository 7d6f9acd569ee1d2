import { identityKey, type Account, type Customer, type Identity } from '../../domain/customer.js';
import type { DecisionContext } from '../../domain/decide.js';
import type { Refusal } from '../../domain/err-content.js';
import { isRefusal, parseOperation, type Operation } from '../../domain/operation.js';
import { rulesOfFinishedRows } from '../../domain/repair.js';
import type { InterfaceRow } from '../../domain/rows.js';
import type { Rules } from '../../domain/rules.js';
import { WorkingSet } from '../../domain/working-set.js';
import type { Step } from './effective-rows.js';

/*
 * What a customer's finished rows lead to, by the worker's own rules. Every row here has taken effect, according to the
 * middle database. So rules that only say whether a row is refused are not applied: they may have been different then.
 * The one that says how it takes effect is (`rules.attributes`).
 */

/** What the rows lead to. Times are those of the steps, where they have one. */
export interface Replayed {
  readonly customers: readonly Customer[];
  readonly accounts: readonly Account[];
  /** Rows unknown to the journal that could not take effect. */
  readonly impossible: readonly { readonly row: InterfaceRow; readonly refusal: Refusal }[];
  /** A row took effect that could not have without others missing here. */
  readonly incomplete: boolean;
}

/** Applies rows one after another. */
export function replay(rows: Iterable<Step>, attributes: Rules['attributes']): Replayed {
  const rules = rulesOfFinishedRows(attributes);
  const products = new Map<string, WorkingSet>();
  const impossible: { row: InterfaceRow; refusal: Refusal }[] = [];
  let incomplete = false;
  for (const { row, journalled, at = notCompared } of rows) {
    const refusal = takeEffect(products, row, { rules, at });
    if (refusal === null) continue;
    if (journalled) incomplete = true;
    else impossible.push({ row, refusal });
  }
  const changes = [...products.values()].map((product) => product.changes());
  return {
    customers: changes.flatMap(({ customers }) => customers),
    accounts: changes.flatMap(({ accounts }) => accounts),
    impossible,
    incomplete,
  };
}

/** Null: it took effect. */
function takeEffect(
  products: Map<string, WorkingSet>,
  row: InterfaceRow,
  context: DecisionContext,
): Refusal | null {
  const operation = parseOperation(row);
  if (isRefusal(operation)) return operation;
  const product = productOf(products, operation);
  const decision = product.decide(operation, context);
  if (decision.kind === 'refused') return decision.refusal;
  product.take(operation, decision, context.at);
  return null;
}

/** Workers took times from the store's clock: rows do not have them. */
const notCompared = '';

function productOf(products: Map<string, WorkingSet>, { identity }: Operation): WorkingSet {
  const key = identityKey(identity);
  const present = products.get(key);
  if (present !== undefined) return present;
  const product = emptyProduct(identity);
  products.set(key, product);
  return product;
}

function emptyProduct(identity: Identity): WorkingSet {
  const request = { products: [identity], users: [], counted: [] };
  return new WorkingSet(request, { customers: [], accounts: [], boundUsers: [] });
}
