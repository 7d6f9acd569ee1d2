import { existsSync } from 'node:fs';
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { type PostgresAccess, queryOn } from './postgres-database.js';
import { createLoginRole, identityOf } from './postgres-identity.js';
import { processesIn } from './postgres-processes.js';
import { describeWithStandby, ReplicatedPostgres } from './postgres-standby.js';
import { until } from './until.js';

describeWithStandby('PostgreSQL that fails over', () => {
  let servers: ReplicatedPostgres;
  let access: PostgresAccess;
  async function start(options?: ConstructorParameters<typeof ReplicatedPostgres>[0]): Promise<void> {
    servers = new ReplicatedPostgres(options);
    await servers.start();
    ({ connection: access } = await servers.createDatabase());
    await queryOn(access, 'CREATE TABLE t (name text)');
  }
  afterEach(() => servers.remove());

  const commit = (name: string) => queryOn(access, 'INSERT INTO t VALUES ($1)', [name]);
  const names = async () =>
    (await queryOn<{ name: string }>(access, 'SELECT name FROM t ORDER BY 1')).map(({ name }) => name);

  it('keeps everything when the standby had caught up; address and system stay, the timeline is new', async () => {
    await start();
    const before = await identityOf(access);
    await commit('caught up');
    await servers.caughtUp();
    await servers.killPrimary();
    expect(await processesIn(servers.primary.dataFolder)).toEqual([]);
    await expect(names()).rejects.toThrow();
    await servers.promote();
    expect(await names()).toEqual(['caught up']);
    await commit('on the standby');
    expect(await names()).toEqual(['caught up', 'on the standby']);
    expect(before?.timeline).toBe('00000001');
    expect(await identityOf(access)).toEqual({ system: before?.system, timeline: '00000002' });
  });

  it('loses what was committed while the standby lagged; the old primary still has it', async () => {
    await start();
    await commit('before the lag');
    await servers.lag();
    await commit('during the lag');
    expect(await names()).toEqual(['before the lag', 'during the lag']);
    await servers.killPrimary();
    await servers.promote();
    expect(await names()).toEqual(['before the lag']);
    await servers.primary.start();
    const old = { ...access, port: servers.primary.access.port };
    expect(await queryOn(old, 'SELECT count(*)::int AS rows FROM t')).toEqual([{ rows: 2 }]);
  });

  it('cuts the sessions that were open, and the same address serves new ones', async () => {
    await start();
    const client = new pg.Client({ ...access });
    const cut = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await servers.killPrimary();
    await cut;
    await servers.promote();
    expect(await names()).toEqual([]);
  });

  it('synchronous: confirms nothing that the standby does not have, and loses nothing confirmed', async () => {
    await start({ synchronous: true });
    await commit('confirmed');
    await servers.lag();
    let confirmed = false;
    const waiting = commit('unconfirmed').then(
      () => (confirmed = true),
      () => undefined,
    );
    await until('the commit waits for the standby', async () => {
      const rows = await queryOn(
        servers.primary.access,
        `SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
      );
      return rows.length === 1;
    });
    await servers.killPrimary();
    await waiting;
    expect(confirmed).toBe(false);
    await servers.promote();
    expect(await names()).toEqual(['confirmed']);
  });

  it('synchronous: confirms a commit that is cancelled while it waits, without the standby', async () => {
    await start({ synchronous: true });
    await servers.lag();
    const waiting = commit('cancelled');
    await until('the waiting commit is cancelled', async () => {
      const rows = await queryOn<{ done: boolean }>(
        servers.primary.access,
        `SELECT pg_cancel_backend(pid) AS done FROM pg_stat_activity WHERE wait_event = 'SyncRep'`,
      );
      return rows.some(({ done }) => done);
    });
    await waiting;
    await servers.killPrimary();
    await servers.promote();
    expect(await names()).toEqual([]);
  });

  it('an unprivileged role can read system and timeline, and on a standby the system alone', async () => {
    await start();
    const role = await createLoginRole(access);
    expect(await identityOf(role)).toEqual(await identityOf(access));
    await servers.caughtUp();
    const onStandby = { ...role, port: servers.standby.access.port };
    const system =
      'SELECT system_identifier::text AS system, pg_is_in_recovery() AS recovering FROM pg_control_system()';
    const [row] = await queryOn(onStandby, system);
    expect(row).toEqual({ system: (await identityOf(access))?.system, recovering: true });
    for (const asked of ['pg_current_wal_lsn()', `pg_walfile_name('0/3000000')`])
      await expect(queryOn(onStandby, `SELECT ${asked}`)).rejects.toMatchObject({ code: '55000' });
  });

  it('leaves no process and no file behind, whichever server is down', async () => {
    await start();
    await servers.lag();
    await servers.killPrimary();
    const folders = [servers.primary.dataFolder, servers.standby.dataFolder];
    await servers.remove();
    for (const folder of folders) {
      expect(await processesIn(folder)).toEqual([]);
      expect(existsSync(folder)).toBe(false);
    }
  });
});
