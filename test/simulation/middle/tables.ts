import { DatabaseError } from '../../../src/database/errors.js';
import type { Room } from '../../../src/domain/err-content.js';
import { rowId, type RowKey, type Source } from '../../../src/domain/keys.js';
import { State } from '../../../src/domain/states.js';
import type { ChangeResult, NewAttempt, RowChange } from '../../../src/middle/changes.js';
import {
  nothingPaused,
  type ClaimedRequest,
  type CreatedAhead,
  type LatestFinishedRequest,
  type Mark,
  type OpenRowsExcept,
  type PolledBatch,
  type PollRequest,
} from '../../../src/middle/port.js';
import type { DriverRow } from '../../../src/middle/rows.js';
import type { FinalAttribute, FinalRow, StateChange } from '../../fault/observations.js';
import { rules, type RuleKind } from '../../fault/trouble-rules.js';
import { dateText } from './dates.js';
import { changeRows, claimChange, markChange, type GuardedChange } from './guarded-change.js';
import { changeOf, finalAttributesOf, finalRowsOf } from './observed.js';
import { PlatformTransaction } from './platform-transaction.js';
import { firstOf, openConditions, pollConditions, type Branch } from './poll.js';
import {
  attributeCounts,
  attributeDriverRow,
  claimedUntilOf,
  createdAhead,
  driverRow,
  latestFinishedOf,
  polledRowOf,
} from './reads.js';
import { RowLocks, type LockTarget } from './row-locks.js';
import { RowRules, type Lift, type RowRule } from './row-rules.js';
import { isOurs, type MiddleGuard, type MiddleScope } from './scope.js';
import {
  StoredRows,
  idOf,
  type StoredAttribute,
  type StoredKey,
  type StoredRow,
  type StoredSnapshot,
} from './stored-rows.js';
import { Writing } from './writing.js';

/** What a simulated middle database is made with. */
export interface MiddleTablesOptions {
  /** The server's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** When changes are observed to happen; the server's clock unless it is given. */
  readonly trueTime?: () => number;
  readonly onChange?: (change: StateChange) => void;
  readonly onPoll?: (actor: string, rows: readonly RowKey[]) => void;
  /** Rules that it does not keep. */
  readonly without?: ReadonlySet<MiddleGuard>;
  /** Without one, rows may share a StreamingNo, or have none. */
  readonly hasPrimaryKey?: boolean;
}

/** Whose statement it is. */
export interface MiddleClient {
  readonly actor: string;
  readonly scope: MiddleScope;
}

/**
 * The server of a simulated middle database, as PostgreSQL keeps it. Each call is one statement, or one transaction, and
 * takes effect at one moment, or not at all.
 */
export class MiddleTables {
  /** Each insert and update of a main table. They stay when the tables are restored. */
  readonly changes: StateChange[] = [];
  readonly without: ReadonlySet<MiddleGuard>;
  readonly #options: MiddleTablesOptions;
  readonly #rows = new StoredRows();
  readonly #rules = new RowRules();
  readonly #locks = new RowLocks();
  readonly #claims: GuardedChange<NewAttempt>;
  readonly #marks: GuardedChange<Mark>;
  #transactions = 0;
  #areMissing = false;

  constructor(options: MiddleTablesOptions) {
    this.#options = options;
    this.without = options.without ?? new Set();
    this.#claims = claimChange(this.without);
    this.#marks = markChange(this.without);
  }

  // What happens to the database besides the worker.

  /** Writes as the platform, a DBA or a person does: all of it, or nothing where `work` throws. */
  transaction<T>(actor: string, work: (transaction: PlatformTransaction) => T): T {
    const hasPrimaryKey = this.#options.hasPrimaryKey ?? true;
    return this.#write(actor, (writing) =>
      work(new PlatformTransaction({ ...this.#context(writing), actor, hasPrimaryKey })),
    );
  }

  /** Somebody locks a row, or one of its attribute rows, until he lets go. */
  lock(target: LockTarget, holder: string): Lift {
    return this.#locks.lock(target, holder);
  }

  /**
   * A rule of the database about one row, there or not.
   * @param code - the SQLSTATE of a refusal: it decides the kind of the DatabaseError
   */
  rule(rule: RuleKind | RowRule, key: RowKey, code = '23514'): Lift {
    return this.#rules.begin(typeof rule === 'string' ? rules[rule] : rule, key, code);
  }

  /** ErrContent of a table takes no longer text. A server may not say how long it may be: a check constraint does not. */
  narrow(source: Source, room: Room, { isTold = true } = {}): Lift {
    return this.#rules.narrow(source, room, isTold);
  }

  snapshot(): StoredSnapshot {
    return this.#rows.snapshot();
  }

  /** An older state of the database comes back. Nobody holds a lock then; rules stay. */
  restore(snapshot: StoredSnapshot): void {
    this.#rows.restore(snapshot);
    this.#locks.clear();
  }

  /** The interface tables are there no more. */
  drop(): void {
    this.#areMissing = true;
  }

  // How the tables stand.

  get rows(): readonly StoredRow[] {
    return this.#rows.all;
  }

  /** How many rows are in State 0 or 1. */
  get openRows(): number {
    return this.#rows.open.length;
  }

  /** The row with this key, the first where there are several. */
  row(key: RowKey): StoredRow | null {
    return this.#rows.withId(rowId(key))[0] ?? null;
  }

  attributesOf(key: StoredKey): readonly StoredAttribute[] {
    return this.#rows.attributesOf(idOf(key));
  }

  finalRows(): readonly FinalRow[] {
    return finalRowsOf(this.#rows);
  }

  finalAttributes(): readonly FinalAttribute[] {
    return finalAttributesOf(this.#rows);
  }

  // Statements of a worker.

  now(): string {
    return dateText(this.#options.now());
  }

  poll(request: PollRequest, { actor, scope }: MiddleClient, branch: Branch | null = null): PolledBatch {
    const asked = {
      ...request,
      ...(this.without.has('poll leaves rows to settle') && { settleMs: 0 }),
      ...(this.without.has('poll leaves out who waits') && { waits: [] }),
      ...(this.without.has('poll finds what is awaited') && {
        waits: [],
        excluded: [...request.excluded, ...request.waits.map(({ custId }) => custId)],
      }),
    };
    const rows = this.without.has('poll order')
      ? [...this.#open()].sort((a, b) => a.place - b.place)
      : this.#open();
    const conditions = [...pollConditions(asked, rows, { scope, nowMs: this.#options.now() })];
    if (this.without.has('poll finds State 1')) conditions.unshift(({ state }) => state === State.Initial);
    if (branch !== null)
      conditions.unshift(({ source, state }) => source === branch.source && state === branch.state);
    const page = firstOf(rows, conditions, request.limit);
    this.#options.onPoll?.(actor, page.map(polledKey));
    const counts = attributeCounts(page, (id) => this.#rows.attributesOf(id), scope.maxAttributes);
    return {
      rows: page.map((row, index) => polledRowOf(row, counts[index] ?? 0)),
      now: page.length === 0 ? '' : this.now(),
    };
  }

  claim(change: RowChange<NewAttempt>, client: MiddleClient): ChangeResult {
    return this.#write(client.actor, (writing) =>
      changeRows(change, this.#claims, { ...this.#context(writing), scope: client.scope }),
    );
  }

  mark(change: RowChange<Mark>, client: MiddleClient): ChangeResult {
    return this.#write(client.actor, (writing) =>
      changeRows(change, this.#marks, { ...this.#context(writing), scope: client.scope }),
    );
  }

  /** Rows of a table with their columns by the specification's names. */
  read(source: Source, streamingNos: readonly string[], { scope }: MiddleClient): readonly DriverRow[] {
    this.#check();
    return idsOf(source, streamingNos)
      .flatMap((id) => this.#rows.withId(id))
      .filter((row) => isOurs(scope, row))
      .map(driverRow);
  }

  readAttributes(source: Source, streamingNos: readonly string[]): readonly DriverRow[] {
    this.#check();
    return idsOf(source, streamingNos)
      .flatMap((id) => this.#rows.attributesOf(id))
      .map(attributeDriverRow);
  }

  hasOpenRows({ paused = nothingPaused, excluded = [] }: OpenRowsExcept, { scope }: MiddleClient): boolean {
    const open = this.#open();
    return firstOf(open, openConditions({ paused, excluded }, open, scope), 1).length > 0;
  }

  createdAhead({ scope }: MiddleClient): CreatedAhead {
    return createdAhead(this.#open(), scope, this.#options.now());
  }

  lockHolders(keys: readonly RowKey[], { scope }: MiddleClient): ReadonlyMap<string, string> {
    this.#check();
    const holders = new Map<string, string>();
    for (const id of new Set(keys.map(rowId)))
      for (const row of this.#rows.withId(id)) {
        const attributes = scope.markAttributes ? this.#rows.attributesOf(id) : [];
        const holder = this.#locks.holderOf(row) ?? this.#locks.attributeHolderOf(row, attributes);
        if (holder !== null) holders.set(id, holder);
      }
    return holders;
  }

  latestFinished(
    request: LatestFinishedRequest,
    part: { readonly source: Source; readonly createDate: 'missing' | 'present' },
    { scope }: MiddleClient,
  ): readonly DriverRow[] {
    this.#check();
    return latestFinishedOf(this.#rows.all, request, { ...part, scope });
  }

  claimedUntil(request: ClaimedRequest, source: Source, { scope }: MiddleClient): readonly DriverRow[] {
    return claimedUntilOf(this.#open(), request, { source, scope });
  }

  #open(): readonly StoredRow[] {
    this.#check();
    return this.#rows.open;
  }

  #check(): void {
    if (this.#areMissing)
      throw new DatabaseError('schema', 'relation "if_bnet_cust" does not exist', { code: '42P01' });
  }

  #context(writing: Writing) {
    const attributesFollow = !this.without.has('attribute rows follow');
    return { rows: this.#rows, locks: this.#locks, writing, nowMs: this.#options.now(), attributesFollow };
  }

  /** One transaction: what it writes stands and is observed when it has ended without an error. */
  #write<T>(actor: string, work: (writing: Writing) => T): T {
    this.#check();
    const writing = new Writing(this.#rows, this.#rules);
    let result: T;
    try {
      result = work(writing);
      writing.checkAtCommit();
    } catch (error) {
      this.#rows.rollback();
      throw error;
    }
    this.#rows.commit();
    this.#transactions += 1;
    const { now, trueTime = now, onChange } = this.#options;
    const [xid, at] = [String(this.#transactions), trueTime()];
    for (const written of writing.written) {
      const change = changeOf(written, { seq: this.changes.length + 1, xid, actor, at });
      this.changes.push(change);
      onChange?.(change);
    }
    return result;
  }
}

function polledKey({ source, streamingNo }: StoredRow): RowKey {
  return { source, streamingNo: String(streamingNo) };
}

function idsOf(source: Source, streamingNos: readonly string[]): readonly string[] {
  return [...new Set(streamingNos.map((streamingNo) => rowId({ source, streamingNo })))];
}
