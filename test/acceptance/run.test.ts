import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bnetSync, configFor } from '../support/command.js';
import {
  column,
  retryWhileBusy,
  openPair,
  plant,
  standing,
  statesOf,
  type Pair,
} from '../support/databases.js';
import { forwardFrom } from '../support/forward.js';
import { hasPostgres } from '../support/postgres.js';
import { until } from '../support/workers.js';
import { openSilentServer, portOf } from '../support/silent-server.js';
import { scaled } from '../support/time-factor.js';
import { open } from '../support/sample-rows.js';

describe('acceptance: the run command on SQLite', () => {
  let pair: Pair;
  const removals: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    pair = await openPair('SQLite');
  });
  afterEach(async () => {
    for (const remove of removals.splice(0)) await remove();
    await pair.close();
  });
  const config = async (more?: Parameters<typeof configFor>[1]) => {
    const made = await configFor(pair, more);
    removals.push(made.remove);
    return made;
  };

  it('run --once ends with 0 when nothing is left, and logs JSON lines', async () => {
    const { file } = await config();
    await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
    const run = await bnetSync(['run', '--once', '--config', file]);
    expect(run.exitCode, run.all).toBe(0);
    expect((await standing(pair.middle)).get('CUST:1')?.state).toBe(2);
    const lines = run.stdout.split('\n').map((line) => JSON.parse(line) as { event: string });
    expect(lines.map(({ event }) => event)).toContain('marked');
  });

  it('SIGTERM lets the rows in flight finish, gives the leases back and ends with 0', async () => {
    const { file } = await config();
    const run = bnetSync(['run', '--config', file]);
    await until(
      async () =>
        Number((await column(pair.store, 'SELECT count(*) FROM sync_shard WHERE owner IS NOT NULL'))[0]) ===
        8,
    );
    for (let n = 1; n <= 30; n += 1)
      await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) });
    run.kill('SIGTERM');
    const ended = await run;
    expect(ended.exitCode, ended.all).toBe(0);
    expect((await statesOf(pair.middle))[1]).toBeUndefined();
    expect(await column(pair.store, 'SELECT count(*) FROM sync_shard WHERE owner IS NOT NULL')).toEqual([0]);
    expect(await column(pair.store, 'SELECT count(*) FROM sync_worker')).toEqual([0]);
  });

  it('a second signal, and the drain timeout, end at once with 1 and lose nothing', async () => {
    const { file, folder } = await config({
      store: { handlers: 'slow.mjs' },
      worker: { drainTimeoutMs: 300, leaseTtlMs: 60_000 },
    });
    await writeFile(
      join(folder, 'slow.mjs'),
      `import { writeFileSync } from 'node:fs';
       export const onCustomer = () => {
         writeFileSync(new URL('./called', import.meta.url), '');
         return new Promise((resolve) => setTimeout(resolve, ${scaled(8000)}));
       };`,
    );
    await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
    for (const signals of [2, 1]) {
      const run = bnetSync(['run', '--config', file]);
      await until(() => existsSync(join(folder, 'called')));
      expect((await statesOf(pair.middle))[1]).toBe(1);
      await rm(join(folder, 'called'));
      const startedAt = Date.now();
      run.kill('SIGTERM');
      if (signals === 2) run.kill('SIGINT');
      const ended = await run;
      expect(ended.exitCode, ended.all).toBe(1);
      expect(Date.now() - startedAt).toBeLessThan(scaled(6000));
      for (const sql of ['UPDATE sync_shard SET owner = NULL', 'DELETE FROM sync_worker'])
        await retryWhileBusy(() => pair.store.execute({ sql, bindings: [] }));
    }
    await writeFile(join(folder, 'slow.mjs'), 'export const onCustomer = () => undefined;');
    const last = await bnetSync(['run', '--once', '--config', file]);
    expect(last.exitCode, last.all).toBe(0);
    expect((await standing(pair.middle)).get('CUST:1')?.state).toBe(2);
  });

  it('a handler module that cannot be loaded is a fault of the configuration: exit 2', async () => {
    const { file } = await config({ store: { handlers: 'missing.mjs' } });
    const run = await bnetSync(['run', '--once', '--config', file]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('store.handlers');
  });

  it('another number of shards than the store was set up with is exit 2 and says what to do', async () => {
    const { file } = await config({ worker: { shards: 16 } });
    const run = await bnetSync(['run', '--once', '--config', file]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('set worker.shards to 8');
  });

  it('a store that was never migrated is exit 1 and says so', async () => {
    const { file, folder } = await config({ store: { connection: 'empty.sqlite' } });
    await writeFile(join(folder, 'empty.sqlite'), '');
    const run = await bnetSync(['run', '--once', '--config', file]);
    expect(run.stderr).toContain('bnet-sync migrate');
    expect(run.exitCode).toBe(1);
  });

  it('a store that has lost a table is exit 1 and says so', async () => {
    const { file } = await config();
    await pair.store.execute({ sql: 'DROP TABLE sync_shard', bindings: [] });
    const run = await bnetSync(['run', '--once', '--config', file]);
    expect(run.stderr).toContain('has lost tables that its migrations made: sync_shard');
    expect(run.exitCode).toBe(1);
  });

  it('run --once with a breaker that opened ends with 1 and fails no row', async () => {
    const { file, folder } = await config({ store: { handlers: 'broken.mjs' } });
    await writeFile(
      join(folder, 'broken.mjs'),
      `export const onCustomer = () => { throw new Error('always'); };`,
    );
    for (let n = 1; n <= 60; n += 1)
      await plant(pair.middle, 'CUST', { ...open, CustID: String(n), StreamingNo: String(n) });
    const run = await bnetSync(['run', '--once', '--config', file]);
    expect(run.exitCode).toBe(1);
    expect((await statesOf(pair.middle))[3]).toBeUndefined();
  });
});

describe.runIf(hasPostgres)('acceptance: databases that cannot be reached, on PostgreSQL', () => {
  let pair: Pair;
  let silent: Server;
  beforeEach(async () => {
    pair = await openPair('PostgreSQL');
    silent = await openSilentServer();
  });
  afterEach(async () => {
    silent.close();
    await pair.close();
  });

  async function withStore(connection: Record<string, unknown>) {
    const broken: Pair = {
      ...pair,
      connections: { ...pair.connections, store: { client: 'pg', connection } },
    };
    return configFor(broken, { worker: { callTimeoutMs: 500, leaseTtlMs: 3000 } });
  }

  it('run --once ends with 3 and one clear line: refused connection, silent server', async () => {
    for (const port of [1, portOf(silent)]) {
      const { file, remove } = await withStore({ ...pair.connections.store.connection, port });
      const run = await bnetSync(['run', '--once', '--config', file]);
      expect(run.exitCode, run.all).toBe(3);
      expect(run.stderr.trim().split('\n')).toHaveLength(1);
      expect(run.stderr).toContain('product store');
      await remove();
    }
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s before the worker could register, as the store is down, ends with 0: nothing is in flight',
    async (signal) => {
      for (const port of [1, portOf(silent)]) {
        const { file, remove } = await withStore({ ...pair.connections.store.connection, port });
        const run = bnetSync(['run', '--config', file]);
        let log = '';
        run.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
        await until(() => log.includes('the product store is unavailable'));
        run.kill(signal);
        const ended = await run;
        expect(ended.exitCode, ended.all).toBe(0);
        expect(ended.stderr).toBe('');
        expect(log).toContain('"event":"stopped"');
        await remove();
      }
    },
  );

  it('run keeps trying, says so, and works when the database is there', async () => {
    const { host, port } = pair.connections.store.connection as { host: string; port: number };
    const { file, remove } = await withStore({ ...pair.connections.store.connection, port: portOf(silent) });
    await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
    const run = bnetSync(['run', '--config', file]);
    let log = '';
    run.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    await until(() => log.includes('the product store is unavailable'));
    const forwarding = forwardFrom(silent, { host, port });
    await until(async () => (await standing(pair.middle)).get('CUST:1')?.state === 2);
    run.kill('SIGTERM');
    const ended = await run;
    forwarding.end();
    expect(ended.exitCode, ended.all).toBe(0);
    await remove();
  });
});
