import { tableOf } from '../domain/keys.js';
import type { CreatedAhead } from '../middle/port.js';
import type { MiddleAdmin, StateCounts } from '../middle/admin-port.js';
import type { LossLookup, StoreAlarm } from '../store/guard-port.js';
import type { WorkerDescription } from '../store/port.js';
import type { StoreAdmin } from '../store/admin-port.js';
import { deferredSummary, type DeferredSources } from './deferred.js';
import type { DeferredSummary } from './deferred-report.js';

/** How much there is to do and who does it: the answer of `status --json`. */
export interface Status {
  /** Rows by State, under the specification's table names; our products only. */
  readonly tables: Readonly<Record<string, StateCounts>>;
  /** For how long the oldest row has stood in State 0; 0 where its dates are ahead of the clock; null when there is none, or none with a date. */
  readonly oldestPendingSeconds: number | null;
  /** Pending rows whose CreateDate is ahead of the database's clock: left alone until it has passed. Absent where there are none. */
  readonly createdAhead?: CreatedAhead;
  readonly workers: readonly WorkerDescription[];
  /** Open alarms: the product store has lost something, and no row is processed. */
  readonly alarms: readonly StoreAlarm[];
  /** Deferred rows, and with each the rows of its customer. */
  readonly deferred: DeferredSummary;
}

/** What a status is read from. */
export interface StatusSources {
  readonly middle: MiddleAdmin;
  readonly store: StoreAdmin;
  readonly records: DeferredSources['records'];
  readonly guard: LossLookup;
}

/** Reads the status of both databases. */
export async function status({ middle, store, records, guard }: StatusSources): Promise<Status> {
  const counts = await middle.counts();
  const oldestPendingSeconds = await middle.oldestPendingSeconds();
  const createdAhead = await middle.createdAhead();
  const workers = await store.workers();
  return {
    tables: { [tableOf.CUST]: counts.CUST, [tableOf.ACCOUNT]: counts.ACCOUNT },
    oldestPendingSeconds,
    ...(createdAhead.rows > 0 && { createdAhead }),
    workers,
    alarms: await guard.openAlarms(),
    deferred: await deferredSummary({ store, records }),
  };
}
