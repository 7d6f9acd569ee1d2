import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase } from '../support/postgres.js';
import { until } from '../support/until.js';
import { SupervisedWorker, type WorkerProcessSettings } from './workers.js';
import { prepareDatabases } from './environment.js';
import { Connection, type DriverRow } from './connection.js';
import { installRecorder } from './recorder.js';

/** Two databases on the server of this test run, recorded, and workers, for one scripted scenario. */
export class ScriptedEnvironment {
  readonly #workers: SupervisedWorker[] = [];

  private constructor(
    readonly middle: Connection,
    readonly store: Connection,
    private readonly processSettings: WorkerProcessSettings,
    private readonly drop: () => Promise<void>,
  ) {}

  static async open(settings: Partial<WorkerProcessSettings> = {}): Promise<ScriptedEnvironment> {
    const [middle, store] = await Promise.all([createDatabase('middle'), createDatabase('store')]);
    const access = { middle: middle.connection, store: store.connection };
    await prepareDatabases(access, settings.worker?.shards ?? 16);
    const [middleConnection, storeConnection] = [
      new Connection(access.middle, 'test'),
      new Connection(access.store, 'test'),
    ];
    await installRecorder(middleConnection, storeConnection);
    const folder = await mkdtemp(join(tmpdir(), 'bnet-sync-scenario-'));
    const worker = { settleMs: 0, dependencyGraceMs: 0, ...settings.worker };
    const processSettings: WorkerProcessSettings = {
      logLevel: 'debug',
      proxies: true,
      ...settings,
      folder,
      ...access,
      worker,
    };
    return new ScriptedEnvironment(middleConnection, storeConnection, processSettings, async () => {
      await Promise.all([middleConnection.close(), storeConnection.close()]);
      await Promise.all([middle.drop(), store.drop(), rm(folder, { recursive: true, force: true })]);
    });
  }

  /** A worker that is not started yet; `more` sets its settings apart from the others'. */
  async worker(name: string, more: Partial<WorkerProcessSettings> = {}): Promise<SupervisedWorker> {
    const worker = await SupervisedWorker.make(name, { ...this.processSettings, ...more });
    this.#workers.push(worker);
    return worker;
  }

  /** Opens of so many customers, from a first CustID and StreamingNo on. */
  async plantOpens(first: number, count: number, name = '企业'): Promise<void> {
    await this.middle.run((query) =>
      query(
        `INSERT INTO IF_BNET_CUST (StreamingNo, ProductID, BizID, CustID, CustAccount, CustName, OPFlag, CreateDate, State, Remark)
         SELECT n, 323002000, 'b', n, 'a', $3, '0101', localtimestamp(0), 0, 'v0'
         FROM generate_series($1::int, $1::int + $2::int - 1) AS n`,
        [first, count, name],
      ),
    );
  }

  /** Where logs and configurations are. */
  get folder(): string {
    return this.processSettings.folder;
  }

  async inState(state: number): Promise<number> {
    const [row] = await this.middle.run((query) =>
      query('SELECT count(*) AS count FROM IF_BNET_CUST WHERE State = $1', [state]),
    );
    return Number(row?.['count']);
  }

  async untilInState(state: number, count: number, limitMs = 40_000): Promise<void> {
    await until(
      `${count} rows are in State ${state}`,
      async () => (await this.inState(state)) === count,
      limitMs,
    );
  }

  /** How many shards each worker holds. */
  async shards(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.store.run((query) =>
      query('SELECT owner, count(*) AS count FROM sync_shard WHERE owner IS NOT NULL GROUP BY owner'),
    );
    return new Map(rows.map((row) => [String(row['owner']), Number(row['count'])]));
  }

  /** Waits until so many workers hold all shards between them, none more than its share. */
  async untilShared(workers: number, limitMs = 30_000): Promise<ReadonlyMap<string, number>> {
    const shards = this.processSettings.worker?.shards ?? 16;
    return until(
      `${workers} workers share the shards`,
      async () => {
        const held = [...(await this.shards()).values()];
        const all = held.reduce((sum, count) => sum + count, 0) === shards;
        const even = held.every((count) => count <= Math.ceil(shards / workers));
        return held.length === workers && all && even ? this.shards() : null;
      },
      limitMs,
    );
  }

  async queryStore(sql: string): Promise<readonly DriverRow[]> {
    return this.store.run((query) => query(sql));
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.leave('SIGKILL')));
    await Promise.all(this.#workers.map((worker) => worker.close()));
    await this.drop();
  }
}
