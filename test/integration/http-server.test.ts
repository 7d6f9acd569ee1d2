import { connect, type Server } from 'node:net';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.js';
import type { Config } from '../../src/config/schema.js';
import { createWorker } from '../../src/app/create-worker.js';
import { hashPassword } from '../../src/http/password.js';
import { metricCatalogue } from '../../src/telemetry/metric-catalogue.js';
import { startHttpServer, type RunningServer } from '../../src/app/start-http-server.js';
import { column, openPair, plant, statesOf, type Pair } from '../support/databases.js';
import { forwardFrom } from '../support/forward.js';
import { basic, password, users } from '../support/http-app.js';
import { hasPostgres } from '../support/postgres.js';
import { until } from '../support/until.js';
import { openSilentServer, portOf } from '../support/silent-server.js';
import { scaled } from '../support/time-factor.js';
import { open } from '../support/sample-rows.js';
import { operatorsOf } from '../support/operators.js';
import { emptySummary } from '../support/verification.js';

const logger = pino({ level: 'silent' });

function configOf(pair: Pick<Pair, 'connections'>, http: object | undefined, worker: object = {}): Config {
  return parseConfig(
    {
      ...pair.connections,
      worker: { shards: 8, settleMs: 0, dependencyGraceMs: 0, pollIntervalMs: 20, ...worker },
      http,
    },
    '/',
  );
}

async function json(url: string, headers: Record<string, string> = {}): Promise<Record<string, unknown>> {
  return (await (await fetch(url, { headers })).json()) as Record<string, unknown>;
}

describe('the HTTP server on SQLite', () => {
  let pair: Pair;
  const running: RunningServer[] = [];
  beforeEach(async () => {
    pair = await openPair('SQLite');
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.close()));
    await pair.close();
  });
  const start = async (...options: Parameters<typeof startHttpServer>) => {
    const server = await startHttpServer(...options);
    running.push(server);
    return server;
  };

  it.each(['0.0.0.0', '::', '10.1.2.3', 'example.com'])(
    'is closed by default: on %s it does not listen without users',
    async (host) => {
      const starting = startHttpServer(configOf(pair, { host, port: 0 }), { logger });
      await expect(starting).rejects.toThrow(/^http\.users: .*bnet-sync hash-password/);
    },
  );

  it('listens beyond loopback with users, and lets nobody in without a login', async () => {
    const { url } = await start(configOf(pair, { host: '0.0.0.0', port: 0, users }), { logger });
    const local = url.replace('0.0.0.0', '127.0.0.1');
    expect((await fetch(`${local}/api/v1/overview`)).status).toBe(401);
    expect((await fetch(`${local}/api/v1/overview`, { headers: basic('eye') })).status).toBe(200);
  });

  it('a port that is taken is a fault of the configuration, told by host and port', async () => {
    const { url } = await start(configOf(pair, { port: 0 }), { logger });
    const port = Number(new URL(url).port);
    await expect(startHttpServer(configOf(pair, { port }), { logger })).rejects.toThrow(
      `http.port: 127.0.0.1:${port} is in use by another process`,
    );
  });

  it('says whose password hashes are weaker than those made today, and takes them', async () => {
    const strong = { name: 'new', role: 'reader', passwordHash: await hashPassword('a password of today') };
    const warnings: string[] = [];
    const telling = pino({ level: 'warn' }, { write: (line: string) => warnings.push(line) });
    const { url } = await start(configOf(pair, { port: 0, users: [...users, strong] }), { logger: telling });
    expect(warnings.map((line) => JSON.parse(line) as object)).toMatchObject([
      { users: ['eye', 'ops'], msg: expect.stringContaining('hash-password') as string },
    ]);
    expect((await fetch(`${url}/api/v1/overview`, { headers: basic('eye') })).status).toBe(200);
  });

  it('passes a TCP connection test on its port (5.4.1)', async () => {
    const { url } = await start(configOf(pair, { port: 0 }), { logger });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.destroy();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('tells the same metrics as the catalogue, with a worker at work', async () => {
    await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
    await plant(pair.middle, 'CUST', { ...open, CustID: '2', StreamingNo: '2', CustName: null });
    const found = { summary: JSON.stringify(emptySummary), differences: [] };
    const verified = { who: 'li@app-1', startedAt: '2026-11-29T00:00:00.000Z', ...found };
    await operatorsOf(pair).store.verifications.add(verified);
    const config = configOf(pair, { port: 0, users });
    const worker = await createWorker(config);
    const { url } = await start(config, { logger, worker });
    expect(await json(`${url}/readyz`)).toMatchObject({ ready: false, worker: { registered: false } });
    const working = worker.start();
    await until('both rows are answered', async () => (await statesOf(pair.middle))[3] === 1);
    await until('the marks are told', async () => (await textOf(url)).includes('code="00401"} 1'));
    const text = await textOf(url);
    const named = (prefix: string) =>
      [...text.matchAll(/^# TYPE (\S+) /gm)]
        .map(([, name]) => name ?? '')
        .filter((name) => name.startsWith(prefix));
    const ours = named('bnet_sync_');
    expect(ours.sort()).toEqual(metricCatalogue.map(({ name }) => name).sort());
    for (const { name, labels } of metricCatalogue) {
      const line = text.split('\n').find((each) => new RegExp(`^${name}(_sum)?[{ ]`).test(each)) ?? '';
      const shown = [...line.matchAll(/(\w+)="/g)].map(([, label]) => label);
      expect(shown, name).toEqual(labels);
    }
    expect(text).toContain('bnet_sync_rows_total{table="IF_BNET_CUST",outcome="applied",code=""} 1');
    expect(text).toContain('bnet_sync_shards_held 8');
    expect(await json(`${url}/readyz`)).toMatchObject({
      ready: true,
      worker: { registered: true, shardsHeld: 8, shards: 8, breakerOpen: false },
    });
    await worker.stop();
    await working;
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
  });

  it('puts a corrected row back by the API beside a worker in the same process, and it succeeds', async () => {
    await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1', CustName: null });
    const config = configOf(pair, { port: 0, users });
    const worker = await createWorker(config);
    const { url } = await start(config, { logger, worker });
    const working = worker.start();
    await until('the row is refused', async () => (await statesOf(pair.middle))[3] === 1);
    const correct = { sql: `UPDATE IF_BNET_CUST SET CustName = '企业'`, bindings: [] };
    await pair.middle.execute(correct);
    const answer = await fetch(`${url}/api/v1/requeue`, {
      method: 'POST',
      headers: { ...basic('ops'), 'content-type': 'application/json' },
      body: JSON.stringify({ rows: [{ table: 'CUST', streamingNo: '1' }], reason: 'CustName added' }),
    });
    expect(await answer.json()).toMatchObject({ requeued: [{ streamingNo: '1' }] });
    await until('the row has succeeded', async () => (await statesOf(pair.middle))[2] === 1);
    await worker.stop();
    await working;
    const acts = `SELECT who || ' ' || via || ' ' || reason FROM sync_audit WHERE phase = 'intent'`;
    expect(await column(pair.store, acts)).toEqual(['ops api CustName added']);
  });

  it('an action waits for the worker’s transaction in the same process, and the other way round', async () => {
    await plant(pair.middle, 'CUST', { ...open, CustID: '1', StreamingNo: '1' });
    const config = configOf(pair, { port: 0, users });
    let paused: Promise<Response> | undefined;
    const onCustomer = async () => {
      paused ??= fetch(`${url}/api/v1/pause`, {
        method: 'POST',
        headers: { ...basic('ops'), 'content-type': 'application/json' },
        body: JSON.stringify({ target: { productId: '7' } }),
      });
      // The transaction is open long enough for the action to meet it.
      await new Promise((resolve) => setTimeout(resolve, 700));
    };
    const worker = await createWorker(config, { handlers: { onCustomer } });
    const { url } = await start(config, { logger, worker });
    const working = worker.start();
    await until('the row has succeeded', async () => (await statesOf(pair.middle))[2] === 1);
    expect([(await paused)?.status, await (await paused)?.json()]).toEqual([
      200,
      { changed: true, known: false },
    ]);
    await worker.stop();
    await working;
  });

  it('lets nobody wait long when it is closed, whatever connections are open', async () => {
    const server = await startHttpServer(configOf(pair, { port: 0 }), { logger });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const ended = new Promise((resolve) => socket.once('close', resolve));
    await server.close();
    await ended;
  });
});

async function textOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

describe.runIf(hasPostgres)('the HTTP server on PostgreSQL', () => {
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

  it('/readyz is 503 within its limit while a database is silent, and 200 when it answers again', async () => {
    const connection = pair.connections.store.connection as { host: string; port: number };
    const port = portOf(silent);
    const store = { ...pair.connections.store, connection: { ...connection, port } };
    const server = await startHttpServer(
      configOf({ connections: { ...pair.connections, store } }, { port: 0 }),
      {
        logger,
      },
    );
    const startedAt = performance.now();
    const answer = await fetch(`${server.url}/readyz`);
    expect(answer.status).toBe(503);
    expect(performance.now() - startedAt).toBeLessThan(scaled(4000));
    expect(await answer.json()).toMatchObject({
      databases: { middle: { reachable: true }, store: { reachable: false } },
    });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const forwarding = forwardFrom(silent, connection);
    await until('ready again', async () => (await fetch(`${server.url}/readyz`)).status === 200, 20_000);
    await server.close();
    forwarding.end();
  });

  it('holds few connections of its own, named for what they are for', async () => {
    const server = await startHttpServer(configOf(pair, { port: 0, users }), { logger });
    const ask = (path: string) => fetch(`${server.url}${path}`, { headers: basic('eye', password) });
    const paths = [
      '/api/v1/overview',
      '/api/v1/failure-groups',
      '/api/v1/failed',
      '/api/v1/processing',
      '/api/v1/deferred',
      '/readyz',
      '/metrics',
    ];
    await ask(paths[0] ?? '');
    await Promise.all([...paths, ...paths, ...paths].map(ask));
    for (const database of [pair.middle, pair.store]) {
      const rows = await column(
        database,
        `SELECT application_name || ' ' || count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name LIKE 'bnet-sync%' AND application_name NOT LIKE '%test'
         GROUP BY application_name ORDER BY 1`,
      );
      for (const row of rows)
        expect(['bnet-sync console 1', 'bnet-sync console 2', 'bnet-sync probe 1']).toContain(row);
      expect(rows).toContain('bnet-sync probe 1');
    }
    await server.close();
  });
});
