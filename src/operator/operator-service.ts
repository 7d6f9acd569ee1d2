import type { Account, Customer } from '../domain/customer.js';
import type { RowKey } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import type { CreatedAhead } from '../middle/port.js';
import type { RowFilter } from '../middle/admin-port.js';
import type { StoreAlarm } from '../store/guard-port.js';
import type { WorkerDescription, Pause, PauseTarget } from '../store/port.js';
import type { AuditEntry } from '../store/admin-port.js';
import type { DeferredRow, DeferredSummary, RetryReport } from './deferred-report.js';
import type { FailedRow } from './failed-row.js';
import type { RequeueReport } from './requeue-report.js';
import type { RowReport } from './show.js';

/*
 * What operators can see and do, once, for all who ask: the command line, the JSON API and the console. Numbers of 30
 * digits are text throughout. Nothing here reads more than a fixed number of rows; what a whole screen needs at every
 * look is read at most once in a few seconds, however many are looking.
 */

/** Who acts, for the audit. */
export interface Actor {
  readonly name: string;
  readonly via: 'console' | 'api' | 'command';
}

/** A number of rows; counting stops at a limit. */
export interface Count {
  readonly rows: number;
  /** There are that many or more. */
  readonly atLeast: boolean;
}

/** Counts by State; `other`, rows in a State outside the specification or in none, is absent where there are none. */
export type CountsByState = Readonly<Record<'0' | '1' | '2' | '3', Count>> & {
  readonly other?: Count | undefined;
};

/** Attribute rows in State 0 that came after their row was taken, and those without a row. */
export interface StrayNumbers {
  readonly late: number;
  readonly orphaned: number;
}

/** A bar of a chart: what was decided in a span of time. */
export interface ActivityBar {
  /** Start of the span, ISO 8601, UTC. */
  readonly from: string;
  readonly applied: number;
  readonly failed: number;
}

/** How a database answers. */
export interface DatabaseStatus {
  readonly reachable: boolean;
  /** How long it took to answer; null when it did not. */
  readonly answeredMs: number | null;
  /** One line without secrets; null when it is well. */
  readonly error: string | null;
}

/** What one wants to know first. Parts that could not be read are null; `databases` says why. */
export interface Overview {
  /** When it was read, ISO 8601, UTC, by the process's clock. */
  readonly at: string;
  /** By the specification's table names, then by State. */
  readonly tables: Readonly<Record<string, CountsByState>> | null;
  /** For how long the oldest row has stood in State 0; 0 where its dates are ahead of the clock; null when there is none, or none with a date. */
  readonly oldestPendingSeconds: number | null;
  /** Pending rows whose CreateDate is ahead of the middle database's clock: they are left alone until it has passed. */
  readonly createdAhead: CreatedAhead | null;
  /** Attribute rows that came too late for their row, or belong to none, by the main table's name; of the newest ones. */
  readonly strayAttributes: Readonly<Record<string, StrayNumbers>> | null;
  /** The last hour in spans of 5 minutes, and the last day in hours, gaps filled, oldest first. */
  readonly lastHour: readonly ActivityBar[] | null;
  readonly lastDay: readonly ActivityBar[] | null;
  readonly workers: readonly WorkerDescription[] | null;
  /** How many shards there are. */
  readonly shards: number | null;
  readonly pauses: readonly Pause[] | null;
  /** Open alarms: the product store has lost something, and no row is processed. */
  readonly alarms: readonly StoreAlarm[] | null;
  /** Deferred rows, and with each the rows of its customer. */
  readonly deferred: DeferredSummary | null;
  readonly databases: { readonly middle: DatabaseStatus; readonly store: DatabaseStatus };
}

/** Failures of one table with one code. */
export interface FailureGroup {
  readonly table: string;
  readonly code: string | null;
  /** The code's standard text in Chinese; null for a code that is not in the registry. */
  readonly text: string | null;
  /** Rows that stand in State 3 now. */
  readonly present: Count;
  /** Failures decided within these times, put right since or not. */
  readonly lastHour: number;
  readonly lastDay: number;
  readonly lastWeek: number;
  /** The row that failed last of those that stand in State 3 now. */
  readonly newest: FailedRow | null;
}

/** A failed row in the list, with the names it has. */
export interface ListedRow extends FailedRow {
  readonly custName: Cell;
  readonly accName: Cell;
}

/** A part of a list, with what is needed to ask for the next one. */
export interface RowList {
  readonly rows: readonly ListedRow[];
  /** Opaque; null: nothing is left. Rows may be fewer than asked for, or none, and more be left. */
  readonly next: string | null;
}

/** A row in State 1. */
export interface RowInProcessing {
  readonly table: string;
  readonly streamingNo: string;
  readonly opFlag: Cell;
  readonly productId: Cell;
  readonly custId: Cell;
  readonly userId: Cell;
  readonly stateDate: Cell;
  readonly ageSeconds: number | null;
  readonly shard: number;
  /** Worker that holds the shard; null: nobody. */
  readonly holder: string | null;
  readonly host: string | null;
}

/** A row of the same customer. */
export interface RelatedRow {
  readonly table: string;
  readonly streamingNo: string;
  readonly opFlag: Cell;
  readonly productId: Cell;
  readonly userId: Cell;
  readonly createDate: Cell;
  /** Null where the row has left the middle database and only the journal knows it. */
  readonly state: number | null;
  readonly errContent: Cell;
  /** When the journal's current entry was decided; null: it has none. */
  readonly decidedAt: string | null;
  /** Its place in the customer's order. */
  readonly place: 'before' | 'this' | 'after';
}

/** Everything about a row. */
export interface RowDetails extends RowReport {
  /** That it is deferred, and why; null: it is not. */
  readonly deferred: DeferredRow | null;
  /** Rows of its customer that are deferred, for which it waits as long as it is open; at most ten. */
  readonly heldBackBy: readonly DeferredRow[];
  /** The customer's products in the product store with their users. */
  readonly records: readonly {
    readonly customer: Customer;
    readonly users: readonly Account[];
    readonly more: boolean;
  }[];
  /** In order; the nearest before and after. */
  readonly relatedRows: readonly RelatedRow[];
}

/** The failed rows that match a filter, or what an action about such rows has left: its id in the audit. */
export type MatchTarget = { readonly filter: RowFilter } | { readonly continues: string };

/** What became of all rows that match a filter. */
export interface MatchReport {
  /** Nothing was changed. */
  readonly dryRun: boolean;
  /** Its id in the audit, to go on with it where more is left; null: no row was to be changed. */
  readonly action: string | null;
  /** It is about the rows that failed until this second, by the middle database's clock. */
  readonly failedUntil: string;
  /** Rows that match; `atLeast`: it ended before all were looked at. */
  readonly matched: Count;
  readonly requeued: number;
  /** How many rows the actions put back that this one goes on with, as far as they are on record. */
  readonly before: number;
  /** Changed meanwhile, or not to be told from another row. */
  readonly notRequeued: number;
  /** The first of the matching rows. */
  readonly examples: readonly FailedRow[];
}

/** How a list is asked for. */
export interface ListRequest {
  readonly limit: number;
  /** The `next` of the list before; absent: from the start. InvalidCursorError where it is none. */
  readonly after?: string;
}

/** The cursor was made up, or belongs to another version. */
export class InvalidCursorError extends Error {
  override readonly name = 'InvalidCursorError';
}

/** The middle or the store's error reaches the caller as a DatabaseError, besides in `overview`. */
export interface OperatorService {
  /** Never fails: what could not be read is null. Read at most once in ten seconds. */
  overview(): Promise<Overview>;
  /** Most rows first. Read at most once in ten seconds. */
  failureGroups(): Promise<readonly FailureGroup[]>;
  /** Failed rows, those that failed last first. */
  failed(filter: RowFilter, request: ListRequest): Promise<RowList>;
  /** Rows in State 1, oldest first. */
  processing(limit: number): Promise<readonly RowInProcessing[]>;
  /** Deferred rows, those deferred longest first. */
  deferred(limit: number): Promise<readonly DeferredRow[]>;
  row(key: RowKey): Promise<RowDetails>;
  /** Ends the deferral of rows: workers try them at their next check of the leases (4 s at most). */
  retry(actor: Actor, keys: readonly RowKey[], reason: string | null): Promise<RetryReport>;
  requeue(
    actor: Actor,
    keys: readonly RowKey[],
    options: { readonly dryRun: boolean; readonly reason: string | null },
  ): Promise<RequeueReport>;
  /** Puts back failed rows that match, in sets, for five seconds at most; the rest can be gone on with. */
  requeueMatching(
    actor: Actor,
    target: MatchTarget,
    options: { readonly dryRun: boolean; readonly reason: string | null },
  ): Promise<MatchReport>;
  pauses(): Promise<readonly Pause[]>;
  /** False where it is paused already. Workers apply it within their next lease check (4 s at most). */
  pause(actor: Actor, target: PauseTarget, reason: string | null): Promise<boolean>;
  /** Whether a customer of the product to pause was ever stored: where none was, its number may be mistyped. A table is known. */
  knowsTarget(target: PauseTarget): Promise<boolean>;
  /** False where it is not paused. */
  resume(actor: Actor, target: PauseTarget, reason: string | null): Promise<boolean>;
  workers(): Promise<readonly WorkerDescription[]>;
  /** Open alarms of the product store, for every page. Never fails: none where it cannot be read. Read at most once in ten seconds. */
  alarms(): Promise<readonly StoreAlarm[]>;
  /** A recorded action; null where none has this id. */
  action(id: string): Promise<AuditEntry | null>;
  audit(request: { readonly limit: number; readonly before?: string }): Promise<readonly AuditEntry[]>;
}
