import { afterEach, describe, expect, it } from 'vitest';
import type { ConnectionCheck, Executor } from '../../src/database/database.js';
import { DatabaseError } from '../../src/database/errors.js';
import { column } from '../support/databases.js';
import { describeWithPgBouncer, LIMITS } from '../support/pgbouncer.js';
import {
  columnInTransaction,
  ourSettings,
  PooledDatabase,
  settingsOfSession,
} from '../support/pooled-database.js';
import { queryOn } from '../support/postgres-database.js';
import { openSession } from '../support/postgres-session.js';
import { until } from '../support/until.js';

const untouched = '0 0 read committed on on';

describeWithPgBouncer('the sessions behind it', () => {
  let pooled: PooledDatabase;
  afterEach(() => pooled.close());

  /** What another program finds in all sessions of the pool. */
  async function foundByOthers(): Promise<unknown[]> {
    const clients = await Promise.all(
      Array.from({ length: pooled.poolSize }, () => openSession(pooled.access)),
    );
    const found = [];
    const pids = new Set();
    for (const client of clients) {
      await client.query('BEGIN');
      const [row] = await client.query(`SELECT pg_backend_pid() AS pid, (${settingsOfSession}) AS settings`);
      pids.add(row?.['pid']);
      found.push(row?.['settings']);
    }
    await Promise.all(clients.map((client) => client.close()));
    expect(pids.size).toBe(pooled.poolSize);
    return found;
  }

  describe.each(['session', 'transaction'] as const)('in %s pooling', (mode) => {
    it.each([
      ['refuses', {}],
      ['ignores', { ignore_startup_parameters: LIMITS }],
    ])('that %s limits have ours with each statement, and keep nothing of them', async (_does, more) => {
      pooled = await PooledDatabase.start(mode, more);
      const database = pooled.open({ maxConnections: pooled.poolSize });
      expect(await column(database, settingsOfSession)).toEqual([ourSettings]);
      expect(await columnInTransaction(database, settingsOfSession)).toEqual([ourSettings]);
      await expect(database.execute({ sql: 'SELECT 1/0', bindings: [] })).rejects.toThrow('division by zero');
      expect(await column(database, settingsOfSession)).toEqual([ourSettings]);
      // All sessions of the pool have been ours.
      await Promise.all(
        Array.from({ length: 30 }, () =>
          column(database, `SELECT pg_sleep(0.02)::text || (${settingsOfSession})`),
        ),
      );
      await database.close();
      expect(await foundByOthers()).toEqual(Array.from({ length: pooled.poolSize }, () => untouched));
    });

    it('take no limit away from what others have set and left there', async () => {
      pooled = await PooledDatabase.start(mode, { server_reset_query: '' });
      const other = await openSession(pooled.access);
      await other.query(`SET statement_timeout = 7000`);
      await other.query(`SET idle_in_transaction_session_timeout = 0`);
      await other.query(`SET default_transaction_isolation = 'serializable'`);
      await other.close();
      const database = pooled.open({ maxConnections: pooled.poolSize });
      const sql = `SELECT (${settingsOfSession}) FROM pg_sleep(0.1)`;
      for (const run of [column, columnInTransaction]) {
        const all = Array.from({ length: pooled.poolSize }, () => run(database, sql));
        expect(new Set((await Promise.all(all)).flat())).toEqual(new Set([ourSettings]));
      }
      await database.close();
      const migrating = pooled.open({ statementLimitMs: 60_000, maxConnections: 1, byKey: false });
      expect(await columnInTransaction(migrating, 'SHOW statement_timeout')).toEqual(['0']);
    });

    it('end a statement, and a transaction that hangs, at our limits', async () => {
      pooled = await PooledDatabase.start(mode);
      const database = pooled.open({ serverTimeoutMs: 300 });
      const kindOf = (call: Promise<unknown>) =>
        call.then(
          () => 'none',
          (error: unknown) => (error instanceof DatabaseError ? error.kind : String(error)),
        );
      const long = { sql: 'SELECT pg_sleep(60)', bindings: [] };
      expect(await kindOf(database.execute(long))).toBe('timeout');
      expect(await kindOf(database.transaction((transaction) => transaction.execute(long)))).toBe('timeout');
      await database.execute({ sql: 'CREATE TABLE held (id int)', bindings: [] });
      await database.execute({ sql: 'INSERT INTO held VALUES (1)', bindings: [] });
      const hanging = kindOf(
        database.transaction(async (transaction) => {
          await transaction.execute({ sql: 'UPDATE held SET id = 2', bindings: [] });
          await until('the row is free', async () => {
            const rows = await queryOn(
              pooled.direct.connection,
              'SELECT id FROM held FOR UPDATE SKIP LOCKED',
            );
            return rows.length === 1;
          });
          await transaction.execute({ sql: 'UPDATE held SET id = 3', bindings: [] });
        }),
      );
      expect(['connectionLost', 'timeout']).toContain(await hanging);
      expect(await column(database, 'SELECT id FROM held')).toEqual([1]);
    });
  });

  it('are told of the limits of a URL, and of a schema that is looked in first', async () => {
    pooled = await PooledDatabase.start('transaction');
    await queryOn(pooled.direct.connection, 'CREATE SCHEMA ours');
    await queryOn(pooled.direct.connection, 'CREATE TABLE ours.known (id int)');
    const { host, port, user, password, database: name } = pooled.access;
    const connection = `postgresql://${user}:${password}@${host}:${port}/${name}?statement_timeout=7000&lock_timeout=3000`;
    const database = pooled.open({ connection, schema: { name: 'ours', tables: ['known'] } });
    const sql = `SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('search_path'))`;
    expect(await column(database, sql)).toEqual(['7s 3s ours, "$user", public']);
    expect(await columnInTransaction(database, sql)).toEqual(['7s 3s ours, "$user", public']);
    expect(await column(database, 'SELECT count(*)::int FROM known')).toEqual([0]);
  });

  it('cost no round trip: one for a statement by itself, two where sessions are checked, one more for BEGIN and COMMIT each', async () => {
    pooled = await PooledDatabase.start('transaction', { stats_period: '1' });
    const database = pooled.open();
    await database.ping();
    const sent = async (work: () => Promise<unknown>): Promise<number> => {
      const count = async () => {
        const totals = await pooled.pooler.run('SHOW STATS_TOTALS');
        const ofOurs = totals.find((row) => row['database'] === pooled.direct.connection.database);
        return Number(ofOurs?.['query_count']);
      };
      const before = await count();
      await work();
      return (await count()) - before;
    };
    const one = { sql: 'SELECT ?::int', bindings: [1] };
    expect(await sent(() => database.execute(one))).toBe(1);
    expect(await sent(() => database.transaction((transaction) => transaction.execute(one)))).toBe(3);
    database.checkConnections(() => Promise.resolve());
    await database.execute(one);
    expect(await sent(() => database.execute(one))).toBe(2);
    expect(await sent(() => database.transaction((transaction) => transaction.execute(one)))).toBe(3);
  });

  describe('that are checked', () => {
    const pid = 'SELECT pg_backend_pid() AS pid';
    const pidOf = async (session: Executor) =>
      (await session.execute({ sql: pid, bindings: [] })).rows[0]?.['pid'];

    it('are looked at once each, before anything else, and all of them again when others are retired', async () => {
      pooled = await PooledDatabase.start('transaction');
      const database = pooled.open({ maxConnections: pooled.poolSize });
      const checked: unknown[] = [];
      const check: ConnectionCheck = async (session) => {
        await expect(session.execute({ sql: 'SELECT 1/0', bindings: [] })).rejects.toThrow('division');
        checked.push(await pidOf(session));
      };
      database.checkConnections(check);
      const useAll = async () =>
        new Set(
          await Promise.all(
            Array.from({ length: pooled.poolSize }, async () => {
              const [found] = await columnInTransaction(
                database,
                `SELECT pg_backend_pid() FROM pg_sleep(0.3)`,
              );
              expect(checked).toContain(found);
              return found;
            }),
          ),
        );
      expect((await useAll()).size).toBe(pooled.poolSize);
      await useAll();
      for (let n = 0; n < 10; n += 1) await column(database, pid);
      expect(checked).toHaveLength(pooled.poolSize);

      await pooled.pooler.run('RECONNECT');
      for (let n = 0; n < 2; n += 1) await useAll();
      expect(new Set(checked).size).toBe(2 * pooled.poolSize);
      expect(checked).toHaveLength(2 * pooled.poolSize);

      let retires = true;
      database.checkConnections(async (session, retireOthers) => {
        await check(session, retireOthers);
        if (retires) retireOthers();
        retires = false;
      });
      await pooled.pooler.run('RECONNECT');
      checked.length = 0;
      await column(database, pid);
      await useAll();
      expect(checked.length).toBeGreaterThanOrEqual(pooled.poolSize);
    });

    it('are ended where the check fails, and nothing is done there', async () => {
      pooled = await PooledDatabase.start('transaction', { min_pool_size: '1', default_pool_size: '1' });
      const database = pooled.open();
      await database.execute({ sql: 'CREATE TABLE touched (id int)', bindings: [] });
      const [present] = await column(database, pid);
      database.checkConnections(async (session) => {
        if ((await pidOf(session)) === present) throw new DatabaseError('unavailable', 'an old one');
      });
      const insert = { sql: 'INSERT INTO touched VALUES (1)', bindings: [] };
      await expect(database.execute(insert)).rejects.toThrow('an old one');
      await until('it was ended', async () => {
        const rows = await queryOn(pooled.direct.connection, 'SELECT FROM pg_stat_activity WHERE pid = $1', [
          present,
        ]);
        return rows.length === 0;
      });
      expect(await column(database, 'SELECT count(*)::int FROM touched')).toEqual([0]);
      await database.execute(insert);
      expect(await column(database, 'SELECT count(*)::int FROM touched')).toEqual([1]);
    });
  });
});
