import { existsSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, hasPostgres, PostgresServer } from './postgres.js';
import { queryOn } from './postgres-database.js';
import { createLoginRole, identityOf } from './postgres-identity.js';
import { processesIn } from './postgres-processes.js';

describe.runIf(hasPostgres)('the database server shared by a test run', () => {
  it('gives each test an empty database of its own', async () => {
    const [one, other] = await Promise.all([createDatabase('Same name'), createDatabase('Same name')]);
    expect(one.connection.database).toMatch(/^same_name_[0-9a-f]{12}$/);
    expect(one.connection.database).not.toBe(other.connection.database);
    await queryOn(one.connection, 'CREATE TABLE t (id int)');
    await queryOn(other.connection, 'CREATE TABLE t (id int)');
    await Promise.all([one.drop(), other.drop()]);
  });

  it('drops a database that a session still uses', async () => {
    const database = await createDatabase();
    const client = new pg.Client(database.url);
    const broken = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await database.drop();
    await expect(broken).resolves.toMatchObject({ code: '57P01' });
    await expect(queryOn(database.connection, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
  });

  it('keeps Chinese text, in UTF-8', async () => {
    const database = await createDatabase();
    await queryOn(database.connection, 'CREATE TABLE t (name text)');
    await queryOn(database.connection, "INSERT INTO t VALUES ('中国电信领航平台😀')");
    const rows = await queryOn(database.connection, 'SELECT name, octet_length(name) AS bytes FROM t');
    expect(rows).toEqual([{ name: '中国电信领航平台😀', bytes: 28 }]);
    await database.drop();
  });

  it('shows its system and timeline to an unprivileged role', async () => {
    const { connection, drop } = await createDatabase();
    const role = await createLoginRole(connection);
    expect(await identityOf(role)).toEqual(await identityOf(connection));
    await queryOn(connection, `DROP ROLE ${role.user}`);
    await drop();
  });
});

describe.runIf(hasPostgres)('a database server of a test’s own', () => {
  const server = new PostgresServer();

  beforeAll(async () => {
    await server.start();
    await queryOn(server.access, "CREATE TABLE t AS SELECT '第一行' AS name");
  });

  afterAll(() => server.remove());

  it('keeps its port and its data when it stops and starts', async () => {
    const { port } = server.access;
    await server.stop();
    await expect(queryOn(server.access, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await processesIn(server.dataFolder)).toEqual([]);
    await server.start();
    expect(server.access.port).toBe(port);
    expect(await queryOn(server.access, 'SELECT name FROM t')).toEqual([{ name: '第一行' }]);
    await server.restart();
    expect(await queryOn(server.access, 'SELECT name FROM t')).toEqual([{ name: '第一行' }]);
  });

  it('keeps what was committed, and only that, when it is killed under a session', async () => {
    const client = new pg.Client({ ...server.access });
    const broken = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await client.query("INSERT INTO t VALUES ('committed')");
    await client.query('BEGIN');
    await client.query("INSERT INTO t VALUES ('open')");
    await server.kill();
    await broken;
    expect(await processesIn(server.dataFolder)).toEqual([]);
    await server.start();
    const rows = await queryOn(server.access, 'SELECT name FROM t ORDER BY name');
    expect(rows).toEqual([{ name: 'committed' }, { name: '第一行' }]);
  });

  it('leaves no process and no file behind', async () => {
    const other = new PostgresServer();
    await other.start();
    const { dataFolder } = other;
    expect(await processesIn(dataFolder)).not.toEqual([]);
    await other.remove();
    expect(await processesIn(dataFolder)).toEqual([]);
    expect(existsSync(dataFolder)).toBe(false);
  });
});
