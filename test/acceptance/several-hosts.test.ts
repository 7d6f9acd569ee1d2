import type { Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { commandsOn, configFor } from '../support/command.js';
import { standing, statesOf } from '../support/databases.js';
import { createPostgresMiddle, type KnexTestMiddle, openOptions } from '../support/middle-databases.js';
import { createDatabaseOn, type PostgresAccess, queryOn } from '../support/postgres-database.js';
import { describeWithStandby, ReplicatedPostgres } from '../support/postgres-standby.js';
import { RowStream } from '../support/row-stream.js';
import { openSilentServer, portOf } from '../support/silent-server.js';
import { scaled } from '../support/time-factor.js';
import { until } from '../support/until.js';
import { WorkerProcess } from '../support/worker-process.js';

/** How long a step may take at most on a busy machine. */
const STEP_MS = 30_000;

const timeout = scaled(8 * STEP_MS);

const SHARDS = 8;
const workerSettings = {
  shards: SHARDS,
  leaseTtlMs: scaled(3000),
  callTimeoutMs: scaled(1500),
  dependencyGraceMs: 2000,
};

/*
 * Nothing moves an address here: the worker has a list of hosts, and finds the promoted standby by itself. The first host
 * of the list swallows packets, the second is a standby when the worker starts.
 */

describeWithStandby('acceptance: a product store with several hosts fails over under a worker', () => {
  let servers: ReplicatedPostgres;
  let middle: KnexTestMiddle;
  let promoted: PostgresAccess;
  let config: { file: string; remove(): Promise<void> };
  let worker: WorkerProcess;
  /** The entries of the standby's journal when it was promoted. */
  let known: ReadonlySet<string>;
  const removals: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const remove of removals.splice(0).reverse()) await remove();
  });
  const { run } = commandsOn(() => config);

  it('synchronous standby: nothing is lost, and the worker goes on by itself', { timeout }, async () => {
    const stream = await start({ synchronous: true });
    await servers.caughtUp();
    await failOver();
    const promotedAt = Date.now();
    await until(
      'the worker decides rows on the promoted standby',
      async () => (await decided()) > 0,
      STEP_MS,
    );
    console.log(`first decision ${Date.now() - promotedAt} ms after the promotion`);
    const before = await decided();
    await until('and goes on', async () => (await decided()) > before + 100, STEP_MS);
    await finish(stream);
    expect(worker.lines('storeWentBack')).toEqual([]);
    const rows = await standing(middle.plain);
    const validity = stream.validity();
    for (const [key, valid] of validity) expect([key, rows.get(key)?.state]).toEqual([key, valid ? 2 : 3]);
    expect(await unknownToJournal()).toEqual(0);
    const doctor = await run('doctor');
    expect(doctor.stdout).toMatch(/ok +product store +127\.0\.0\.1:\d+ is in use/);
    expect(doctor.stdout).toMatch(/warning +product store +127\.0\.0\.1:\d+ did not answer within \d+ ms/);
    expect(doctor.stdout).toMatch(/warning +product store +127\.0\.0\.1:\d+ refused the connection/);
  });

  it(
    'asynchronous standby: the alarm stops the worker, repair puts it right, and it goes on by itself',
    { timeout },
    async () => {
      const stream = await start({ synchronous: false });
      await servers.lag();
      const before = await decidedOn(servers.primary.access.port);
      await until(
        'decisions that the standby does not get',
        async () => (await decidedOn(servers.primary.access.port)) > before + 100,
        STEP_MS,
      );
      await failOver();
      await until('the alarm', async () => worker.lines('storeWentBack').length > 0, STEP_MS);
      const lost = await unknownToJournal();
      expect(lost).toBeGreaterThan(50);
      expect(await decided()).toBe(0);
      const shown = await run('repair', '--dry-run');
      expect(shown.exitCode, shown.all).toBe(0);
      const repaired = await run('repair', '--reason', 'fail-over');
      expect(repaired.exitCode, repaired.all).toBe(0);
      await until('the worker goes on', async () => (await decided()) > 0, STEP_MS);
      await finish(stream);
      const verified = await run('verify');
      expect(verified.exitCode, verified.all).toBe(0);
      expect(verified.stdout).toContain('No difference.');
      console.log(`${stream.count} rows, ${lost} of them lost and repaired`);
    },
  );

  async function start(options: { readonly synchronous: boolean }): Promise<RowStream> {
    servers = new ReplicatedPostgres(options);
    removals.push(() => servers.remove());
    await servers.start();
    const { connection: store } = await createDatabaseOn(servers.primary.access, 'store');
    promoted = { ...store, port: servers.standby.access.port };
    middle = await createPostgresMiddle();
    removals.push(() => middle.close());
    const database = new Database({ ...openOptions, client: 'pg', connection: { ...store } });
    await new KnexStoreAdmin(database).migrate(SHARDS);
    await database.close();
    const silent: Server = await openSilentServer();
    removals.push(async () => silent.close());
    const { host, port, ...login } = store;
    const hosts = [portOf(silent), promoted.port, port].map((each) => ({ host, port: each }));
    const connections = {
      middle: middle.setting,
      store: { client: 'pg' as const, connection: { ...login, hosts } },
    };
    config = await configFor({ connections }, { worker: workerSettings });
    removals.push(() => config.remove());
    worker = new WorkerProcess(config.file);
    removals.push(() => worker.stop());
    await until('the worker holds shards', async () => worker.holdsShards, STEP_MS);
    const stream = new RowStream(middle.plain);
    removals.push(() => stream.stop());
    await until('the worker decides rows', async () => (await decidedOn(port)) > 100, STEP_MS);
    return stream;
  }

  /** Kills the primary, lets the worker find no host for a while, and promotes the standby. */
  async function failOver(): Promise<void> {
    await servers.killPrimary();
    await until('the worker finds no host', async () => outages().some(isWithoutHost), STEP_MS);
    known = await entries();
    const [row] = await queryOn<{ done: boolean }>(servers.standby.access, 'SELECT pg_promote() AS done');
    expect(row?.done).toBe(true);
  }

  const outages = () => worker.lines('outage').map(({ error }) => String(error));
  /** The host that was used last is tried first, and then the others in order. */
  const isWithoutHost = (error: string) =>
    /^no host accepts writes: \S+ refused the connection, \S+ did not answer within \d+ ms, \S+ is a standby$/.test(
      error,
    );

  async function finish(stream: RowStream): Promise<void> {
    await stream.stop();
    await until('every row is finished', async () => ((await open()) === 0 ? true : null), STEP_MS);
    expect(worker.isEnded).toBe(false);
  }

  async function open(): Promise<number> {
    const states = await statesOf(middle.plain);
    return (states[0] ?? 0) + (states[1] ?? 0);
  }

  async function decidedOn(port: number): Promise<number> {
    const [row] = await queryOn<{ rows: number }>(
      { ...promoted, port },
      'SELECT count(*)::int AS rows FROM sync_journal',
    );
    return row?.rows ?? 0;
  }

  /** The journal of the standby, promoted or not. */
  async function entries(): Promise<Set<string>> {
    const rows = await queryOn<{ entry: string }>(
      promoted,
      `SELECT concat_ws(' ', worker, source || ':' || streaming_no, attempt) AS entry FROM sync_journal`,
    );
    return new Set(rows.map(({ entry }) => entry));
  }

  /** How many rows the worker has decided on the promoted standby; those of a repair do not count. */
  async function decided(): Promise<number> {
    const isNew = (entry: string) => !known.has(entry) && !entry.startsWith('repair:');
    return [...(await entries())].filter(isNew).length;
  }

  /** Rows in State 2 of which the promoted standby knows nothing. */
  async function unknownToJournal(): Promise<number> {
    const keys = new Set([...(await entries())].map((entry) => entry.split(' ').at(-3)));
    const rows = [...(await standing(middle.plain))];
    return rows.filter(([key, { state }]) => state === 2 && !keys.has(key)).length;
  }
});
