import { leaseShares } from '../domain/lease-shares.js';
import type { Rules } from '../domain/rules.js';

/** How a worker works: the `worker` and `rules` sections of the configuration. Times in milliseconds. */
export interface WorkerSettings {
  readonly batchSize: number;
  readonly concurrency: number;
  readonly pollIntervalMs: number;
  readonly idlePollMaxMs: number;
  readonly settleMs: number;
  readonly dependencyGraceMs: number;
  readonly leaseTtlMs: number;
  readonly shards: number;
  readonly maxAttempts: number;
  readonly maxAttributes: number;
  readonly breakerThreshold: number;
  readonly drainTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly handlerTimeoutMs: number;
  /** `middle.productIds`: with it and `shards` and `rules` all workers of a store must agree. */
  readonly productIds: readonly string[];
  readonly rules: Rules;
  /** `middle.othersFinishRows`: finished rows that the journal does not know are no sign of a loss. */
  readonly othersFinishRows: boolean;
}

/**
 * How long a handler may take for one row. The batch's transaction is open meanwhile, and the store ends a transaction
 * that is idle for `callTimeoutMs` or 0.6 of the lease: a handler must be given up before, or it would look like an outage.
 */
export function handlerLimitMs(
  settings: Pick<WorkerSettings, 'handlerTimeoutMs' | 'callTimeoutMs' | 'leaseTtlMs'>,
): number {
  const { handlerTimeoutMs, callTimeoutMs, leaseTtlMs } = settings;
  return Math.min(
    handlerTimeoutMs,
    Math.floor(0.9 * callTimeoutMs),
    Math.floor(leaseShares.handler * leaseTtlMs),
  );
}
