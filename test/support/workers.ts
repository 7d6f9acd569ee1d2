import type { MiddleDatabase } from '../../src/middle/port.js';
import type { ProductStore } from '../../src/store/port.js';
import type { WorkerEvents } from '../../src/worker/events.js';
import type { Handlers } from '../../src/worker/handlers.js';
import type { WorkerSettings } from '../../src/worker/settings.js';
import type { Clock } from '../../src/worker/clock.js';
import { Worker } from '../../src/worker/worker.js';
import { scaled } from './time-factor.js';

/** Settings that do not make a test wait. */
export const quickSettings: WorkerSettings = {
  batchSize: 50,
  concurrency: 2,
  pollIntervalMs: 10,
  idlePollMaxMs: 50,
  settleMs: 0,
  dependencyGraceMs: 0,
  leaseTtlMs: scaled(5000),
  shards: 8,
  maxAttempts: 3,
  maxAttributes: 10_000,
  breakerThreshold: 5,
  drainTimeoutMs: scaled(5000),
  callTimeoutMs: scaled(5000),
  handlerTimeoutMs: scaled(5000),
  productIds: [],
  othersFinishRows: false,
  rules: {
    onDuplicateOpen: 'refuse',
    onDuplicateBind: 'refuse',
    onCancelWithUsers: 'refuse',
    attributes: 'merge',
    userLimitAttrSpecId: null,
  },
};

/** An event that was told, with its name. */
export type ToldEvent = {
  [Name in keyof WorkerEvents]: { name: Name; event: WorkerEvents[Name] };
}[keyof WorkerEvents];

const eventNames: Record<keyof WorkerEvents, true> = {
  started: true,
  leases: true,
  paused: true,
  polled: true,
  claimed: true,
  applied: true,
  marked: true,
  rowFailed: true,
  rowsFailed: true,
  errContentShortened: true,
  alreadyJournalled: true,
  contentChanged: true,
  markConflict: true,
  waiting: true,
  createdAhead: true,
  rowsDeferred: true,
  rowsLocked: true,
  rowErrored: true,
  crashRetry: true,
  outage: true,
  recovered: true,
  breakerOpened: true,
  breakerClosed: true,
  leaseLost: true,
  storeWentBack: true,
  storeAccepted: true,
  finishedByOthers: true,
  verifyScheduled: true,
  verifyStarted: true,
  verifyFinished: true,
  verifyCancelled: true,
  verifyFailed: true,
  listenerFailed: true,
  stopping: true,
  stopped: true,
};

/** What a worker in a test is made of; settings left out are the quick ones. */
export interface TestWorkerParts {
  readonly middle: MiddleDatabase;
  readonly store: ProductStore;
  readonly settings?: Partial<WorkerSettings>;
  readonly handlers?: Handlers;
  readonly once?: boolean;
  readonly clock?: Clock;
}

/** A worker and everything it tells. */
export function testWorker({ settings, ...parts }: TestWorkerParts): { worker: Worker; told: ToldEvent[] } {
  const worker = new Worker({ ...parts, settings: { ...quickSettings, ...settings } });
  const told: ToldEvent[] = [];
  for (const name of Object.keys(eventNames) as (keyof WorkerEvents)[]) {
    worker.on(name, (event: unknown) => {
      told.push({ name, event } as ToldEvent);
    });
  }
  return { worker, told };
}

/** Runs a worker until nothing is left, and closes what it was given. */
export async function drain(parts: TestWorkerParts): Promise<ToldEvent[]> {
  const { worker, told } = testWorker({ once: true, ...parts });
  try {
    await worker.run();
  } finally {
    await Promise.all([parts.middle.close(), parts.store.close()]);
  }
  return told;
}

/** Resolves when an event of this name is told. */
export function toldOnce<Name extends keyof WorkerEvents>(
  worker: Worker,
  name: Name,
): Promise<WorkerEvents[Name]> {
  return new Promise((resolve) => {
    worker.once(name, resolve as never);
  });
}

/** Waits until a condition holds, looking often at first and ten times a second later; fails after `limitMs` times TEST_TIME_FACTOR. */
export async function until(condition: () => Promise<boolean> | boolean, limitMs = 20_000): Promise<void> {
  const startedAt = Date.now();
  while (!(await condition())) {
    const waitedMs = Date.now() - startedAt;
    if (waitedMs > scaled(limitMs))
      throw new Error(`still not true after ${waitedMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(100, 10 + waitedMs / 20)));
  }
}
