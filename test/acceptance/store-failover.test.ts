import { afterEach, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { configFor } from '../support/command.js';
import { standing, statesOf } from '../support/databases.js';
import { type KnexTestMiddle, openOptions, createPostgresMiddle } from '../support/middle-databases.js';
import type { KnexSetting } from '../support/pair-databases.js';
import { describeWithPgBouncer, PgBouncer } from '../support/pgbouncer.js';
import { type PostgresAccess, queryOn } from '../support/postgres-database.js';
import { describeWithStandby, ReplicatedPostgres } from '../support/postgres-standby.js';
import { RowStream } from '../support/row-stream.js';
import { lossOf, readStoreRecords, type StoreLoss } from '../support/store-loss.js';
import { until } from '../support/until.js';
import { WorkerProcess } from '../support/worker-process.js';
import { scaled } from '../support/time-factor.js';

/** How long a step may take at most on a busy machine. */
const STEP_MS = 30_000;

/** A test takes several of them. */
const timeout = scaled(8 * STEP_MS);

const SHARDS = 8;
const workerSettings = {
  shards: SHARDS,
  leaseTtlMs: scaled(3000),
  callTimeoutMs: scaled(1500),
  // A bind that becomes visible before its open waits for it.
  dependencyGraceMs: 2000,
};

/** What the store's servers promise, and what is before them. */
interface Arrangement {
  readonly synchronous: boolean;
  readonly pooling?: 'session' | 'transaction';
}

/** Workers and the rows they work on. */
interface Work {
  readonly workers: readonly WorkerProcess[];
  readonly stream: RowStream;
}

describeWithStandby('acceptance: the product store fails over under its workers', () => {
  let servers: ReplicatedPostgres;
  let middle: KnexTestMiddle;
  let store: PostgresAccess;
  let configFile: string;
  const removals: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const remove of removals.splice(0).reverse()) await remove();
  });

  it('synchronous standby: nothing confirmed is lost, and the workers go on', { timeout }, async () => {
    await openDatabases({ synchronous: true });
    const work = await startWork();
    await servers.lag();
    // Such a commit is on the primary's disk only, and its worker gets no answer: a loss that is no evidence of one.
    await until('a commit waits for the standby', async () => (await waitingCommits()) > 0, STEP_MS);
    const all = await failOver(work);
    expect(all.filter(isOut)).toEqual([]);
    const loss = await readLoss(all, work.stream);
    expect(loss).toMatchObject({ unknownFinished: 0, falseRefusals: 0, falseSuccesses: 0 });
  });

  it('asynchronous standby: commits are lost, and no row is decided without them', { timeout }, async () => {
    await openDatabases({ synchronous: false });
    await expectLossNoticed();
  });

  describeWithPgBouncer('the product store is behind it', () => {
    it.each(['session', 'transaction'] as const)(
      'in %s pooling: commits are lost, and no row is decided without them',
      { timeout },
      async (pooling) => {
        await openDatabases({ synchronous: false, pooling });
        await expectLossNoticed();
      },
    );
  });

  async function expectLossNoticed(): Promise<void> {
    const work = await startWork();
    await servers.lag();
    await untilDecided(work.workers, 100);
    const all = await failOver(work);
    const loss = await readLoss(all, work.stream);
    // The precondition of everything below.
    for (const { workerId } of work.workers) expect(loss.lost.get(workerId)).toBeGreaterThanOrEqual(100);
    expectGuarded(loss, all);
  }

  async function openDatabases({ synchronous, pooling }: Arrangement): Promise<void> {
    servers = new ReplicatedPostgres({ synchronous });
    removals.push(() => servers.remove());
    await servers.start();
    ({ connection: store } = await servers.createDatabase('store'));
    middle = await createPostgresMiddle();
    removals.push(() => middle.close());
    const setting = { client: 'pg' as const, connection: { ...store } };
    const database = new Database({ ...openOptions, ...setting });
    await new KnexStoreAdmin(database).migrate(SHARDS);
    await database.close();
    const connections = {
      middle: middle.setting,
      store: pooling === undefined ? setting : await pooled(pooling),
    };
    const config = await configFor({ connections }, { worker: workerSettings });
    removals.push(() => config.remove());
    configFile = config.file;
  }

  /** The store behind a pooler, which knows nothing of the fail-over either. */
  async function pooled(mode: 'session' | 'transaction'): Promise<KnexSetting> {
    const pooler = new PgBouncer(servers.access, { mode });
    removals.push(() => pooler.remove());
    await pooler.start();
    return { client: 'pg', connection: { ...pooler.accessTo(store) } };
  }

  /** Starts two workers that share the shards, and a stream of rows; returns when both have decided rows. */
  async function startWork(): Promise<Work> {
    const workers = [startWorker(), startWorker()];
    await until(
      'both workers hold shards',
      async () => workers.every(({ holdsShards }) => holdsShards),
      STEP_MS,
    );
    const stream = new RowStream(middle.plain);
    removals.push(() => stream.stop());
    await untilDecided(workers, 100);
    return { workers, stream };
  }

  /**
   * Kills the primary and promotes the standby. The workers are left running, and another one starts, as under a
   * supervisor. Returns all of them when none has anything left to do.
   */
  async function failOver({ workers, stream }: Work): Promise<WorkerProcess[]> {
    await servers.killPrimary();
    await servers.promote();
    const all = [...workers, startWorker()];
    await untilReacted(all);
    const planted = stream.count;
    await until('100 more rows are inserted', async () => stream.count > planted + 100, STEP_MS);
    await stream.stop();
    await until(
      'no worker has anything left to do',
      async () => all.every(isOut) || (await openRows()) === 0,
      STEP_MS,
    );
    return all;
  }

  function startWorker(): WorkerProcess {
    const worker = new WorkerProcess(configFile);
    removals.push(() => worker.stop());
    return worker;
  }

  /** Waits until each worker has decided so many rows more. */
  async function untilDecided(some: readonly WorkerProcess[], rows: number): Promise<void> {
    const before = await decidedBy();
    await until(
      `each worker decides ${rows} rows`,
      async () => {
        const now = await decidedBy();
        return some.every((worker) => now(worker) >= before(worker) + rows);
      },
      STEP_MS,
    );
  }

  /** Waits until each worker has noticed the loss, has ended, or decides rows on the promoted store. */
  async function untilReacted(some: readonly WorkerProcess[]): Promise<void> {
    const before = await decidedBy();
    await until(
      'each worker reacts to the promoted store',
      async () => {
        const now = await decidedBy();
        return some.every((worker) => isOut(worker) || now(worker) > before(worker));
      },
      STEP_MS,
    );
  }

  /** Counts the journal; returns how many of its entries a worker has made. */
  async function decidedBy(): Promise<(worker: WorkerProcess) => number> {
    const rows = await queryOn<{ worker: string; rows: number }>(
      store,
      'SELECT worker, count(*)::int AS rows FROM sync_journal GROUP BY worker',
    );
    const counts = new Map(rows.map(({ worker, rows: count }) => [worker, count]));
    return ({ workerId }) => counts.get(workerId) ?? 0;
  }

  async function waitingCommits(): Promise<number> {
    const rows = await queryOn(
      servers.primary.access,
      `SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
    );
    return rows.length;
  }

  async function openRows(): Promise<number> {
    const states = await statesOf(middle.plain);
    return (states[0] ?? 0) + (states[1] ?? 0);
  }

  /** Stops the workers and starts the old primary again, off the clients' address, to read what it had committed. */
  async function readLoss(all: readonly WorkerProcess[], stream: RowStream): Promise<StoreLoss> {
    await Promise.all(all.map((worker) => worker.stop()));
    await servers.primary.start();
    const loss = lossOf({
      oldPrimary: await readStoreRecords({ ...store, port: servers.primary.access.port }),
      promoted: await readStoreRecords(store),
      rows: await standing(middle.plain),
      validity: stream.validity(),
    });
    const { lost, ...counts } = loss;
    const decisions = [...lost.values()].join(' + ');
    console.log(`${stream.count} rows; decisions lost: ${decisions}; ${JSON.stringify(counts)}`);
    return loss;
  }
});

/** The promise of the guard. Rows that other workers decide before they notice are reported, not limited. */
function expectGuarded(loss: StoreLoss, workers: readonly WorkerProcess[]): void {
  const { decidedByLosers, decidedAfterTakeover, falseRefusals } = loss;
  expect({
    decidedByLosers,
    decidedAfterTakeover,
    falseRefusals,
    workersUnaware: workers.filter((worker) => !noticed(worker)).length,
  }).toEqual({ decidedByLosers: 0, decidedAfterTakeover: 0, falseRefusals: 0, workersUnaware: 0 });
}

function noticed(worker: WorkerProcess): boolean {
  return worker.lines('storeWentBack').length > 0;
}

/** Whether a worker decides nothing any more. */
function isOut(worker: WorkerProcess): boolean {
  return noticed(worker) || worker.isEnded;
}
