import type { Stage } from '../domain/deferral.js';
import type { Outcome } from '../domain/journal.js';
import type { RowKey, Source } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import type { Wait } from '../domain/waiting.js';
import type { CreatedAhead, MarkConflict } from '../middle/port.js';
import type { LossEvidence } from '../store/guard-port.js';
import type { Pause } from '../store/port.js';

/** One of the two databases. */
export type DatabaseRole = 'middle' | 'store';

/** Rows of a table that got one answer. */
export interface OutcomeCount {
  readonly source: Source;
  readonly outcome: Outcome;
  /** Null when applied. */
  readonly code: string | null;
  readonly rows: number;
}

/** A row that ended in State 3. */
export interface FailedRowEvent extends RowKey {
  readonly code: string;
  readonly errContent: string;
}

/** A deferred row with its customer. */
export interface NewlyDeferredRow extends RowKey {
  readonly custId: Cell;
  /** How often it was tried in this stage. */
  readonly tries: number;
  /** When it is tried again. */
  readonly delayMs: number;
  /** The database's own words; of a lock who holds it, where the database says so. */
  readonly reason: string;
}

/**
 * The events of a worker. Log lines and metrics are made from these events alone.
 */
export interface WorkerEvents {
  started: { readonly workerId: string; readonly shards: number };
  /** The shards held have changed; `workers` are alive. */
  leases: { readonly held: number; readonly shards: number; readonly workers: number };
  /** The pauses in force have changed; none: everything goes on. */
  paused: { readonly pauses: readonly Pause[] };
  /**
   * The next poll follows after `delayMs`, or sooner where something calls for it. `durationMs` is null where there was
   * no poll, for want of leases; `waiting` customers wait for an open or a bind.
   */
  polled: {
    readonly rows: number;
    readonly delayMs: number;
    readonly durationMs: number | null;
    readonly waiting: number;
  };
  /** Rows were claimed; `changedSinceClaim` of them changed meanwhile and go back to the next poll. */
  claimed: {
    readonly rows: number;
    readonly claimed: number;
    readonly takenOver: number;
    readonly changedSinceClaim: number;
    readonly durationMs: number;
  };
  /** A batch was committed in the product store; `alreadyJournalled` rows had been decided before. */
  applied: {
    readonly applied: number;
    readonly failed: number;
    readonly alreadyJournalled: number;
    readonly durationMs: number;
  };
  /** Rows got their answers in the middle database; `outcomes` has the same rows by table, outcome and code. */
  marked: {
    readonly succeeded: number;
    readonly failed: number;
    readonly outcomes: readonly OutcomeCount[];
    readonly durationMs: number;
  };
  /** A row ended in State 3. */
  rowFailed: FailedRowEvent;
  /** Rows of a batch ended in State 3 with one code; the first of them. */
  rowsFailed: {
    readonly source: Source;
    readonly code: string;
    readonly rows: number;
    readonly examples: readonly FailedRowEvent[];
  };
  /**
   * A table did not take an ErrContent of so many bytes; it took the first `taken` of them, or only the code. Told once in
   * ten minutes for each table.
   */
  errContentShortened: RowKey & { readonly bytes: number; readonly taken: number };
  /** A success that was put back to State 0 is marked again, without a second effect. */
  alreadyJournalled: RowKey;
  /** A row that was applied came back with other content and is applied as a new one. */
  contentChanged: RowKey;
  /** A row did not stand as expected when it was to be marked. */
  markConflict: MarkConflict;
  /** Customers wait for an open or a bind that has not been seen yet. */
  waiting: { readonly waits: readonly Wait[] };
  /**
   * Pending rows have a CreateDate more than a minute ahead of the middle database's clock, and are left alone until it has
   * passed. Looked for when there is nothing to do, once in ten minutes.
   */
  createdAhead: CreatedAhead;
  /**
   * Rows are deferred, each with its customer, because the middle database refuses their claim or mark, or undoes it
   * (`ignored`); all others go on. Emitted at every try.
   */
  rowsDeferred: {
    readonly stage: Stage;
    readonly cause: 'refused' | 'ignored';
    readonly rows: readonly NewlyDeferredRow[];
  };
  /** Rows are deferred, each with its customer, because another session has locked them. Emitted at every try. */
  rowsLocked: { readonly stage: Stage; readonly rows: readonly NewlyDeferredRow[] };
  /** A row alone met an unexpected error; it is tried again after `delayMs`, or ends in State 3 when `final`. */
  rowErrored: RowKey & {
    readonly tries: number;
    readonly error: string;
    readonly delayMs: number;
    readonly final: boolean;
  };
  /** A row whose process ended in the middle is tried alone; `crashes` processes ended while they did so before. */
  crashRetry: RowKey & { readonly crashes: number; readonly final: boolean };
  /** A database cannot be worked with; nothing is failed for it. */
  outage: {
    readonly database: DatabaseRole;
    readonly error: string;
    readonly failures: number;
    readonly delayMs: number;
  };
  recovered: { readonly database: DatabaseRole };
  /** Unexpected errors row after row, or a missing table: claiming has stopped, nothing is failed for it. */
  breakerOpened: { readonly error: string; readonly delayMs: number };
  breakerClosed: Record<string, never>;
  /** A batch was dropped because its lease had been taken by another worker. */
  leaseLost: { readonly rows: number };
  /**
   * The product store has lost what it once held, or has no origin: nothing is claimed, decided or marked until an operator
   * has closed the alarm. Emitted again every ten minutes. `foundBy`: the worker that raised the alarm; null: this one.
   */
  storeWentBack: LossEvidence & { readonly foundBy: string | null };
  /** The alarm was closed: work goes on. */
  storeAccepted: Record<string, never>;
  /** Finished rows that the journal does not know, and that are no sign of a loss: a person or another program finished them. */
  finishedByOthers: LossEvidence;
  /** `verify.every` is set: the worker that holds shard 0 verifies at this interval. */
  verifyScheduled: { readonly everyMs: number };
  /** A verification has begun beside the rows. */
  verifyStarted: Record<string, never>;
  /**
   * A verification has compared both databases; `notJudged` customers were skipped, `byKind` has only what there is. Its first
   * differences are in the product store: console, `GET /api/v1/verify`, `verify --last`.
   */
  verifyFinished: {
    readonly rows: number;
    readonly customers: number;
    readonly notJudged: number;
    readonly differences: number;
    readonly byKind: Readonly<Record<string, number>>;
    readonly durationMs: number;
  };
  /** A verification ended early without a fault; it is due as it was before. */
  verifyCancelled: { readonly reason: string };
  /** A verification failed, or could not be recorded: the next one follows after the interval. No row is delayed by it. */
  verifyFailed: { readonly error: string };
  /** A listener of `event` threw, or its promise was rejected: the worker goes on. Emitted once for each listener. */
  listenerFailed: { readonly event: string; readonly error: string };
  stopping: { readonly inFlight: number };
  stopped: Record<string, never>;
}

/** Emits an event. */
export type Emit = <Name extends keyof WorkerEvents>(name: Name, event: WorkerEvents[Name]) => void;
