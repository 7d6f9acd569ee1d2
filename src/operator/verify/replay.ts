import { identityKey, type Account, type Customer, type Identity } from '../../domain/customer.js';
import type { Refusal } from '../../domain/err-content.js';
import { isRefusal, parseOperation, type Operation } from '../../domain/operation.js';
import type { InterfaceRow } from '../../domain/rows.js';
import type { Rules } from '../../domain/rules.js';
import { WorkingSet } from '../../domain/working-set.js';
import type { Step } from './effective-rows.js';

/*
 * What a customer's finished rows lead to, decided by the worker's own rules. Every row here has taken effect, or so the
 * middle database says. So the rules that only say whether a row is refused are not asked again: they may have been
 * others when it was applied. The one that says how it takes effect is (`rules.attributes`).
 */

/** What the rows lead to. Times are not those of the records. */
export interface Replayed {
  readonly customers: readonly Customer[];
  readonly accounts: readonly Account[];
  /** Rows that the journal does not know, and that could not take effect. */
  readonly impossible: readonly { readonly row: InterfaceRow; readonly refusal: Refusal }[];
  /** A row that took effect could not have without others that are not here. */
  readonly incomplete: boolean;
}

/** Lets rows take effect one after another. */
export function replay(rows: Iterable<Step>, attributes: Rules['attributes']): Replayed {
  const rules: Rules = {
    onDuplicateOpen: 'update',
    onDuplicateBind: 'update',
    onCancelWithUsers: 'unbind',
    attributes,
    userLimitAttrSpecId: null,
  };
  const products = new Map<string, WorkingSet>();
  const impossible: { row: InterfaceRow; refusal: Refusal }[] = [];
  let incomplete = false;
  for (const { row, journalled } of rows) {
    const refusal = takeEffect(products, row, rules);
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
function takeEffect(products: Map<string, WorkingSet>, row: InterfaceRow, rules: Rules): Refusal | null {
  const operation = parseOperation(row);
  if (isRefusal(operation)) return operation;
  const product = productOf(products, operation);
  const decision = product.decide(operation, { rules, at: notCompared });
  if (decision.kind === 'refused') return decision.refusal;
  product.take(operation, decision, notCompared);
  return null;
}

/** The workers took these times from the store's clock: rows do not tell them. */
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
