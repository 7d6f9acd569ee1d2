import fc from 'fast-check';
import { type Pair, plant } from './databases.js';
import {
  sortedModelAttributes,
  type ModelAccount,
  type ModelAttribute,
  type ModelCustomer,
  type ModelRow,
  type ModelRules,
  type ModelStore,
} from './sequential-model.js';

/** A row of a random history with its place in the order. */
export interface HistoryRow extends ModelRow {
  readonly createDate: string | null;
}

/** The AttrSpecID that random rules use as the user limit. */
export const limitSpec = '11002009000000000000';

const specs = ['11002001000000000000', '11002009001000000000', limitSpec];
const attribute = fc.record({
  attrSpecId: fc.constantFrom(...specs),
  attrValue: fc.constantFrom(null, '', '0', '1', '2', '值', 'x'),
});
const sometimes = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 6, nil: null });
const createDate = fc.constantFrom(null, '2026-11-01 08:00:00', '2026-11-01 08:00:01', '2026-11-02 00:00:00');

const common = {
  createDate,
  productId: fc.constantFrom('323002000', '900000000000000000000000000200'),
  custId: fc.constantFrom('7', '990947809', '123456789012345678901234567890'),
  bizId: fc.constantFrom('b1', '计费2'),
  areaCode: sometimes(fc.constantFrom('020', '57102', '571020', ' ')),
  attributes: fc.array(attribute, { maxLength: 3 }),
};

const customerRow = fc.record({
  ...common,
  source: fc.constant('CUST' as const),
  opFlag: fc.constantFrom('0101', '0101', '0102', '0103'),
  custAccount: sometimes(fc.constantFrom('a', 'b')),
  custName: sometimes(fc.constantFrom('企业', '企业二')),
});

const accountRow = fc.record({
  ...common,
  source: fc.constant('ACCOUNT' as const),
  opFlag: fc.constantFrom('0201', '0201', '0202', '0203'),
  userId: sometimes(fc.constantFrom('u1', 'u2', '用户3')),
  accType: sometimes(fc.constantFrom('1', '2', '3')),
  accName: sometimes(fc.constantFrom('张三', '李四')),
});

/** Random rows of few customers, in any order, each with its own StreamingNo. */
export const histories: fc.Arbitrary<HistoryRow[]> = fc
  .tuple(fc.array(fc.oneof(customerRow, accountRow), { minLength: 1, maxLength: 30 }), fc.nat(1000))
  .map(([rows, salt]) =>
    rows.map((row, index): HistoryRow => {
      const streamingNo = String(
        BigInt((index * 7919 + salt) % 10_007) * (index % 3 === 0 ? 10n ** 24n : 1n) + BigInt(index),
      );
      const empty = { custAccount: null, custName: null, userId: null, accType: null, accName: null };
      const attributes = row.attributes.map((each, at) => ({
        ...each,
        attrId: `1${streamingNo.slice(0, 20)}${index}${at}`,
      }));
      return { ...empty, ...row, streamingNo, attributes };
    }),
  )
  .map((rows) => [...new Map(rows.map((row) => [`${row.source}${row.streamingNo}`, row])).values()]);

/** Random rules. */
export const rules: fc.Arbitrary<ModelRules> = fc.record({
  onDuplicateOpen: fc.constantFrom('refuse', 'update'),
  onDuplicateBind: fc.constantFrom('refuse', 'update'),
  onCancelWithUsers: fc.constantFrom('refuse', 'unbind'),
  attributes: fc.constantFrom('merge', 'replace'),
  userLimitAttrSpecId: fc.constantFrom(null, limitSpec),
});

/** The order in which rows take effect, said once more: CreateDate (none first), StreamingNo, customers first. */
export function inOrder(rows: readonly HistoryRow[]): HistoryRow[] {
  return [...rows].sort((a, b) => {
    const [dateA, dateB] = [a.createDate ?? '', b.createDate ?? ''];
    if (dateA !== dateB) return dateA < dateB ? -1 : 1;
    const [noA, noB] = [BigInt(a.streamingNo), BigInt(b.streamingNo)];
    if (noA !== noB) return noA < noB ? -1 : 1;
    return a.source === b.source ? 0 : a.source === 'CUST' ? -1 : 1;
  });
}

/** Inserts rows as the platform does. */
export async function plantHistory(pair: Pair, rows: readonly HistoryRow[]): Promise<void> {
  for (const row of rows) {
    const { source, attributes } = row;
    const own =
      source === 'CUST'
        ? { CustAccount: row.custAccount, CustName: row.custName }
        : { UserID: row.userId, AccType: row.accType, AccName: row.accName };
    const columns = {
      StreamingNo: row.streamingNo,
      ProductID: row.productId,
      BizID: row.bizId,
      AreaCode: pair.kind === 'SQLite' ? row.areaCode : (row.areaCode?.slice(0, 5) ?? null),
      CustID: row.custId,
      OPFlag: row.opFlag,
      CreateDate: row.createDate,
      ...own,
    };
    await plant(
      pair.middle,
      source,
      columns,
      attributes.map(({ attrId, attrSpecId, attrValue }) => [attrId, attrSpecId, attrValue]),
    );
  }
}

/** Empties both databases. */
export async function clear(pair: Pair): Promise<void> {
  const middle = ['IF_BNET_CUST', 'IF_BNET_CUST_ATTR', 'IF_BNET_ACCOUNT', 'IF_BNET_ACCOUNT_ATTR'];
  const store = [
    'bnet_customer',
    'bnet_customer_attr',
    'bnet_account',
    'bnet_account_attr',
    'sync_journal',
    'sync_crash',
    'sync_activity',
    'sync_pause',
  ];
  for (const table of middle) await pair.middle.execute({ sql: `DELETE FROM ${table}`, bindings: [] });
  for (const table of store) await pair.store.execute({ sql: `DELETE FROM ${table}`, bindings: [] });
  await expireLeases(pair);
}

/** Lets every lease run out, and takes every worker for dead. */
export async function expireLeases(pair: Pair): Promise<void> {
  await pair.store.execute({ sql: 'DELETE FROM sync_worker', bindings: [] });
  await pair.store.execute({ sql: 'UPDATE sync_shard SET expires_at = NULL, owner = NULL', bindings: [] });
}

type DriverRow = Readonly<Record<string, unknown>>;
const text = (value: unknown): string | null => (value === null ? null : String(value));

/** The product store as the model shows it. */
export async function storedModel(pair: Pair): Promise<ModelStore> {
  const read = async (table: string) =>
    (await pair.store.execute({ sql: `SELECT * FROM ${table}`, bindings: [] })).rows;
  const owner = (row: DriverRow) =>
    JSON.stringify([row['product_id'], row['cust_id'], row['biz_id'], row['user_id'] ?? '']);
  const byOwners = async (table: string) => {
    const owners = new Map<string, ModelAttribute[]>();
    for (const row of await read(table)) {
      const attribute = {
        attrId: text(row['attr_id']),
        attrSpecId: text(row['attr_spec_id']),
        attrValue: text(row['attr_value']),
      };
      owners.set(owner(row), [...(owners.get(owner(row)) ?? []), attribute]);
    }
    return (of: DriverRow) => sortedModelAttributes(owners.get(owner(of)) ?? []);
  };
  const identityOf = (row: DriverRow) => ({
    productId: String(row['product_id']),
    custId: String(row['cust_id']),
    bizId: String(row['biz_id']),
  });
  const attributesOfCustomer = await byOwners('bnet_customer_attr');
  const attributesOfAccount = await byOwners('bnet_account_attr');
  const customers = (await read('bnet_customer')).map((row): ModelCustomer => ({
    ...identityOf(row),
    areaCode: text(row['area_code']),
    custAccount: text(row['cust_account']),
    custName: text(row['cust_name']),
    status: row['status'] as 'active' | 'cancelled',
    lastStreamingNo: String(row['last_streaming_no']),
    attributes: attributesOfCustomer(row),
  }));
  const accounts = (await read('bnet_account')).map((row): ModelAccount => ({
    ...identityOf(row),
    userId: String(row['user_id']),
    areaCode: text(row['area_code']),
    accType: text(row['acc_type']),
    accName: text(row['acc_name']),
    status: row['status'] as 'bound' | 'unbound',
    lastStreamingNo: String(row['last_streaming_no']),
    attributes: attributesOfAccount(row),
  }));
  const byOwner = (a: ModelCustomer | ModelAccount, b: ModelCustomer | ModelAccount) =>
    key(a) < key(b) ? -1 : 1;
  return { customers: customers.sort(byOwner), accounts: accounts.sort(byOwner) };
}

function key(entry: ModelCustomer | ModelAccount): string {
  return JSON.stringify([entry.productId, entry.custId, entry.bizId, 'userId' in entry ? entry.userId : '']);
}
