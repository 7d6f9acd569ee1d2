import type { Executor } from '../../database/database.js';
import type { Account, Customer } from '../../domain/customer.js';
import type { Changed, Changes } from '../../domain/working-set.js';

/*
 * Writes a batch's changes: at most seven statements, whatever its size, each omitted if it would change nothing.
 */

const identity = { product_id: 'number', cust_id: 'number', biz_id: 'text' } as const;
const user = { ...identity, user_id: 'text' } as const;

const customerColumns = {
  ...identity,
  area_code: 'text',
  cust_account: 'text',
  cust_name: 'text',
  status: 'text',
  opened_at: 'instant',
  changed_at: 'instant',
  cancelled_at: 'instant',
  last_streaming_no: 'number',
} as const;

const accountColumns = {
  ...user,
  area_code: 'text',
  acc_type: 'text',
  acc_name: 'text',
  status: 'text',
  bound_at: 'instant',
  changed_at: 'instant',
  unbound_at: 'instant',
  last_streaming_no: 'number',
} as const;

const attributeColumns = { attr_spec_id: 'number', attr_id: 'number', attr_value: 'text' } as const;

/** Writes the changes of a batch. */
export async function writeChanges(executor: Executor, changes: Changes): Promise<void> {
  await unbindAll(executor, changes.unboundAll);
  await writeCustomers(executor, changes.customers);
  await writeAccounts(executor, changes.accounts);
  await replaceCustomerAttributes(executor, changes.customerAttributes);
  await replaceAccountAttributes(executor, changes.accountAttributes);
}

async function unbindAll(executor: Executor, products: Changes['unboundAll']): Promise<void> {
  if (products.length === 0) return;
  const { sql, bindings } = executor.dialect.recordset(
    { ...identity, streaming_no: 'number', at: 'instant' },
    products.map(({ productId, custId, bizId, streamingNo, at }) => [
      productId,
      custId,
      bizId,
      streamingNo,
      at,
    ]),
    'r',
  );
  await executor.execute({
    sql: `UPDATE bnet_account AS t SET status = 'unbound', unbound_at = r.at, last_streaming_no = r.streaming_no
          FROM ${sql}
          WHERE t.product_id = r.product_id AND t.cust_id = r.cust_id AND t.biz_id = r.biz_id AND t.status = 'bound'`,
    bindings,
  });
}

async function writeCustomers(executor: Executor, customers: readonly Customer[]): Promise<void> {
  if (customers.length === 0) return;
  const names = Object.keys(customerColumns);
  const { sql, bindings } = executor.dialect.recordset(
    customerColumns,
    customers.map((customer) => [
      customer.productId,
      customer.custId,
      customer.bizId,
      customer.areaCode,
      customer.custAccount,
      customer.custName,
      customer.status,
      customer.openedAt,
      customer.changedAt,
      customer.cancelledAt,
      customer.lastStreamingNo,
    ]),
    'r',
  );
  await executor.execute({
    sql: `INSERT INTO bnet_customer (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${sql} WHERE TRUE
          ON CONFLICT (product_id, cust_id, biz_id) DO UPDATE SET ${excluded(names.slice(3))}`,
    bindings,
  });
}

async function writeAccounts(executor: Executor, accounts: readonly Account[]): Promise<void> {
  if (accounts.length === 0) return;
  const names = Object.keys(accountColumns);
  const { sql, bindings } = executor.dialect.recordset(
    accountColumns,
    accounts.map((account) => [
      account.productId,
      account.custId,
      account.bizId,
      account.userId,
      account.areaCode,
      account.accType,
      account.accName,
      account.status,
      account.boundAt,
      account.changedAt,
      account.unboundAt,
      account.lastStreamingNo,
    ]),
    'r',
  );
  await executor.execute({
    sql: `INSERT INTO bnet_account (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${sql} WHERE TRUE
          ON CONFLICT (product_id, cust_id, biz_id, user_id) DO UPDATE SET ${excluded(names.slice(4))}`,
    bindings,
  });
}

async function replaceCustomerAttributes(
  executor: Executor,
  changes: readonly Changed<Customer>[],
): Promise<void> {
  const stored = changes.filter((change) => change.hadAttributes).map(({ subject }) => subject);
  if (stored.length > 0) {
    const { sql, bindings } = executor.dialect.recordset(
      identity,
      stored.map(({ productId, custId, bizId }) => [productId, custId, bizId]),
      'r',
    );
    await executor.execute({
      sql: `DELETE FROM bnet_customer_attr WHERE (product_id, cust_id, biz_id)
            IN (SELECT r.product_id, r.cust_id, r.biz_id FROM ${sql})`,
      bindings,
    });
  }
  const rows = changes.flatMap(({ subject: { productId, custId, bizId, attributes } }) =>
    attributes.map((attribute) => [
      productId,
      custId,
      bizId,
      attribute.attrSpecId,
      attribute.attrId,
      attribute.attrValue,
    ]),
  );
  await insert(executor, 'bnet_customer_attr', { ...identity, ...attributeColumns }, rows);
}

async function replaceAccountAttributes(
  executor: Executor,
  changes: readonly Changed<Account>[],
): Promise<void> {
  const stored = changes.filter((change) => change.hadAttributes).map(({ subject }) => subject);
  if (stored.length > 0) {
    const { sql, bindings } = executor.dialect.recordset(
      user,
      stored.map(({ productId, custId, bizId, userId }) => [productId, custId, bizId, userId]),
      'r',
    );
    await executor.execute({
      sql: `DELETE FROM bnet_account_attr WHERE (product_id, cust_id, biz_id, user_id)
            IN (SELECT r.product_id, r.cust_id, r.biz_id, r.user_id FROM ${sql})`,
      bindings,
    });
  }
  const rows = changes.flatMap(({ subject: { productId, custId, bizId, userId, attributes } }) =>
    attributes.map((attribute) => [
      productId,
      custId,
      bizId,
      userId,
      attribute.attrSpecId,
      attribute.attrId,
      attribute.attrValue,
    ]),
  );
  await insert(executor, 'bnet_account_attr', { ...user, ...attributeColumns }, rows);
}

async function insert(
  executor: Executor,
  table: string,
  columns: Parameters<Executor['dialect']['recordset']>[0],
  rows: Parameters<Executor['dialect']['recordset']>[1],
): Promise<void> {
  if (rows.length === 0) return;
  const names = Object.keys(columns).join(', ');
  const { sql, bindings } = executor.dialect.recordset(columns, rows, 'r');
  await executor.execute({ sql: `INSERT INTO ${table} (${names}) SELECT ${names} FROM ${sql}`, bindings });
}

function excluded(names: readonly string[]): string {
  return names.map((name) => `${name} = excluded.${name}`).join(', ');
}
