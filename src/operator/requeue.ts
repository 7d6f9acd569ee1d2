import { isCanonicalNumber, rowId, tableOf, type RowKey } from '../domain/keys.js';
import { State } from '../domain/states.js';
import type { FullRow, MiddleAdmin } from '../middle/admin-port.js';
import type { StoreAdmin, JournalLine, StoreRecords } from '../store/admin-port.js';
import { takeIntended } from './audit.js';
import type { Actor } from './operator-service.js';
import type { NotRequeued, Requeued, RequeueReport } from './requeue-report.js';

/** What requeuing needs. */
export interface RequeueSources {
  readonly middle: MiddleAdmin;
  readonly store: StoreAdmin;
  readonly records: StoreRecords;
}

/** How rows are put back. */
export interface RequeueOptions {
  readonly dryRun: boolean;
  /** Puts failed rows back, and returns those that it did. Default: without a record. */
  readonly move?: (failed: readonly RowKey[]) => Promise<readonly RowKey[]>;
}

/** How many rows applied since are named for each requeued row. */
const namedLaterRows = 5;

/**
 * Puts failed rows back to State 0 (3→0, ErrContent NULL), where they still are in State 3 when the update runs; a row
 * that shares its StreamingNo with another is left alone.
 */
export async function requeue(
  middle: MiddleAdmin,
  store: StoreAdmin,
  keys: readonly RowKey[],
  { dryRun, move = (failed) => middle.requeue(failed) }: RequeueOptions,
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
  const moved = new Set((dryRun || failed.length === 0 ? failed : await move(failed)).map(rowId));
  const left = asked.filter((key) => !moved.has(rowId(key)));
  // Looked at again: a row may have changed between the look and the update.
  const leftRows = dryRun || left.length === 0 ? found : await rowsByKey(middle, left);
  return {
    dryRun,
    action: null,
    requeued: candidates.filter(({ key }) => moved.has(rowId(key))).map(({ requeued }) => requeued),
    notRequeued: left.map((key) => notRequeued(key, leftRows.get(rowId(key)) ?? [])),
  };
}

/** The same as an operator's action, on record before and after. */
export async function requeueBy(
  { middle, store, records }: RequeueSources,
  actor: Actor,
  keys: readonly RowKey[],
  { dryRun, reason }: { readonly dryRun: boolean; readonly reason: string | null },
): Promise<RequeueReport> {
  let action: string | null = null;
  const move = async (failed: readonly RowKey[]): Promise<readonly RowKey[]> => {
    let moved: readonly RowKey[] = [];
    const intent = { action: 'requeue', what: { rows: keys.map(rowName) }, reason } as const;
    return takeIntended(records, actor, intent, {
      take: async (intentId) => {
        action = intentId;
        moved = await middle.requeue(failed);
        return moved;
      },
      outcome: () => ({ what: { rows: moved.map(rowName) }, rows: moved.length }),
    });
  };
  const report = await requeue(middle, store, keys, { dryRun, move });
  return { ...report, action };
}

function rowName({ source, streamingNo }: RowKey): string {
  return `${tableOf[source]} ${streamingNo}`;
}

/** The rows of each of these keys, by `rowId`: more than one where the table has no primary key. */
export async function rowsByKey(
  middle: MiddleAdmin,
  keys: readonly RowKey[],
): Promise<ReadonlyMap<string, readonly FullRow[]>> {
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

async function describe(store: StoreAdmin, row: FullRow): Promise<Requeued> {
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
