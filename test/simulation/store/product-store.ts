import type { Knex } from 'knex';
import { DatabaseError } from '../../../src/database/errors.js';
import { leaseShares } from '../../../src/domain/lease-shares.js';
import { isCanonicalNumber, type Attempt, type RowKey } from '../../../src/domain/keys.js';
import type { JournalEntry, JournalRecord } from '../../../src/domain/journal.js';
import type { Dependencies } from '../../../src/domain/waiting.js';
import type { Changes, Snapshot, SnapshotRequest } from '../../../src/domain/working-set.js';
import { AlarmOpenError, StoreWentBackError, type GuardStore } from '../../../src/store/guard-port.js';
import {
  AcknowledgedCommits,
  type AcknowledgedCommit,
} from '../../../src/store/knex/acknowledged-commits.js';
import {
  LeaseLostError,
  type ApplyTransaction,
  type CrashLog,
  type DeferralStore,
  type Lease,
  type PreClaimState,
  type ProductStore,
} from '../../../src/store/port.js';
import type { Link } from '../link.js';
import { Connections } from './connections.js';
import { SimulatedLeaseStore } from './lease-store.js';
import { crashLog, deferralStore, guardStore } from './note-stores.js';
import type { StoreTables } from './tables.js';
import type { HandlerTransaction, StorePlace, TransactionSession } from './transaction-session.js';

/** How a process reaches a simulated product store. */
interface StoreOptions {
  readonly tables: StoreTables;
  readonly link: Link;
  readonly leaseTtlMs: number;
  /** Its own deadline on a call; by default the worker's share of the lease time. */
  readonly callTimeoutMs?: number;
}

/** What a handler of a simulation was given in the place of Knex. */
export function handlerTransaction(knex: Knex.Transaction): HandlerTransaction {
  return knex as unknown as HandlerTransaction;
}

/** The simulated product store as one process sees it. A new process needs a new one. */
export class SimulatedProductStore implements ProductStore {
  readonly leases: SimulatedLeaseStore;
  readonly crashLog: CrashLog;
  readonly deferrals: DeferralStore;
  readonly guard: GuardStore;
  readonly #commits = new AcknowledgedCommits();
  readonly #connections: Connections;
  readonly #callTimeoutMs: number;

  constructor({ tables, link, leaseTtlMs, callTimeoutMs }: StoreOptions) {
    this.#callTimeoutMs = callTimeoutMs ?? Math.round(leaseShares.call * leaseTtlMs);
    const place: StorePlace = { tables, link, leaseTtlMs };
    this.#connections = new Connections(place, this.#commits);
    this.leases = new SimulatedLeaseStore(this.#connections, leaseTtlMs, this.#commits);
    this.crashLog = crashLog(this.#connections, this.leases);
    this.deferrals = deferralStore(this.#connections, this.leases);
    this.guard = guardStore(this.#connections, this.leases, this.#commits);
  }

  async readBeforeClaim(keys: readonly RowKey[], dependencies: Dependencies): Promise<PreClaimState> {
    const numbered = keys.filter(({ streamingNo }) => isCanonicalNumber(streamingNo));
    const attempts =
      numbered.length === 0
        ? new Map<string, readonly string[]>()
        : await this.#connections.statement('attempts', ({ journalTable }) =>
            journalTable.attempts(numbered),
          );
    const { products, users } = dependencies;
    const seen =
      products.length + users.length === 0
        ? new Set<string>()
        : await this.#connections.statement('seen', ({ product }) => product.seen(dependencies));
    return { attempts, seen };
  }

  async apply<T>(leases: readonly Lease[], work: (transaction: ApplyTransaction) => Promise<T>): Promise<T> {
    const { holder } = this.leases;
    const { last: commits, lost } = this.#commits;
    if (lost.length > 0) throw new StoreWentBackError(lost);
    if (leases.length === 0) throw new Error('an apply transaction relies on at least one lease');
    let recorded: () => AcknowledgedCommit | null = () => null;
    const applied = this.#connections.transaction(async (session) => {
      const fence = await session.send('fence', (transaction) =>
        session.tables.fence(leases, { ...holder, commits }, transaction),
      );
      if (!fence.isHeld) throw new LeaseLostError('a lease this batch relies on is not held any more');
      if (fence.isAlarmOpen) throw new AlarmOpenError();
      if (fence.missing.length > 0 && this.#commits.missed(fence.missing, fence))
        throw new StoreWentBackError(this.#commits.lost);
      const at = { at: fence.at, workerId: holder.workerId, callTimeoutMs: this.#callTimeoutMs };
      const applying = new SimulatedApplyTransaction(session, at);
      recorded = () => applying.recorded;
      return work(applying);
    });
    const acknowledge = (): void => {
      const commit = recorded();
      if (commit !== null) this.#commits.acknowledge(commit, commits);
    };
    const result = await applied.catch((error: unknown) => {
      if (isCommitUnknown(error) && this.#connections.tables.trustsUnknownCommits) acknowledge();
      throw error;
    });
    acknowledge();
    return result;
  }

  async ping(): Promise<void> {
    await this.#connections.statement('ping', () => undefined);
  }

  async close(): Promise<void> {
    // Nothing is kept open.
  }
}

/** Who applies, since when, and how long a handler may take that has no limit of its own. */
interface Applying {
  readonly at: string;
  readonly workerId: string;
  readonly callTimeoutMs: number;
}

class SimulatedApplyTransaction implements ApplyTransaction {
  readonly at: string;
  /** One of the rows recorded: its entry stands for the whole transaction. */
  recorded: AcknowledgedCommit | null = null;
  readonly #session: TransactionSession;
  readonly #applying: Applying;

  constructor(session: TransactionSession, applying: Applying) {
    this.at = applying.at;
    this.#session = session;
    this.#applying = applying;
  }

  async journal(attempts: readonly Attempt[]): Promise<readonly JournalEntry[]> {
    if (attempts.length === 0) return [];
    const { tables } = this.#session;
    return this.#session.send('journal', (transaction) =>
      tables.readBy(transaction).journalTable.read(attempts, transaction),
    );
  }

  async snapshot(request: SnapshotRequest): Promise<Snapshot> {
    const { products, users, counted } = request;
    if (products.length + users.length + counted.length === 0)
      return { customers: [], accounts: [], boundUsers: [] };
    const { tables } = this.#session;
    return this.#session.send('snapshot', (transaction) =>
      tables.readBy(transaction).product.snapshot(request, transaction),
    );
  }

  async write(changes: Changes): Promise<void> {
    if (Object.values(changes).every((part: readonly unknown[]) => part.length === 0)) return;
    const { product } = this.#session.tables;
    await this.#session.send('write', (transaction) => {
      product.write(changes, transaction);
    });
  }

  async record(records: readonly JournalRecord[], superseding: readonly RowKey[]): Promise<void> {
    const { journalTable } = this.#session.tables;
    const { workerId, at } = this.#applying;
    if (superseding.length > 0) {
      await this.#session.send('supersede', (transaction) => {
        journalTable.supersede(superseding, transaction);
      });
    }
    const [first] = records;
    if (first === undefined) return;
    await this.#session.send('record', (transaction) => {
      journalTable.insert(records, { workerId, at }, transaction);
    });
    const { source, streamingNo, attempt } = first;
    this.recorded = { source, streamingNo, attempt, worker: workerId, at };
  }

  async nested<T>(
    work: (knex: Knex.Transaction) => Promise<T>,
    limitMs = this.#applying.callTimeoutMs,
  ): Promise<T> {
    return this.#session.nested((own) => work(own as unknown as Knex.Transaction), limitMs);
  }
}

function isCommitUnknown(error: unknown): boolean {
  return error instanceof DatabaseError && error.kind === 'commitUnknown';
}
