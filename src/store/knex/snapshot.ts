import type { Executor } from '../../database/database.js';
import type { Fragment } from '../../database/dialects/dialect.js';
import {
  type Account,
  type Attribute,
  type Customer,
  type Identity,
  identityKey,
} from '../../domain/customer.js';
import { compareNumbers } from '../../domain/keys.js';
import { productKey, userKey, type Dependencies, type Seen } from '../../domain/waiting.js';
import type { Snapshot, SnapshotRequest, UserKey } from '../../domain/working-set.js';

/*
 * Reads the part of the store that a batch works on: at most five statements, whatever the batch's size. Attributes are
 * read only for customers and users that were found, so a batch of first opens costs one.
 */

type DriverRow = Readonly<Record<string, unknown>>;

const identityColumns = { product_id: 'number', cust_id: 'number', biz_id: 'text' } as const;
const userColumns = { ...identityColumns, user_id: 'text' } as const;

/** Joins a table to the wanted identities (or users), driving from these. */
function join(executor: Executor, table: string, wanted: readonly (Identity | UserKey)[]): Fragment {
  const ofUsers = wanted.some((key) => 'userId' in key);
  const rows = wanted.map((key) => [
    key.productId,
    key.custId,
    key.bizId,
    ...('userId' in key ? [key.userId] : []),
  ]);
  const { sql, bindings } = executor.dialect.recordset(ofUsers ? userColumns : identityColumns, rows, 'w');
  const sameUser = ofUsers ? ' AND t.user_id = w.user_id' : '';
  return {
    sql: `FROM ${sql} CROSS JOIN ${table} AS t
          WHERE t.product_id = w.product_id AND t.cust_id = w.cust_id AND t.biz_id = w.biz_id${sameUser}`,
    bindings,
  };
}

const identityList = 'CAST(t.product_id AS TEXT) AS product_id, CAST(t.cust_id AS TEXT) AS cust_id, t.biz_id';
const attributeList = `CAST(t.attr_spec_id AS TEXT) AS attr_spec_id, CAST(t.attr_id AS TEXT) AS attr_id, t.attr_value`;

/** Reads the snapshot of a batch. */
export async function readSnapshot(executor: Executor, request: SnapshotRequest): Promise<Snapshot> {
  const customers = await readCustomers(executor, request.products);
  const accounts = await readAccounts(executor, request.users);
  const boundUsers = await countBoundUsers(executor, request.counted);
  return { customers, accounts, boundUsers };
}

async function readExisting<T extends Identity | UserKey>(
  executor: Executor,
  table: 'bnet_customer' | 'bnet_account',
  wanted: readonly T[],
): Promise<readonly (Identity & { userId: string })[]> {
  if (wanted.length === 0) return [];
  const { sql, bindings } = join(executor, table, wanted);
  const user = table === 'bnet_account' ? 't.user_id' : `''`;
  const { rows } = await executor.execute({
    sql: `SELECT ${identityList}, ${user} AS user_id ${sql}`,
    bindings,
  });
  return rows.map((row) => ({ ...identityOf(row), userId: String(row['user_id']) }));
}

/** Which of the products and users asked for exist, whatever their status. */
export async function readSeen(executor: Executor, { products, users }: Dependencies): Promise<Seen> {
  const customers = await readExisting(executor, 'bnet_customer', products);
  const accounts = await readExisting(executor, 'bnet_account', users);
  return new Set([...customers.map(productKey), ...accounts.map((user) => userKey(user, user.userId))]);
}

async function readCustomers(executor: Executor, products: readonly Identity[]): Promise<Customer[]> {
  if (products.length === 0) return [];
  const { instantText } = executor.dialect;
  const { sql, bindings } = join(executor, 'bnet_customer', products);
  const { rows } = await executor.execute({
    sql: `SELECT ${identityList}, t.area_code, t.cust_account, t.cust_name, t.status,
                 ${instantText('t.opened_at')} AS opened_at, ${instantText('t.changed_at')} AS changed_at,
                 ${instantText('t.cancelled_at')} AS cancelled_at,
                 CAST(t.last_streaming_no AS TEXT) AS last_streaming_no ${sql}`,
    bindings,
  });
  const attributes = await readAttributes(executor, 'bnet_customer_attr', rows.map(identityOf));
  return rows.map((row) => ({
    ...identityOf(row),
    areaCode: text(row['area_code']),
    custAccount: text(row['cust_account']),
    custName: text(row['cust_name']),
    status: row['status'] === 'active' ? 'active' : 'cancelled',
    openedAt: String(row['opened_at']),
    changedAt: text(row['changed_at']),
    cancelledAt: text(row['cancelled_at']),
    lastStreamingNo: String(row['last_streaming_no']),
    attributes: attributes.get(identityKey(identityOf(row))) ?? [],
  }));
}

async function readAccounts(executor: Executor, users: readonly UserKey[]): Promise<Account[]> {
  if (users.length === 0) return [];
  const { instantText } = executor.dialect;
  const { sql, bindings } = join(executor, 'bnet_account', users);
  const { rows } = await executor.execute({
    sql: `SELECT ${identityList}, t.user_id, t.area_code, t.acc_type, t.acc_name, t.status,
                 ${instantText('t.bound_at')} AS bound_at, ${instantText('t.changed_at')} AS changed_at,
                 ${instantText('t.unbound_at')} AS unbound_at,
                 CAST(t.last_streaming_no AS TEXT) AS last_streaming_no ${sql}`,
    bindings,
  });
  const attributes = await readAttributes(executor, 'bnet_account_attr', rows.map(userOf));
  return rows.map((row) => ({
    ...userOf(row),
    areaCode: text(row['area_code']),
    accType: text(row['acc_type']),
    accName: text(row['acc_name']),
    status: row['status'] === 'bound' ? 'bound' : 'unbound',
    boundAt: String(row['bound_at']),
    changedAt: text(row['changed_at']),
    unboundAt: text(row['unbound_at']),
    lastStreamingNo: String(row['last_streaming_no']),
    attributes: attributes.get(`${identityKey(identityOf(row))}/${String(row['user_id'])}`) ?? [],
  }));
}

async function readAttributes(
  executor: Executor,
  table: 'bnet_customer_attr' | 'bnet_account_attr',
  owners: readonly (Identity | UserKey)[],
): Promise<Map<string, Attribute[]>> {
  const byOwner = new Map<string, Attribute[]>();
  if (owners.length === 0) return byOwner;
  const ofUsers = table === 'bnet_account_attr';
  const { sql, bindings } = join(executor, table, owners);
  const user = ofUsers ? ', t.user_id' : '';
  const { rows } = await executor.execute({
    sql: `SELECT ${identityList}${user}, ${attributeList} ${sql}`,
    bindings,
  });
  for (const row of rows) {
    const identity = identityKey(identityOf(row));
    const owner = ofUsers ? `${identity}/${String(row['user_id'])}` : identity;
    const attribute = {
      attrSpecId: String(row['attr_spec_id']),
      attrId: text(row['attr_id']),
      attrValue: text(row['attr_value']),
    };
    const list = byOwner.get(owner);
    if (list === undefined) byOwner.set(owner, [attribute]);
    else list.push(attribute);
  }
  for (const list of byOwner.values()) list.sort((a, b) => compareNumbers(a.attrId ?? '', b.attrId ?? ''));
  return byOwner;
}

async function countBoundUsers(
  executor: Executor,
  counted: readonly Identity[],
): Promise<Snapshot['boundUsers']> {
  if (counted.length === 0) return [];
  const { sql, bindings } = join(executor, 'bnet_account', counted);
  const { rows } = await executor.execute({
    sql: `SELECT ${identityList}, count(*) AS users ${sql} AND t.status = 'bound'
          GROUP BY t.product_id, t.cust_id, t.biz_id`,
    bindings,
  });
  return rows.map((row) => ({ ...identityOf(row), count: Number(row['users']) }));
}

function identityOf(row: DriverRow): Identity {
  return {
    productId: String(row['product_id']),
    custId: String(row['cust_id']),
    bizId: String(row['biz_id']),
  };
}

function userOf(row: DriverRow): UserKey {
  return { ...identityOf(row), userId: String(row['user_id']) };
}

function text(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
