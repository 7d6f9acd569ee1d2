import type { SharedSettings } from '../../../src/domain/cluster.js';
import { quickSettings } from '../../support/workers.js';
import type { Account, Attribute, Customer, Identity } from '../../../src/domain/customer.js';
import type { JournalRecord } from '../../../src/domain/journal.js';
import type { Changed, Changes, UserKey } from '../../../src/domain/working-set.js';
import type { ApplyTransaction, Lease, ProductStore } from '../../../src/store/port.js';
import type { StoreSettings, TextRow, WorkerStoreFixture } from '../store.js';

/** The tables a store writes when it applies a batch. */
export const productTables = [
  'bnet_customer',
  'bnet_customer_attr',
  'bnet_account',
  'bnet_account_attr',
  'sync_journal',
] as const;

/** The tables that hold no effect of a row. */
export const otherTables = [
  'sync_worker',
  'sync_crash',
  'sync_deferral',
  'sync_activity',
  'sync_pause',
  'sync_audit',
  'sync_guard',
  'sync_origin',
  'sync_verification',
  'sync_difference',
] as const;

/** How many shards a fixture has. */
export const shardCount = 8;

/** Moments of the store: ISO 8601, UTC, milliseconds. */
export const moments = [
  '2026-01-02T03:04:05.678Z',
  '2026-03-29T01:30:00.000Z',
  '2026-09-26T14:00:00.001Z',
] as const;

/** A product of a customer. */
export const product: Identity = { productId: '42', custId: '1000', bizId: 'BIZ1' };

/** A user of that product. */
export const user: UserKey = { ...product, userId: 'U1' };

/** An active customer without attributes. */
export function customer(columns: Partial<Customer> = {}): Customer {
  const contact = { areaCode: '571', custAccount: 'account', custName: '某某公司' };
  const times = { openedAt: moments[0], changedAt: null, cancelledAt: null };
  return {
    ...product,
    ...contact,
    status: 'active',
    ...times,
    lastStreamingNo: '1',
    attributes: [],
    ...columns,
  };
}

/** A bound user without attributes. */
export function account(columns: Partial<Account> = {}): Account {
  const contact = { areaCode: '571', accType: '2', accName: '张三' };
  const times = { boundAt: moments[0], changedAt: null, unboundAt: null };
  return { ...user, ...contact, status: 'bound', ...times, lastStreamingNo: '2', attributes: [], ...columns };
}

/** Attributes `[id, spec, value]`. */
export function attributes(...values: readonly [string | null, string, string | null][]): Attribute[] {
  return values.map(([attrId, attrSpecId, attrValue]) => ({ attrSpecId, attrId, attrValue }));
}

/** The changes that write these customers and users for the first time, or `again` over their old attributes. */
export function changesOf(subjects: readonly (Customer | Account)[], again = false): Changes {
  const customers = subjects.filter((subject): subject is Customer => !('userId' in subject));
  const accounts = subjects.filter((subject): subject is Account => 'userId' in subject);
  const changed = <T>(subject: T): Changed<T> => ({ subject, hadAttributes: again });
  return {
    unboundAll: [],
    customers,
    accounts,
    customerAttributes: customers.map(changed),
    accountAttributes: accounts.map(changed),
  };
}

/** Changes that change nothing. */
export const noChanges: Changes = changesOf([]);

/** A journal entry: the first customer row, applied. */
export function record(columns: Partial<JournalRecord> = {}): JournalRecord {
  return {
    source: 'CUST',
    streamingNo: '1',
    attempt: '2026-11-01 08:00:00',
    outcome: 'applied',
    code: null,
    errContent: null,
    opFlag: '0101',
    ...product,
    userId: null,
    digest: 'd'.repeat(43),
    ...columns,
  };
}

/** A worker that holds leases. */
export interface HoldingWorker {
  readonly store: ProductStore;
  readonly leases: readonly Lease[];
  /** Applies with all its leases. */
  apply<T>(work: (transaction: ApplyTransaction) => Promise<T>): Promise<T>;
}

/** What the workers of these tests agree on. */
export const sharedSettings: SharedSettings = {
  shards: shardCount,
  productIds: [],
  rules: quickSettings.rules,
};

/** Opens a store and registers a worker that takes all shards that are free. */
export async function startWorker(
  fixture: WorkerStoreFixture,
  workerId = 'worker 1',
  settings: StoreSettings = {},
): Promise<HoldingWorker> {
  const store = fixture.open(settings);
  await store.leases.register(identityOf(workerId), sharedSettings);
  const { leases } = await store.leases.renewAndAcquire();
  await store.leases.compared(leases);
  return { store, leases, apply: (work) => store.apply(leases, work) };
}

/** Gives a shard, under its second term, to another worker. */
export async function takeOver(fixture: WorkerStoreFixture, shard: number): Promise<void> {
  await fixture.update('sync_shard', { owner: 'worker 2', term: 2 }, { shard });
}

/** A worker as it registers itself. */
export function identityOf(workerId: string) {
  return { workerId, host: 'host', pid: 4711 };
}

/** Everything that applied batches left behind. */
export async function contents(fixture: WorkerStoreFixture): Promise<Record<string, readonly TextRow[]>> {
  const tables = await Promise.all(
    productTables.map(async (table) => [table, await fixture.rows(table)] as const),
  );
  return Object.fromEntries(tables);
}

/** `contents` where nothing was ever applied. */
export const nothing: Record<string, readonly TextRow[]> = Object.fromEntries(
  productTables.map((table) => [table, []]),
);

/** Asks for these products and users, and for the counts of bound users. */
export function asking(subjects: readonly (Identity | UserKey)[], counted: readonly Identity[] = []) {
  const users = subjects.filter((subject): subject is UserKey => 'userId' in subject);
  return { products: subjects.filter((subject) => !('userId' in subject)), users, counted };
}
