import { decide, type DecisionContext, type Effect, type Refused } from './decide.js';
import { identityKey, type Account, type Customer, type Identity, type ProductState } from './customer.js';
import type { Operation } from './operation.js';
import type { Rules } from './rules.js';

/** A user of a customer's product. */
export interface UserKey extends Identity {
  readonly userId: string;
}

/** What a batch of operations must read of the product store before it can be decided. */
export interface SnapshotRequest {
  readonly products: readonly Identity[];
  readonly users: readonly UserKey[];
  /** The products whose bound users must be counted. */
  readonly counted: readonly Identity[];
}

/** What the store answers to a snapshot request; products and users it has never seen are absent. */
export interface Snapshot {
  readonly customers: readonly Customer[];
  readonly accounts: readonly Account[];
  readonly boundUsers: readonly (Identity & { readonly count: number })[];
}

/** What a decided batch changes in the product store. */
export interface Changes {
  /** Applied first: every bound user of these products is unbound. */
  readonly unboundAll: readonly (Identity & { readonly streamingNo: string; readonly at: string })[];
  readonly customers: readonly Customer[];
  readonly accounts: readonly Account[];
  /** Those of the customers and accounts above whose stored attributes are replaced by the ones they carry. */
  readonly customerAttributes: readonly Changed<Customer>[];
  readonly accountAttributes: readonly Changed<Account>[];
}

/** A customer or account whose attributes changed, and whether the store holds any for it yet. */
export interface Changed<T> {
  readonly subject: T;
  readonly hadAttributes: boolean;
}

/** Says what a batch must read. Counting bound users is only asked for where a rule looks at the count. */
export function snapshotRequest(operations: readonly Operation[], rules: Rules): SnapshotRequest {
  const products = new Map<string, Identity>();
  const users = new Map<string, UserKey>();
  const counted = new Map<string, Identity>();
  for (const operation of operations) {
    const key = identityKey(operation.identity);
    products.set(key, operation.identity);
    if (operation.source === 'ACCOUNT') {
      users.set(`${key}/${operation.userId}`, { ...operation.identity, userId: operation.userId });
    }
    const looksAtCount =
      operation.opFlag === '0103' || (operation.opFlag === '0201' && rules.userLimitAttrSpecId !== null);
    if (looksAtCount) counted.set(key, operation.identity);
  }
  return { products: [...products.values()], users: [...users.values()], counted: [...counted.values()] };
}

interface WorkingProduct {
  customer: Customer | null;
  users: Map<string, Account>;
  boundUsers: number;
  storedCustomer: Customer | null;
  storedUsers: ReadonlyMap<string, Account>;
  unboundAllBy: { readonly streamingNo: string; readonly at: string } | null;
}

/** The part of the product store that a batch works on, in memory: decided row after row, written once at the end. */
export class WorkingSet {
  readonly #products = new Map<string, WorkingProduct>();

  constructor(request: SnapshotRequest, snapshot: Snapshot) {
    const customers = new Map(snapshot.customers.map((customer) => [identityKey(customer), customer]));
    const counts = new Map(snapshot.boundUsers.map((bound) => [identityKey(bound), bound.count]));
    const accounts = new Map<string, Map<string, Account>>();
    for (const account of snapshot.accounts) {
      const key = identityKey(account);
      const users = accounts.get(key) ?? new Map<string, Account>();
      accounts.set(key, users.set(account.userId, account));
    }
    for (const identity of request.products) {
      const key = identityKey(identity);
      const customer = customers.get(key) ?? null;
      const storedUsers = accounts.get(key) ?? new Map<string, Account>();
      const users = new Map(storedUsers);
      const boundUsers = counts.get(key) ?? 0;
      this.#products.set(key, {
        customer,
        users,
        boundUsers,
        storedCustomer: customer,
        storedUsers,
        unboundAllBy: null,
      });
    }
  }

  /** The present state of an operation's product; good until the next effect takes place. */
  stateOf(operation: Operation): ProductState {
    const product = this.#product(operation);
    return { customer: product.customer, users: product.users, boundUsers: product.boundUsers };
  }

  /** Decides an operation over the present state, without changing it. */
  decide(operation: Operation, context: DecisionContext): Effect | Refused {
    return decide(this.stateOf(operation), operation, context);
  }

  /** Lets an effect take place, so that the next operation of the batch is decided over it. */
  take(operation: Operation, effect: Effect, at: string): void {
    const product = this.#product(operation);
    if (effect.customer !== undefined) product.customer = effect.customer;
    if (effect.account !== undefined) product.users.set(effect.account.userId, effect.account);
    product.boundUsers = effect.boundUsers;
    if (effect.unbindsAll !== true) return;
    // After the first such cancel, every bound user is one that the batch mentions.
    product.unboundAllBy ??= { streamingNo: operation.streamingNo, at };
    for (const account of product.users.values()) {
      if (account.status !== 'bound') continue;
      const unbound = { status: 'unbound', unboundAt: at, lastStreamingNo: operation.streamingNo } as const;
      product.users.set(account.userId, { ...account, ...unbound });
    }
  }

  /** What differs from the snapshot. */
  changes(): Changes {
    const unboundAll: Changes['unboundAll'][number][] = [];
    const customers: Comparison<Customer>[] = [];
    const accounts: Comparison<Account>[] = [];
    for (const product of this.#products.values()) {
      const { customer, storedCustomer, storedUsers } = product;
      if (customer !== null && product.unboundAllBy !== null) {
        const { productId, custId, bizId } = customer;
        unboundAll.push({ productId, custId, bizId, ...product.unboundAllBy });
      }
      if (customer !== null && customer !== storedCustomer) customers.push(changed(customer, storedCustomer));
      for (const account of product.users.values()) {
        const stored = storedUsers.get(account.userId) ?? null;
        if (account !== stored) accounts.push(changed(account, stored));
      }
    }
    return {
      unboundAll,
      customers: customers.map(({ subject }) => subject),
      accounts: accounts.map(({ subject }) => subject),
      customerAttributes: customers.filter((change) => change.attributesChanged),
      accountAttributes: accounts.filter((change) => change.attributesChanged),
    };
  }

  #product(operation: Operation): WorkingProduct {
    const product = this.#products.get(identityKey(operation.identity));
    if (product === undefined) throw new Error(`not in the snapshot: ${identityKey(operation.identity)}`);
    return product;
  }
}

interface Comparison<T> extends Changed<T> {
  readonly attributesChanged: boolean;
}

function changed<T extends Customer | Account>(subject: T, stored: T | null): Comparison<T> {
  const hadAttributes = stored !== null && stored.attributes.length > 0;
  const attributesChanged =
    stored === null ? subject.attributes.length > 0 : subject.attributes !== stored.attributes;
  return { subject, hadAttributes, attributesChanged };
}
