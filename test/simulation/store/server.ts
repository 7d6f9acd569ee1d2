import type { Identity } from '../../../src/domain/customer.js';
import type { JournalRecord, Outcome } from '../../../src/domain/journal.js';
import { rowId, type RowKey } from '../../../src/domain/keys.js';

/* What all tables of the simulated product store have in common: the clock, the name, the rules in force. */

/**
 * A guard of the store that can be left out, to see that the simulation finds what it is there for:
 * - `fence`: an apply compares owner, term and server of the leases it relies on;
 * - `fence compares the term`: not only the owner; a lease may have been away and come back;
 * - `batches name the server`: a batch ends with the server under which its leases were known;
 * - `fence locks`: the leases that an apply relies on are locked until it ends;
 * - `customers are read behind the fence`, `journal is read behind the fence`: an apply reads what is committed when it
 *   reads, not what was when it began and its fence had still to wait;
 * - `journal key`: an attempt is recorded once, and a row has one current entry;
 * - `entries are closed in the apply`: not before the claim, for whoever has polled the row;
 * - `supersede closes entries`: the entry that a new one takes the place of is closed with it;
 * - `term rises`: a lease that is taken gets a new term;
 * - `own commits are checked`: the store is asked for the commits it acknowledged;
 * - `unknown commits are no evidence`: a commit counts as an own one once it was acknowledged;
 * - `own commits name the worker`: who decided the same attempt anew is another one;
 * - `compared before deciding`: an apply relies on shards that were compared under this term and on this server;
 * - `comparison names the server`: a comparison counts on the server on which it was made;
 * - `fence advances compared shards only`, `renewal advances compared shards only`, `taking advances nothing`: until when a
 *   shard is known to hold everything;
 * - `a shard is known to hold what is older`: what was finished before that needs no entry;
 * - `expired leases only are taken`: a lease that holds stays with its owner;
 * - `leases too far ahead are taken`: they were written by a clock that was ahead;
 * - `alarm stops applies`: nothing is decided while an alarm is open;
 * - `idle transactions end`: the server ends a transaction that sends nothing, and with it its locks.
 */
export type StoreGuard =
  | 'fence'
  | 'fence compares the term'
  | 'batches name the server'
  | 'fence locks'
  | 'customers are read behind the fence'
  | 'journal is read behind the fence'
  | 'journal key'
  | 'entries are closed in the apply'
  | 'supersede closes entries'
  | 'term rises'
  | 'own commits are checked'
  | 'unknown commits are no evidence'
  | 'own commits name the worker'
  | 'compared before deciding'
  | 'comparison names the server'
  | 'fence advances compared shards only'
  | 'renewal advances compared shards only'
  | 'taking advances nothing'
  | 'a shard is known to hold what is older'
  | 'expired leases only are taken'
  | 'leases too far ahead are taken'
  | 'alarm stops applies'
  | 'idle transactions end';

/** Something that the store refuses as long as the rule is in force. */
export type StoreRule =
  /** The journal's record of a row, with this outcome or with any. */
  | { readonly kind: 'record'; readonly row: RowKey; readonly outcome: Outcome | 'any' }
  /** Every write to a customer and its users. */
  | { readonly kind: 'customer'; readonly custId: string }
  /** Every statement: the server is there and cannot work. */
  | { readonly kind: 'everything' };

/** Clocks, in milliseconds since 1970. */
export interface StoreClock {
  /** The server's. */
  readonly now: () => number;
  /** That by which things are observed to happen; the server's unless it is given. */
  readonly trueTime?: () => number;
}

/** The server on which the tables stand. */
export class StoreServer {
  readonly #now: () => number;
  readonly #trueTime: () => number;
  readonly #without: ReadonlySet<StoreGuard>;
  readonly #rules = new Set<StoreRule>();
  #timeline = 1;
  #incarnation = 1;
  #counted = 0;

  constructor(clock: StoreClock, without: ReadonlySet<StoreGuard>) {
    this.#now = clock.now;
    this.#trueTime = clock.trueTime ?? clock.now;
    this.#without = without;
  }

  /** The server's clock, milliseconds since 1970. */
  get now(): number {
    return this.#now();
  }

  /** When what happens now is observed to happen. */
  get trueTime(): number {
    return this.#trueTime();
  }

  /** What a lease is compared by: it changes with a fail-over and stays with a restart. */
  get name(): string {
    return `system/${this.#timeline.toString(16).toUpperCase().padStart(8, '0')}`;
  }

  /** Connections made to an earlier incarnation are broken. */
  get incarnation(): number {
    return this.#incarnation;
  }

  /** The clock, or so many milliseconds later, ISO 8601, UTC. */
  at(laterMs = 0): string {
    return new Date(this.#now() + laterMs).toISOString();
  }

  /** The next number of the one sequence for what is observed, and for the keys of rows. */
  next(): number {
    this.#counted += 1;
    return this.#counted;
  }

  has(guard: StoreGuard): boolean {
    return !this.#without.has(guard);
  }

  /** Puts a rule in force; what is returned lifts it. */
  refuse(rule: StoreRule): () => void {
    this.#rules.add(rule);
    return () => void this.#rules.delete(rule);
  }

  refusesEverything(): boolean {
    return this.#rules.size > 0 && [...this.#rules].some(({ kind }) => kind === 'everything');
  }

  refusesRecord(record: JournalRecord): boolean {
    return [...this.#rules].some(
      (rule) =>
        rule.kind === 'record' &&
        rowId(rule.row) === rowId(record) &&
        (rule.outcome === 'any' || rule.outcome === record.outcome),
    );
  }

  refusesCustomer({ custId }: Identity): boolean {
    return [...this.#rules].some((rule) => rule.kind === 'customer' && rule.custId === custId);
  }

  /** All connections break. */
  restart(): void {
    this.#incarnation += 1;
  }

  /** Another server answers: the timeline rises. */
  promote(): void {
    this.#timeline += 1;
    this.restart();
  }
}
