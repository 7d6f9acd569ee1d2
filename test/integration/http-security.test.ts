import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.js';
import { KnexStoreRecords } from '../../src/store/knex/store-records.js';
import { startHttpServer, type RunningServer } from '../../src/app/start-http-server.js';
import { isAvailable, openPair, type Pair } from '../support/databases.js';
import { basic, form, httpApp, password, users, type HttpApp } from '../support/http-app.js';

describe('what concerns the safety of the server is told', () => {
  let app: HttpApp;
  beforeEach(async () => {
    app = await httpApp();
  });
  afterEach(() => app.app.close());
  const told = async () => {
    await app.endMinute();
    return app.told.audit.map(({ kind, name, address, via, result, detail, times }) =>
      [kind, name, address, via, result, detail, times].join(' '),
    );
  };
  const remoteAddress = '192.0.2.7';
  const post = (url: string, fields: Record<string, string>, more: Record<string, string> = {}) => {
    const { payload, headers } = form(fields);
    return app.inject({ method: 'POST', url, payload, headers: { ...headers, ...more }, remoteAddress });
  };

  it('a login, its refusal, and the logout, each with the address', async () => {
    const { cookie, csrfToken } = await app.login('ops');
    await post('/login', { name: 'ops', password: 'wrong' });
    await post('/login', { name: 'ops', password: 'wrong' });
    await post('/login', { name: 'no such', password });
    await post('/logout', { csrfToken }, { cookie });
    expect(await told()).toEqual([
      'login ops 127.0.0.1 console ok  1',
      'logout ops 192.0.2.7 console ok  1',
      'loginRefused ops 192.0.2.7 console password  2',
      'loginRefused no such 192.0.2.7 console password  1',
    ]);
    expect(JSON.stringify(app.told)).not.toContain('wrong');
  });

  it('refusals without a look at the password, too', async () => {
    for (let n = 0; n < 11; n += 1) await post('/login', { name: 'ops', password: `wrong ${n}` });
    expect(await told()).toContain('loginRefused ops 192.0.2.7 console limit  1');
  });

  it('a login of a script once, however many requests it makes, and each of its refusals', async () => {
    const ask = (headers: Record<string, string>) =>
      app.inject({ url: '/api/v1/failure-groups', headers, remoteAddress });
    await Promise.all([ask(basic('eye')), ask(basic('eye')), ask(basic('eye'))]);
    app.clock.now += 120_000;
    await ask(basic('eye'));
    await ask(basic('eye', 'wrong'));
    await ask({});
    expect(await told()).toEqual([
      'login eye 192.0.2.7 api ok  1',
      'loginRefused eye 192.0.2.7 api password  1',
    ]);
  });

  it('a refused action: of a reader, without the token, from a page of another site', async () => {
    const payload = { target: { table: 'IF_BNET_CUST' }, reason: 'a try' };
    const pause = (headers: Record<string, string>) =>
      app.inject({ method: 'POST', url: '/api/v1/pause', payload, headers, remoteAddress });
    await pause(basic('eye'));
    await pause({ 'sec-fetch-site': 'cross-site' });
    const { cookie } = await app.login('ops');
    await post('/pauses/pause', { csrfToken: 'guess', table: 'IF_BNET_CUST', reason: 'x' }, { cookie });
    const refused = (await told()).filter((line) => line.startsWith('actionRefused'));
    expect(refused).toEqual([
      'actionRefused eye 192.0.2.7 api forbidden /api/v1/pause 1',
      'actionRefused  192.0.2.7 api csrf /api/v1/pause 1',
      'actionRefused ops 192.0.2.7 console csrf /pauses/pause 1',
    ]);
    expect(app.operator.acts).toEqual([]);
  });

  it('a request to another host name', async () => {
    await app.inject({ url: '/login', headers: { host: 'evil.example:9464' }, remoteAddress });
    expect(await told()).toEqual(['wrongHost  192.0.2.7 console wrongHost evil.example:9464 1']);
  });

  it('an export of failed rows, with its filter', async () => {
    await app.inject({ url: '/api/v1/failed.csv?code=00402', headers: basic('eye'), remoteAddress });
    expect(await told()).toContain('export eye 192.0.2.7 api ok {"code":"00402"} 1');
  });

  it('and nothing else is', async () => {
    const { cookie } = await app.login('eye');
    app.told.audit.splice(0);
    for (const url of ['/', '/failed', '/nothing', '/api/v1/overview'])
      await app.inject({ url, headers: { cookie, accept: 'text/html' } });
    for (const url of ['/healthz', '/metrics', '/', '/api/v1/overview']) await app.inject(url);
    expect(await told()).toEqual([]);
  });
});

for (const name of ['SQLite', 'PostgreSQL'] as const) {
  describe.runIf(isAvailable(name))(`security events over ${name}`, () => {
    let pair: Pair;
    let server: RunningServer;
    const lines: Record<string, unknown>[] = [];
    beforeEach(async () => {
      pair = await openPair(name);
      lines.splice(0);
      const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
      const http = { port: 0, users };
      const config = parseConfig({ ...pair.connections, worker: { shards: 8 }, http }, '/');
      server = await startHttpServer(config, { logger: pino({ level: 'info' }, { write }) });
    });
    afterEach(() => pair.close());
    const login = (secret: string) =>
      fetch(`${server.url}/login`, {
        method: 'POST',
        redirect: 'manual',
        ...form({ name: 'ops', password: secret }),
        body: form({ name: 'ops', password: secret }).payload,
      });

    it('are in the log, in the metrics and in the audit; the last minute’s are recorded when the server ends', async () => {
      await login('wrong 1');
      await login('wrong 2');
      await login(password);
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      expect(metrics).toContain('bnet_sync_security_events_total{kind="loginRefused"} 2');
      expect(metrics).toContain('bnet_sync_security_events_total{kind="login"} 1');
      expect(metrics).toContain('bnet_sync_security_events_total{kind="wrongHost"} 0');
      await server.close();
      const told = lines.filter(({ event }) => event === 'security');
      expect(
        told.map(({ level, kind, name: who, address, result, times }) => [
          level,
          kind,
          who,
          address,
          result,
          times,
        ]),
      ).toEqual([
        [40, 'loginRefused', 'ops', '127.0.0.1', 'password', 1],
        [30, 'login', 'ops', '127.0.0.1', 'ok', 1],
        [40, 'loginRefused', 'ops', '127.0.0.1', 'password', 2],
      ]);
      const entries = await new KnexStoreRecords(pair.store).actions({ before: null, limit: 10 });
      expect(
        entries.map(({ who, via, action, what }) => [who, via, action, JSON.parse(what) as unknown]),
      ).toEqual([
        ['ops', 'console', 'login-refused', { address: '127.0.0.1', result: 'password', times: 2 }],
        ['ops', 'console', 'login', { address: '127.0.0.1', result: 'ok' }],
      ]);
    });

    it('that cannot be recorded are in the log, and nobody is kept from logging in', async () => {
      await pair.store.execute({ sql: 'ALTER TABLE sync_audit RENAME TO sync_audit_away', bindings: [] });
      expect((await login(password)).headers.get('location')).toBe('/');
      await server.close();
      expect(lines.map(({ msg }) => msg)).toEqual(
        expect.arrayContaining(['logged in', 'a security event could not be recorded in sync_audit']),
      );
      await pair.store.execute({ sql: 'ALTER TABLE sync_audit_away RENAME TO sync_audit', bindings: [] });
    });
  });
}
