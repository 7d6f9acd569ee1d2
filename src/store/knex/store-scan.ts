import type { Database } from '../../database/database.js';
import type { Dialect, Fragment } from '../../database/dialects/dialect.js';
import { identityKey, type Account, type Customer, type Identity } from '../../domain/customer.js';
import type { Attempt } from '../../domain/keys.js';
import type { UserKey } from '../../domain/working-set.js';
import { repairedBy, type ScannedEntry, type ScanScope, type StoreScan } from '../admin-port.js';
import { readSnapshot } from './snapshot.js';

type DriverRow = Readonly<Record<string, unknown>>;

/** A key's columns; numbers are TEXT in SQLite. */
type KeyColumns = Readonly<Record<string, 'number' | 'text'>>;

const customerKey: KeyColumns = { product_id: 'number', cust_id: 'number', biz_id: 'text' };
const accountKey: KeyColumns = { ...customerKey, user_id: 'text' };
const attemptKey: KeyColumns = { source: 'text', streaming_no: 'number', attempt: 'text' };

/** A table to read by its primary key. */
interface Scanned {
  readonly table: 'bnet_customer' | 'bnet_account' | 'sync_journal';
  readonly key: KeyColumns;
  /** Select list over `t`. */
  readonly columns: string;
  /** `AND …` over `t`. */
  readonly condition?: string;
  /** Rows without a product count for all. */
  readonly productMayBeNull?: true;
}

/**
 * Whether an entry is a current success with a superseded failure before it, which a loss may have taken from one that was
 * repaired. A subquery that returns a value:
 * PostgreSQL may answer an EXISTS by reading all superseded failures once per page.
 */
const requeued = `CASE WHEN t.worker LIKE '${repairedBy}%' THEN 1
  WHEN t.outcome = 'applied' AND NOT t.superseded THEN COALESCE((
  SELECT 1 FROM sync_journal AS f
  WHERE f.source = t.source AND f.streaming_no = t.streaming_no AND f.attempt < t.attempt
    AND f.superseded AND f.outcome = 'failed' LIMIT 1), 0) ELSE 0 END`;

/** The product store behind Knex, page by page. */
export class KnexStoreScan implements StoreScan {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async journalPage(
    scope: ScanScope,
    after: Attempt | null,
    limit: number,
  ): Promise<readonly ScannedEntry[]> {
    const scanned: Scanned = {
      table: 'sync_journal',
      key: attemptKey,
      columns: `CASE WHEN t.superseded THEN 1 ELSE 0 END AS superseded, t.outcome, t.code, t.err_content,
                CAST(t.cust_id AS TEXT) AS cust_id_text, t.digest, ${requeued} AS requeued, t.worker,
                ${this.#database.dialect.instantText('t.decided_at')} AS decided_at_text`,
      condition: `AND (NOT t.superseded OR t.outcome = 'applied')`,
      productMayBeNull: true,
    };
    const place = after === null ? null : [after.source, after.streamingNo, after.attempt];
    return (await this.#page(scanned, scope, place, limit)).map(entryOf);
  }

  async customersPage(scope: ScanScope, after: Identity | null, limit: number): Promise<readonly Customer[]> {
    const scanned: Scanned = { table: 'bnet_customer', key: customerKey, columns: '1 AS present' };
    const place = after === null ? null : [after.productId, after.custId, after.bizId];
    const products = (await this.#page(scanned, scope, place, limit)).map(identityOf);
    const { customers } = await readSnapshot(this.#database, { products, users: [], counted: [] });
    const byKey = new Map(customers.map((customer) => [identityKey(customer), customer]));
    return products.flatMap((product) => byKey.get(identityKey(product)) ?? []);
  }

  async accountsPage(scope: ScanScope, after: UserKey | null, limit: number): Promise<readonly Account[]> {
    const scanned: Scanned = { table: 'bnet_account', key: accountKey, columns: '1 AS present' };
    const place = after === null ? null : [after.productId, after.custId, after.bizId, after.userId];
    const rows = await this.#page(scanned, scope, place, limit);
    const users = rows.map((row) => ({ ...identityOf(row), userId: String(row['user_id']) }));
    const { accounts } = await readSnapshot(this.#database, { products: [], users, counted: [] });
    const byKey = new Map(accounts.map((account) => [userText(account), account]));
    return users.flatMap((user) => byKey.get(userText(user)) ?? []);
  }

  async #page(
    scanned: Scanned,
    scope: ScanScope,
    after: readonly string[] | null,
    limit: number,
  ): Promise<readonly DriverRow[]> {
    const { sql, bindings } = pageStatement(this.#database.dialect, { scanned, scope, after, limit });
    return (await this.#database.execute({ sql, bindings })).rows;
  }
}

interface PageRequest {
  readonly scanned: Scanned;
  readonly scope: ScanScope;
  readonly after: readonly string[] | null;
  readonly limit: number;
}

function pageStatement(dialect: Dialect, { scanned, scope, after, limit }: PageRequest): Fragment {
  const { table, key, columns, condition = '' } = scanned;
  const names = Object.entries(key);
  const order = names.map(([name]) => `t.${name}`).join(', ');
  const bound = names.map(([, type]) => (type === 'number' ? dialect.number : '?'));
  const own = ownRows(dialect, scanned, scope);
  const ofProducts =
    own !== null || scope.productIds.length === 0 ? null : products(dialect, scanned, scope.productIds, 't');
  return {
    sql: `${own?.sql ?? ''}SELECT ${names.map(([name, type]) => textOf(name, type)).join(', ')}, ${columns}
          FROM ${own === null ? table : 'own'} AS t
          WHERE TRUE ${condition}${ofProducts === null ? '' : ` AND ${ofProducts.sql}`}
                ${after === null ? '' : `AND (${order}) > (${bound.join(', ')})`}
          ORDER BY ${order} LIMIT ${limit}`,
    bindings: [...(own?.bindings ?? []), ...(ofProducts?.bindings ?? []), ...(after ?? [])],
  };
}

/** A number keeps its digits, under another name: ORDER BY must see the column itself. */
function textOf(name: string, type: 'number' | 'text'): string {
  return type === 'number' ? `CAST(t.${name} AS TEXT) AS ${name}_text` : `t.${name}`;
}

/** Rows of a few customers are read first and separately: no planner must walk the whole key. */
function ownRows(dialect: Dialect, scanned: Scanned, scope: ScanScope): Fragment | null {
  const { custIds, productIds } = scope;
  if (custIds === undefined) return null;
  const ofCustomers = dialect.numberIn('m.cust_id', custIds);
  const ofProducts = productIds.length === 0 ? null : products(dialect, scanned, productIds, 'm');
  return {
    sql: `WITH own AS MATERIALIZED (SELECT m.* FROM ${scanned.table} AS m
          WHERE ${ofCustomers.sql}${ofProducts === null ? '' : ` AND ${ofProducts.sql}`}) `,
    bindings: [...ofCustomers.bindings, ...(ofProducts?.bindings ?? [])],
  };
}

function products(
  dialect: Dialect,
  { productMayBeNull }: Scanned,
  productIds: readonly string[],
  alias: string,
): Fragment {
  const { sql, bindings } = dialect.numberIn(`${alias}.product_id`, productIds);
  return productMayBeNull === true
    ? { sql: `(${alias}.product_id IS NULL OR ${sql})`, bindings }
    : { sql, bindings };
}

function identityOf(row: DriverRow): Identity {
  return {
    productId: String(row['product_id_text']),
    custId: String(row['cust_id_text']),
    bizId: String(row['biz_id']),
  };
}

function userText(user: UserKey): string {
  return `${identityKey(user)}/${user.userId}`;
}

function entryOf(row: DriverRow): ScannedEntry {
  return {
    source: row['source'] === 'CUST' ? 'CUST' : 'ACCOUNT',
    streamingNo: String(row['streaming_no_text']),
    attempt: String(row['attempt']),
    superseded: Number(row['superseded']) === 1,
    requeued: Number(row['requeued']) === 1,
    repaired: String(row['worker']).startsWith(repairedBy),
    outcome: row['outcome'] === 'applied' ? 'applied' : 'failed',
    code: text(row['code']),
    errContent: text(row['err_content']),
    custId: text(row['cust_id_text']),
    digest: String(row['digest']),
    decidedAt: String(row['decided_at_text']),
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
