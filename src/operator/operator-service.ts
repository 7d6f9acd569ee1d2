import type { RowKey } from '../domain/keys.js';
import type { RowFilter } from '../middle/admin-port.js';
import type { PauseTarget } from '../store/port.js';
import type {
  AcceptReport,
  Actor,
  MatchReport,
  PurgeReport,
  RecordedAction,
  RepairReport,
  RequeueReport,
  RetryReport,
} from './contract/actions.js';
import type { BackgroundRepair, RepairState } from './contract/repair.js';
import type {
  DeferredRow,
  FailedRow,
  FailureGroup,
  PreviewedRow,
  RowDetails,
  RowInProcessing,
  RowList,
} from './contract/rows.js';
import type { OpenAlarm, Overview, PauseInForce, RegisteredWorker, Status } from './contract/state.js';
import type { Verification } from './contract/verification.js';
import type { SearchProgress } from './failed.js';
import type { PurgeRequest } from './purge.js';
import type { RepairRequest } from './repair/repair-context.js';
import type { RepairOrder } from './repair/repair-runner.js';
import type { ActionOptions, ListRequest, MatchOptions, MatchTarget } from './requests.js';
import type { RecordedSummary, RecordedVerifyRequest } from './verify/recorded-run.js';

/*
 * What operators can see and do, once, for command line, JSON API and console. Lists and counts read a bounded number
 * of rows; what every page shows is read at most once in ten seconds, however many are open.
 */

/**
 * Database errors reach the caller as a DatabaseError, except in `overview` and `alarms`. Actions fail with a
 * NotTakenError if they cannot be recorded.
 */
export interface OperatorService {
  /** Never fails: a section that could not be read is null. Read at most once in ten seconds. */
  overview(): Promise<Overview>;
  /** The same in short, fresh, and from both databases or not at all. */
  status(): Promise<Status>;
  /** Most rows first. Read at most once in ten seconds. */
  failureGroups(): Promise<readonly FailureGroup[]>;
  /** A page of failed rows, latest failures first. */
  failed(filter: RowFilter, request: ListRequest): Promise<RowList>;
  /** The first failed rows that match, over any number of pages. */
  findFailed(
    filter: RowFilter,
    limit: number,
    onStep?: (progress: SearchProgress) => void,
  ): Promise<readonly FailedRow[]>;
  /** Rows in State 1, oldest first. */
  processing(limit: number): Promise<readonly RowInProcessing[]>;
  /** Deferred rows, longest deferred first. */
  deferred(limit: number): Promise<readonly DeferredRow[]>;
  row(key: RowKey): Promise<RowDetails>;
  /** The decisions that a worker would make about the first pending rows. */
  preview(limit: number): Promise<readonly PreviewedRow[]>;
  /** Compares the product store with what the finished rows lead to. NotOurProductError. */
  verify(request: RecordedVerifyRequest): Promise<RecordedSummary>;
  /** Verifications of everything that are on record, with the differences of the last one. */
  verification(): Promise<Verification>;
  /** Ends the deferral of rows: workers try them at their next check of the leases (4 s at most). */
  retry(actor: Actor, keys: readonly RowKey[], reason: string | null): Promise<RetryReport>;
  /** Requeues failed rows. */
  requeue(actor: Actor, keys: readonly RowKey[], options: ActionOptions): Promise<RequeueReport>;
  /** Requeues the failed rows that match, in sets, until `isOver`; `continues` resumes. NothingToContinueError. */
  requeueMatching(
    actor: Actor,
    target: MatchTarget,
    options: ActionOptions & MatchOptions,
  ): Promise<MatchReport>;
  pauses(): Promise<readonly PauseInForce[]>;
  /** False if already paused. Workers apply it within their next lease check (4 s at most). */
  pause(actor: Actor, target: PauseTarget, reason: string | null): Promise<boolean>;
  /** Whether a customer of the product was ever stored: if not, its number may be mistyped. A table is known. */
  knowsTarget(target: PauseTarget): Promise<boolean>;
  /** False if not paused. */
  resume(actor: Actor, target: PauseTarget, reason: string | null): Promise<boolean>;
  workers(): Promise<readonly RegisteredWorker[]>;
  /**
   * Open alarms of the product store, for every page. Never fails: none if unreadable. Read at most once in ten
   * seconds.
   */
  alarms(): Promise<readonly OpenAlarm[]>;
  /**
   * Has finished rows take effect once more whose decisions the product store has lost, and closes its alarms
   * where none is left. NotOurProductError, NoOriginError.
   */
  repair(actor: Actor, request: RepairRequest): Promise<RepairReport>;
  /** The same in this process without its caller, one at a time. RepairRunningError, StagingError. */
  startRepair(actor: Actor, order: RepairOrder): Promise<BackgroundRepair>;
  /** The repair of this process, those that others may have under way, and open alarms. Never fails. */
  repairState(): Promise<RepairState>;
  /** Ends the repair of this process after the set it is at; null: none is running. */
  cancelRepair(actor: Actor): Promise<BackgroundRepair | null>;
  /** Accepts the product store after a loss, and closes its alarms. */
  acceptStore(actor: Actor, reason: string | null): Promise<AcceptReport>;
  /** Deletes old entries of the journal, in sets, until `isOver`. */
  purgeJournal(actor: Actor, request: PurgeRequest): Promise<PurgeReport>;
  /** A recorded action; null if the number is unknown. */
  action(id: string): Promise<RecordedAction | null>;
  /** Recorded actions, newest first, those before a number. InvalidCursorError if it is none. */
  audit(request: { readonly limit: number; readonly before?: string }): Promise<readonly RecordedAction[]>;
}
