import type { Config } from '../config/schema.js';
import type { Difference } from '../operator/contract/checks.js';
import { FirstDifferences, type FoundByRun } from '../operator/verify/recorded-run.js';
import type { Pace } from '../operator/verify/load.js';
import { VerifySchedule } from '../operator/verify/verify-schedule.js';
import { verifyStore } from '../operator/verify/verify.js';
import type { StoreAdmin } from '../store/admin-port.js';
import type { VerificationRecords } from '../store/verification-port.js';
import { systemClock } from '../worker/clock.js';
import type { Worker } from '../worker/worker.js';
import { openStaging } from './create-operator.js';
import { openDatabases } from './open-databases.js';
import { requireDriver } from './require-driver.js';

/** What a schedule needs besides the configuration. */
interface Scheduling {
  readonly worker: Worker;
  readonly records: VerificationRecords;
}

/** Shard whose holder verifies: there is one in every store. */
const verifyingShard = 0;

/** Pages are staged on the worker's thread: small ones keep it free. */
const pageRows = 200;
/** As many as `doctor` checks. */
const straysScan = 100_000;

/**
 * The schedule of `verify.every`; null where it is absent. ConfigError where the driver that verifies is missing: the
 * operator learns it at the start, and not from the first run.
 */
export function scheduleVerification(config: Config, { worker, records }: Scheduling): VerifySchedule | null {
  const { every: everyMs } = config.verify;
  if (everyMs === undefined) return null;
  // The staging database is SQLite's.
  requireDriver('better-sqlite3', 'verify.every');
  const emit = worker.emitEvent;
  const schedule = new VerifySchedule({
    everyMs,
    host: {
      workerId: worker.workerId,
      lease: () => worker.leaseOf(verifyingShard),
      isWaitingForDatabase: () => worker.isWaitingForDatabase(),
    },
    records,
    verifyAll: (pace) => verifyAll(config, pace),
    reports: {
      onStarted: () => {
        emit('verifyStarted', {});
      },
      onFinished: (event) => {
        emit('verifyFinished', event);
      },
      onCancelled: (event) => {
        emit('verifyCancelled', event);
      },
      onFailed: (event) => {
        emit('verifyFailed', event);
      },
    },
    clock: systemClock,
  });
  worker.on('started', () => {
    emit('verifyScheduled', { everyMs });
  });
  for (const name of ['leases', 'storeWentBack', 'stopping'] as const)
    worker.on(name, () => {
      schedule.look();
    });
  return schedule;
}

/** Over one connection to each database, which rows do not wait for. */
async function verifyAll(config: Config, pace: Pace): Promise<FoundByRun> {
  const applicationName = 'bnet-sync verify';
  const opening = { applicationName, byKey: true, takesTurns: true, maxConnections: 1 };
  const databases = await openDatabases(config, opening);
  const first = new FirstDifferences();
  try {
    const sources = { ...databases.admin, openStaging };
    const productIds = config.middle.productIds.map((digits) => BigInt(digits).toString());
    const request = {
      ...{ custId: null, productId: null, onProgress: () => undefined },
      journalSince: await journalSinceOf(config, sources.store),
      onDifference: (difference: Difference) => {
        first.add(difference);
        return Promise.resolve();
      },
    };
    const manner = { pace, pageRows, straysScan };
    const summary = await verifyStore(sources, { productIds, rules: config.rules }, request, manner);
    return { summary, differences: first.all };
  } finally {
    await databases.close();
  }
}

/** By the store's clock, as an operator would type it. */
async function journalSinceOf({ verify }: Config, store: StoreAdmin): Promise<string | null> {
  if (verify.journalSince === undefined) return null;
  const since = new Date(Date.parse(await store.now()) - verify.journalSince);
  return since.toISOString().slice(0, 19).replace('T', ' ');
}
