import { rowId, tableOf, type RowKey } from '../domain/keys.js';
import type { StoreAdmin, DeferralRecord, StoreRecords } from '../store/admin-port.js';
import { NotTakenError, takeRecorded } from './audit.js';
import type { DeferredRow, DeferredSummary, NamedRow, RetryReport } from './deferred-report.js';
import type { Actor } from './operator-service.js';

/*
 * Deferred rows (P12): each delays only the rows of its own customer, and workers try it again by themselves.
 */

/** What a summary is read from. */
export interface DeferredSources {
  readonly store: Pick<StoreAdmin, 'now'>;
  readonly records: Pick<StoreRecords, 'deferrals' | 'deferralCounts' | 'deferredCustomers'>;
}

/** How many rows a summary names. */
const namedRows = 10;

/** The deferred rows, those deferred longest first. */
export async function deferredRows(
  records: Pick<StoreRecords, 'deferrals'>,
  limit: number,
): Promise<readonly DeferredRow[]> {
  return (await records.deferrals(limit)).map(deferredRow);
}

/** Reads a summary. */
export async function deferredSummary({ store, records }: DeferredSources): Promise<DeferredSummary> {
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

/** A row as it is listed. */
export function deferredRow(record: DeferralRecord): DeferredRow {
  const { source, streamingNo, custId, stage, cause, reason, tries, since, nextAt, worker } = record;
  return { table: tableOf[source], streamingNo, custId, stage, cause, reason, tries, since, nextAt, worker };
}

function ageSeconds([first]: readonly DeferredRow[], now: string): number | null {
  return first === undefined ? null : Math.max(0, (Date.parse(now) - Date.parse(first.since)) / 1000);
}

/**
 * Ends the deferral of rows as an operator's action; each row's record commits with it. NotTakenError only where no row
 * was changed.
 */
export async function retry(
  records: Pick<StoreRecords, 'retry'>,
  actor: Actor,
  keys: readonly RowKey[],
  reason: string | null,
): Promise<RetryReport> {
  const retried: NamedRow[] = [];
  const notDeferred: NamedRow[] = [];
  for (const key of new Map(keys.map((each) => [rowId(each), each])).values()) {
    const row = { table: tableOf[key.source], streamingNo: key.streamingNo };
    const what = { rows: [`${row.table} ${row.streamingNo}`] };
    const action = { action: 'retry', what, rows: 1, reason } as const;
    const isRetried = await takeRecorded(actor, action, (record) => records.retry(key, record)).catch(
      (error: unknown) => {
        throw retried.length > 0 && error instanceof NotTakenError ? error.cause : error;
      },
    );
    (isRetried ? retried : notDeferred).push(row);
  }
  return { retried, notDeferred };
}
