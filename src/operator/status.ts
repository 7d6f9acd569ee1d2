import type { Status } from './contract/state.js';
import type { Databases } from './databases.js';
import { deferredSummary } from './deferred.js';
import { byTableName, namedAlarm } from './named.js';
import { countLimit } from './overview.js';

/** Reads the status of both databases. Counting stops at a limit, as in the overview. */
export async function status({ middle, store }: Databases): Promise<Status> {
  const counts = await middle.queries.countCapped(countLimit);
  const oldestPendingSeconds = await middle.oldestPendingSeconds();
  const createdAhead = await middle.createdAhead();
  const workers = await store.workers();
  return {
    tables: byTableName((source) => {
      const { stopped, ...states } = counts[source];
      return { ...states, ...(stopped.length > 0 && { atLeast: stopped }) };
    }),
    oldestPendingSeconds,
    ...(createdAhead.rows > 0 && { createdAhead }),
    workers,
    alarms: (await store.guard.openAlarms()).map(namedAlarm),
    deferred: await deferredSummary(store),
  };
}
