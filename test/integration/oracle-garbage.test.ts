import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OracleDatabase } from '../../src/middle/oracle/database.js';
import { openOptions } from '../support/middle-databases.js';
import { openTestOracle, isRealOracle, type TestOracle } from '../support/test-oracle.js';
import { hasPostgres } from '../support/postgres.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const dual = { sql: 'SELECT 1 FROM DUAL', binds: {}, expected: 1 };

/*
 * The driver says goodbye to connections that are collected as garbage before they were closed. Where that throws,
 * nobody can catch it: the worker's process would end, minutes after the outage.
 */
describe.runIf(hasPostgres && !isRealOracle)('connections to Oracle that were thrown away', () => {
  let oracle: TestOracle;
  const uncaught: unknown[] = [];
  const notice = (error: unknown) => void uncaught.push(error);
  beforeEach(async () => {
    oracle = await openTestOracle();
    uncaught.length = 0;
    process.on('uncaughtException', notice);
  });
  afterEach(async () => {
    process.off('uncaughtException', notice);
    await oracle.remove();
  });

  it.each([
    ['a call', { at: 'execute', phase: 'before' }],
    ['a call whose work was done', { at: 'execute', phase: 'after' }],
    ['a login', { at: 'login', phase: 'before' }],
    ['the end of a login', { at: 'login', phase: 'after' }],
  ] as const)('when %s is not answered do not end the process when they are collected', async (_, fault) => {
    const { standIn } = oracle.created!;
    const connection = { ...oracle.connection };
    const options = { ...openOptions, name: 'middle database', connection, callTimeoutMs: 300 };
    const planted = standIn.faults.plant({ ...fault, action: { kind: 'silence' }, times: 3 });
    for (let n = 0; n < 3; n += 1) {
      const database = new OracleDatabase(options);
      await expect(database.query(dual)).rejects.toMatchObject({ name: 'DatabaseError' });
      await database.close();
    }
    expect(planted.hits).toBe(3);
    for (let n = 0; n < 20; n += 1) {
      collectGarbage();
      await pause(10);
    }
    expect(uncaught).toEqual([]);
  });
});
