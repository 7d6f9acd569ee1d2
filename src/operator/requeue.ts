import { isCanonicalNumber, rowId, tableOf, type RowKey } from '../domain/keys.js';
import type { Cell } from '../domain/rows.js';
import { State } from '../domain/states.js';
import type { FullRow, MiddleOperations } from '../middle/port.js';
import type { JournalLine, StoreOperations } from '../store/port.js';

/** A row named in a report. */
interface NamedRow {
  /** The specification's table name. */
  readonly table: string;
  readonly streamingNo: string;
}

/** A row that was put back, or would be. */
export interface Requeued extends NamedRow {
  /** The error that it had. */
  readonly errContent: Cell;
  /**
   * Rows of its customer that were applied after it failed, newest first: it will now take effect after them, which is
   * another order than the platform's.
   */
  readonly appliedSince: readonly (NamedRow & { readonly opFlag: Cell; readonly decidedAt: string })[];
}

/** A row that was not put back. */
export interface NotRequeued extends NamedRow {
  readonly reason: 'missing' | 'not failed' | 'several rows';
  /** Its State now; null where there is no such row, more than one, or none in it. */
  readonly state: number | null;
}

/** What became of the rows asked for. */
export interface RequeueReport {
  /** Nothing was changed: `requeued` lists what would be. */
  readonly dryRun: boolean;
  readonly requeued: readonly Requeued[];
  readonly notRequeued: readonly NotRequeued[];
}

/** How many rows applied since are named for each requeued row. */
const namedLaterRows = 5;

/**
 * Puts failed rows back to State 0 (3→0, ErrContent NULL), where they still are in State 3 when the update runs; a row
 * that shares its StreamingNo with another is left alone.
 */
export async function requeue(
  middle: MiddleOperations,
  store: StoreOperations,
  keys: readonly RowKey[],
  { dryRun }: { readonly dryRun: boolean },
): Promise<RequeueReport> {
  const asked = [...new Map(keys.map((key) => [rowId(key), key])).values()];
  const found = await rowsByKey(middle, asked);
  const candidates: { readonly key: RowKey; readonly requeued: Requeued }[] = [];
  for (const key of asked) {
    const [row, ...others] = found.get(rowId(key)) ?? [];
    if (row?.state !== State.Failed || others.length > 0) continue;
    candidates.push({ key, requeued: await describe(store, row) });
  }
  const failed = candidates.map(({ key }) => key);
  const moved = new Set((dryRun ? failed : await middle.requeue(failed)).map(rowId));
  const left = asked.filter((key) => !moved.has(rowId(key)));
  // Looked at again: a row may have changed between the look and the update.
  const leftRows = dryRun || left.length === 0 ? found : await rowsByKey(middle, left);
  return {
    dryRun,
    requeued: candidates.filter(({ key }) => moved.has(rowId(key))).map(({ requeued }) => requeued),
    notRequeued: left.map((key) => notRequeued(key, leftRows.get(rowId(key)) ?? [])),
  };
}

async function rowsByKey(middle: MiddleOperations, keys: readonly RowKey[]): Promise<Map<string, FullRow[]>> {
  const byKey = new Map<string, FullRow[]>();
  for (const row of await middle.find(keys)) byKey.set(rowId(row), [...(byKey.get(rowId(row)) ?? []), row]);
  return byKey;
}

function notRequeued(key: RowKey, [row, ...others]: readonly FullRow[]): NotRequeued {
  const name = { table: tableOf[key.source], streamingNo: key.streamingNo };
  if (row === undefined) return { ...name, reason: 'missing', state: null };
  if (others.length > 0) return { ...name, reason: 'several rows', state: null };
  return { ...name, reason: 'not failed', state: row.state };
}

async function describe(store: StoreOperations, row: FullRow): Promise<Requeued> {
  const { custId } = row;
  // The journal's CustID is a number: a row refused for a CustID that is none has no later rows there.
  const later =
    custId === null || !isCanonicalNumber(custId)
      ? []
      : await store.appliedSince(row, custId, namedLaterRows);
  return {
    table: tableOf[row.source],
    streamingNo: row.streamingNo,
    errContent: row.errContent,
    appliedSince: later.map(laterRow),
  };
}

function laterRow({ source, streamingNo, opFlag, decidedAt }: JournalLine): Requeued['appliedSince'][number] {
  return { table: tableOf[source], streamingNo, opFlag, decidedAt };
}
