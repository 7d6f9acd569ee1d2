import { readFile } from 'node:fs/promises';
import oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CreatedOracle, createOracle } from '../support/oracle/create-oracle.js';
import { connectAsWorker, DRIVER_VERSION, failureOf, valueOf } from '../support/oracle/driver.js';
import { hasPostgres } from '../support/postgres.js';

describe('Oracle stand-in: the driver', () => {
  it('is the version that the stand-in was written for', async () => {
    const file = new URL('../../node_modules/oracledb/package.json', import.meta.url);
    const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
    const advice =
      `oracledb is ${version}, and the stand-in was written for ${DRIVER_VERSION}. It may send what this version reads ` +
      'otherwise: run test/oracle, then the suites against a real Oracle (docs/oracle-stand-in.md), then change DRIVER_VERSION.';
    expect(version, advice).toBe(DRIVER_VERSION);
    expect(oracledb.versionString, advice).toBe(DRIVER_VERSION);
  });

  it('runs in Thin mode', () => {
    expect(oracledb.thin).toBe(true);
  });
});

describe.runIf(hasPostgres)('Oracle stand-in: login', () => {
  let oracle: CreatedOracle;

  beforeAll(async () => {
    oracle = await createOracle();
  });
  afterAll(() => oracle.remove());

  it('lets the worker in as a user of Oracle 19.3', async () => {
    const connection = await connectAsWorker(oracle.standIn);
    expect(connection.oracleServerVersionString).toMatch(/^19\.3\./);
    expect(await valueOf(connection, 'SELECT USER FROM DUAL')).toBe('BNET_SYNC');
    await connection.close();
  });

  it('refuses a wrong password with ORA-01017', async () => {
    const { connectString, user } = oracle.standIn;
    expect((await failureOf(oracledb.getConnection({ connectString, user, password: 'wrong' }))).number).toBe(
      1017,
    );
  });

  it('refuses an unknown user with ORA-01017', async () => {
    const { connectString, password } = oracle.standIn;
    expect((await failureOf(oracledb.getConnection({ connectString, user: 'ghost', password }))).number).toBe(
      1017,
    );
  });

  it('refuses an unknown service', async () => {
    const { connectString, user, password } = oracle.standIn;
    const elsewhere = connectString.replace(/\w+$/, 'OTHER');
    expect((await failureOf(oracledb.getConnection({ connectString: elsewhere, user, password }))).code).toBe(
      'NJS-518',
    );
  });

  it('counts connection attempts, logins and refusals', async () => {
    const { counters, connectString, user } = oracle.standIn;
    counters.reset();
    await (await connectAsWorker(oracle.standIn)).close();
    await failureOf(oracledb.getConnection({ connectString, user, password: 'wrong' }));
    expect(counters).toMatchObject({ connectionAttempts: 2, logins: 1, refusedLogins: 1 });
  });

  it('serves a pool', async () => {
    const { connectString, user, password } = oracle.standIn;
    const pool = await oracledb.createPool({ connectString, user, password, poolMin: 0, poolMax: 3 });
    const connections = await Promise.all([pool.getConnection(), pool.getConnection(), pool.getConnection()]);
    const values = await Promise.all(
      connections.map((connection) => valueOf(connection, 'SELECT 1 FROM DUAL')),
    );
    expect(values).toEqual(['1', '1', '1']);
    await Promise.all(connections.map((connection) => connection.close()));
    await pool.close(0);
  });
});
