import { DatabaseError } from '../../../src/database/errors.js';
import type { RowKey } from '../../../src/domain/keys.js';
import type { Origin } from '../../../src/store/guard-port.js';
import type { AcknowledgedCommit } from '../../../src/store/knex/acknowledged-commits.js';
import type { Lease, PauseTarget } from '../../../src/store/port.js';
import type {
  Decision,
  FinalEntry,
  HandlerLine,
  LeaseChange,
  StoredEntry,
} from '../../fault/observations.js';
import { JournalTable } from './journal-table.js';
import { LeaseTables, type LeaseHolder } from './lease-tables.js';
import { NoteTables } from './note-tables.js';
import { ProductTables } from './product-tables.js';
import { StoreServer, type StoreClock, type StoreGuard, type StoreRule } from './server.js';
import { StoreTransaction, type Table, type TableCopy } from './table.js';

/** What a simulated product store is made of. */
interface StoreOptions extends StoreClock {
  readonly shards: number;
  /** Guards that are left out. */
  readonly without?: ReadonlySet<StoreGuard>;
  readonly observer?: StoreObserver;
}

/** Told what happens in the store, at the moment at which others see it. */
export interface StoreObserver {
  /** Decisions that a transaction has committed. */
  onCommit(decisions: readonly Decision[]): void;
  /** A lease that was taken, given back or, without its owner's change, has another term. */
  onLease(change: LeaseChange, term: number): void;
  /** The store is an older one from now on. */
  onFailOver(): void;
}

/** The store at one moment, with all that had been committed. */
export interface StoreSnapshot {
  readonly tables: readonly TableCopy<unknown>[];
  readonly decisions: readonly Decision[];
  readonly lines: readonly HandlerLine[];
  readonly leases: readonly LeaseChange[];
}

/** What a fail-over lost. */
export interface LostHistory {
  readonly decisions: readonly Decision[];
  readonly lines: readonly HandlerLine[];
}

/** What an apply reads. */
type Readable = Pick<StoreTables, 'product' | 'journalTable'>;

/** What an apply's first statement found. */
interface Fence {
  /** The server's clock, ISO 8601, UTC. */
  readonly at: string;
  readonly isHeld: boolean;
  readonly isAlarmOpen: boolean;
  /** The worker's own commits that the journal does not hold. */
  readonly missing: readonly AcknowledgedCommit[];
  /** When an alarm was closed last; null: never. */
  readonly closedAt: string | null;
}

/**
 * The server of a simulated product store. Every method is one statement that takes effect at once; adapters send them over
 * a link (`product-store.ts`), operators and the world call them directly.
 */
export class StoreTables {
  readonly product: ProductTables;
  readonly journalTable: JournalTable;
  readonly leaseTables: LeaseTables;
  readonly notes: NoteTables;
  readonly #server: StoreServer;
  readonly #observer: StoreObserver | undefined;
  readonly #open = new Set<StoreTransaction>();
  /** What transactions read that do not read behind their fence. */
  readonly #asOfBegin = new Map<StoreTransaction, Partial<Readable>>();
  readonly #tables: readonly Table<unknown>[];
  #decisions: Decision[] = [];
  #lines: HandlerLine[] = [];

  constructor({ shards, without = new Set(), observer, ...clock }: StoreOptions) {
    this.#server = new StoreServer(clock, without);
    this.#observer = observer;
    this.product = new ProductTables(this.#server);
    this.journalTable = new JournalTable(this.#server);
    this.leaseTables = new LeaseTables(this.#server, this.journalTable, {
      count: shards,
      onChange: (change, term) => observer?.onLease(change, term),
    });
    this.notes = new NoteTables(this.#server, this.leaseTables);
    const { customers, accounts, customerAttributes, accountAttributes } = this.product;
    const { pauses, alarms, origins, deferrals, crashes } = this.notes;
    const ofProduct = [customers, accounts, customerAttributes, accountAttributes, this.journalTable.entries];
    const { shards: leases, workers } = this.leaseTables;
    const others = [leases, workers, pauses, alarms, origins, deferrals, crashes];
    this.#tables = [...ofProduct, ...others] as unknown as readonly Table<unknown>[];
  }

  /** The server's name, such as `system/00000001`. */
  get name(): string {
    return this.#server.name;
  }

  /** Raised by restarts and fail-overs, which break all connections. */
  get incarnation(): number {
    return this.#server.incarnation;
  }

  /** The server's clock, ISO 8601, UTC. */
  get at(): string {
    return this.#server.at();
  }

  /** Runs a statement over a connection that was made to this incarnation; `connectionLost` where it is another by now. */
  statement<T>(incarnation: number, effect: () => T): T {
    if (incarnation !== this.incarnation)
      throw new DatabaseError('connectionLost', 'the server was restarted');
    if (this.#server.refusesEverything()) throw new DatabaseError('unavailable', 'the server cannot work');
    return effect();
  }

  /** Begins a transaction; it is to be ended by `commit` or `rollback`. */
  begin(): StoreTransaction {
    const transaction = new StoreTransaction(String(this.#server.next()), this.incarnation);
    this.#open.add(transaction);
    const product = this.#server.has('customers are read behind the fence')
      ? {}
      : { product: this.product.copy() };
    const journalTable = this.#server.has('journal is read behind the fence')
      ? {}
      : { journalTable: this.journalTable.copy() };
    this.#asOfBegin.set(transaction, { ...product, ...journalTable });
    return transaction;
  }

  /** Where a transaction reads journal, customers and users. */
  readBy(transaction: StoreTransaction): Readable {
    const { product, journalTable } = this;
    return { product, journalTable, ...this.#asOfBegin.get(transaction) };
  }

  /** Runs a statement of a transaction. After one that failed no other one works; one that met a lock may be sent again. */
  within<T>(transaction: StoreTransaction, effect: () => T): T {
    if (!transaction.isOpen) throw new DatabaseError('connectionLost', 'the session has ended');
    if (transaction.hasFailed)
      throw new DatabaseError('other', 'the transaction has failed', { code: '25P02' });
    try {
      return this.statement(transaction.incarnation, effect);
    } catch (error) {
      transaction.hasFailed = !(error instanceof DatabaseError && error.kind === 'locked');
      throw error;
    }
  }

  /** Commits a transaction. One in which a statement failed is rolled back, which is told. */
  commit(transaction: StoreTransaction): void {
    if (!transaction.isOpen) throw new DatabaseError('connectionLost', 'the session has ended');
    const isRefused = this.#server.refusesEverything();
    this.#end(transaction, !isRefused && !transaction.hasFailed);
    if (isRefused) throw new DatabaseError('unavailable', 'the server cannot work');
    if (transaction.hasFailed)
      throw new DatabaseError(
        'other',
        'a statement of the transaction failed unnoticed: nothing was committed',
      );
  }

  /** Rolls a transaction back where it has not ended. */
  rollback(transaction: StoreTransaction): void {
    this.#end(transaction, false);
  }

  /** Whether a commit whose outcome nobody knows counts as one that was acknowledged. */
  get trustsUnknownCommits(): boolean {
    return !this.#server.has('unknown commits are no evidence');
  }

  /** The first statement of an apply: locks and renews the leases, and looks for alarms and for the worker's own commits. */
  fence(leases: readonly Lease[], holder: LeaseHolder, transaction: StoreTransaction): Fence {
    return {
      at: this.at,
      isHeld: this.leaseTables.fence(leases, holder, transaction),
      isAlarmOpen: this.#server.has('alarm stops applies') && this.notes.openAlarms().length > 0,
      missing: this.journalTable.missing(holder.commits, transaction),
      closedAt: this.notes.closedAt,
    };
  }

  /** Writes a line of a handler. */
  writeLine({ source, streamingNo }: RowKey, transaction: StoreTransaction): void {
    transaction.lines.push({ seq: this.#server.next(), xid: transaction.xid, source, streamingNo });
  }

  /** Pauses a main table or a product; false where it is paused already. */
  pause(target: PauseTarget, who = 'operator', reason: string | null = null): boolean {
    return this.notes.pause(target, who, reason);
  }

  /** Ends a pause; false where there is none. */
  resume(target: PauseTarget): boolean {
    return this.notes.resume(target);
  }

  /** Accepts the store as it is: closes the alarms that are open, and moves origins; returns how many alarms. */
  accept(origins: readonly Origin[]): number {
    return this.notes.accept(origins);
  }

  /** Has a deferred row tried again; false where it is not deferred. */
  retry(key: RowKey): boolean {
    return this.notes.endDeferral(key);
  }

  /** Puts a rule in force; what is returned lifts it. */
  refuse(rule: StoreRule): () => void {
    return this.#server.refuse(rule);
  }

  /** The server goes down and comes up at once: what was committed stands, all sessions end, connections break. */
  restart(): void {
    this.#endAll();
    this.#server.restart();
  }

  /** What is committed now. */
  snapshot(): StoreSnapshot {
    const tables = this.#tables.map((table) => table.copy());
    return { tables, decisions: [...this.#decisions], lines: [...this.#lines], leases: this.leases };
  }

  /**
   * Another server takes over, as it was at an earlier moment, or the same one is that server again. What is observed goes
   * back with the tables; returns what was lost.
   */
  failOver(snapshot: StoreSnapshot, { sameServer = false } = {}): LostHistory {
    const kept = new Set([...snapshot.decisions, ...snapshot.lines].map(({ seq }) => seq));
    const decisions = this.#decisions.filter(({ seq }) => !kept.has(seq));
    const lines = this.#lines.filter(({ seq }) => !kept.has(seq));
    this.#endAll();
    this.#observer?.onFailOver();
    if (sameServer) this.#server.restart();
    else this.#server.promote();
    this.#decisions = [...snapshot.decisions];
    this.#lines = [...snapshot.lines];
    this.leaseTables.changes.splice(0, Infinity, ...snapshot.leases);
    for (const [index, table] of this.#tables.entries()) table.restore(snapshot.tables[index] ?? new Map());
    return { decisions, lines };
  }

  /** Journal entries at the moment they were inserted, in order. */
  get decisions(): Decision[] {
    return [...this.#decisions].sort(inOrder);
  }

  /** What handlers wrote, in order. */
  get lines(): HandlerLine[] {
    return [...this.#lines].sort(inOrder);
  }

  /** Leases that changed hands, in order. */
  get leases(): LeaseChange[] {
    return [...this.leaseTables.changes];
  }

  /** The journal as it stands. */
  journal(): FinalEntry[] {
    return this.journalTable.final();
  }

  /** Customers and users as they stand. */
  stored(): StoredEntry[] {
    return this.product.stored();
  }

  #end(transaction: StoreTransaction, commits: boolean): void {
    if (!transaction.isOpen) return;
    transaction.isOpen = false;
    this.#open.delete(transaction);
    this.#asOfBegin.delete(transaction);
    for (const table of this.#tables) table.end(transaction, commits);
    if (!commits) return;
    if (transaction.decisions.length > 0) this.#observer?.onCommit(transaction.decisions);
    this.#decisions.push(...transaction.decisions);
    this.#lines.push(...transaction.lines);
  }

  #endAll(): void {
    for (const transaction of this.#open) this.rollback(transaction);
  }
}

function inOrder(a: { readonly seq: number }, b: { readonly seq: number }): number {
  return a.seq - b.seq;
}
