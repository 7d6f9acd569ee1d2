import type { Executor } from '../../database/database.js';
import { identityKey, type Account, type Identity } from '../../domain/customer.js';
import type { UserKey } from '../../domain/working-set.js';
import type { CustomerRecord } from '../admin-port.js';
import { readSnapshot } from './snapshot.js';

/* A customer in the store, for people: at most six statements, and no more rows than are shown. */

/** Reads at most `limit` products of a customer, each with at most `limit` users. */
export async function readCustomerRecords(
  executor: Executor,
  custId: string,
  limit: number,
): Promise<readonly CustomerRecord[]> {
  const products = await readProducts(executor, custId, limit);
  const found = await readUsers(executor, products, limit + 1);
  const users = new Map<string, UserKey[]>();
  for (const user of found) users.set(identityKey(user), [...(users.get(identityKey(user)) ?? []), user]);
  const shown = [...users.values()].flatMap((ofProduct) => ofProduct.slice(0, limit));
  const { customers, accounts } = await readSnapshot(executor, { products, users: shown, counted: [] });
  const nameOf = (user: UserKey): string => `${identityKey(user)}/${user.userId}`;
  const byName = new Map(accounts.map((account) => [nameOf(account), account]));
  const byIdentity = new Map(customers.map((customer) => [identityKey(customer), customer]));
  return products.flatMap((product) => {
    const customer = byIdentity.get(identityKey(product));
    if (customer === undefined) return [];
    const ofProduct = users.get(identityKey(product)) ?? [];
    const present = ofProduct.map((user) => byName.get(nameOf(user)));
    return [
      {
        customer,
        users: present.filter((user): user is Account => user !== undefined),
        more: ofProduct.length > limit,
      },
    ];
  });
}

/** Whether a customer of a product was ever stored; the key begins with the product. */
export async function knowsProduct(executor: Executor, productId: string): Promise<boolean> {
  const { rows } = await executor.execute({
    sql: 'SELECT t.product_id FROM bnet_customer AS t WHERE t.product_id = ? LIMIT 1',
    bindings: [productId],
  });
  return rows.length > 0;
}

async function readProducts(executor: Executor, custId: string, limit: number): Promise<readonly Identity[]> {
  const { rows } = await executor.execute({
    sql: `SELECT CAST(t.product_id AS TEXT) AS product_id_text, t.biz_id FROM bnet_customer AS t WHERE t.cust_id = ?
          ORDER BY t.product_id, t.biz_id LIMIT ${limit}`,
    bindings: [custId],
  });
  return rows.map((row) => ({
    productId: String(row['product_id_text']),
    custId,
    bizId: String(row['biz_id']),
  }));
}

/** A limited branch per product: a window over all users would read a hundred thousand to show twenty. */
async function readUsers(
  executor: Executor,
  products: readonly Identity[],
  most: number,
): Promise<readonly UserKey[]> {
  if (products.length === 0) return [];
  const branches = products.map(
    (_, place) =>
      `SELECT * FROM (SELECT ${place} AS place, t.user_id FROM bnet_account AS t
                      WHERE t.product_id = ? AND t.cust_id = ? AND t.biz_id = ?
                      ORDER BY t.user_id LIMIT ${most}) AS branch${place}`,
  );
  const { rows } = await executor.execute({
    sql: `SELECT place, user_id FROM (${branches.join(' UNION ALL ')}) AS users ORDER BY place, user_id`,
    bindings: products.flatMap(({ productId, custId, bizId }) => [productId, custId, bizId]),
  });
  return rows.flatMap((row) => {
    const product = products[Number(row['place'])];
    return product === undefined ? [] : [{ ...product, userId: String(row['user_id']) }];
  });
}
