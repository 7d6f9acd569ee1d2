import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database, type ConnectionCheck, type Executor } from '../../src/database/database.js';
import type { DatabaseOptions } from '../../src/database/options.js';
import { DatabaseError } from '../../src/database/errors.js';
import { column } from '../support/databases.js';
import { openOptions } from '../support/middle-databases.js';
import { describeWithPgBouncer, LIMITS, PgBouncer, type PgBouncerSettings } from '../support/pgbouncer.js';
import { createDatabase, type TestDatabase } from '../support/postgres.js';
import { queryOn } from '../support/postgres-database.js';
import { openSession } from '../support/postgres-session.js';
import { until } from '../support/until.js';

/** What the statements of a session rely on. */
const settings = `SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout'),
  current_setting('transaction_isolation'), current_setting('enable_seqscan'), current_setting('jit'))`;
const untouched = '0 0 read committed on on';
const limited = { callTimeoutMs: 30_000, serverTimeoutMs: 24_000 };
const ours = '24s 24s read committed off off';

const poolSize = 3;

describeWithPgBouncer('the sessions behind it', () => {
  let database: TestDatabase;
  let pooler: PgBouncer;
  const opened: { close(): Promise<unknown> }[] = [];

  beforeEach(async () => {
    database = await createDatabase('pooled');
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
    await pooler.remove();
    await database.drop();
  });

  async function startPooler(mode: 'session' | 'transaction', more: PgBouncerSettings = {}): Promise<void> {
    pooler = new PgBouncer(database.connection, {
      mode,
      settings: { default_pool_size: String(poolSize), min_pool_size: String(poolSize), ...more },
    });
    await pooler.start();
  }

  function open(options: Partial<DatabaseOptions> = {}): Database {
    const connection = { ...pooler.accessTo(database.connection) };
    const made = new Database({
      ...{ ...openOptions, ...limited, client: 'pg', connection, byKey: true },
      ...options,
    });
    opened.push(made);
    return made;
  }

  const inTransaction = (database: Database, sql: string) =>
    database.transaction((transaction) => column(transaction, sql));

  /** What another program finds in all sessions of the pool. */
  async function foundByOthers(): Promise<unknown[]> {
    const clients = await Promise.all(
      Array.from({ length: poolSize }, () => openSession(pooler.accessTo(database.connection))),
    );
    const found = [];
    const pids = new Set();
    for (const client of clients) {
      await client.query('BEGIN');
      const [row] = await client.query(`SELECT pg_backend_pid() AS pid, (${settings}) AS settings`);
      pids.add(row?.['pid']);
      found.push(row?.['settings']);
    }
    await Promise.all(clients.map((client) => client.close()));
    expect(pids.size).toBe(poolSize);
    return found;
  }

  describe.each(['session', 'transaction'] as const)('in %s pooling', (mode) => {
    it.each([
      ['refuses', {}],
      ['ignores', { ignore_startup_parameters: LIMITS }],
    ])('that %s limits have ours with each statement, and keep nothing of them', async (_does, more) => {
      await startPooler(mode, more);
      const pooled = open({ maxConnections: poolSize });
      expect(await column(pooled, settings)).toEqual([ours]);
      expect(await inTransaction(pooled, settings)).toEqual([ours]);
      await expect(pooled.execute({ sql: 'SELECT 1/0', bindings: [] })).rejects.toThrow('division by zero');
      expect(await column(pooled, settings)).toEqual([ours]);
      // All sessions of the pool have been ours.
      await Promise.all(
        Array.from({ length: 30 }, () => column(pooled, `SELECT pg_sleep(0.02)::text || (${settings})`)),
      );
      await pooled.close();
      expect(await foundByOthers()).toEqual(Array.from({ length: poolSize }, () => untouched));
    });

    it('take no limit away from what others have set and left there', async () => {
      await startPooler(mode, { server_reset_query: '' });
      const other = await openSession(pooler.accessTo(database.connection));
      await other.query(`SET statement_timeout = 0`);
      await other.query(`SET idle_in_transaction_session_timeout = 0`);
      await other.query(`SET default_transaction_isolation = 'serializable'`);
      await other.close();
      const pooled = open({ maxConnections: poolSize });
      const all = Array.from({ length: poolSize }, () => [
        settings,
        `SELECT pg_sleep(0.02)::text || (${settings})`,
      ]);
      for (const [sql = ''] of all) expect(await column(pooled, sql)).toEqual([ours]);
      for (const [sql = ''] of all) expect(await inTransaction(pooled, sql)).toEqual([ours]);
    });

    it('end a statement, and a transaction that hangs, at our limits', async () => {
      await startPooler(mode);
      const pooled = open({ serverTimeoutMs: 300 });
      const kindOf = (call: Promise<unknown>) =>
        call.then(
          () => 'none',
          (error: unknown) => (error instanceof DatabaseError ? error.kind : String(error)),
        );
      const long = { sql: 'SELECT pg_sleep(60)', bindings: [] };
      expect(await kindOf(pooled.execute(long))).toBe('timeout');
      expect(await kindOf(pooled.transaction((transaction) => transaction.execute(long)))).toBe('timeout');
      await pooled.execute({ sql: 'CREATE TABLE held (id int)', bindings: [] });
      await pooled.execute({ sql: 'INSERT INTO held VALUES (1)', bindings: [] });
      const hanging = kindOf(
        pooled.transaction(async (transaction) => {
          await transaction.execute({ sql: 'UPDATE held SET id = 2', bindings: [] });
          await until('the row is free', async () => {
            const rows = await queryOn(database.connection, 'SELECT id FROM held FOR UPDATE SKIP LOCKED');
            return rows.length === 1;
          });
          await transaction.execute({ sql: 'UPDATE held SET id = 3', bindings: [] });
        }),
      );
      expect(['connectionLost', 'timeout']).toContain(await hanging);
      expect(await column(pooled, 'SELECT id FROM held')).toEqual([1]);
    });
  });

  it('are told of the limits of a URL, and of a schema that is looked in first', async () => {
    await startPooler('transaction');
    await queryOn(database.connection, 'CREATE SCHEMA ours');
    await queryOn(database.connection, 'CREATE TABLE ours.known (id int)');
    const { host, port, user, password, database: name } = pooler.accessTo(database.connection);
    const connection = `postgresql://${user}:${password}@${host}:${port}/${name}?statement_timeout=7000&lock_timeout=3000`;
    const pooled = open({ connection, schema: { name: 'ours', tables: ['known'] } });
    const sql = `SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('search_path'))`;
    expect(await column(pooled, sql)).toEqual(['7s 3s ours, "$user", public']);
    expect(await inTransaction(pooled, sql)).toEqual(['7s 3s ours, "$user", public']);
    expect(await column(pooled, 'SELECT count(*)::int FROM known')).toEqual([0]);
  });

  it('are asked for by many at once: all of them get one, though the limits are refused', async () => {
    await startPooler('transaction');
    const pooled = open();
    const all = Array.from({ length: 20 }, () => column(pooled, settings));
    expect(new Set((await Promise.all(all)).flat())).toEqual(new Set([ours]));
  });

  it('are asked for limits once: a refusal is remembered', async () => {
    await startPooler('transaction');
    const pooled = open();
    await pooled.ping();
    const both = [1, 2, 3].map(() => column(pooled, `SELECT pg_sleep(0.1)::text`));
    await Promise.all(both);
    expect(pooled.pool()).toMatchObject({ used: 0, idle: 3 });
    expect(pooler.log.match(/pooler error: unsupported startup parameter/g)).toHaveLength(1);
  });

  it('are not given where other parameters are refused: the error says what to do', async () => {
    await startPooler('transaction');
    const connection = { ...pooler.accessTo(database.connection), options: '-c work_mem=8MB' };
    const failing = open({ connection }).ping();
    await expect(failing).rejects.toThrow(
      /refuses the startup parameter "options".*ignore_startup_parameters in pgbouncer\.ini/,
    );
    await expect(failing).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('are not given for a wrong password, which is no outage', async () => {
    await startPooler('transaction');
    const connection = { ...pooler.accessTo(database.connection), password: 'wrong' };
    await expect(open({ connection }).ping()).rejects.toMatchObject({ kind: 'credentials' });
  });

  it('cost no round trip: one for a statement by itself, two where sessions are checked, one more for BEGIN and COMMIT each', async () => {
    await startPooler('transaction', { stats_period: '1' });
    const pooled = open();
    await pooled.ping();
    const sent = async (work: () => Promise<unknown>): Promise<number> => {
      const count = async () => {
        const totals = await pooler.run('SHOW STATS_TOTALS');
        const ofOurs = totals.find((row) => row['database'] === database.connection.database);
        return Number(ofOurs?.['query_count']);
      };
      const before = await count();
      await work();
      return (await count()) - before;
    };
    const one = { sql: 'SELECT ?::int', bindings: [1] };
    expect(await sent(() => pooled.execute(one))).toBe(1);
    expect(await sent(() => pooled.transaction((transaction) => transaction.execute(one)))).toBe(3);
    pooled.checkConnections(() => Promise.resolve());
    await pooled.execute(one);
    expect(await sent(() => pooled.execute(one))).toBe(2);
    expect(await sent(() => pooled.transaction((transaction) => transaction.execute(one)))).toBe(3);
  });

  it.each([
    ['refuses', {}, true],
    ['ignores', { ignore_startup_parameters: LIMITS }, false],
  ])(
    'are described for the doctor: a pooler that %s limits, and what limits the role',
    async (_does, more, refusesLimits) => {
      await startPooler('transaction', more);
      const found = { refusesLimits, role: database.connection.user, idleLimitMs: 24_000 };
      expect(await open().pooler()).toEqual({ ...found, roleIdleLimitMs: 0 });
      const { database: name } = database.connection;
      await queryOn(
        database.connection,
        `ALTER DATABASE "${name}" SET idle_in_transaction_session_timeout = '1h'`,
      );
      await pooler.run('RECONNECT');
      expect(await open().pooler()).toEqual({ ...found, roleIdleLimitMs: 3_600_000 });
      expect(await open({ connection: { ...database.connection } }).pooler()).toBeNull();
    },
  );

  describe('that are checked', () => {
    const pid = 'SELECT pg_backend_pid() AS pid';
    const pidOf = async (session: Executor) =>
      (await session.execute({ sql: pid, bindings: [] })).rows[0]?.['pid'];

    it('are looked at once each, before anything else, and all of them again when others are retired', async () => {
      await startPooler('transaction');
      const pooled = open({ maxConnections: poolSize });
      const checked: unknown[] = [];
      const check: ConnectionCheck = async (session) => {
        await expect(session.execute({ sql: 'SELECT 1/0', bindings: [] })).rejects.toThrow('division');
        checked.push(await pidOf(session));
      };
      pooled.checkConnections(check);
      const useAll = async () =>
        new Set(
          await Promise.all(
            Array.from({ length: poolSize }, async () => {
              const [found] = await inTransaction(pooled, `SELECT pg_backend_pid() FROM pg_sleep(0.3)`);
              expect(checked).toContain(found);
              return found;
            }),
          ),
        );
      expect((await useAll()).size).toBe(poolSize);
      await useAll();
      for (let n = 0; n < 10; n += 1) await column(pooled, pid);
      expect(checked).toHaveLength(poolSize);

      await pooler.run('RECONNECT');
      for (let n = 0; n < 2; n += 1) await useAll();
      expect(new Set(checked).size).toBe(2 * poolSize);
      expect(checked).toHaveLength(2 * poolSize);

      let retires = true;
      pooled.checkConnections(async (session, retireOthers) => {
        await check(session, retireOthers);
        if (retires) retireOthers();
        retires = false;
      });
      await pooler.run('RECONNECT');
      checked.length = 0;
      await column(pooled, pid);
      await useAll();
      expect(checked.length).toBeGreaterThanOrEqual(poolSize);
    });

    it('are ended where the check fails, and nothing is done there', async () => {
      await startPooler('transaction', { min_pool_size: '1', default_pool_size: '1' });
      const pooled = open();
      await pooled.execute({ sql: 'CREATE TABLE touched (id int)', bindings: [] });
      const [present] = await column(pooled, pid);
      pooled.checkConnections(async (session) => {
        if ((await pidOf(session)) === present) throw new DatabaseError('unavailable', 'an old one');
      });
      const insert = { sql: 'INSERT INTO touched VALUES (1)', bindings: [] };
      await expect(pooled.execute(insert)).rejects.toThrow('an old one');
      await until('it was ended', async () => {
        const rows = await queryOn(database.connection, 'SELECT FROM pg_stat_activity WHERE pid = $1', [
          present,
        ]);
        return rows.length === 0;
      });
      expect(await column(pooled, 'SELECT count(*)::int FROM touched')).toEqual([0]);
      await pooled.execute(insert);
      expect(await column(pooled, 'SELECT count(*)::int FROM touched')).toEqual([1]);
    });
  });
});
