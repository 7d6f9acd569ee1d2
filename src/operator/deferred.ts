import { oncePerKey, type RowKey } from '../domain/keys.js';
import type { StoreAdmin, StoreRecords } from '../store/admin-port.js';
import { NotTakenError, takeRecorded } from './audit.js';
import type { Actor, RetryReport } from './contract/actions.js';
import type { DeferredRow, DeferredSummary } from './contract/rows.js';
import type { NamedRow } from './contract/schema.js';
import { named, auditName } from './named.js';

/*
 * Deferred rows (P12): each delays only its own customer's rows, and workers retry it automatically.
 */

/** Rows named in a summary. */
const namedRows = 10;

/** The deferred rows, longest deferred first. */
export async function deferredRows(records: StoreRecords, limit: number): Promise<readonly DeferredRow[]> {
  return (await records.deferrals(limit)).map(named);
}

/** Reads a summary. */
export async function deferredSummary(store: StoreAdmin): Promise<DeferredSummary> {
  const { records } = store;
  const byStage = await records.deferralCounts();
  if (byStage.length === 0) return { rows: 0, customers: 0, oldestSeconds: null, byStage, oldest: [] };
  const oldest = await deferredRows(records, namedRows);
  return {
    rows: byStage.reduce((sum, { rows }) => sum + rows, 0),
    customers: await records.deferredCustomers(),
    oldestSeconds: ageSeconds(oldest, await store.now()),
    byStage,
    oldest,
  };
}

function ageSeconds([first]: readonly DeferredRow[], now: string): number | null {
  return first === undefined ? null : Math.max(0, (Date.parse(now) - Date.parse(first.since)) / 1000);
}

/**
 * Ends the deferral of rows for an operator; each row's record commits with it. NotTakenError only if no row was
 * changed.
 */
export async function retry(
  records: StoreRecords,
  actor: Actor,
  keys: readonly RowKey[],
  reason: string | null,
): Promise<RetryReport> {
  const retried: NamedRow[] = [];
  const notDeferred: NamedRow[] = [];
  for (const key of oncePerKey(keys)) {
    const action = { action: 'retry', what: { rows: [auditName(key)] }, rows: 1, reason } as const;
    const isRetried = await takeRecorded(actor, action, (record) => records.retry(key, record)).catch(
      (error: unknown) => {
        throw retried.length > 0 && error instanceof NotTakenError ? error.cause : error;
      },
    );
    (isRetried ? retried : notDeferred).push(named({ source: key.source, streamingNo: key.streamingNo }));
  }
  return { retried, notDeferred };
}
