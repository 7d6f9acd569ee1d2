import type { DatabaseError } from '../../src/database/errors.js';
import { rowId, tableOf, type RowKey } from '../../src/domain/keys.js';
import { State } from '../../src/domain/states.js';
import type { FullRow, RowFilter } from '../../src/middle/admin-port.js';
import { failedRow, InvalidCursorError, listedRow, codeOf, cursorOf } from '../../src/operator/failed.js';
import type { Actor, MatchReport, RetryReport, RequeueReport } from '../../src/operator/contract/actions.js';
import type {
  FailureGroup,
  RowInProcessing,
  RowList,
  RowDetails,
  DeferredRow,
} from '../../src/operator/contract/rows.js';
import type { MatchTarget } from '../../src/operator/requests.js';
import type { NamedTarget, OpenAlarm, Overview, PauseInForce } from '../../src/operator/contract/state.js';
import type { ListRequest } from '../../src/operator/requests.js';
import type { OperatorService } from '../../src/operator/operator-service.js';
import { matchRecord } from '../../src/operator/match-scope.js';
import { named, namedTarget } from '../../src/operator/named.js';
import type { WorkerDescription, PauseTarget } from '../../src/store/port.js';
import type { AuditEntry } from '../../src/store/admin-port.js';
import type { Verification } from '../../src/operator/contract/verification.js';
import { fakeDeferred } from './fake-deferred.js';
import { fakeVerification } from './fake-verification.js';
import { FakeRepairs } from './fake-repair.js';
import {
  fakeGroups,
  fakeProcessing,
  fakeJournal,
  fakeRelatedRows,
  fakeOverview,
  fakePauses,
  fakeRecords,
  fakeRows,
  fakeWorkers,
} from './fake-operator-data.js';

/** The product that no customer has. */
export const unknownProduct = '42';
const timeOfActs = '2026-11-22T05:00:00.000Z';

/** A operator service without databases: rich and partly hostile data, and actions that change it. */
export class FakeOperator implements OperatorService {
  rows: readonly FullRow[] = fakeRows();
  paused: readonly PauseInForce[] = fakePauses();
  openAlarms: readonly OpenAlarm[] = [];
  readonly repairs = new FakeRepairs();
  acts: readonly AuditEntry[] = [];
  /** The most rows that one action by filter puts back. */
  mostAtOnce = 1000;
  view: Overview = fakeOverview();
  groupList: readonly FailureGroup[] = fakeGroups();
  processingRows: readonly RowInProcessing[] = fakeProcessing();
  deferredList: readonly DeferredRow[] = fakeDeferred();
  verificationList: Verification = fakeVerification();
  workerList: readonly WorkerDescription[] = fakeWorkers();
  /** Set: every call but `overview` fails with it. */
  outage: DatabaseError | null = null;

  async overview(): Promise<Overview> {
    return { ...this.view, pauses: this.view.pauses === null ? null : this.paused };
  }

  async failureGroups(): Promise<readonly FailureGroup[]> {
    return this.#answer(this.groupList);
  }

  async failed(filter: RowFilter, { limit, after }: ListRequest): Promise<RowList> {
    const all = this.#answer(this.#matching(filter));
    if (after !== undefined && !/^at\d+$/.test(after)) throw new InvalidCursorError();
    const from = after === undefined ? 0 : Number(after.slice(2));
    const next = from + limit < all.length ? `at${from + limit}` : null;
    return { rows: all.slice(from, from + limit).map(listedRow), next };
  }

  async processing(limit: number): Promise<readonly RowInProcessing[]> {
    return this.#answer(this.processingRows.slice(0, limit));
  }

  async deferred(limit: number): Promise<readonly DeferredRow[]> {
    return this.#answer(this.deferredList.slice(0, limit));
  }

  async retry(actor: Actor, keys: readonly RowKey[], reason: string | null): Promise<RetryReport> {
    this.#answer(null);
    const isDeferred = (key: RowKey) => this.deferredList.some((row) => isRow(row, key));
    const retried = keys.filter(isDeferred);
    const notDeferred = keys.filter((key) => !isDeferred(key));
    this.deferredList = this.deferredList.filter((row) => !retried.some((key) => isRow(row, key)));
    for (const key of retried)
      this.#record(actor, { action: 'retry', what: JSON.stringify(key), rows: 1, reason });
    const named = ({ source, streamingNo }: RowKey) => ({ table: tableOf[source], streamingNo });
    return { retried: retried.map(named), notDeferred: notDeferred.map(named) };
  }

  async row(key: RowKey): Promise<RowDetails> {
    const rows = this.#answer(this.rows.filter((row) => rowId(row) === rowId(key)));
    const [row] = rows;
    return {
      table: tableOf[key.source],
      streamingNo: key.streamingNo,
      rows: rows.map(named),
      deferred: this.deferredList.find((each) => isRow(each, key)) ?? null,
      heldBackBy: this.deferredList.filter((each) => !isRow(each, key)).slice(0, 2),
      journal: row === undefined ? [] : fakeJournal(row).map(named),
      records: row === undefined ? [] : fakeRecords(row),
      relatedRows: row === undefined ? [] : fakeRelatedRows(row),
    };
  }

  async requeue(
    actor: Actor,
    keys: readonly RowKey[],
    { dryRun, reason }: { readonly dryRun: boolean; readonly reason: string | null },
  ): Promise<RequeueReport> {
    this.#answer(null);
    const found = keys.map((key) => ({ key, row: this.rows.find((row) => rowId(row) === rowId(key)) }));
    const failed = found.flatMap(({ row }) => (row?.state === State.Failed ? [row] : []));
    let action: string | null = null;
    if (!dryRun && failed.length > 0) {
      this.#putBack(failed);
      const named = (rows: readonly RowKey[]) =>
        JSON.stringify({ rows: rows.map((row) => `${tableOf[row.source]} ${row.streamingNo}`) });
      const outcome = { at: timeOfActs, what: named(failed) };
      const act = { action: 'requeue', what: named(keys), rows: failed.length, reason, outcome } as const;
      action = this.#record(actor, act);
    }
    return {
      dryRun,
      action,
      requeued: failed.map((row) => ({
        table: tableOf[row.source],
        streamingNo: row.streamingNo,
        errContent: row.errContent,
        appliedSince: fakeRelatedRows(row)
          .filter(({ place, decidedAt }) => place === 'after' && decidedAt !== null)
          .map(({ table, streamingNo, opFlag, decidedAt }) => ({
            table,
            streamingNo,
            opFlag,
            decidedAt: decidedAt ?? '',
          })),
      })),
      notRequeued: found
        .filter(({ row }) => row?.state !== State.Failed)
        .map(({ key, row }) => ({
          table: tableOf[key.source],
          streamingNo: key.streamingNo,
          reason: row === undefined ? 'missing' : 'not failed',
          state: row?.state ?? null,
        })),
    };
  }

  /** Puts back at most `mostAtOnce` rows at a time. */
  async requeueMatching(
    actor: Actor,
    target: MatchTarget,
    { dryRun, reason }: { readonly dryRun: boolean; readonly reason: string | null },
  ): Promise<MatchReport> {
    const begun = 'continues' in target ? this.acts.find(({ id }) => id === target.continues) : undefined;
    const filter = 'continues' in target ? (matchRecord(begun!)?.filter ?? {}) : target.filter;
    const all = this.#answer(this.#matching(filter));
    const matching = dryRun ? all : all.slice(0, this.mostAtOnce);
    const atLeast = matching.length < all.length;
    const failedUntil = '2026-11-21 16:00:00';
    let action: string | null = null;
    const before = begun?.rows ?? 0;
    if (!dryRun && matching.length > 0) {
      this.#putBack(matching);
      const { source, ...rest } = filter;
      const named = source === undefined ? rest : { table: tableOf[source], ...rest };
      const what = JSON.stringify({ filter: named, failedUntil, before });
      const last = atLeast ? cursorOf(matching.at(-1)!) : null;
      const outcome = { at: timeOfActs, what: JSON.stringify({ matched: matching.length, left: last }) };
      const act = { action: 'requeue-matching', what, rows: matching.length, reason, outcome } as const;
      action = this.#record(actor, act);
    }
    return {
      dryRun,
      action,
      failedUntil,
      matched: { rows: matching.length, atLeast },
      requeued: dryRun ? 0 : matching.length,
      notRequeued: 0,
      before,
      examples: matching.slice(0, 5).map(failedRow),
    };
  }

  async action(id: string): Promise<AuditEntry | null> {
    return this.#answer(this.acts.find((act) => act.id === id) ?? null);
  }

  async knowsTarget(target: PauseTarget): Promise<boolean> {
    return 'source' in target || target.productId !== unknownProduct;
  }

  async pauses(): Promise<readonly PauseInForce[]> {
    return this.#answer(this.paused);
  }

  async pause(actor: Actor, target: PauseTarget, reason: string | null): Promise<boolean> {
    if (this.#answer(this.paused).some((pause) => same(pause.target, namedTarget(target)))) return false;
    this.paused = [
      ...this.paused,
      { target: namedTarget(target), since: timeOfActs, who: actor.name, reason },
    ];
    this.#record(actor, { action: 'pause', what: JSON.stringify(target), rows: null, reason });
    return true;
  }

  async resume(actor: Actor, target: PauseTarget, reason: string | null): Promise<boolean> {
    const left = this.#answer(this.paused).filter((pause) => !same(pause.target, namedTarget(target)));
    if (left.length === this.paused.length) return false;
    this.paused = left;
    this.#record(actor, { action: 'resume', what: JSON.stringify(target), rows: null, reason });
    return true;
  }

  async alarms(): Promise<readonly OpenAlarm[]> {
    return this.openAlarms;
  }

  startRepair: OperatorService['startRepair'] = (actor, order) => this.repairs.start(actor, order);
  repairState: OperatorService['repairState'] = () => this.repairs.state(this.openAlarms);
  cancelRepair: OperatorService['cancelRepair'] = () => this.repairs.cancel();

  status = unused;
  findFailed = unused;
  preview = unused;
  verify = unused;
  repair = unused;
  acceptStore = unused;
  purgeJournal = unused;

  async verification(): Promise<Verification> {
    return this.#answer(this.verificationList);
  }

  async workers(): Promise<readonly WorkerDescription[]> {
    return this.#answer(this.workerList);
  }

  async audit(request: { readonly limit: number; readonly before?: string }): Promise<readonly AuditEntry[]> {
    const { limit, before } = request;
    const older = this.acts.filter(({ id }) => before === undefined || Number(id) < Number(before));
    return this.#answer(older.slice(0, limit));
  }

  #answer<T>(answer: T): T {
    if (this.outage !== null) throw this.outage;
    return answer;
  }

  #matching(filter: RowFilter): FullRow[] {
    return this.rows.filter(
      (row) =>
        row.state === State.Failed &&
        (filter.source ?? row.source) === row.source &&
        (filter.code ?? codeOf(row.errContent)) === codeOf(row.errContent) &&
        (filter.productId ?? row.productId) === row.productId &&
        (filter.custId ?? row.custId) === row.custId &&
        (filter.userId ?? row.userId) === row.userId &&
        (filter.opFlag ?? row.opFlag) === row.opFlag &&
        (filter.since ?? '') <= (row.stateDate ?? '') &&
        (filter.until ?? '9') > (row.stateDate ?? '') &&
        [row.errContent, row.custName, row.accName].some((text) => text?.includes(filter.text ?? '')),
    );
  }

  #putBack(rows: readonly FullRow[]): void {
    const moved = new Set(rows);
    this.rows = this.rows.map((row) =>
      moved.has(row) ? { ...row, state: State.Initial, errContent: null } : row,
    );
  }

  #record(
    actor: Actor,
    act: Pick<AuditEntry, 'action' | 'what' | 'rows' | 'reason'> & Partial<Pick<AuditEntry, 'outcome'>>,
  ): string {
    const entry: AuditEntry = {
      id: String(this.acts.length + 1),
      at: timeOfActs,
      who: actor.name,
      via: actor.via,
      ...{ status: 'done', outcome: null },
      ...act,
    };
    this.acts = [entry, ...this.acts];
    return entry.id;
  }
}

/** What only commands call. */
function unused(): Promise<never> {
  return Promise.reject(new Error('no request calls this'));
}

function isRow(row: DeferredRow, { source, streamingNo }: RowKey): boolean {
  return row.table === tableOf[source] && row.streamingNo === streamingNo;
}

function same(a: NamedTarget, b: NamedTarget): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
