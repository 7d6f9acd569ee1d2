import '../support/hostile-time-zone.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AlreadyDecidedError, LeaseLostError, SettingsDifferError } from '../../src/store/port.js';
import { KnexProductStore } from '../../src/store/knex/product-store.js';
import { CheckedDatabase } from '../support/observed-database.js';
import { createDatabase, hasPostgres, type TestDatabase } from '../support/postgres.js';
import { openSession, type Session } from '../support/postgres-session.js';
import { gate } from '../support/until.js';
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
import type { StoreFixture } from './store.js';

const minute = 60_000;

describe.runIf(hasPostgres)('PostgreSQL as a product store, several sessions at once', () => {
  let fixture: StoreFixture;
  let session: Session;
  let watcher: Session;

  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase('store_races');
    fixture = await postgresStoreFixture(database);
    session = await openSession(database.connection);
    watcher = await openSession(database.connection);
  });
  beforeEach(() => fixture.clear());
  afterAll(async () => {
    await Promise.all([session.close(), watcher.close()]);
    await fixture.close();
  });

  it('another worker takes no lease that an open apply relies on, though it has run out', async () => {
    const first = await startWorker(fixture, 'worker 1');
    await fixture.shift('sync_shard', 'expires_at', -2 * minute);
    const [inside, finish] = [gate(), gate()];
    const applying = first.store.apply(first.leases.slice(2, 5), async (transaction) => {
      inside.open();
      await finish.passed;
      await transaction.write(changesOf([customer()]));
    });
    await inside.passed;
    await fixture.shift('sync_worker', 'heartbeat_at', -2 * minute);
    const second = await startWorker(fixture, 'worker 2');
    expect(second.leases.map(({ shard }) => shard)).toEqual([0, 1, 5, 6, 7]);
    finish.open();
    await applying;
    expect((await second.store.leases.renewAndAcquire()).leases.map(({ shard }) => shard)).toEqual([
      0, 1, 5, 6, 7,
    ]);
    expect((await contents(fixture))['bnet_customer']).toHaveLength(1);
    expect((await fixture.leases()).filter(({ owner }) => owner === 'worker 1')).toMatchObject([
      { shard: 2, term: 1 },
      { shard: 3, term: 1 },
      { shard: 4, term: 1 },
    ]);
  });

  it('the owner’s own renewal skips the leases of its open apply and still counts them as held', async () => {
    const { store, leases } = await startWorker(fixture);
    const [inside, finish] = [gate(), gate()];
    const applying = store.apply(leases, async () => {
      inside.open();
      await finish.passed;
    });
    await inside.passed;
    expect((await store.leases.renewAndAcquire()).leases).toEqual(leases);
    finish.open();
    await applying;
  });

  it('the commits of applies that ran side by side must all be there', async () => {
    const { store, leases } = await startWorker(fixture);
    const [inside, finish] = [gate(), gate()];
    const slow = store.apply(leases.slice(0, 4), async (transaction) => {
      inside.open();
      await finish.passed;
      await transaction.record([record({ streamingNo: '1' })], []);
    });
    await inside.passed;
    await store.apply(leases.slice(4), (transaction) =>
      transaction.record([record({ streamingNo: '2' })], []),
    );
    finish.open();
    await slow;
    await fixture.run(`DELETE FROM sync_journal WHERE streaming_no = '2'`);
    await expect(store.apply(leases, () => Promise.resolve())).rejects.toMatchObject({
      lost: [{ streamingNo: '2' }],
    });
  });

  it('each new connection is asked one statement before its first use, and never again', async () => {
    const connection = { ...database.connection };
    const pool = new CheckedDatabase({ ...testOptions, client: 'pg', connection });
    const store = new KnexProductStore(pool, minute);
    const busy = { sql: 'SELECT pg_sleep(0.2)', bindings: [] };
    for (const _round of [1, 2]) await Promise.all([1, 2, 3].map(() => pool.execute(busy)));
    await store.leases.register(identityOf('worker 1'), sharedSettings);
    const { leases } = await store.leases.renewAndAcquire();
    await store.leases.compared(leases);
    for (const streamingNo of ['1', '2'])
      await store.apply(leases, (transaction) => transaction.record([record({ streamingNo })], []));
    expect(pool.checked).toEqual({ connections: 3, statements: 3 });
    await store.close();
  });

  it('applies of one worker on different shards go side by side', async () => {
    const { store, leases } = await startWorker(fixture);
    const [first, second] = [gate(), gate()];
    const both = [
      store.apply(leases.slice(0, 4), async (transaction) => {
        first.open();
        await second.passed;
        await transaction.record([record()], []);
      }),
      store.apply(leases.slice(4), async (transaction) => {
        second.open();
        await first.passed;
        await transaction.record([record({ streamingNo: '2' })], []);
      }),
    ];
    await Promise.all(both);
    expect((await contents(fixture))['sync_journal']).toHaveLength(2);
  });

  it('an apply waits for the one before it on the same lease, and then reads what that wrote', async () => {
    const { store, leases } = await startWorker(fixture);
    const [inside, finish] = [gate(), gate()];
    const first = store.apply(leases.slice(3, 4), async (transaction) => {
      await transaction.record([record()], []);
      inside.open();
      await finish.passed;
    });
    await inside.passed;
    const second = store.apply(leases.slice(2, 5), (transaction) => transaction.journal([record()]));
    await watcher.untilWaiting(1);
    finish.open();
    await first;
    expect(await second).toMatchObject([{ streamingNo: '1', outcome: 'applied', superseded: false }]);
  });

  it('applies that name the same leases in different order never block each other for good', async () => {
    const { store, leases } = await startWorker(fixture, 'worker 1', { callTimeoutMs: 20_000 });
    const pair = [leases[1]!, leases[6]!];
    await session.query('BEGIN');
    await session.query('SELECT * FROM sync_shard WHERE shard IN (1, 6) FOR UPDATE');
    const forward = store.apply(pair, (transaction) => transaction.record([record()], []));
    await watcher.untilWaiting(1);
    const backward = store.apply([...pair].reverse(), (transaction) =>
      transaction.record([record({ streamingNo: '2' })], []),
    );
    await watcher.untilWaiting(2);
    await session.query('COMMIT');
    await Promise.all([forward, backward]);
    expect((await contents(fixture))['sync_journal']).toHaveLength(2);
  });

  it('applies that count the same kinds of rows in different order never block each other for good', async () => {
    const { store, apply, leases } = await startWorker(fixture, 'worker 1', { callTimeoutMs: 20_000 });
    const rows = (from: number) => [
      record({ streamingNo: String(from), source: 'CUST' }),
      record({ streamingNo: String(from), source: 'ACCOUNT' }),
    ];
    await apply((transaction) => transaction.record(rows(1), []));
    // The next five minutes may begin just now.
    await session.query(`INSERT INTO sync_activity SELECT bucket + interval '5 minutes', worker, source, outcome, code, 0
                         FROM sync_activity`);
    await session.query('BEGIN');
    await session.query(`SELECT * FROM sync_activity WHERE source = 'ACCOUNT' FOR UPDATE`);
    const backward = store.apply(leases.slice(0, 4), (transaction) =>
      transaction.record(rows(2).reverse(), []),
    );
    await watcher.untilWaiting(1);
    const forward = store.apply(leases.slice(4), (transaction) => transaction.record(rows(3), []));
    await watcher.untilWaiting(2);
    await session.query('COMMIT');
    await Promise.all([forward, backward]);
    const counted = await fixture.records.activity('1970-01-01T00:00:00.000Z', 60 * 24);
    expect(counted.map(({ rows: count }) => count)).toEqual([3, 3]);
  });

  it('a row that is just being decided anew is not forgotten, and nobody waits for anybody', async () => {
    const { apply } = await startWorker(fixture);
    await apply((transaction) => transaction.record([record()], []));
    const again = record({ attempt: '2026-11-01 08:00:05' });
    const [inside, finish] = [gate(), gate()];
    const applying = apply(async (transaction) => {
      await transaction.record([again], [again]);
      inside.open();
      await finish.passed;
    });
    await inside.passed;
    expect(await fixture.records.forget([record()])).toBe(0);
    finish.open();
    await applying;
    expect((await contents(fixture))['sync_journal']).toHaveLength(2);
  });

  it('an apply that runs into a takeover finds its lease lost when that is committed', async () => {
    const { apply } = await startWorker(fixture);
    await session.query('BEGIN');
    await session.query(`UPDATE sync_shard SET owner = 'worker 2', term = term + 1 WHERE shard = 3`);
    const late = apply((transaction) => transaction.write(changesOf([customer()]))).catch(
      (error: unknown) => error,
    );
    await watcher.untilWaiting(1);
    await session.query('COMMIT');
    expect(await late).toBeInstanceOf(LeaseLostError);
    expect(await contents(fixture)).toEqual(nothing);
  });

  it('an apply that runs into a takeover goes on when that is rolled back', async () => {
    const { apply } = await startWorker(fixture);
    await session.query('BEGIN');
    await session.query(`UPDATE sync_shard SET owner = 'worker 2', term = term + 1 WHERE shard = 3`);
    const late = apply((transaction) => transaction.write(changesOf([customer()])));
    await watcher.untilWaiting(1);
    await session.query('ROLLBACK');
    await late;
    expect((await contents(fixture))['bnet_customer']).toHaveLength(1);
  });

  it('two workers that look for free shards at once share them without a shard in two hands', async () => {
    const stores = [fixture.open(), fixture.open(), fixture.open()];
    await Promise.all(
      stores.map((store, index) => store.leases.register(identityOf(`worker ${index}`), sharedSettings)),
    );
    const held = await Promise.all(
      stores.map(async (store) => (await store.leases.renewAndAcquire()).leases),
    );
    const again = await Promise.all(
      stores.map(async (store) => (await store.leases.renewAndAcquire()).leases),
    );
    const shards = again.flat().map(({ shard }) => shard);
    expect(shards.sort()).toEqual(Array.from({ length: shardCount }, (_, shard) => shard));
    expect(again.flat().every(({ term }) => term === 1)).toBe(true);
    expect(new Set(held.flat().map(({ shard }) => shard)).size).toBe(held.flat().length);
  });

  it('many workers that look at once never hold more than their shares, and come to hold everything', async () => {
    const stores = Array.from({ length: 5 }, () => fixture.open());
    await Promise.all(
      stores.map((store, index) => store.leases.register(identityOf(`worker ${index}`), sharedSettings)),
    );
    const keepAll = () => Promise.all(stores.map((store) => store.leases.renewAndAcquire()));
    for (const { leases, share } of await keepAll()) expect(leases.length).toBeLessThanOrEqual(share);
    const holdings = await keepAll();
    expect(holdings.map(({ leases }) => leases.length).sort()).toEqual([1, 1, 2, 2, 2]);
    expect(holdings.every(({ leases, share }) => leases.length === share)).toBe(true);
    expect(new Set(holdings.flatMap(({ leases }) => leases.map(({ shard }) => shard))).size).toBe(shardCount);
  });

  it('of two workers with different settings that register at once never both stay', async () => {
    const settings = [sharedSettings, { ...sharedSettings, productIds: ['42'] }];
    for (let round = 0; round < 20; round += 1) {
      await fixture.clear();
      const stores = settings.map(() => fixture.open());
      await Promise.all(stores.map((store) => store.ping()));
      await session.query('BEGIN');
      await session.query('LOCK TABLE sync_worker IN EXCLUSIVE MODE');
      const registering = stores.map((store, index) =>
        store.leases.register(identityOf(`worker ${index}`), settings[index]!),
      );
      const settled = Promise.allSettled(registering);
      await watcher.untilWaiting(2);
      await session.query('COMMIT');
      const results = await settled;
      const refused = results.filter((result) => result.status === 'rejected');
      expect(refused.length, `round ${round}`).toBeGreaterThan(0);
      for (const { reason } of refused) expect(reason).toBeInstanceOf(SettingsDifferError);
      const stayed = [...results.keys()].filter((index) => results[index]!.status === 'fulfilled');
      expect((await fixture.rows('sync_worker')).map((row) => row['worker_id'])).toEqual(
        stayed.map((index) => `worker ${index}`),
      );
    }
  });

  it('a row decided by a stranger between the look at the journal and the record is found decided', async () => {
    const { apply } = await startWorker(fixture);
    const values = `'CUST', 1, '2026-11-01 07:00:00', FALSE, 'failed', 'd', 'stranger', now()`;
    await session.query('BEGIN');
    await session.query(
      `INSERT INTO sync_journal (source, streaming_no, attempt, superseded, outcome, digest, worker, decided_at)
       VALUES (${values})`,
    );
    const deciding = apply(async (transaction) => {
      expect(await transaction.journal([record()])).toEqual([]);
      await transaction.write(changesOf([customer()]));
      await transaction.record([record()], []);
    }).catch((error: unknown) => error);
    await watcher.untilWaiting(1);
    await session.query('COMMIT');
    expect(await deciding).toBeInstanceOf(AlreadyDecidedError);
    const after = await contents(fixture);
    expect([after['bnet_customer'], after['sync_journal']!.length]).toEqual([[], 1]);
  });
});
