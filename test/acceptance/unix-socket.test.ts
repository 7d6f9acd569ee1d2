import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { initMiddle } from '../../src/middle/knex/init.js';
import { KnexStoreAdmin } from '../../src/store/knex/store-admin.js';
import { bnetSync, configFor } from '../support/command.js';
import { plant, standing } from '../support/databases.js';
import { openOptions } from '../support/middle-databases.js';
import { hasPostgres, PostgresServer } from '../support/postgres.js';
import { until } from '../support/workers.js';
import { open } from '../support/sample-rows.js';

describe.runIf(hasPostgres)('acceptance: PostgreSQL over a Unix-domain socket', () => {
  let folder: string;
  let server: PostgresServer;
  const removals: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bnet-sync-socket-'));
    // The server has a user of its own.
    await chmod(folder, 0o777);
    removals.push(() => rm(folder, { recursive: true, force: true }));
    server = new PostgresServer({ unix_socket_directories: folder });
    removals.push(() => server.remove());
    await server.start();
  });
  afterEach(async () => {
    for (const remove of removals.splice(0).reverse()) await remove();
  });

  /** A database of its own, over the socket. */
  async function overSocket(name: string) {
    const { connection } = await server.createDatabase(name);
    return { client: 'pg' as const, connection: { ...connection, host: folder } };
  }

  it('run waits while the server restarts, though the socket’s file is gone, and goes on after it', async () => {
    const [middle, store] = [await overSocket('middle'), await overSocket('store')];
    const tables = new Database({ ...openOptions, ...middle });
    await initMiddle(tables);
    const shards = new Database({ ...openOptions, ...store });
    await new KnexStoreAdmin(shards).migrate(8);
    await Promise.all([tables.close(), shards.close()]);

    const { file, remove } = await configFor({ connections: { middle, store } });
    removals.push(remove);
    const run = bnetSync(['run', '--config', file]);
    removals.push(async () => void run.kill('SIGKILL'));
    let log = '';
    run.all.on('data', (chunk: Buffer) => (log += chunk.toString()));
    await until(() => log.includes('"event":"started"'));
    await server.stop();
    await until(() => /is unavailable.*ENOENT|ENOENT.*is unavailable/.test(log));
    await server.start();

    const plain = new Database({ ...openOptions, ...middle });
    removals.push(() => plain.close());
    await plant(plain, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
    await until(async () => (await standing(plain)).get('CUST:1')?.state === 2);
    run.kill('SIGTERM');
    const ended = await run;
    expect(ended.exitCode, ended.all).toBe(0);
  });
});
