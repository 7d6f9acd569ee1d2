import { rowId, type RowKey } from '../domain/keys.js';
import type { Cell, InterfaceRow } from '../domain/rows.js';
import { State } from '../domain/states.js';
import type { ClaimRequest, ClaimResult, Mark, MarkConflict, MarkResult, NotChanged } from './port.js';
import { cell, type DriverRow } from './rows.js';

/*
 * Claims and marks, the same for every database: requests, results, and the rows left unchanged.
 *
 * A row left unchanged although it is in the expected State is either locked by another session, which the database
 * reports, or its update was undone, by a trigger for instance. Both are returned to the caller; all others changed
 * meanwhile, which is normal.
 */

/** Rows to change. */
export interface RowChange<Row extends RowKey> {
  readonly rows: readonly Row[];
  /** Which rows to change if these, by `rowId`, are locked by another session. */
  readonly chosen: (rows: readonly Row[], locked: ReadonlySet<string>) => readonly Row[];
}

/** Result of a change. */
export interface ChangeResult {
  /** The rows that changed: one key each, several where a key occurs more than once. */
  readonly changed: readonly RowKey[];
  /** Rows, by `rowId`, locked by another session, or with a locked attribute row. */
  readonly locked: ReadonlySet<string>;
  /** Rows that could change but did not, because of a locked row before them. */
  readonly heldBack: ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();

/** No row is locked. */
export const nothingLocked = { locked: none, heldBack: none };

/** All rows except locked ones. */
export function notLocked<Row extends RowKey>(
  rows: readonly Row[],
  locked: ReadonlySet<string>,
): readonly Row[] {
  return rows.filter((row) => !locked.has(rowId(row)));
}

/** The rows of each customer before the first locked one: they change in order or not at all. */
export function beforeLocked<Row extends RowKey & { readonly custId: Cell }>(
  rows: readonly Row[],
  locked: ReadonlySet<string>,
): readonly Row[] {
  const held = new Set<Cell>();
  return rows.filter((row) => {
    if (locked.has(rowId(row))) held.add(row.custId);
    return !held.has(row.custId);
  });
}

/** A polled row whose claim starts a new attempt. */
export interface NewAttempt extends RowKey {
  readonly state: number;
  /** The new StateDate is later than this; null: by the clock alone. */
  readonly after: string | null;
  /** Its attribute rows stay unchanged: there are more than `maxAttributes`. */
  readonly attributesStay: boolean;
}

/** Claim statements of a kind of database. */
export interface ClaimSteps {
  /** Starts new attempts at rows still in their State and, in State 1, without a StateDate that names an attempt. */
  readonly start: (change: RowChange<NewAttempt>) => Promise<ChangeResult>;
  /** Reads rows in any State, with attributes except for those in `bare`, by `rowId`. */
  readonly read: (keys: readonly RowKey[], bare: ReadonlySet<string>) => Promise<readonly InterfaceRow[]>;
}

/** Starts attempts at polled rows and reads them all. A row taken over keeps a StateDate that names an attempt. */
export async function claimRows(
  requests: readonly ClaimRequest[],
  maxAttributes: number,
  { start, read }: ClaimSteps,
): Promise<ClaimResult> {
  const due = requests.flatMap(({ row, after }): NewAttempt[] => {
    if (row.state === State.Processing && row.stateDate !== null) return [];
    const { source, streamingNo, state, attributes } = row;
    return [{ source, streamingNo, state, after, attributesStay: attributes > maxAttributes }];
  });
  const { changed, locked } =
    due.length === 0 ? { changed: [], ...nothingLocked } : await start({ rows: due, chosen: notLocked });
  const keys = requests.map(({ row }) => row);
  const bare = keys.filter(({ attributes }) => attributes > maxAttributes);
  const rows = await read(keys, new Set(bare.map(rowId)));
  const left = due.length === 0 ? [] : leftOf(due, locked, rows);
  const undone = new Set(left.map(rowId));
  const initial = new Set(due.filter(({ state }) => state === State.Initial).map(rowId));
  const claimed = changed.filter((key) => initial.has(rowId(key)) && !undone.has(rowId(key))).length;
  return { claimed, rows, left };
}

/** Rows unchanged since before their claim. */
function leftOf(
  due: readonly NewAttempt[],
  locked: ReadonlySet<string>,
  rows: readonly InterfaceRow[],
): readonly NotChanged[] {
  const open = new Set(rows.filter(standsUnclaimed).map(rowId));
  return due
    .filter((row) => open.has(rowId(row)))
    .map(({ source, streamingNo }) => notChanged({ source, streamingNo }, locked));
}

function standsUnclaimed({ state, stateDate }: InterfaceRow): boolean {
  return state === State.Initial || (state === State.Processing && stateDate === null);
}

function notChanged(key: RowKey, locked: ReadonlySet<string>): NotChanged {
  return { ...key, cause: locked.has(rowId(key)) ? 'locked' : 'ignored' };
}

/** Mark statements of a kind of database. */
export interface MarkSteps {
  /** Writes outcomes where they are due. */
  readonly write: (change: RowChange<Mark>) => Promise<ChangeResult>;
  /** Reads source, StreamingNo, State and StateDate of rows. */
  readonly standing: (keys: readonly RowKey[]) => Promise<readonly StandingRow[]>;
}

/** A row that a mark left unchanged. */
export interface StandingRow extends RowKey {
  readonly state: number | null;
  readonly stateDate: Cell;
}

/** Converts a driver's row with StreamingNo, State and StateDate. */
export function standingRow(source: RowKey['source'], row: DriverRow): StandingRow {
  return {
    source,
    streamingNo: String(row['StreamingNo']),
    state: row['State'] === null ? null : Number(row['State']),
    stateDate: cell(row['StateDate']),
  };
}

/** Writes outcomes, and reads the rows left unchanged. */
export async function markRows(marks: readonly Mark[], { write, standing }: MarkSteps): Promise<MarkResult> {
  if (marks.length === 0) return { marked: 0, conflicts: [], left: [], heldBack: [] };
  const { changed, locked, heldBack: held } = await write({ rows: marks, chosen: beforeLocked });
  const heldBack = marks.filter((mark) => held.has(rowId(mark)));
  const unchanged = new Set(unanswered(marks, changed).filter((mark) => !held.has(rowId(mark))));
  const doubtful = marks.filter(
    (mark) => unchanged.has(mark) || (mark.again === true && !held.has(rowId(mark))),
  );
  const conflicts: MarkConflict[] = [];
  const left: NotChanged[] = [];
  const standings = doubtful.length === 0 ? [] : await standing(doubtful);
  const present = new Map(standings.map((row) => [rowId(row), row]));
  for (const mark of doubtful) {
    const { source, streamingNo } = mark;
    const { state, stateDate } = present.get(rowId(mark)) ?? { state: null, stateDate: null };
    const isOpen = state === State.Processing && stateDate === mark.attempt;
    if (isOpen) left.push(notChanged({ source, streamingNo }, locked));
    else if (unchanged.has(mark)) conflicts.push({ mark, state, stateDate });
  }
  const marked = marks.length - heldBack.length - left.length - conflicts.length;
  return { marked, conflicts, left, heldBack };
}

/** The marks that changed no row. Each changed row answers one mark of its key. */
function unanswered(marks: readonly Mark[], changed: readonly RowKey[]): readonly Mark[] {
  const open = new Map<string, number>();
  for (const key of changed) open.set(rowId(key), (open.get(rowId(key)) ?? 0) + 1);
  return marks.filter((mark) => {
    const count = open.get(rowId(mark)) ?? 0;
    open.set(rowId(mark), count - 1);
    return count <= 0;
  });
}
