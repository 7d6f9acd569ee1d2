import type { Config } from '../config/schema.js';
import type { PoolUse } from '../database/pool-use.js';
import { loadHandlers, loadLimitMs } from './load-handlers.js';
import { ProcessGuard } from './process-guard.js';
import { KnexProductStore } from '../store/knex/product-store.js';
import { KnexStoreAdmin } from '../store/knex/store-admin.js';
import { openMiddle, openStoreDatabase } from './open-databases.js';
import { scheduleVerification } from './schedule-verification.js';
import { withTimeout } from '../timeout.js';
import type { WorkerEvents } from '../worker/events.js';
import type { Handlers } from '../worker/handlers.js';
import { handlerLimitMs } from '../worker/settings.js';
import { Worker } from '../worker/worker.js';

/** What may be said about a worker besides its configuration. */
export interface CreateWorkerOptions {
  /** The product's own logic; without it the module that `store.handlers` names is loaded. */
  readonly handlers?: Handlers;
  /** End when no row of our products is in State 0 or 1. Default: work until `stop`. */
  readonly once?: boolean;
  /**
   * Do what `bnet-sync run` does: end the process, with 1, when a handler blocks its thread for `worker.handlerTimeoutMs`, let
   * it never end with 0 while the worker runs, and name the row on stderr. Default: false, the process is the program's own.
   */
  readonly guardProcess?: boolean;
}

/** The rows in flight were not finished within `worker.drainTimeoutMs`. Nothing is lost: the next worker takes them over. */
export class DrainTimeoutError extends Error {
  override readonly name = 'DrainTimeoutError';
}

/** A worker over the two databases of a configuration. */
export interface SyncWorker {
  /** New for each worker; stands in the journal and in `sync_worker`. */
  readonly workerId: string;
  /** Adds a listener. One that throws or rejects harms neither the worker nor other listeners. */
  on<Name extends keyof WorkerEvents>(
    name: Name,
    listener: (event: WorkerEvents[Name]) => unknown,
  ): SyncWorker;
  /** How its connections to each database are used at this moment. */
  pools(): { readonly middle: PoolUse; readonly store: PoolUse };
  /**
   * Works until `stop` is called or, with `once`, nothing is left; then both databases are closed. Rejects where it
   * cannot go on: DatabaseError, CredentialsRefusedError, ShardsDifferError; with `once` also BreakerOpenError, PausedError
   * and StoreAlarmError.
   */
  start(): Promise<void>;
  /**
   * Claims nothing more, finishes and marks what is in flight, gives the leases back. Resolves when `start` has ended;
   * DrainTimeoutError when that takes longer than `worker.drainTimeoutMs`.
   */
  stop(): Promise<void>;
}

/** Makes a worker from a checked configuration (`loadConfig` or `parseConfig`). Nothing is connected before `start`. */
export async function createWorker(config: Config, options: CreateWorkerOptions = {}): Promise<SyncWorker> {
  const guard = new ProcessGuard(handlerLimitMs(config.worker));
  const guarded = options.guardProcess === true;
  const load = () =>
    guarded ? loadGuarded(config, guard) : loadHandlers(config.store.handlers, loadLimitMs(config.worker));
  const handlers = options.handlers ?? (await load());
  const watched = guarded && (handlers.onCustomer ?? handlers.onAccount) !== undefined;
  const opening = { applicationName: 'bnet-sync worker', byKey: true, takesTurns: true };
  const middle = await openMiddle(config, opening);
  const storeDatabase = openStoreDatabase(config, opening);
  const store = new KnexProductStore(storeDatabase, config.worker.leaseTtlMs);
  const worker = new Worker({
    middle: middle.database,
    store,
    settings: {
      ...config.worker,
      productIds: config.middle.productIds,
      othersFinishRows: config.middle.othersFinishRows,
      rules: config.rules,
    },
    handlers,
    ...(watched && { aroundHandler: guard.aroundHandler }),
    once: options.once ?? false,
  });
  const records = new KnexStoreAdmin(storeDatabase).verifications;
  const verifying = options.once === true ? null : scheduleVerification(config, { worker, records });
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    if (watched) guard.begin();
    verifying?.start();
    try {
      await worker.run();
    } finally {
      await verifying?.stop();
      await Promise.all([middle.close(), store.close()]);
      if (watched) await guard.end();
    }
  };
  const synchronised: SyncWorker = {
    workerId: worker.workerId,
    on: (name, listener) => {
      worker.on(name, listener as never);
      return synchronised;
    },
    pools: () => ({ middle: middle.pool(), store: storeDatabase.pool() }),
    start: () => (running ??= run()),
    stop: async () => {
      worker.stop();
      const ended = running?.catch(() => undefined) ?? Promise.all([middle.close(), store.close()]);
      const { drainTimeoutMs } = config.worker;
      await withTimeout<unknown>(ended, drainTimeoutMs, (reject) => {
        reject(new DrainTimeoutError(`rows in flight were not finished within ${drainTimeoutMs} ms`));
      });
    },
  };
  return synchronised;
}

async function loadGuarded({ store, worker }: Config, guard: ProcessGuard): Promise<Handlers> {
  const { handlers: path } = store;
  if (path === undefined) return {};
  const limitMs = loadLimitMs(worker);
  guard.begin();
  try {
    return await guard.aroundLoading(path, limitMs, () => loadHandlers(path, limitMs));
  } finally {
    await guard.end();
  }
}
