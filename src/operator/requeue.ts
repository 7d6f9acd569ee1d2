import { groupByKey, isCanonicalNumber, oncePerKey, rowId, type RowKey } from '../domain/keys.js';
import { State } from '../domain/states.js';
import type { FullRow } from '../middle/admin-port.js';
import type { StoreAdmin } from '../store/admin-port.js';
import { takeIntended } from './audit.js';
import type { Actor, NotRequeued, Requeued, RequeueReport } from './contract/actions.js';
import type { Databases } from './databases.js';
import { named, auditName } from './named.js';
import type { ActionOptions } from './requests.js';

/** Rows applied since that are named per requeued row. */
const namedLaterRows = 5;

/**
 * Requeues failed rows (3→0, ErrContent NULL) that still are in State 3 when the update runs; a row that shares its
 * StreamingNo with another is left alone. The action is recorded before and after; if no row is failed, it is not
 * recorded.
 */
export async function requeue(
  { middle, store }: Databases,
  actor: Actor,
  keys: readonly RowKey[],
  { dryRun, reason }: ActionOptions,
): Promise<RequeueReport> {
  const asked = oncePerKey(keys);
  const found = groupByKey(await middle.find(asked));
  const failed = asked.flatMap((key) => {
    const [row, ...others] = found.get(rowId(key)) ?? [];
    return row?.state === State.Failed && others.length === 0 ? [row] : [];
  });
  const described = new Map<string, Requeued>();
  for (const row of failed) described.set(rowId(row), await describe(store, row));
  let action: string | null = null;
  let moved: readonly RowKey[] = dryRun ? failed : [];
  if (!dryRun && failed.length > 0) {
    const intent = { action: 'requeue', what: { rows: keys.map(auditName) }, reason } as const;
    await takeIntended(store.records, actor, intent, {
      take: async (intentId) => {
        action = intentId;
        moved = await middle.requeue(failed.map(({ source, streamingNo }) => ({ source, streamingNo })));
      },
      outcome: () => ({ what: { rows: moved.map(auditName) }, rows: moved.length }),
    });
  }
  const isMoved = new Set(moved.map(rowId));
  const left = asked.filter((key) => !isMoved.has(rowId(key)));
  // Read again: a row may have changed between the first read and the update.
  const leftRows = dryRun || left.length === 0 ? found : groupByKey(await middle.find(left));
  return {
    dryRun,
    action,
    requeued: asked.flatMap((key) => (isMoved.has(rowId(key)) ? (described.get(rowId(key)) ?? []) : [])),
    notRequeued: left.map((key) => notRequeued(key, leftRows.get(rowId(key)) ?? [])),
  };
}

function notRequeued(key: RowKey, [row, ...others]: readonly FullRow[]): NotRequeued {
  const name = named({ source: key.source, streamingNo: key.streamingNo });
  if (row === undefined) return { ...name, reason: 'missing', state: null };
  if (others.length > 0) return { ...name, reason: 'several rows', state: null };
  return { ...name, reason: 'not failed', state: row.state };
}

async function describe(store: StoreAdmin, row: FullRow): Promise<Requeued> {
  const { custId } = row;
  // The journal's CustID is a number: a row refused for an invalid one has no later rows there.
  const later =
    custId === null || !isCanonicalNumber(custId)
      ? []
      : await store.appliedSince(row, custId, namedLaterRows);
  const { source, streamingNo, errContent } = row;
  const appliedSince = later.map((line) => {
    const { opFlag, decidedAt } = line;
    return named({ source: line.source, streamingNo: line.streamingNo, opFlag, decidedAt });
  });
  return { ...named({ source, streamingNo, errContent }), appliedSince };
}
