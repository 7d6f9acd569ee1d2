import { pausedBy, type MiddleDatabase } from '../middle/port.js';
import type { StoreRecords } from '../store/admin-port.js';
import { acceptStore } from './accept.js';
import { cached } from './cached.js';
import type { Databases } from './databases.js';
import { deferredRows, retry } from './deferred.js';
import { failedList, findFailedRows, InvalidCursorError } from './failed.js';
import { failureGroups } from './failure-groups.js';
import { actionId } from './inputs.js';
import { namedAlarm, namedPause } from './named.js';
import type { OperatorClocks, OperatorSettings } from './requests.js';
import type { OperatorService } from './operator-service.js';
import { overview } from './overview.js';
import { pause, resume } from './pauses.js';
import { preview } from './preview.js';
import { processing } from './processing.js';
import { purgeJournal } from './purge.js';
import { repairState } from './repair/repair-state.js';
import type { RepairRunner } from './repair/repair-runner.js';
import { repairStore } from './repair/repair-store.js';
import { requeue } from './requeue.js';
import { requeueMatching } from './requeue-matching.js';
import { rowPage } from './row-page.js';
import { status } from './status.js';
import { recordedVerifications } from './verification.js';
import { verifyRecorded } from './verify/recorded-run.js';
import type { VerifySources } from './verify/verify.js';

/** Dependencies of an operator service. */
export interface OperatorParts {
  readonly databases: Databases;
  /** Polls as a worker does, for a preview. */
  readonly poller: Pick<MiddleDatabase, 'poll'>;
  /** Opens an empty staging database, for `verify`. */
  readonly openStaging: VerifySources['openStaging'];
  /** Repairs that go on without their caller. */
  readonly repairs: RepairRunner;
  readonly settings: OperatorSettings;
  readonly clocks: OperatorClocks;
}

/** How long data of every page is kept. */
const keptMs = 10_000;

/** How long an action runs before leaving the rest to a next one, if its caller sets no end. */
const longestActionMs = 5000;

/** What operators can see and do, over both databases; each is used at the first call that needs it. */
export function createOperatorService(parts: OperatorParts): OperatorService {
  const { databases, openStaging, repairs, settings, clocks } = parts;
  const { middle } = databases;
  const kept = { forMs: keptMs, clock: clocks.clock };
  const records = (): StoreRecords => databases.store.records;
  const alarms = cached(async () => {
    const open = await databases.store.guard.openAlarms().catch(() => []);
    return open.map(namedAlarm);
  }, kept);
  repairs.onEnd = () => {
    alarms.forget();
  };
  return {
    overview: cached(() => overview(databases, clocks), kept),
    status: () => status(databases),
    failureGroups: cached(() => failureGroups(databases), kept),
    failed: (filter, request) => failedList(middle, filter, request),
    findFailed: (filter, limit, onStep) => findFailedRows(middle, { filter, limit }, onStep),
    processing: (limit) => processing(databases, limit),
    deferred: (limit) => deferredRows(records(), limit),
    row: (key) => rowPage(databases, key),
    preview: async (limit) =>
      preview({ ...parts, ...databases }, { ...settings, limit, paused: pausedBy(await records().pauses()) }),
    verify: (request) => verifyRecorded({ ...databases, openStaging }, settings, request),
    verification: () => recordedVerifications(databases.store.verifications),
    retry: (actor, keys, reason) => retry(records(), actor, keys, reason),
    requeue: (actor, keys, options) => requeue(databases, actor, keys, options),
    requeueMatching: (actor, target, options) => {
      const end = clocks.clock() + longestActionMs;
      const isOver = (): boolean => clocks.clock() >= end;
      return requeueMatching(databases, actor, { target, isOver, ...options });
    },
    pauses: async () => (await records().pauses()).map(namedPause),
    pause: (actor, target, reason) => pause(records(), actor, { target, reason }),
    knowsTarget: async (target) => 'source' in target || records().knowsProduct(target.productId),
    resume: (actor, target, reason) => resume(records(), actor, { target, reason }),
    workers: () => databases.store.workers(),
    alarms,
    repair: (actor, request) => repairStore({ ...databases, openStaging }, actor, settings, request),
    startRepair: (actor, order) => repairs.start(actor, order),
    repairState: () => repairState(databases, repairs, clocks),
    cancelRepair: (actor) => Promise.resolve(repairs.cancel(actor.name)),
    acceptStore: (actor, reason) =>
      acceptStore(databases, actor, { action: 'repair-accept', ...settings, reason }),
    purgeJournal: (actor, request) => purgeJournal(databases, actor, { ...request, ...settings }),
    action: async (id) => (isActionId(id) ? records().action(id) : null),
    audit: async ({ limit, before = null }) => {
      if (before !== null && !isActionId(before)) throw new InvalidCursorError();
      return records().actions({ before, limit });
    },
  };
}

function isActionId(id: string): boolean {
  return actionId.safeParse(id).success;
}
