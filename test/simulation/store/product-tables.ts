import { DatabaseError } from '../../../src/database/errors.js';
import { identityKey, type Account, type Attribute, type Customer } from '../../../src/domain/customer.js';
import { compareNumbers } from '../../../src/domain/keys.js';
import { productKey, userKey, type Dependencies, type Seen } from '../../../src/domain/waiting.js';
import type {
  Changed,
  Changes,
  Snapshot,
  SnapshotRequest,
  UserKey,
} from '../../../src/domain/working-set.js';
import type { StoredEntry } from '../../fault/observations.js';
import type { StoreServer } from './server.js';
import { Table, type By } from './table.js';

/** A customer or user without its attributes, which stand in tables of their own. */
type Bare<T> = Omit<T, 'attributes'>;

const nameOf = (user: UserKey): string => `${identityKey(user)}/${user.userId}`;

/** Customers and users of the simulated product store, with their attributes. */
export class ProductTables {
  readonly customers = new Table<Bare<Customer>>();
  readonly accounts = new Table<Bare<Account>>(identityKey);
  readonly customerAttributes = new Table<readonly Attribute[]>();
  readonly accountAttributes = new Table<readonly Attribute[]>();
  readonly #server: StoreServer;

  constructor(server: StoreServer) {
    this.#server = server;
  }

  /** The same, as they are committed now. */
  copy(): ProductTables {
    const copy = new ProductTables(this.#server);
    copy.customers.restore(this.customers.copy());
    copy.accounts.restore(this.accounts.copy());
    copy.customerAttributes.restore(this.customerAttributes.copy());
    copy.accountAttributes.restore(this.accountAttributes.copy());
    return copy;
  }

  /** Reads what a batch works on. */
  snapshot({ products, users, counted }: SnapshotRequest, by: By): Snapshot {
    return {
      customers: products.flatMap((product) => {
        const key = identityKey(product);
        const found = this.customers.get(key, by);
        return found === undefined ? [] : [{ ...found, attributes: read(this.customerAttributes, key, by) }];
      }),
      accounts: users.flatMap((user) => {
        const key = nameOf(user);
        const found = this.accounts.get(key, by);
        return found === undefined ? [] : [{ ...found, attributes: read(this.accountAttributes, key, by) }];
      }),
      boundUsers: counted.flatMap(({ productId, custId, bizId }) => {
        const users = this.accounts.group(identityKey({ productId, custId, bizId }), by);
        const count = users.filter(({ status }) => status === 'bound').length;
        return count === 0 ? [] : [{ productId, custId, bizId, count }];
      }),
    };
  }

  /** Which of the products and users asked for exist, whatever their status. */
  seen({ products, users }: Dependencies): Seen {
    return new Set([
      ...products.filter((product) => this.customers.get(identityKey(product), null)).map(productKey),
      ...users
        .filter((user) => this.accounts.get(nameOf(user), null))
        .map((user) => userKey(user, user.userId)),
    ]);
  }

  /** Writes the changes of a batch. */
  write(changes: Changes, by: By): void {
    this.#require(changes);
    this.#lock(changes, by);
    for (const product of changes.unboundAll) {
      for (const key of this.accounts.keysOf(identityKey(product), by)) {
        const account = this.accounts.get(key, by);
        if (account?.status !== 'bound') continue;
        const { at, streamingNo } = product;
        const unbound = { status: 'unbound', unboundAt: at, lastStreamingNo: streamingNo } as const;
        this.accounts.put(key, { ...account, ...unbound }, by);
      }
    }
    for (const customer of changes.customers) this.customers.put(identityKey(customer), bare(customer), by);
    for (const account of changes.accounts) this.accounts.put(nameOf(account), bare(account), by);
    for (const change of changes.customerAttributes)
      replace(this.customerAttributes, identityKey(change.subject), change, by);
    for (const change of changes.accountAttributes)
      replace(this.accountAttributes, nameOf(change.subject), change, by);
  }

  /** Everything that stands, with attributes as text. */
  stored(): StoredEntry[] {
    const customers = this.customers.all().map((customer) => ({
      ...storedOf(customer, customer.custAccount, customer.custName),
      key: [customer.productId, customer.custId, customer.bizId].join('/'),
      attributes: textsOf(this.customerAttributes.get(identityKey(customer), null)),
    }));
    const accounts = this.accounts.all().map((account) => ({
      ...storedOf(account, account.accType, account.accName),
      key: [account.productId, account.custId, account.bizId, account.userId].join('/'),
      attributes: textsOf(this.accountAttributes.get(nameOf(account), null)),
    }));
    return [...customers, ...accounts];
  }

  /** What the database's checks, and the rules in force, have against the changes. */
  #require({ unboundAll, customers, accounts }: Changes): void {
    const isKnown =
      customers.every(({ status }) => ['active', 'cancelled'].includes(status)) &&
      accounts.every(({ status }) => ['bound', 'unbound'].includes(status));
    if (!isKnown) throw new DatabaseError('constraint', 'a status that the store does not know');
    if ([...unboundAll, ...customers, ...accounts].some((subject) => this.#server.refusesCustomer(subject)))
      throw new DatabaseError('constraint', 'a rule refuses the customer');
  }

  /** Before anything is written, so that a statement that meets a lock can be sent again. */
  #lock({ unboundAll, customers, accounts }: Changes, by: By): void {
    for (const product of unboundAll)
      for (const key of this.accounts.keysOf(identityKey(product), by)) this.accounts.lock(key, by);
    for (const customer of customers) this.customers.lock(identityKey(customer), by);
    for (const account of accounts) this.accounts.lock(nameOf(account), by);
  }
}

function bare<T extends { readonly attributes: unknown }>({
  attributes: _,
  ...rest
}: T): Omit<T, 'attributes'> {
  return rest;
}

function read(table: Table<readonly Attribute[]>, key: string, by: By): readonly Attribute[] {
  return [...(table.get(key, by) ?? [])].sort((a, b) => compareNumbers(a.attrId ?? '', b.attrId ?? ''));
}

/** The old ones are deleted only where the batch knows of any. */
function replace(
  table: Table<readonly Attribute[]>,
  key: string,
  { subject, hadAttributes }: Changed<Customer | Account>,
  by: By,
): void {
  const kept = hadAttributes ? [] : (table.get(key, by) ?? []);
  table.put(key, [...kept, ...subject.attributes], by);
}

function storedOf(
  { areaCode, status, lastStreamingNo }: Bare<Customer> | Bare<Account>,
  account: string | null,
  name: string | null,
): Pick<StoredEntry, 'values'> {
  return { values: { areaCode, account, name, status, last: lastStreamingNo } };
}

/** SQL makes nothing of a text in which a part is missing. */
function textsOf(attributes: readonly Attribute[] = []): string[] {
  return attributes
    .map(({ attrSpecId, attrId, attrValue }) =>
      attrId === null ? 'null' : `${attrSpecId}/${attrId}/${attrValue ?? 'NULL'}`,
    )
    .sort();
}
