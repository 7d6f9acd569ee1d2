import { connect, type Socket } from 'node:net';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.js';
import { startHttpServer, type RunningServer } from '../../src/app/start-http-server.js';
import { openPair, type Pair } from '../support/databases.js';
import { form, password, users } from '../support/http-app.js';
import { gate, until } from '../support/until.js';
import { scaled } from '../support/time-factor.js';

/*
 * A server under silent connections and a crowd of logins, from addresses that a proxy tells. Nothing is held to a clock:
 * what counts is who is answered, and how.
 */

const silentConnections = 300;
const crowd = 200;

describe('the HTTP server under a flood', { timeout: scaled(120_000) }, () => {
  let pair: Pair;
  let server: RunningServer;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    pair = await openPair('SQLite');
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server.close();
    await pair.close();
  });
  const start = async (http: object = {}) => {
    const settings = { port: 0, users, trustedProxies: ['127.0.0.1'], ...http };
    const config = parseConfig({ ...pair.connections, worker: { shards: 8 }, http: settings }, '/');
    server = await startHttpServer(config, { logger: pino({ level: 'silent' }) });
  };

  /** Opens a connection that says nothing; how many of them the server has closed can be seen. */
  const openSilent = async (url: string): Promise<void> => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  };
  const stillOpen = () => sockets.filter((socket) => !socket.destroyed).length;
  const keepReading = () => {
    for (const socket of sockets) socket.resume();
  };

  const login = (address: string, secret: string) => {
    const { payload, headers } = form({ name: 'ops', password: secret });
    return fetch(`${server.url}/login`, {
      method: 'POST',
      redirect: 'manual',
      // A connection that is kept may be closed to make room just when it is used again.
      headers: { ...headers, 'x-forwarded-for': address, connection: 'close' },
      body: payload,
    });
  };

  it('answers probes while an address holds as many silent connections as it can', async () => {
    await start();
    await Promise.all(Array.from({ length: silentConnections }, () => openSilent(server.url)));
    keepReading();
    for (let n = 0; n < 60; n += 1) {
      const answer = await fetch(`${server.url}/healthz`, { headers: { connection: 'close' } });
      expect(answer.status).toBe(200);
    }
    await until('the connections above the limit are closed', async () => stillOpen() <= 64);
  });

  it('closes a connection that sends no request, however few there are', async () => {
    await start();
    await openSilent(server.url);
    keepReading();
    await until('it is closed', async () => stillOpen() === 0, 30_000);
  });

  it('answers probes, and lets an operator log in while a crowd tries passwords from 200 addresses', async () => {
    await start();
    const home = '192.0.2.1';
    expect((await login(home, password)).headers.get('location')).toBe('/');
    await Promise.all(Array.from({ length: silentConnections }, () => openSilent(server.url)));
    const queueIsFull = gate();
    const strangers = Array.from({ length: crowd }, async (_, n) => {
      const { status } = await login(`198.51.100.${n}`, `wrong ${n}`);
      if (status === 503) queueIsFull.open();
      return status;
    });
    await queueIsFull.passed;
    const probes = [`${server.url}/healthz`, `${server.url}/metrics`].map((url) =>
      fetch(url, { headers: { connection: 'close' } }),
    );
    // A password that is not remembered has to be checked, and waits in the queue: for an address that is known, there is room.
    expect((await login(home, 'mistyped')).headers.get('location')).toContain('refused=password');
    expect((await login(home, password)).headers.get('location')).toBe('/');
    for (const probe of probes) expect((await probe).status).toBe(200);
    const statuses = await Promise.all(strangers);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(crowd / 2);
    expect(new Set(statuses)).toEqual(new Set([303, 503]));
  });
});

describe('http.probePort', () => {
  let pair: Pair;
  let server: RunningServer | undefined;
  beforeEach(async () => {
    pair = await openPair('SQLite');
  });
  afterEach(async () => {
    await server?.close();
    await pair.close();
  });
  const start = async (http: object) => {
    const config = parseConfig({ ...pair.connections, worker: { shards: 8 }, http }, '/');
    server = await startHttpServer(config, { logger: pino({ level: 'silent' }) });
    return server;
  };

  it('has probes and metrics and nothing else, and the other port has none of them', async () => {
    const { url, probeUrl } = await start({ port: 0, probePort: 0, users });
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      expect((await fetch(`${probeUrl}${path}`)).status, path).toBe(200);
      expect((await fetch(`${url}${path}`)).status, path).toBe(401);
    }
    for (const path of ['/', '/login', '/api/v1/overview', '/api/openapi.json', '/assets/console.js'])
      expect((await fetch(`${probeUrl}${path}`)).status, path).toBe(404);
    const posted = await fetch(`${probeUrl}/login`, { method: 'POST', ...form({ name: 'ops', password }) });
    expect(posted.status).toBe(404);
    expect((await fetch(`${url}/login`)).status).toBe(200);
  });

  it('without it, probes and metrics are on http.port', async () => {
    const { url, probeUrl } = await start({ port: 0, users });
    expect(probeUrl).toBe(url);
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
  });

  it('that is taken, or is http.port, is a fault of the configuration', async () => {
    const { probeUrl } = await start({ port: 0, probePort: 0 });
    const probePort = Number(new URL(probeUrl).port);
    const again = parseConfig({ ...pair.connections, http: { port: 0, probePort } }, '/');
    await expect(startHttpServer(again, { logger: pino({ level: 'silent' }) })).rejects.toThrow(
      `http.probePort: 127.0.0.1:${probePort} is in use`,
    );
    expect(() => parseConfig({ ...pair.connections, http: { port: 9464, probePort: 9464 } }, '/')).toThrow(
      'http.probePort: is http.port already',
    );
  });
});
