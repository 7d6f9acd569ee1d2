import { DatabaseError } from '../../../src/database/errors.js';
import { groupByKey, rowId, type RowKey } from '../../../src/domain/keys.js';
import { State } from '../../../src/domain/states.js';
import type { ChangeResult, NewAttempt, RowChange } from '../../../src/middle/changes.js';
import type { Mark } from '../../../src/middle/port.js';
import { attemptOf, laterOfNowAnd, newAttempt } from './dates.js';
import type { RowLocks } from './row-locks.js';
import { isOurs, type MiddleGuard, type MiddleScope } from './scope.js';
import type { RowColumns, StoredRow, StoredRows } from './stored-rows.js';
import type { Writing } from './writing.js';

/*
 * Claims and marks: guarded updates of rows, which do not wait for those that somebody has locked. The same as in
 * src/middle/knex, where the database does it in one statement, or in one transaction where rows are locked.
 */

/** A row to change. */
interface AskedRow extends RowKey {
  readonly attributesStay?: boolean;
}

/** A guarded update. */
export interface GuardedChange<Asked extends AskedRow> {
  readonly accepts: (row: StoredRow, asked: Asked) => boolean;
  readonly set: (row: StoredRow, asked: Asked, nowMs: number) => Partial<RowColumns>;
  /** The States that `set` gives: attribute rows follow rows in one of these. */
  readonly leadsTo: readonly number[];
  readonly skipsLocked: boolean;
}

/** Starts new attempts. */
export function claimChange(without: ReadonlySet<MiddleGuard>): GuardedChange<NewAttempt> {
  const isInState = (row: StoredRow, { state }: NewAttempt) =>
    row.state === state || (state === State.Initial && without.has('claim expects State 0'));
  return {
    accepts: (row, asked) =>
      isInState(row, asked) && (asked.state === State.Initial || attemptOf(row.stateDate) === null),
    set: ({ stateDate }, { after }, nowMs) => ({
      state: State.Processing,
      stateDate: without.has('new attempt is later')
        ? newAttempt(null, null, nowMs)
        : newAttempt(stateDate, after, nowMs),
    }),
    leadsTo: [State.Processing],
    skipsLocked: !without.has('claim skips locked rows'),
  };
}

/** Writes outcomes to rows in State 1 whose attempt is the mark's. */
export function markChange(without: ReadonlySet<MiddleGuard>): GuardedChange<Mark> {
  const isInState = ({ state }: StoredRow) =>
    state === State.Processing || without.has('mark expects State 1');
  const isAttempt = ({ stateDate }: StoredRow, { attempt }: Mark) =>
    attemptOf(stateDate) === attempt || without.has('mark expects the attempt');
  return {
    accepts: (row, asked) => isInState(row) && isAttempt(row, asked),
    set: (_row, { attempt, errContent }, nowMs) => ({
      state: errContent === null ? State.Succeeded : State.Failed,
      errContent,
      stateDate: laterOfNowAnd(attempt, nowMs),
    }),
    leadsTo: [State.Succeeded, State.Failed],
    skipsLocked: !without.has('mark skips locked rows'),
  };
}

/** What a guarded update needs. */
interface ChangeContext {
  readonly rows: StoredRows;
  readonly locks: RowLocks;
  readonly writing: Writing;
  readonly scope: MiddleScope;
  readonly nowMs: number;
  readonly attributesFollow: boolean;
}

/** Changes rows where they may be changed. */
export function changeRows<Asked extends AskedRow>(
  { rows, chosen }: RowChange<Asked>,
  change: GuardedChange<Asked>,
  context: ChangeContext,
): ChangeResult {
  const locked = lockedOf(accepted(rows, change, context), context);
  if (locked.size > 0 && !change.skipsLocked)
    throw new DatabaseError('locked', 'canceling statement due to lock timeout', { code: '55P03' });
  const free = locked.size === 0 ? rows : chosen(rows, locked);
  const changed: RowKey[] = [];
  for (const [row, asked] of accepted(free, change, context)) {
    const after = context.writing.update(row, change.set(row, asked, context.nowMs));
    if (after?.state === undefined || !change.leadsTo.includes(after.state ?? -1)) continue;
    changed.push({ source: asked.source, streamingNo: asked.streamingNo });
    if (follow(asked, context)) context.writing.letAttributesFollow(after);
  }
  return { changed, locked, heldBack: heldBackOf(rows, free, locked) };
}

/** The rows that stand as they were asked for, each with what was asked of it. */
function accepted<Asked extends AskedRow>(
  asked: readonly Asked[],
  { accepts }: GuardedChange<Asked>,
  { rows, scope }: ChangeContext,
): readonly (readonly [StoredRow, Asked])[] {
  return [...groupByKey(asked)].flatMap(([id, ofKey]) =>
    rows.withId(id).flatMap((row) => {
      const found = isOurs(scope, row) ? ofKey.find((each) => accepts(row, each)) : undefined;
      return found === undefined ? [] : [[row, found] as const];
    }),
  );
}

function lockedOf(
  accepted: readonly (readonly [StoredRow, AskedRow])[],
  context: ChangeContext,
): ReadonlySet<string> {
  const { rows, locks } = context;
  const isLocked = (row: StoredRow, asked: AskedRow) =>
    locks.holderOf(row) !== null ||
    (follow(asked, context) && locks.attributeHolderOf(row, rows.attributesOf(row.id)) !== null);
  return new Set(accepted.filter(([row, asked]) => isLocked(row, asked)).map(([row]) => row.id));
}

/** Whether the attribute rows of a row follow it. */
function follow(asked: AskedRow, { scope, attributesFollow }: ChangeContext): boolean {
  return attributesFollow && scope.markAttributes && asked.attributesStay !== true;
}

function heldBackOf(
  rows: readonly RowKey[],
  free: readonly RowKey[],
  locked: ReadonlySet<string>,
): ReadonlySet<string> {
  const asked = new Set(free.map(rowId));
  return new Set(rows.map(rowId).filter((id) => !asked.has(id) && !locked.has(id)));
}
