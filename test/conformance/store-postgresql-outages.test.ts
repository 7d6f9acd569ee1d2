import '../support/hostile-time-zone.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { KnexProductStore } from '../../src/store/knex/product-store.js';
import type { ApplyTransaction, Lease } from '../../src/store/port.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { createDatabase, hasPostgres, type TestDatabase } from '../support/postgres.js';
import { openSession, type Session } from '../support/postgres-session.js';
import { gate, until } from '../support/until.js';
import { kindOf } from './middle/outages.js';
import {
  sharedSettings,
  changesOf,
  contents,
  customer,
  identityOf,
  nothing,
  record,
  shardCount,
  startWorker,
} from './store/data.js';
import { postgresStoreFixture, testOptions } from './store/knex-fixture.js';
import type { StoreFixture, StoreSettings } from './store.js';
import { scaled } from '../support/time-factor.js';

/** A deadline that a healthy local server keeps, and how long a call may take at the very most on a busy machine. */
const callTimeoutMs = scaled(1000);
const atMostMs = 2 * callTimeoutMs + scaled(3000);

const minute = 60_000;

describe.runIf(hasPostgres)('PostgreSQL as a product store that fails', () => {
  let database: TestDatabase;
  let fixture: StoreFixture;
  let session: Session;
  let proxy: FaultProxy;
  let store: KnexProductStore;
  let leases: readonly Lease[];

  beforeAll(async () => {
    database = await createDatabase('store_outages');
    fixture = await postgresStoreFixture(database);
    session = await openSession(database.connection);
  });
  beforeEach(async () => {
    await fixture.clear();
    proxy = await FaultProxy.inFrontOf(database.connection);
    store = openStore();
    await store.leases.register(identityOf('worker 1'), sharedSettings);
    ({ leases } = await store.leases.renewAndAcquire());
    await store.leases.compared(leases);
  });
  afterEach(async () => {
    await store.close();
    await proxy.close();
  });
  afterAll(async () => {
    await session.close();
    await fixture.close();
  });

  /** A store behind the proxy. The server ends what hangs only after our own deadline, unless a test says so. */
  function openStore(limits: StoreSettings = {}): KnexProductStore {
    const connection = { ...database.connection, port: proxy.port };
    const ours = { callTimeoutMs, serverTimeoutMs: 2 * callTimeoutMs };
    return new KnexProductStore(
      new Database({ ...testOptions, client: 'pg', connection, ...ours, ...limits }),
      minute,
    );
  }

  /** Replaces the store by one with other limits, which holds the leases. */
  async function restart(limits: StoreSettings): Promise<void> {
    await store.leases.release();
    await store.close();
    store = openStore(limits);
    await store.leases.register(identityOf('worker 2'), sharedSettings);
    ({ leases } = await store.leases.renewAndAcquire());
    await store.leases.compared(leases);
  }

  /** An apply that writes a customer and its journal entry. */
  async function open(transaction: ApplyTransaction): Promise<void> {
    await transaction.write(changesOf([customer()]));
    await transaction.record([record()], []);
  }

  it('does not know the outcome of a commit whose answer was lost: here it has happened', async () => {
    proxy.loseAnswerTo('COMMIT', 'cut');
    expect(await kindOf(store.apply(leases, open))).toBe('commitUnknown');
    expect((await contents(fixture))['bnet_customer']).toHaveLength(1);
    const entries = await store.apply(leases, (transaction) => transaction.journal([record()]));
    expect(entries).toMatchObject([{ outcome: 'applied', attempt: record().attempt }]);
  });

  it('does not know the outcome of a commit that was lost on its way: here it has not happened', async () => {
    proxy.loseStatement('COMMIT');
    expect(await kindOf(store.apply(leases, open))).toBe('commitUnknown');
    expect(await contents(fixture)).toEqual(nothing);
    await store.apply(leases, open);
  });

  it('does not know the outcome of a commit that nobody answers in time', async () => {
    const startedAt = performance.now();
    const kind = await kindOf(
      store.apply(leases, async (transaction) => {
        await open(transaction);
        proxy.swallow();
      }),
    );
    expect(kind).toBe('commitUnknown');
    expect(performance.now() - startedAt).toBeLessThan(atMostMs);
  });

  it.each(['BEGIN', 'sync_shard', 'INTO bnet_customer', 'INTO sync_journal'])(
    'has lost the connection that breaks at %s: nothing is written, and the next apply works',
    async (statement) => {
      proxy.loseStatement(statement);
      expect(await kindOf(store.apply(leases, open))).toBe('connectionLost');
      expect(await contents(fixture)).toEqual(nothing);
      await store.apply(leases, open);
      expect((await contents(fixture))['bnet_customer']).toHaveLength(1);
    },
  );

  it('times out where it falls silent within an apply: nothing is written, and the next one has a new connection', async () => {
    const startedAt = performance.now();
    const kind = await kindOf(
      store.apply(leases, async (transaction) => {
        await transaction.write(changesOf([customer()]));
        proxy.swallow();
        await transaction.record([record()], []);
      }),
    );
    expect(kind).toBe('timeout');
    expect(performance.now() - startedAt).toBeLessThan(atMostMs);
    proxy.clear();
    expect(await contents(fixture)).toEqual(nothing);
    const before = proxy.accepted;
    await untilUnlocked();
    await store.apply(leases, open);
    expect(proxy.accepted).toBe(before + 1);
  });

  it('times out where a statement of a nested transaction takes too long, and nothing is written', async () => {
    const kind = await kindOf(
      store.apply(leases, async (transaction) => {
        await open(transaction);
        await transaction.nested((knex) => Promise.resolve(knex.raw('SELECT pg_sleep(60)')));
      }),
    );
    expect(kind).toBe('timeout');
    expect(await contents(fixture)).toEqual(nothing);
  });

  it.each<[string, (transaction: ApplyTransaction, wake: Promise<void>) => Promise<unknown>]>([
    ['idle', (_transaction, wake) => wake],
    [
      'in a statement',
      (transaction) => transaction.nested((knex) => Promise.resolve(knex.raw('SELECT pg_sleep(60)'))),
    ],
  ])(
    'ends an apply that hangs %s by itself, so that another worker gets its leases',
    async (_where, hang) => {
      await restart({ callTimeoutMs: 30_000, serverTimeoutMs: 300 });
      const [inside, wake] = [gate(), gate()];
      const failing = kindOf(
        store.apply(leases, async (transaction) => {
          await transaction.write(changesOf([customer()]));
          inside.open();
          await hang(transaction, wake.passed);
          await transaction.record([record()], []);
        }),
      );
      await inside.passed;
      await untilUnlocked();
      await fixture.shift('sync_shard', 'expires_at', -2 * minute);
      await fixture.shift('sync_worker', 'heartbeat_at', -2 * minute);
      const other = await startWorker(fixture, 'worker 3');
      expect(other.leases).toMatchObject(leases.map(({ shard, term }) => ({ shard, term: term + 1 })));
      wake.open();
      expect(['timeout', 'connectionLost']).toContain(await failing);
      expect(await contents(fixture)).toEqual(nothing);
    },
  );

  describe.each<[string, string, (store: KnexProductStore) => Promise<unknown>]>([
    ['giving leases back', 'UPDATE sync_shard', ({ leases: own }) => own.releaseShards([3])],
    ['asking for crash notes', 'JOIN sync_crash', ({ crashLog }) => crashLog.crashCounts([record()])],
    ['noting a crash candidate', 'INTO sync_crash', ({ crashLog }) => crashLog.begin(record())],
    ['taking a note back', 'DELETE FROM sync_crash', ({ crashLog }) => crashLog.clear(record())],
    ['removing the notes', 'DELETE FROM sync_crash', ({ crashLog }) => crashLog.forget(record())],
  ])('%s', (_what, statement, call) => {
    it('has lost a connection that breaks, and is done by the next call', async () => {
      proxy.loseStatement(statement);
      expect(await kindOf(call(store))).toBe('connectionLost');
      await call(store);
    });

    it('times out where nobody answers', async () => {
      proxy.swallow();
      const startedAt = performance.now();
      expect(await kindOf(call(store))).toBe('timeout');
      expect(performance.now() - startedAt).toBeLessThan(atMostMs);
    });
  });

  it('is in conflict where two transactions block each other, and nothing is written', async () => {
    await restart({ callTimeoutMs: 30_000, serverTimeoutMs: 30_000 });
    const [one, two] = [customer(), customer({ custId: '2000' })];
    await store.apply(leases, (transaction) => transaction.write(changesOf([one, two])));
    // The server ends the transaction whose wait finds the deadlock: not this session's.
    await session.query(`SET deadlock_timeout = '1min'`);
    await session.query('BEGIN');
    await session.query(`UPDATE bnet_customer SET cust_name = 'theirs' WHERE cust_id = 2000`);
    let other: Promise<unknown> = Promise.resolve();
    const kind = await kindOf(
      store.apply(leases, async (transaction) => {
        await transaction.write(changesOf([{ ...one, custName: 'ours' }]));
        other = session.query(`UPDATE bnet_customer SET cust_name = 'theirs' WHERE cust_id = 1000`);
        await transaction.write(changesOf([{ ...two, custName: 'ours' }]));
      }),
    );
    expect(kind).toBe('conflict');
    await other;
    await session.query('COMMIT');
    await session.query('RESET deadlock_timeout');
    const customers = (await contents(fixture))['bnet_customer']!;
    expect(customers.map((row) => row['cust_name'])).toEqual(['theirs', 'theirs']);
  });

  it('is unavailable where it is read-only, and nothing is written', async () => {
    await session.query(
      `ALTER DATABASE "${database.connection.database}" SET default_transaction_read_only = on`,
    );
    const fresh = fixture.open();
    expect(await kindOf(fresh.leases.register(identityOf('worker 2'), sharedSettings))).toBe('unavailable');
    await session.query(
      `ALTER DATABASE "${database.connection.database}" RESET default_transaction_read_only`,
    );
    expect((await fixture.rows('sync_worker')).map((row) => row['worker_id'])).toEqual(['worker 1']);
  });

  it('refuses a value that its column cannot hold as data, and nothing is written', async () => {
    const tooLong = customer({ custId: '2000', custAccount: 'x'.repeat(101) });
    const failing = store.apply(leases, async (transaction) => {
      await open(transaction);
      await transaction.write(changesOf([tooLong]));
    });
    expect(await kindOf(failing)).toBe('data');
    expect(await contents(fixture)).toEqual(nothing);
  });

  /** Waits until the server has let go of the leases' rows. */
  async function untilUnlocked(): Promise<void> {
    await until('the leases are unlocked', async () => {
      const unlocked = await session.query('SELECT shard FROM sync_shard FOR UPDATE SKIP LOCKED');
      return unlocked.length === shardCount;
    });
  }
});
