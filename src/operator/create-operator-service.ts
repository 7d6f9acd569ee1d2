import type { MiddleAdmin, BoundedQueries } from '../middle/admin-port.js';
import type { StoreAdmin, StoreRecords } from '../store/admin-port.js';
import type { LossLookup } from '../store/guard-port.js';
import { actions, findAction } from './audit.js';
import { cached } from './cached.js';
import { deferredRows, retry } from './deferred.js';
import type { OperatorService } from './operator-service.js';
import { failedList } from './failed.js';
import { failureGroups } from './failure-groups.js';
import { processing } from './processing.js';
import { overview } from './overview.js';
import { pause, resume } from './pauses.js';
import { requeueBy } from './requeue.js';
import { requeueMatching } from './requeue-matching.js';
import { rowPage } from './row-page.js';

/** Where an operator service reads and writes, and its clocks. */
export interface OperatorParts {
  readonly middle: MiddleAdmin;
  readonly search: BoundedQueries;
  readonly store: StoreAdmin;
  readonly records: StoreRecords;
  readonly guard: LossLookup;
  /** Milliseconds since 1970 by the process's clock. */
  readonly wallClock: () => number;
  /** Milliseconds that only grow, to measure with. */
  readonly clock: () => number;
}

/** How long what every screen shows is kept. */
const keptMs = 10_000;

/** How long an action takes before it leaves the rest to be gone on with: whoever asked waits for it. */
const longestActionMs = 5000;

/** What operators can see and do, over both databases. */
export function createOperatorService(parts: OperatorParts): OperatorService {
  const { search, store, records, guard, clock } = parts;
  return {
    overview: cached(() => overview(parts), { forMs: keptMs, clock }),
    failureGroups: cached(() => failureGroups(parts), { forMs: keptMs, clock }),
    failed: (filter, request) => failedList(search, filter, request),
    processing: (limit) => processing(parts, limit),
    deferred: (limit) => deferredRows(records, limit),
    retry: (actor, keys, reason) => retry(records, actor, keys, reason),
    row: (key) => rowPage(parts, key),
    requeue: (actor, keys, options) => requeueBy(parts, actor, keys, options),
    requeueMatching: (actor, target, options) => {
      const end = clock() + longestActionMs;
      const isOver = (): boolean => clock() >= end;
      return requeueMatching(parts, actor, { target, isOver, ...options });
    },
    pauses: () => records.pauses(),
    pause: (actor, target, reason) => pause(records, actor, { target, reason }),
    knowsTarget: async (target) => 'source' in target || records.knowsProduct(target.productId),
    resume: (actor, target, reason) => resume(records, actor, { target, reason }),
    workers: () => store.workers(),
    alarms: cached(() => guard.openAlarms().catch(() => []), { forMs: keptMs, clock }),
    action: (id) => findAction(records, id),
    audit: (request) => actions(records, request),
  };
}
