import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.js';
import { createWorker } from '../../src/app/create-worker.js';
import { Database } from '../../src/database/database.js';
import { openPair, plant, statesOf, type KnexPair } from '../support/databases.js';
import { openOptions } from '../support/middle-databases.js';
import { scaled } from '../support/time-factor.js';

/* What docs/operations.md says of backup and restore. A backup is a copy that SQLite itself makes. */

const identity = { ProductID: '1', BizID: 'b', CustID: '1' };
const firstDay = { ...identity, OPFlag: '0101', CustAccount: 'a', CustName: '企业', StreamingNo: '1' };
const secondDay = [
  ['CUST', { ...identity, OPFlag: '0102', CustName: '新名', StreamingNo: '2' }],
  ['ACCOUNT', { ...identity, OPFlag: '0201', UserID: 'u', AccType: 1, AccName: 'n', StreamingNo: '1' }],
  ['CUST', { ...identity, OPFlag: '0101', CustAccount: 'a', CustName: 'x', StreamingNo: '3' }],
] as const;

describe('after a restore, on SQLite', () => {
  let pair: KnexPair;
  let files: { readonly middle: string; readonly store: string };
  beforeEach(async () => {
    pair = await openPair('SQLite');
    const fileOf = (setting: unknown): string => (setting as { filename: string }).filename;
    const { middle, store } = pair.connections;
    files = { middle: fileOf(middle.connection), store: fileOf(store.connection) };
    await plant(pair.middle, 'CUST', firstDay);
    await drain(files);
  });
  afterEach(async () => {
    await pair.close();
  });

  it('a product store that is older than the middle database has everything again once rows were put back', async () => {
    const older = await backup(pair.store, files.store);
    for (const [source, row] of secondDay) await plant(pair.middle, source, row);
    await drain(files);
    const lost = await content(pair.store);
    for (const table of ['IF_BNET_CUST', 'IF_BNET_ACCOUNT'])
      await pair.middle.execute({ sql: `UPDATE ${table} SET State = 0 WHERE State = 2`, bindings: [] });
    const told = await drain({ ...files, store: older });
    expect(told).toEqual(['CUST:1']);
    expect(await statesOf(pair.middle)).toEqual({ 2: 3, 3: 1 });
    await expect(openAnd(older, content)).resolves.toEqual(lost);
    expect(lost).toMatchObject([[{ cust_name: '新名' }], [{ user_id: 'u', status: 'bound' }]]);
  });

  it('a middle database that is older than the product store has its rows answered, without a second effect', async () => {
    for (const [source, row] of secondDay) await plant(pair.middle, source, row);
    const older = await backup(pair.middle, files.middle);
    await drain(files);
    const before = await content(pair.store);
    const told = await drain({ ...files, middle: older });
    expect(told).toEqual(expect.arrayContaining(['ACCOUNT:1', 'CUST:2']));
    expect(await content(pair.store)).toEqual(before);
    expect(await openAnd(older, statesOf)).toEqual({ 2: 3, 3: 1 });
  });
});

/** A copy of a database beside it. */
async function backup(database: Database, file: string): Promise<string> {
  const copy = join(dirname(file), 'backup.sqlite');
  await database.execute({ sql: 'VACUUM INTO ?', bindings: [copy] });
  return copy;
}

/** Works until nothing is pending; returns the rows that were answered without a second effect. */
async function drain(files: { readonly middle: string; readonly store: string }): Promise<string[]> {
  const end = (connection: string) => ({ client: 'better-sqlite3', connection });
  const worker = {
    settleMs: 0,
    dependencyGraceMs: 0,
    pollIntervalMs: 10,
    shards: 8,
    leaseTtlMs: scaled(1000),
  };
  const config = parseConfig({ middle: end(files.middle), store: end(files.store), worker }, '/');
  const answered: string[] = [];
  const synchronised = await createWorker(config, { once: true });
  synchronised.on('alreadyJournalled', ({ source, streamingNo }) =>
    answered.push(`${source}:${streamingNo}`),
  );
  await synchronised.start();
  return answered;
}

async function openAnd<T>(filename: string, look: (database: Database) => Promise<T>): Promise<T> {
  const database = new Database({ ...openOptions, client: 'better-sqlite3', connection: { filename } });
  try {
    return await look(database);
  } finally {
    await database.close();
  }
}

/** Customers and users, without the times of their changes. */
async function content(store: Database): Promise<unknown> {
  const read = async (sql: string) => (await store.execute({ sql, bindings: [] })).rows;
  return [
    await read('SELECT cust_id, cust_name, status, last_streaming_no FROM bnet_customer'),
    await read('SELECT user_id, acc_name, status, last_streaming_no FROM bnet_account'),
  ];
}
