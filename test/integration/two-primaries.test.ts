import { afterEach, beforeEach, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { KnexProductStore } from '../../src/store/knex/product-store.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { postgresHosts } from '../../src/config/postgres-hosts.js';
import { openPair, plant, standing, type KnexPair } from '../support/databases.js';
import { openOf } from '../support/loss-fixture.js';
import { openOptions } from '../support/middle-databases.js';
import { createDatabaseOn, queryOn } from '../support/postgres-database.js';
import { describeWithStandby, ReplicatedPostgres } from '../support/postgres-standby.js';
import { testWorker, until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

describeWithStandby('two primaries', () => {
  let servers: ReplicatedPostgres;
  let pair: KnexPair;
  beforeEach(async () => {
    servers = new ReplicatedPostgres();
    await servers.start();
    pair = await openPair('PostgreSQL');
  });
  afterEach(async () => {
    await pair.close();
    await servers.remove();
  });
  const stateOf = async (streamingNo: string) =>
    (await standing(pair.middle)).get(`CUST:${streamingNo}`)?.state;

  it(
    'behind one address: the one that was there before the fail-over gets no work, and the other one goes on',
    { timeout: scaled(90_000) },
    async () => {
      const { connection } = await servers.createDatabase('two_primaries');
      const database = new Database({ ...openOptions, client: 'pg', connection: { ...connection } });
      await new KnexStoreAdmin(database).migrate(8);
      const { worker, told } = testWorker({
        middle: pair.openMiddle(),
        store: new KnexProductStore(database, 5000),
      });
      const running = worker.run();
      await plant(pair.middle, 'CUST', openOf(1));
      await until(async () => (await stateOf('1')) === 2);
      await servers.caughtUp();
      await servers.killPrimary();
      await servers.promote();
      await plant(pair.middle, 'CUST', openOf(2));
      await until(async () => (await stateOf('2')) === 2);

      await servers.primary.start();
      servers.leadTo(servers.primary);
      await plant(pair.middle, 'CUST', openOf(3));
      await until(() =>
        told.some(
          ({ name, event }) => name === 'outage' && event.error.includes('an older primary answered'),
        ),
      );
      expect([0, 1]).toContain(await stateOf('3'));
      servers.leadTo(servers.standby);
      await until(async () => (await stateOf('3')) === 2, 40_000);

      const onOldPrimary = { ...servers.primary.access, database: connection.database };
      const rows = await queryOn<{ no: string }>(
        onOldPrimary,
        'SELECT streaming_no::text AS no FROM sync_journal',
      );
      expect(rows).toEqual([{ no: '1' }]);
      expect(told.some(({ name }) => name === 'storeWentBack')).toBe(false);
      worker.stop();
      await running;
      await database.close();
    },
  );

  it(
    'in a list of hosts: the worker leaves the old one again, and goes on when the new one is back',
    { timeout: scaled(90_000) },
    async () => {
      const { connection } = await createDatabaseOn(servers.primary.access, 'two_hosts');
      const { host, port, ...login } = connection;
      const given = {
        ...login,
        hosts: [
          { host, port },
          { host, port: servers.standby.access.port },
        ],
      };
      const hosts = postgresHosts(given) ?? [];
      const database = new Database({ ...openOptions, client: 'pg', connection: given, hosts });
      await new KnexStoreAdmin(database).migrate(8);
      const { worker, told } = testWorker({
        middle: pair.openMiddle(),
        store: new KnexProductStore(database, 5000),
      });
      const running = worker.run();
      await plant(pair.middle, 'CUST', openOf(1));
      await until(async () => (await stateOf('1')) === 2);
      await servers.caughtUp();
      await servers.killPrimary();
      await queryOn(servers.standby.access, 'SELECT pg_promote()');
      await plant(pair.middle, 'CUST', openOf(2));
      await until(async () => (await stateOf('2')) === 2, 40_000);

      // The new primary is away for a while, and the old one accepts writes.
      await servers.primary.start();
      await servers.standby.stop();
      await plant(pair.middle, 'CUST', openOf(3));
      const isOlder = (error: string) => error.includes('an older primary answered');
      await until(() => told.some(({ name, event }) => name === 'outage' && isOlder(event.error)), 40_000);
      await servers.standby.start();
      await until(async () => (await stateOf('3')) === 2, 40_000);

      const rows = await queryOn<{ no: string }>(
        connection,
        'SELECT streaming_no::text AS no FROM sync_journal',
      );
      expect(rows).toEqual([{ no: '1' }]);
      worker.stop();
      await running;
      await database.close();
    },
  );
});
