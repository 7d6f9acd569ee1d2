import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KnexMiddleDatabase } from '../../src/middle/knex/middle-database.js';
import { pgMiddle } from '../../src/middle/knex/postgresql.js';
import { Database } from '../../src/database/database.js';
import { column, openPair, statesOf, type Pair } from '../support/databases.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { openOptions } from '../support/middle-databases.js';
import { hasPostgres } from '../support/postgres.js';
import type { PostgresAccess } from '../support/postgres-database.js';
import { plantOthers } from '../support/troubles.js';
import { testWorker, until } from '../support/workers.js';
import { scaled } from '../support/time-factor.js';

describe.runIf(hasPostgres)('an overloaded middle database', () => {
  let pair: Pair;
  let network: FaultProxy;
  beforeEach(async () => {
    pair = await openPair('PostgreSQL');
    network = await FaultProxy.inFrontOf(pair.connections.middle.connection as unknown as PostgresAccess);
  });
  afterEach(async () => {
    await network.close();
    await pair.close();
  });

  it.each([
    ['answers late', 400],
    ['answers too late', scaled(4000)],
  ])(
    'that %s defers and fails nothing',
    async (_, delayMs) => {
      const connection = { ...pair.connections.middle.connection, port: network.port };
      const database = new Database({
        ...openOptions,
        client: 'pg',
        connection,
        callTimeoutMs: scaled(3000),
      });
      const tables = {
        dialect: pgMiddle,
        schema: undefined,
        productIds: [],
        markAttributes: true,
        maxAttributes: 10_000,
      };
      const middle = new KnexMiddleDatabase(database, tables);
      await plantOthers(pair, 1, 100);
      const { worker, told } = testWorker({ middle, store: pair.openStore(), settings: { batchSize: 20 } });
      network.delay(delayMs);
      const running = worker.run();
      await new Promise((resolve) => setTimeout(resolve, scaled(8000)));
      network.delay(0);
      network.cut();
      await until(async () => ((await statesOf(pair.middle))[2] ?? 0) === 100, 60_000);
      worker.stop();
      await running;
      await middle.close();
      const unexpected = ['rowsDeferred', 'rowsLocked', 'rowErrored', 'rowFailed', 'breakerOpened'];
      expect(told.filter(({ name }) => unexpected.includes(name))).toEqual([]);
      expect((await column(pair.store, 'SELECT count(*) FROM sync_deferral')).map(Number)).toEqual([0]);
    },
    scaled(120_000),
  );
});
