import { formatFault, given, type ModelAttribute, type ModelRow } from './sequential-model-row.js';

/*
 * What the platform's rows mean, written down as plainly as possible: one row after another, one `if` after another, over
 * plain objects. Property tests compare the real thing with it, so it shares no code with it and knows nothing of
 * batches, databases or time.
 */

export type { ModelAttribute, ModelRow } from './sequential-model-row.js';

/** The rules of the configuration. */
export interface ModelRules {
  readonly onDuplicateOpen: 'refuse' | 'update';
  readonly onDuplicateBind: 'refuse' | 'update';
  readonly onCancelWithUsers: 'refuse' | 'unbind';
  readonly attributes: 'merge' | 'replace';
  readonly userLimitAttrSpecId: string | null;
}

/** The rules where the configuration says nothing. */
export const defaultModelRules: ModelRules = {
  onDuplicateOpen: 'refuse',
  onDuplicateBind: 'refuse',
  onCancelWithUsers: 'refuse',
  attributes: 'merge',
  userLimitAttrSpecId: null,
};

/** What became of a row: null when it was applied, else the code it was refused with. */
export interface ModelOutcome {
  readonly source: 'CUST' | 'ACCOUNT';
  readonly streamingNo: string;
  readonly code: string | null;
}

/** A row of bnet_customer with its attributes, without times. */
export interface ModelCustomer {
  productId: string;
  custId: string;
  bizId: string;
  areaCode: string | null;
  custAccount: string | null;
  custName: string | null;
  status: 'active' | 'cancelled';
  lastStreamingNo: string;
  attributes: ModelAttribute[];
}

/** A row of bnet_account with its attributes, without times. */
export interface ModelAccount {
  productId: string;
  custId: string;
  bizId: string;
  userId: string;
  areaCode: string | null;
  accType: string | null;
  accName: string | null;
  status: 'bound' | 'unbound';
  lastStreamingNo: string;
  attributes: ModelAttribute[];
}

/** The product store, sorted by identity; attributes by AttrSpecID, then attribute id, then value. */
export interface ModelStore {
  customers: ModelCustomer[];
  accounts: ModelAccount[];
}

/** What the model says. */
export interface ModelResult {
  readonly outcomes: ModelOutcome[];
  readonly store: ModelStore;
}

/** Judges rows in the order given, over an empty product store. */
export function runModel(rows: readonly ModelRow[], rules: ModelRules = defaultModelRules): ModelResult {
  const store: ModelStore = { customers: [], accounts: [] };
  const outcomes = rows.map((row) => {
    const code = formatFault(row) ?? takeEffect(store, row, rules);
    return { source: row.source, streamingNo: row.streamingNo, code };
  });
  return { outcomes, store: sorted(store) };
}

/** Changes the store and returns null, or returns the code of the refusal. */
function takeEffect(store: ModelStore, row: ModelRow, rules: ModelRules): string | null {
  const customer = store.customers.find((each) => isSameProduct(each, row));
  const user = store.accounts.find((each) => isSameProduct(each, row) && each.userId === row.userId);
  switch (row.opFlag ?? '') {
    case '0101':
      if (customer?.status === 'active') {
        if (rules.onDuplicateOpen === 'refuse') return '00404';
        changeCustomer(customer, row, rules);
        return null;
      }
      store.customers = store.customers.filter((each) => each !== customer);
      store.customers.push(openedCustomer(row));
      return null;
    case '0102':
      if (customer?.status !== 'active') return '00402';
      changeCustomer(customer, row, rules);
      return null;
    case '0103':
      return cancel(store, row, rules);
    case '0201':
      if (customer?.status !== 'active') return '00402';
      if (user?.status === 'bound') {
        if (rules.onDuplicateBind === 'refuse') return '00404';
        changeAccount(user, row, rules);
        return null;
      }
      if (boundUsers(store, row).length >= userLimit(customer, rules)) return '00406';
      store.accounts = store.accounts.filter((each) => each !== user);
      store.accounts.push(boundAccount(row));
      return null;
    case '0202':
      if (user?.status !== 'bound') return '00402';
      changeAccount(user, row, rules);
      return null;
    case '0203':
      if (user?.status !== 'bound') return '00402';
      user.status = 'unbound';
      user.lastStreamingNo = row.streamingNo;
      return null;
    default:
      throw new Error(`not an operation: ${row.opFlag ?? 'NULL'}`);
  }
}

function cancel(store: ModelStore, row: ModelRow, rules: ModelRules): string | null {
  const customer = store.customers.find((each) => isSameProduct(each, row));
  if (customer?.status !== 'active') return '00402';
  const users = boundUsers(store, row);
  if (users.length > 0 && rules.onCancelWithUsers === 'refuse') return '00405';
  for (const user of users) {
    user.status = 'unbound';
    user.lastStreamingNo = row.streamingNo;
  }
  customer.status = 'cancelled';
  customer.lastStreamingNo = row.streamingNo;
  return null;
}

function openedCustomer(row: ModelRow): ModelCustomer {
  return {
    ...identityOf(row),
    areaCode: given(row.areaCode),
    custAccount: given(row.custAccount),
    custName: given(row.custName),
    status: 'active',
    lastStreamingNo: row.streamingNo,
    attributes: attributesOf(row),
  };
}

function boundAccount(row: ModelRow): ModelAccount {
  return {
    ...identityOf(row),
    userId: row.userId ?? '',
    areaCode: given(row.areaCode),
    accType: given(row.accType),
    accName: given(row.accName),
    status: 'bound',
    lastStreamingNo: row.streamingNo,
    attributes: attributesOf(row),
  };
}

function changeCustomer(customer: ModelCustomer, row: ModelRow, rules: ModelRules): void {
  if (given(row.areaCode) !== null) customer.areaCode = row.areaCode;
  if (given(row.custAccount) !== null) customer.custAccount = row.custAccount;
  if (given(row.custName) !== null) customer.custName = row.custName;
  customer.attributes = changedAttributes(customer.attributes, attributesOf(row), rules);
  customer.lastStreamingNo = row.streamingNo;
}

function changeAccount(account: ModelAccount, row: ModelRow, rules: ModelRules): void {
  if (given(row.areaCode) !== null) account.areaCode = row.areaCode;
  if (given(row.accType) !== null) account.accType = row.accType;
  if (given(row.accName) !== null) account.accName = row.accName;
  account.attributes = changedAttributes(account.attributes, attributesOf(row), rules);
  account.lastStreamingNo = row.streamingNo;
}

function changedAttributes(
  old: ModelAttribute[],
  given: ModelAttribute[],
  rules: ModelRules,
): ModelAttribute[] {
  if (rules.attributes === 'replace') return given;
  const kept = old.filter(({ attrSpecId }) => !given.some((each) => each.attrSpecId === attrSpecId));
  return [...kept, ...given];
}

function attributesOf(row: ModelRow): ModelAttribute[] {
  const attributes = row.attributes.map(({ attrId, attrSpecId, attrValue }) => ({
    attrId: given(attrId),
    attrSpecId,
    attrValue: attrValue === '' ? null : attrValue,
  }));
  return attributes.sort((a, b) => byNumber(a.attrId, b.attrId));
}

function boundUsers(store: ModelStore, row: ModelRow): ModelAccount[] {
  return store.accounts.filter((each) => isSameProduct(each, row) && each.status === 'bound');
}

/** Infinity where no attribute of the customer limits its users. */
function userLimit(customer: ModelCustomer, rules: ModelRules): number {
  const limiting = customer.attributes.filter(({ attrSpecId }) => attrSpecId === rules.userLimitAttrSpecId);
  const value = (limiting[0]?.attrValue ?? '').trim();
  return /^[0-9]{1,9}$/.test(value) ? Number(value) : Infinity;
}

function isSameProduct(entry: ModelCustomer | ModelAccount, row: ModelRow): boolean {
  return entry.productId === row.productId && entry.custId === row.custId && entry.bizId === row.bizId;
}

function identityOf(row: ModelRow): { productId: string; custId: string; bizId: string } {
  return { productId: row.productId ?? '', custId: row.custId ?? '', bizId: row.bizId ?? '' };
}

function sorted(store: ModelStore): ModelStore {
  const identity = (entry: ModelCustomer | ModelAccount): string =>
    JSON.stringify([entry.productId, entry.custId, entry.bizId, 'userId' in entry ? entry.userId : '']);
  const inOrder = <T extends ModelCustomer | ModelAccount>(entries: T[]): T[] =>
    entries
      .map((entry) => ({ ...entry, attributes: sortedModelAttributes(entry.attributes) }))
      .sort((a, b) => byText(identity(a), identity(b)));
  return { customers: inOrder(store.customers), accounts: inOrder(store.accounts) };
}

/** Attributes in the order in which the model shows them, to bring those of a database into it. */
export function sortedModelAttributes(attributes: readonly ModelAttribute[]): ModelAttribute[] {
  return [...attributes].sort(
    (a, b) =>
      byNumber(a.attrSpecId, b.attrSpecId) ||
      byNumber(a.attrId, b.attrId) ||
      byText(a.attrValue ?? '', b.attrValue ?? ''),
  );
}

/** No number comes first. */
function byNumber(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return BigInt(a) < BigInt(b) ? -1 : 1;
}

function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
