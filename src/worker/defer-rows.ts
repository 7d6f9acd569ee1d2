import { oneLine } from '../domain/foreign-text.js';
import { rowId, type RowKey } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import type { NotChanged } from '../middle/port.js';
import { BreakerOpenError } from './circuit-breaker.js';
import type { RowToDefer } from './deferrals.js';
import { errorText } from './errors.js';
import type { WorkerContext } from './context.js';

/** What the claim or the marks of a batch left behind. */
export interface LeftBehind {
  /** Rows that the database refused. */
  readonly refused: readonly (RowKey & { readonly custId: Cell; readonly error: Error })[];
  /** Rows that are locked, or did not change. */
  readonly left: readonly (NotChanged & { readonly custId: Cell })[];
  /** How many rows went through. */
  readonly wentThrough: number;
}

const undone = {
  claim: 'the update to State 1 had no effect: a trigger of the database may undo it',
  mark: 'the update to State 2 or 3 had no effect: a trigger of the database may undo it',
};

/** Of so many locked rows it is asked who holds them. */
const holdersAskedFor = 20;

/**
 * Defers what the claim or the marks of a batch left behind. BreakerOpenError where the database undoes row after row: then
 * none is deferred for it, unless the breaker was open already: the next rows are to be tried.
 */
export async function deferRows(
  context: WorkerContext,
  stage: 'claim' | 'mark',
  { refused, left, wentThrough }: LeftBehind,
): Promise<void> {
  if (refused.length === 0 && left.length === 0) return;
  const { deferrals } = context;
  const holders = await holdersOf(context, left);
  const rows: RowToDefer[] = [
    ...refused.map(({ source, streamingNo, custId, error }): RowToDefer => {
      return { source, streamingNo, custId, cause: 'refused', reason: errorText(error) };
    }),
    ...left.map(({ source, streamingNo, custId, cause }): RowToDefer => {
      const holder = holders.get(rowId({ source, streamingNo }));
      const locked = `by ${oneLine(holder ?? 'another session')}`;
      return { source, streamingNo, custId, cause, reason: cause === 'locked' ? locked : undone[stage] };
    }),
  ];
  const isProbe = !context.breakers[stage].closed;
  const opened = openedByUndone(context, stage, left, wentThrough);
  const keepsIgnored = opened === null || isProbe;
  await deferrals.defer(stage, keepsIgnored ? rows : rows.filter(({ cause }) => cause !== 'ignored'));
  if (opened !== null) throw opened;
}

/** Updates that have no effect count like refusals, unless more rows went through. */
function openedByUndone(
  { breakers, deferrals }: WorkerContext,
  stage: 'claim' | 'mark',
  left: LeftBehind['left'],
  wentThrough: number,
): BreakerOpenError | null {
  const ignored = left.filter(
    (row) => row.cause === 'ignored' && deferrals.tries(row, stage, 'ignored') === 0,
  );
  if (ignored.length <= wentThrough) return null;
  const opens = ignored.filter((row) => breakers[stage].rowFailed(rowId(row))).length > 0;
  return opens ? new BreakerOpenError(undone[stage]) : null;
}

/** Who holds the locks is for people to read: without an answer the rows are deferred all the same. */
async function holdersOf(
  { middle, health }: WorkerContext,
  left: LeftBehind['left'],
): Promise<ReadonlyMap<string, string>> {
  const locked = left.filter((row) => row.cause === 'locked').slice(0, holdersAskedFor);
  if (locked.length === 0) return new Map();
  try {
    return await health.trackRows('middle', () => middle.lockHolders(locked));
  } catch {
    return new Map();
  }
}
