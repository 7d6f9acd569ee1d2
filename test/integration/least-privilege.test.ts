import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.js';
import { bnetSync, configFor } from '../support/command.js';
import { column, openPair, plant, statesOf, type KnexPair } from '../support/databases.js';
import { hasPostgres } from '../support/postgres.js';
import { statementsIn } from '../support/sql-files.js';
import { bind, open } from '../support/sample-rows.js';

describe.runIf(hasPostgres)('least privilege on PostgreSQL', () => {
  let pair: KnexPair;
  const role = `worker_${randomBytes(4).toString('hex')}`;
  const storeRole = `${role}_store`;

  async function grant(
    database: Database,
    file: string,
    replace: readonly (readonly [string, string])[],
  ): Promise<void> {
    for (const { sql } of await statementsIn(`postgresql/${file}`)) {
      const own = replace.reduce(
        (text, [name, by]) => text.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), by),
        sql,
      );
      await database.execute({ sql: own, bindings: [] });
    }
  }

  beforeEach(async () => {
    pair = await openPair('PostgreSQL');
    await grant(pair.middle, 'grants.sql', [['bnet_sync', role]]);
    await pair.middle.execute({ sql: `ALTER ROLE ${role} PASSWORD 'p1'`, bindings: [] });
    await pair.store.execute({ sql: `CREATE ROLE ${storeRole} LOGIN PASSWORD 'p2'`, bindings: [] });
    await grant(pair.store, 'grants-store.sql', [['bnet_sync_store', storeRole]]);
  });
  afterEach(async () => {
    for (const [database, name] of [
      [pair.middle, role],
      [pair.store, storeRole],
    ] as const) {
      await database.execute({ sql: `DROP OWNED BY ${name}`, bindings: [] });
      await database.execute({ sql: `DROP ROLE ${name}`, bindings: [] });
    }
    await pair.close();
  });

  it('the whole worker passes with nothing but the grants of sql/, and doctor finds nothing missing', async () => {
    const { middle, store } = pair.connections;
    const restricted: KnexPair = {
      ...pair,
      connections: {
        middle: { ...middle, connection: { ...middle.connection, user: role, password: 'p1' } },
        store: { ...store, connection: { ...store.connection, user: storeRole, password: 'p2' } },
      },
    };
    const config = await configFor(restricted);
    // A process that ended left one row in State 1: it is tried alone, with notes about it.
    const left = { State: 1, StateDate: '2026-11-01 08:00:01' };
    for (let n = 1; n <= 20; n += 1) {
      await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) }, [
        [`${n}`, '11002001000000000000', 'x'],
      ]);
      await plant(pair.middle, 'ACCOUNT', { ...bind, CustID: String(n), StreamingNo: String(n) }, [
        [`${n}`, '11002001000000000000', 'x'],
      ]);
    }
    await plant(
      pair.middle,
      'CUST',
      { ...open, ...left, CustID: '1', OPFlag: '0102', CustName: '新', StreamingNo: '50' },
      [['50', '11002001000000000000', 'y']],
    );
    await plant(pair.middle, 'CUST', { ...open, CustID: '99', CustName: null, StreamingNo: '51' });
    const run = await bnetSync(['run', '--once', '--config', config.file]);
    expect(run.exitCode, run.all).toBe(0);
    expect(await statesOf(pair.middle)).toEqual({ 2: 41, 3: 1 });
    expect(await column(pair.store, 'SELECT count(*) FROM sync_crash')).toEqual(['0']);
    const requeue = await bnetSync(['requeue', 'IF_BNET_CUST', '51', '--config', config.file]);
    expect(requeue.exitCode, requeue.all).toBe(0);
    const again = await bnetSync(['run', '--once', '--config', config.file]);
    expect(again.exitCode, again.all).toBe(0);
    expect(await statesOf(pair.middle)).toEqual({ 2: 41, 3: 1 });
    expect(await column(pair.store, `SELECT count(*) FROM sync_journal WHERE superseded`)).toEqual(['1']);
    const retry = await bnetSync(['retry', 'IF_BNET_CUST', '51', '--config', config.file]);
    expect([retry.exitCode, retry.all]).toEqual([1, expect.stringContaining('51: not deferred')]);
    const doctor = await bnetSync(['doctor', '--config', config.file]);
    expect(doctor.exitCode, doctor.all).toBe(0);
    const verify = await bnetSync(['verify', '--config', config.file]);
    expect([verify.exitCode, verify.stdout]).toEqual([0, expect.stringContaining('Recorded in')]);
    const last = await bnetSync(['verify', '--last', '--config', config.file]);
    expect([last.exitCode, last.stdout]).toEqual([0, expect.stringContaining('No difference.')]);
    // Before the grants of its migration are given: nothing is recorded, and all else goes on.
    const tables = 'sync_verification, sync_difference';
    await pair.store.execute({ sql: `REVOKE ALL ON ${tables} FROM ${storeRole}`, bindings: [] });
    const unrecorded = await bnetSync(['verify', '--config', config.file]);
    expect([unrecorded.exitCode, unrecorded.stdout]).toEqual([
      0,
      expect.stringMatching(/No difference\.[^]*Not recorded in the product store: permission denied/),
    ]);
    const without = await bnetSync(['doctor', '--config', config.file]);
    expect(without.stdout).toContain('verify.every, and the record of "bnet-sync verify", need it');
    expect((await bnetSync(['run', '--once', '--config', config.file])).exitCode).toBe(0);
    await config.remove();
  });
});
