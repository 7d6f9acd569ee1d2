import { existsSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, hasPostgres, type PostgresAccess, PostgresServer } from '../support/postgres.js';

async function query<Row extends pg.QueryResultRow>(access: PostgresAccess, sql: string): Promise<Row[]> {
  const client = new pg.Client({ ...access });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** How many processes work in the folder. */
async function processesIn(folder: string): Promise<number> {
  if (process.platform !== 'linux') {
    return spawnSync('ps', ['-axo', 'args='], { encoding: 'utf8' }).stdout.split(folder).length - 1;
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return folders.filter((cwd) => cwd === folder).length;
}

describe.runIf(hasPostgres)('the database server shared by a test run', () => {
  it('gives each test an empty database of its own', async () => {
    const [one, other] = await Promise.all([createDatabase('Same name'), createDatabase('Same name')]);
    expect(one.connection.database).toMatch(/^same_name_[0-9a-f]{12}$/);
    expect(one.connection.database).not.toBe(other.connection.database);
    await query(one.connection, 'CREATE TABLE t (id int)');
    await query(other.connection, 'CREATE TABLE t (id int)');
    await Promise.all([one.drop(), other.drop()]);
  });

  it('drops a database that a session still uses', async () => {
    const database = await createDatabase();
    const client = new pg.Client(database.url);
    const broken = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await database.drop();
    await expect(broken).resolves.toMatchObject({ code: '57P01' });
    await expect(query(database.connection, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' });
  });

  it('keeps Chinese text, in UTF-8', async () => {
    const database = await createDatabase();
    await query(database.connection, 'CREATE TABLE t (name text)');
    await query(database.connection, "INSERT INTO t VALUES ('中国电信领航平台😀')");
    const rows = await query(database.connection, 'SELECT name, octet_length(name) AS bytes FROM t');
    expect(rows).toEqual([{ name: '中国电信领航平台😀', bytes: 28 }]);
    await database.drop();
  });
});

describe.runIf(hasPostgres)('a database server of a test’s own', () => {
  const server = new PostgresServer();

  beforeAll(async () => {
    await server.start();
    await query(server.access, "CREATE TABLE t AS SELECT '第一行' AS name");
  });

  afterAll(() => server.remove());

  it('keeps its port and its data when it stops and starts', async () => {
    const { port } = server.access;
    await server.stop();
    await expect(query(server.access, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await processesIn(server.dataFolder)).toBe(0);
    await server.start();
    expect(server.access.port).toBe(port);
    expect(await query(server.access, 'SELECT name FROM t')).toEqual([{ name: '第一行' }]);
    await server.restart();
    expect(await query(server.access, 'SELECT name FROM t')).toEqual([{ name: '第一行' }]);
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
    expect(await processesIn(server.dataFolder)).toBe(0);
    await server.start();
    const rows = await query(server.access, 'SELECT name FROM t ORDER BY name');
    expect(rows).toEqual([{ name: 'committed' }, { name: '第一行' }]);
  });

  it('leaves no process and no file behind', async () => {
    const other = new PostgresServer();
    await other.start();
    const { dataFolder } = other;
    expect(await processesIn(dataFolder)).toBeGreaterThan(0);
    await other.remove();
    expect(await processesIn(dataFolder)).toBe(0);
    expect(existsSync(dataFolder)).toBe(false);
  });
});
