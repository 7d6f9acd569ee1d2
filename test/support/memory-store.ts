import type { Account, Customer } from '../../src/domain/customer.js';
import { BatchDecider, snapshotRequestOf, type UndecidedRow } from '../../src/domain/decide-batch.js';
import type { DecisionContext } from '../../src/domain/decide.js';
import type { JournalEntry } from '../../src/domain/journal.js';
import type { Operation } from '../../src/domain/operation.js';
import { WorkingSet, type Changes } from '../../src/domain/working-set.js';
import type { ApplyTransaction } from '../../src/store/port.js';
import { StoreTables } from '../simulation/store/tables.js';
import { accountRow, customerRow } from './builders.js';

/* The tables of the simulated product store, used without a worker: what a batch reads and writes, and no more. */

/** Tables in which nothing stands. */
export function memoryStore(): StoreTables {
  return new StoreTables({ now: () => 0, shards: 1 });
}

/** Customers and users as they stand, in the order of their keys. */
export function contentsOf({ product }: StoreTables): {
  customers: readonly Customer[];
  accounts: readonly Account[];
} {
  const [products, users] = [product.customers.all(), product.accounts.all()];
  const { customers, accounts } = product.snapshot({ products, users, counted: [] }, null);
  const inOrder = <T extends Customer | Account>(subjects: readonly T[]) =>
    [...subjects].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return { customers: inOrder(customers), accounts: inOrder(accounts) };
}

/** Puts entries into the journal. */
export function plantEntries({ journalTable }: StoreTables, entries: readonly JournalEntry[]): void {
  const rest = { code: null, opFlag: null, productId: null, custId: null, bizId: null, userId: null };
  for (const [index, entry] of entries.entries()) {
    const planted = { ...entry, ...rest, worker: 'worker', decidedAt: new Date(0).toISOString() };
    journalTable.entries.put(`planted ${index}`, planted, null);
  }
}

/** Runs `work` in the transaction of a batch and commits it; there are no handlers. */
export async function applyInMemory<T>(
  tables: StoreTables,
  at: string,
  work: (transaction: ApplyTransaction) => Promise<T>,
): Promise<T> {
  const { product, journalTable } = tables;
  const transaction = tables.begin();
  const result = await work({
    at,
    journal: async (attempts) => journalTable.read(attempts, transaction),
    snapshot: async (request) => product.snapshot(request, transaction),
    write: async (changes) => {
      product.write(changes, transaction);
    },
    record: async (records, superseding) => {
      journalTable.supersede(superseding, transaction);
      journalTable.insert(records, { workerId: 'worker', at }, transaction);
    },
    nested: async () => {
      throw new Error('no handler is called');
    },
  });
  tables.commit(transaction);
  return result;
}

/** Decides operations as one batch over a snapshot of a store. Answers are null where one takes effect, else its ErrContent. */
export function decideBatch(
  { product }: StoreTables,
  operations: readonly Operation[],
  { rules, at }: DecisionContext,
): { answers: (string | null)[]; changes: Changes } {
  const undecided = operations.map(undecidedRow);
  const request = snapshotRequestOf(undecided, rules);
  const work = new WorkingSet(request, product.snapshot(request, null));
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

function nameOf(subject: Customer | Account): string {
  const { productId, custId, bizId } = subject;
  return JSON.stringify([productId, custId, bizId, 'userId' in subject ? subject.userId : null]);
}
