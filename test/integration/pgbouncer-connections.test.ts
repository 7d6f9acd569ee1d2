import { afterEach, expect, it } from 'vitest';
import { column } from '../support/databases.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { describeWithPgBouncer, LIMITS } from '../support/pgbouncer.js';
import {
  columnInTransaction,
  ourSettings,
  PooledDatabase,
  settingsOfSession,
} from '../support/pooled-database.js';
import { queryOn } from '../support/postgres-database.js';

describeWithPgBouncer('connections to it', () => {
  let pooled: PooledDatabase;
  afterEach(() => pooled.close());

  it('are asked for by many at once: all of them get one, though the limits are refused', async () => {
    pooled = await PooledDatabase.start('transaction');
    const database = pooled.open();
    const all = Array.from({ length: 20 }, () => column(database, settingsOfSession));
    expect(new Set((await Promise.all(all)).flat())).toEqual(new Set([ourSettings]));
  });

  it('are asked for limits once: a refusal is remembered', async () => {
    pooled = await PooledDatabase.start('transaction');
    const database = pooled.open();
    await database.ping();
    const both = [1, 2, 3].map(() => column(database, `SELECT pg_sleep(0.1)::text`));
    await Promise.all(both);
    expect(database.pool()).toMatchObject({ used: 0, idle: 3 });
    expect(pooled.pooler.log.match(/pooler error: unsupported startup parameter/g)).toHaveLength(1);
  });

  it('are lost with the pooler, and given anew when it is back', async () => {
    pooled = await PooledDatabase.start('transaction');
    const database = pooled.open();
    await database.ping();
    await pooled.pooler.stop();
    await expect(database.ping()).rejects.toMatchObject({ kind: 'unreachable' });
    await pooled.pooler.start();
    expect(await column(database, settingsOfSession)).toEqual([ourSettings]);
  });

  it('are of no use in statement pooling, which the error names', async () => {
    pooled = await PooledDatabase.start('transaction', { pool_mode: 'statement' });
    await expect(columnInTransaction(pooled.open(), settingsOfSession)).rejects.toThrow(
      /statement pooling mode/,
    );
    expect(await pooled.open().pooler()).toMatchObject({ keepsTransactions: false });
  });

  it('do not say whether a commit has happened whose answer is lost', async () => {
    pooled = await PooledDatabase.start('transaction');
    const access = pooled.access;
    const proxy = await FaultProxy.inFrontOf(access);
    pooled.keep(proxy);
    const database = pooled.open({ connection: { ...access, port: proxy.port } });
    await database.execute({ sql: 'CREATE TABLE written (id int)', bindings: [] });
    const write = () =>
      database.transaction((transaction) =>
        transaction.execute({ sql: 'INSERT INTO written VALUES (1)', bindings: [] }),
      );
    proxy.loseAnswerTo('COMMIT;', 'cut');
    await expect(write()).rejects.toMatchObject({ kind: 'commitUnknown' });
    expect(await column(database, 'SELECT count(*)::int FROM written')).toEqual([1]);
    proxy.loseStatement('COMMIT;');
    await expect(write()).rejects.toMatchObject({ kind: 'commitUnknown' });
    expect(await column(database, 'SELECT count(*)::int FROM written')).toEqual([1]);
  });

  it('are not given where other parameters are refused: the error says what to do', async () => {
    pooled = await PooledDatabase.start('transaction');
    const connection = { ...pooled.access, options: '-c work_mem=8MB' };
    const failing = pooled.open({ connection }).ping();
    await expect(failing).rejects.toThrow(
      /refuses the startup parameter "options".*ignore_startup_parameters in pgbouncer\.ini/,
    );
    await expect(failing).rejects.toMatchObject({ kind: 'unreachable' });
  });

  it('are not given for a wrong password, which is no outage', async () => {
    pooled = await PooledDatabase.start('transaction');
    const connection = { ...pooled.access, password: 'wrong' };
    await expect(pooled.open({ connection }).ping()).rejects.toMatchObject({ kind: 'credentials' });
  });

  it.each([
    ['refuses', {}, true],
    ['ignores', { ignore_startup_parameters: LIMITS }, false],
  ])(
    'are described for the doctor: a pooler that %s limits, and what limits the role',
    async (_does, more, refusesLimits) => {
      pooled = await PooledDatabase.start('transaction', more);
      const found = {
        refusesLimits,
        keepsTransactions: true,
        role: pooled.direct.connection.user,
        idleLimitMs: 24_000,
      };
      expect(await pooled.open().pooler()).toEqual({ ...found, roleIdleLimitMs: 0 });
      const { database: name } = pooled.direct.connection;
      await queryOn(
        pooled.direct.connection,
        `ALTER DATABASE "${name}" SET idle_in_transaction_session_timeout = '1h'`,
      );
      await pooled.pooler.run('RECONNECT');
      expect(await pooled.open().pooler()).toEqual({ ...found, roleIdleLimitMs: 3_600_000 });
      expect(await pooled.open({ connection: { ...pooled.direct.connection } }).pooler()).toBeNull();
    },
  );
});
