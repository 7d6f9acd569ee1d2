import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore, openStoreDatabase } from '../../src/app/open-databases.js';
import { parseConfig } from '../../src/config/parse.js';
import { runChecks } from '../../src/operator/doctor/doctor.js';
import type { Finding } from '../../src/operator/contract/checks.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { createDatabaseOn, type PostgresAccess, queryOn } from '../support/postgres-database.js';
import { createLoginRole } from '../support/postgres-identity.js';
import { describeWithStandby, ReplicatedPostgres } from '../support/postgres-standby.js';
import { statementsIn } from '../support/sql-files.js';
import { scaled } from '../support/time-factor.js';
import { until } from '../support/until.js';

/** With the least privileges: details of the replication are hidden from such a role. */
describeWithStandby('what the doctor says of the server of the store, to an ordinary role', () => {
  let servers: ReplicatedPostgres;
  let owner: PostgresAccess;
  let role: PostgresAccess;
  beforeAll(async () => {
    servers = new ReplicatedPostgres();
    await servers.start();
    ({ connection: owner } = await createDatabaseOn(servers.primary.access, 'doctor'));
    const database = openStoreDatabase(configOf({ ...owner }), { applicationName: 'test', migrates: true });
    await new KnexStoreAdmin(database).migrate(8);
    await database.close();
    role = await createLoginRole(owner);
    for (const { sql } of await statementsIn('postgresql/grants-store.sql'))
      await queryOn(owner, sql.replaceAll('bnet_sync_store', role.user));
    await servers.caughtUp();
  });
  afterAll(() => servers.remove());

  function configOf(connection: Record<string, unknown>) {
    const worker = { callTimeoutMs: scaled(5000) };
    const middle = { client: 'better-sqlite3', connection: 'unused.db' };
    return parseConfig({ middle, store: { client: 'pg', connection }, worker }, '/tmp');
  }
  /** All that is said of the store but of its migrations and workers. */
  async function examined(connection: Record<string, unknown>): Promise<string[]> {
    const store = openStore(configOf(connection), { applicationName: 'bnet-sync doctor' });
    const settings = { settleMs: 0, shards: 8, productIds: [], othersFinishRows: false };
    try {
      const { findings } = await runChecks({
        middle: () => Promise.reject(new Error('none here')),
        store: async () => store.admin,
        clock: () => new Date(),
        settings,
      });
      const isOfServer = ({ area }: Finding) => area === 'product store' || area === 'privileges';
      return findings.filter(isOfServer).map(({ level, finding }) => `${level}: ${finding}`);
    } finally {
      await store.close();
    }
  }
  const onPrimary = (sql: string) => queryOn(servers.primary.access, sql);
  async function set(name: string, value: string | null): Promise<void> {
    await onPrimary(`ALTER SYSTEM ${value === null ? `RESET ${name}` : `SET ${name} = '${value}'`}`);
    await onPrimary('SELECT pg_reload_conf()');
    await until(`${name} is ${value}`, async () => {
      const [row] = await queryOn<{ now: string }>(owner, `SELECT current_setting('${name}') AS now`);
      return row?.now === (value ?? '') || value === null;
    });
  }
  const privileges = 'ok: this user may do all that workers and people need in the product store';
  const fine = ['ok: can be reached', privileges, 'ok: can be written'];

  it('asynchronous replication is a warning', async () => {
    expect(await examined({ ...role })).toEqual([
      ...fine,
      'warning: is copied to a standby (walreceiver), but no commit waits for it: a fail-over loses the last commits',
    ]);
  });

  it('so is a role that does not wait for what others wait for', async () => {
    await set('synchronous_standby_names', '*');
    const setCommit = (value: string) =>
      onPrimary(`ALTER ROLE ${role.user} SET synchronous_commit = ${value}`);
    await setCommit('local');
    expect((await examined({ ...role })).at(-1)).toBe(
      'warning: is copied to a standby (walreceiver), but no commit waits for it (synchronous_commit is local): a fail-over loses the last commits',
    );
    await setCommit('off');
    expect((await examined({ ...role })).at(-1)).toBe(
      'warning: synchronous_commit is off: a crash of the server loses its last commits, and a fail-over more of them',
    );
    await setCommit('DEFAULT');
  });

  it('synchronous replication is fine', async () => {
    await set('synchronous_standby_names', 'ANY 1 (other, "walreceiver")');
    expect(await examined({ ...role })).toEqual([
      ...fine,
      'ok: is copied to a standby (walreceiver), and commits wait for ANY 1 (other, "walreceiver") (on)',
    ]);
  });

  it('a synchronous standby that is not connected is an error, because commits wait for it', async () => {
    await set('synchronous_standby_names', 'FIRST 2 (*)');
    expect(await examined({ ...role })).toEqual([
      ...fine,
      'error: commits wait for a standby that is not connected (synchronous_standby_names: FIRST 2 (*); connected: walreceiver)',
    ]);
    await set('synchronous_standby_names', null);
  });

  it('a standby is named, and nothing else is said of what it cannot do', async () => {
    expect(await examined({ ...role, port: servers.standby.access.port })).toEqual([
      'ok: can be reached',
      'error: is a standby: it takes no changes',
    ]);
  });

  it.each([
    [
      'user',
      (on: boolean) => `ALTER ROLE ${role.user} ${on ? 'SET' : 'RESET'} default_transaction_read_only`,
    ],
    [
      'database',
      (on: boolean) =>
        `ALTER DATABASE "${owner.database}" ${on ? 'SET' : 'RESET'} default_transaction_read_only`,
    ],
  ])('default_transaction_read_only is named with what sets it: %s', async (source, statement) => {
    await queryOn({ ...servers.primary.access, database: 'postgres' }, `${statement(true)} = on`);
    try {
      expect(await examined({ ...role })).toEqual([
        'ok: can be reached',
        `error: is read-only: default_transaction_read_only is on (${source})`,
      ]);
    } finally {
      await queryOn({ ...servers.primary.access, database: 'postgres' }, statement(false));
    }
  });

  it('of several hosts each is named, and which one is in use', async () => {
    const { host, port, ...others } = role;
    const hosts = [
      { host, port: servers.standby.access.port },
      { host, port },
      { host, port: 1 },
    ];
    expect((await examined({ ...others, hosts })).slice(0, 4)).toEqual([
      'ok: can be reached',
      `ok: ${host}:${servers.standby.access.port} is a standby`,
      `ok: ${host}:${port} is in use`,
      `warning: ${host}:1 refused the connection`,
    ]);
  });

  // The last one: it divides the servers.
  it('two primaries are an error', async () => {
    const { host, port, ...others } = role;
    await servers.promote();
    const hosts = [
      { host, port },
      { host, port: servers.standby.access.port },
    ];
    const found = await examined({ ...others, hosts });
    expect(found.slice(1, 4)).toEqual([
      `ok: ${host}:${port} is in use`,
      `ok: ${host}:${servers.standby.access.port} accepts writes`,
      `error: ${host}:${port} and ${host}:${servers.standby.access.port} all accept writes: workers may be divided between several primaries`,
    ]);
  });
});
