import { afterEach, beforeEach, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { KnexProductStore } from '../../src/store/knex/product-store.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { openPair, plant, standing, type KnexPair } from '../support/databases.js';
import { openOf } from '../support/loss-fixture.js';
import { openOptions } from '../support/middle-databases.js';
import { describeWithPgBouncer, PgBouncer } from '../support/pgbouncer.js';
import { queryOn } from '../support/postgres-database.js';
import type { PostgresServer } from '../support/postgres-server.js';
import { describeWithStandby, ReplicatedPostgres } from '../support/postgres-standby.js';
import { scaled } from '../support/time-factor.js';
import { until } from '../support/until.js';
import { testWorker } from '../support/workers.js';

const stepMs = 30_000;
const timeout = scaled(4 * stepMs);
const leaseTtlMs = scaled(3000);
const poolSize = 4;

describeWithPgBouncer('a fail-over behind it', () => {
  describeWithStandby('the connections of the worker last', () => {
    let servers: ReplicatedPostgres;
    let pooler: PgBouncer;
    let pair: KnexPair;
    let database: Database;
    let name: string;

    beforeEach(async () => {
      servers = new ReplicatedPostgres();
      await servers.start();
      pair = await openPair('PostgreSQL');
      const { connection } = await servers.createDatabase('fail_over');
      name = connection.database;
      const settings = { default_pool_size: String(poolSize), min_pool_size: String(poolSize) };
      pooler = new PgBouncer(servers.access, {
        mode: 'transaction',
        // Each session of the pool is used in turn, and none is looked at by the pooler.
        settings: { ...settings, server_round_robin: '1', server_check_delay: '3600' },
      });
      await pooler.start();
      database = new Database({
        ...openOptions,
        client: 'pg',
        connection: { ...pooler.accessTo(connection) },
      });
      await new KnexStoreAdmin(database).migrate(8);
    });
    afterEach(async () => {
      await database.close();
      await pooler.remove();
      await pair.close();
      await servers.remove();
    });

    /** A worker behind the pooler that has decided the first row. */
    async function startWorker() {
      const store = new KnexProductStore(database, leaseTtlMs);
      const { worker, told } = testWorker({
        middle: pair.openMiddle(),
        store,
        settings: { leaseTtlMs },
      });
      const running = worker.run();
      await plantAndWait(1);
      const stop = async () => {
        worker.stop();
        await running;
      };
      return { told, stop };
    }

    async function plantAndWait(...streamingNos: readonly number[]): Promise<void> {
      for (const no of streamingNos) await plant(pair.middle, 'CUST', openOf(no));
      await until(
        'all rows are decided',
        async () => {
          const rows = await standing(pair.middle);
          return streamingNos.every((no) => rows.get(`CUST:${no}`)?.state === 2);
        },
        stepMs,
      );
    }

    async function readOn<T extends Record<string, unknown>>(server: PostgresServer, sql: string) {
      return queryOn<T>({ ...server.access, database: name }, sql);
    }

    async function sessionsOn(server: PostgresServer): Promise<readonly number[]> {
      const rows = await readOn<{ pid: number }>(
        server,
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
           AND backend_type = 'client backend'`,
      );
      return rows.map(({ pid }) => pid);
    }

    async function journalOn(server: PostgresServer): Promise<readonly number[]> {
      const sql = 'SELECT streaming_no::int AS no FROM sync_journal ORDER BY streaming_no';
      return (await readOn<{ no: number }>(server, sql)).map(({ no }) => no);
    }

    async function heartbeatOn(server: PostgresServer): Promise<string> {
      const rows = await readOn<{ at: string }>(
        server,
        'SELECT max(heartbeat_at)::text AS at FROM sync_worker',
      );
      return rows[0]?.at ?? '';
    }

    it(
      'a loss is noticed before any row is decided, and by a worker that has nothing to do',
      { timeout },
      async () => {
        const { told, stop } = await startWorker();
        await servers.lag();
        await plantAndWait(2, 3);
        await servers.killPrimary();
        await servers.promote();
        const noticed = () => told.some(({ name: event }) => event === 'storeWentBack');
        await until('the worker notices', async () => noticed(), stepMs);
        await until(
          'the alarm is recorded',
          async () => (await readOn(servers.standby, 'SELECT FROM sync_guard')).length > 0,
          stepMs,
        );
        await plant(pair.middle, 'CUST', openOf(4));
        const before = await heartbeatOn(servers.standby);
        await until(
          'it has checked its leases',
          async () => (await heartbeatOn(servers.standby)) > before,
          stepMs,
        );
        await stop();
        expect(await journalOn(servers.standby)).toEqual([1]);
        expect((await standing(pair.middle)).get('CUST:4')?.state).toBe(0);
      },
    );

    it(
      'sessions on an old primary get no work once the new one has answered, and are ended',
      { timeout },
      async () => {
        const { told, stop } = await startWorker();
        const isFull = async () => (await sessionsOn(servers.primary)).length >= poolSize;
        await until('the pool is full', isFull, stepMs);
        await servers.caughtUp();

        // The old primary goes on, and nobody ends its sessions. One is replaced, by one on the new primary.
        await servers.promote();
        const [one] = await sessionsOn(servers.primary);
        await queryOn(servers.primary.access, 'SELECT pg_terminate_backend($1)', [one]);
        await until(
          'the worker has met the new primary',
          async () => (await heartbeatOn(servers.standby)) > (await heartbeatOn(servers.primary)),
          stepMs,
        );
        const others = Array.from({ length: 39 }, (_, index) => index + 2);
        await plantAndWait(...others);
        await until(
          'the old primary has no session left',
          async () => (await sessionsOn(servers.primary)).length === 0,
          stepMs,
        );

        expect(await journalOn(servers.primary)).toEqual([1]);
        expect(await journalOn(servers.standby)).toEqual([1, ...others]);
        const outages = told.flatMap(({ name: event, event: values }) =>
          event === 'outage' ? [values.error] : [],
        );
        expect(outages).toContainEqual(expect.stringContaining('an older primary answered'));
        expect(told.some(({ name: event }) => event === 'storeWentBack')).toBe(false);
        await stop();
      },
    );
  });
});
