import type { Account, Attribute, Customer, Identity } from '../../src/domain/customer.js';
import { BatchDecider, snapshotRequestOf, type UndecidedRow } from '../../src/domain/decide-batch.js';
import type { DecisionContext } from '../../src/domain/decide.js';
import { compareNumbers } from '../../src/domain/keys.js';
import type { Operation } from '../../src/domain/operation.js';
import {
  WorkingSet,
  type Changes,
  type Snapshot,
  type SnapshotRequest,
} from '../../src/domain/working-set.js';
import { accountRow, customerRow } from './builders.js';

const nameOf = (...parts: readonly string[]): string => JSON.stringify(parts);
const productOf = ({ productId, custId, bizId }: Identity): string => nameOf(productId, custId, bizId);
const userOf = (user: Identity & { userId: string }): string =>
  nameOf(user.productId, user.custId, user.bizId, user.userId);

/**
 * The customers and users of a product store as plain objects. It does what a store is asked and no more: attributes
 * are written where `Changes` says so, and the old ones are removed only where it says that there are any.
 */
export class MemoryStore {
  readonly #customers = new Map<string, Customer>();
  readonly #accounts = new Map<string, Account>();
  readonly #customerAttributes = new Map<string, readonly Attribute[]>();
  readonly #accountAttributes = new Map<string, readonly Attribute[]>();

  read(request: SnapshotRequest): Snapshot {
    const all = this.contents();
    const products = new Set(request.products.map(productOf));
    const users = new Set(request.users.map(userOf));
    return {
      customers: all.customers.filter((customer) => products.has(productOf(customer))),
      accounts: all.accounts.filter((account) => users.has(userOf(account))),
      boundUsers: request.counted.flatMap((product) => {
        const ofProduct = all.accounts.filter((account) => productOf(account) === productOf(product));
        const count = ofProduct.filter(({ status }) => status === 'bound').length;
        return count === 0 ? [] : [{ ...product, count }];
      }),
    };
  }

  write(changes: Changes, at: string): void {
    for (const product of changes.unboundAll) {
      for (const [name, account] of this.#accounts) {
        if (productOf(account) !== productOf(product) || account.status !== 'bound') continue;
        const unbound = { status: 'unbound', unboundAt: at, lastStreamingNo: product.streamingNo } as const;
        this.#accounts.set(name, { ...account, ...unbound });
      }
    }
    for (const customer of changes.customers) this.#customers.set(productOf(customer), customer);
    for (const account of changes.accounts) this.#accounts.set(userOf(account), account);
    for (const { subject, hadAttributes } of changes.customerAttributes) {
      replace(this.#customerAttributes, productOf(subject), subject.attributes, hadAttributes);
    }
    for (const { subject, hadAttributes } of changes.accountAttributes) {
      replace(this.#accountAttributes, userOf(subject), subject.attributes, hadAttributes);
    }
  }

  contents(): { customers: Customer[]; accounts: Account[] } {
    const inIdOrder = (attributes: readonly Attribute[] = []) =>
      [...attributes].sort((a, b) => compareNumbers(a.attrId ?? '', b.attrId ?? ''));
    return {
      customers: [...this.#customers].sort(byName).map(([name, customer]) => {
        return { ...customer, attributes: inIdOrder(this.#customerAttributes.get(name)) };
      }),
      accounts: [...this.#accounts].sort(byName).map(([name, account]) => {
        return { ...account, attributes: inIdOrder(this.#accountAttributes.get(name)) };
      }),
    };
  }
}

function replace(
  stored: Map<string, readonly Attribute[]>,
  name: string,
  attributes: readonly Attribute[],
  hadAttributes: boolean,
): void {
  const kept = hadAttributes ? [] : (stored.get(name) ?? []);
  stored.set(name, [...kept, ...attributes]);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** Decides operations as one batch over a snapshot of a store. Answers are null where one takes effect, else its ErrContent. */
export function decideBatch(
  store: MemoryStore,
  operations: readonly Operation[],
  { rules, at }: DecisionContext,
): { answers: (string | null)[]; changes: Changes } {
  const undecided = operations.map(undecidedRow);
  const request = snapshotRequestOf(undecided, rules);
  const work = new WorkingSet(request, store.read(request));
  const decider = new BatchDecider(work, { rules, at, now: '', dependencyGraceMs: 0 });
  decider.decideAll(undecided);
  return { answers: decider.decisions.map(({ decision }) => decision.errContent), changes: work.changes() };
}

/** The row of an operation, as it stands where the journal does not know it. */
function undecidedRow(operation: Operation): UndecidedRow {
  const { source, streamingNo, identity } = operation;
  const row =
    source === 'CUST' ? customerRow({ ...identity, streamingNo }) : accountRow({ ...identity, streamingNo });
  const key = { source, streamingNo, attempt: '' };
  return { row: { ...key, row }, digest: '', asks: operation, supersedes: false, contentChanged: false };
}
