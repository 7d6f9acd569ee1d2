import { afterEach, describe, expect, it } from 'vitest';
import { basic, form, httpApp, password, routesOf, users, type HttpApp } from '../support/http-app.js';

const minute = 60_000;
const open: HttpApp[] = [];
async function app(...options: Parameters<typeof httpApp>): Promise<HttpApp> {
  const made = await httpApp(...options);
  open.push(made);
  return made;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((made) => made.app.close()));
});

const pause = { target: { table: 'IF_BNET_CUST' }, reason: 'a try' };

describe('who may look', () => {
  it('without users, on loopback, everybody is a reader: the console answers at once', async () => {
    const { inject } = await app({});
    const page = await inject({ url: '/', headers: { accept: 'text/html' } });
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect((await inject('/api/v1/overview')).statusCode).toBe(200);
    const refused = await inject({ method: 'POST', url: '/api/v1/pause', payload: pause });
    expect(refused.statusCode).toBe(403);
    expect(refused.body).toContain('http.users');
    const form = await inject({ url: '/requeue?row=IF_BNET_CUST:1', headers: { accept: 'text/html' } });
    expect([form.statusCode, form.body]).toEqual([403, expect.stringContaining('http.users')]);
  });

  it('with users, everything but what machines ask needs a login', async () => {
    const { inject } = await app();
    for (const url of ['/api/v1/overview', '/api/v1/failed.csv', '/api/openapi.json'])
      expect((await inject(url)).statusCode, url).toBe(401);
    for (const url of ['/healthz', '/readyz', '/metrics', '/login'])
      expect((await inject(url)).statusCode, url).toBe(200);
    const page = await inject({ url: '/failed?code=00402', headers: { accept: 'text/html' } });
    expect(page.statusCode).toBe(303);
    expect(page.headers.location).toBe(`/login?next=${encodeURIComponent('/failed?code=00402')}`);
  });

  it('what is not there needs a login like what is', async () => {
    const { inject, login } = await app();
    expect((await inject('/api/v1/nothing')).statusCode).toBe(401);
    expect((await inject({ url: '/nothing', headers: { accept: 'text/html' } })).headers.location).toBe(
      '/login?next=%2Fnothing',
    );
    const { cookie } = await login('eye');
    expect((await inject({ url: '/nothing', headers: { cookie } })).statusCode).toBe(404);
    expect((await inject({ method: 'POST', url: '/nothing', headers: { cookie } })).statusCode).toBe(403);
  });

  it('every page of the console but the login and its files needs a login', async () => {
    const { app: server, inject } = await app();
    const urls = routesOf(server)
      .filter((route) => route.startsWith('GET '))
      .map((route) => route.slice(4).replace(':table', 'CUST').replace(':streamingNo', '1'));
    expect(urls.length).toBeGreaterThan(20);
    for (const url of urls) {
      const isOpen = /^\/(login$|assets\/|healthz$|readyz$|metrics$)/.test(url);
      const { statusCode, headers } = await inject(url);
      const asksForLogin = statusCode === 401 || headers.location?.startsWith('/login') === true;
      expect(asksForLogin, url).toBe(!isOpen);
    }
  });

  it('every route that changes something is for operators, but for logging in and out', async () => {
    const { app: server, inject, login } = await app();
    const { cookie, csrfToken } = await login('eye');
    const changing = routesOf(server).filter((route) => !route.startsWith('GET '));
    expect(changing.length).toBeGreaterThan(6);
    for (const route of changing.filter((each) => !/ \/(login|logout)$/.test(each))) {
      const [method, url = ''] = route.split(' ');
      const headers = { cookie, 'x-csrf-token': csrfToken };
      const answer = await inject({ method: method as 'POST', url: url.replaceAll(/:\w+/g, '1'), headers });
      expect([answer.statusCode, answer.body.includes('operator')], route).toEqual([403, true]);
    }
  });

  it('name and password by HTTP Basic are enough for scripts, and wrong ones are not', async () => {
    const { inject } = await app();
    for (const name of ['eye', 'ops'])
      expect((await inject({ url: '/api/v1/failure-groups', headers: basic(name) })).statusCode).toBe(200);
    for (const headers of [basic('eye', 'wrong'), basic('nobody'), basic(''), { authorization: 'Basic !' }]) {
      const answer = await inject({ url: '/api/v1/failure-groups', headers });
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('Basic');
    }
  });

  it('a browser is not asked to keep the password for good', async () => {
    const { inject } = await app();
    const answer = await inject({ url: '/api/v1/failure-groups', headers: { 'sec-fetch-mode': 'cors' } });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });
});

describe('a login', () => {
  it('by the form leads to where one wanted to go, with a cookie that scripts and other sites cannot use', async () => {
    const { inject } = await app();
    const fields = { name: 'ops', password, next: '/failed?code=00402' };
    const answer = await inject({ method: 'POST', url: '/login', ...form(fields) });
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe('/failed?code=00402');
    const cookie = String(answer.headers['set-cookie']);
    expect(cookie).toMatch(/^bnet_sync_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    const page = await inject({
      url: '/',
      headers: { cookie: cookie.split(';', 1)[0], accept: 'text/html' },
    });
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('ops');
  });

  it.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/.//evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
  ])('never leads to another site: %j', async (next) => {
    const { inject } = await app();
    const answer = await inject({ method: 'POST', url: '/login', ...form({ name: 'ops', password, next }) });
    expect(answer.headers.location).toBe('/');
    const without = await app({});
    const straight = await without.inject(`/login?${new URLSearchParams({ next }).toString()}`);
    expect(straight.headers.location).toBe('/');
  });

  it('with a wrong password or an unknown name leads back to the form, without a session', async () => {
    const { inject } = await app();
    for (const fields of [
      { name: 'ops', password: 'wrong' },
      { name: 'nobody', password },
    ]) {
      const answer = await inject({ method: 'POST', url: '/login', ...form({ ...fields, next: '/audit' }) });
      expect(answer.headers.location).toBe('/login?refused=password&next=%2Faudit');
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });

  it('cookies are marked Secure where a trusted proxy says that TLS is there, and only then', async () => {
    const request = (made: HttpApp) => {
      const { payload, headers } = form({ name: 'ops', password });
      headers['x-forwarded-proto'] = 'https';
      return made.inject({ method: 'POST', url: '/login', payload, headers });
    };
    const trusting = await request(await app({ users, trustedProxies: ['127.0.0.1'] }));
    expect(String(trusting.headers['set-cookie'])).toContain('; Secure');
    const doubting = await request(await app());
    expect(String(doubting.headers['set-cookie'])).not.toContain('Secure');
  });

  it('gets a new session each time, which ends the one before', async () => {
    const { inject, login } = await app();
    const first = await login('ops');
    const fields = form({ name: 'eye', password });
    fields.headers['cookie'] = first.cookie;
    const again = await inject({ method: 'POST', url: '/login', ...fields });
    expect(String(again.headers['set-cookie'])).not.toContain(first.cookie);
    expect(
      (await inject({ url: '/api/v1/failure-groups', headers: { cookie: first.cookie } })).statusCode,
    ).toBe(401);
  });

  it('ends by logging out, which takes the token', async () => {
    const { inject, login } = await app();
    const { cookie, csrfToken } = await login('ops');
    const logout = (token: string) => {
      const { payload, headers } = form({ csrfToken: token });
      return inject({ method: 'POST', url: '/logout', payload, headers: { ...headers, cookie } });
    };
    expect((await logout('no')).statusCode).toBe(403);
    expect((await inject({ url: '/api/v1/failure-groups', headers: { cookie } })).statusCode).toBe(200);
    const answer = await logout(csrfToken);
    expect(answer.headers.location).toBe('/login?loggedOut=1');
    expect((await inject('/login?loggedOut=1')).body).toContain('You are logged out.');
    expect((await inject({ url: '/api/v1/failure-groups', headers: { cookie } })).statusCode).toBe(401);
  });

  it('ends half an hour after the last request', async () => {
    const { inject, login, clock } = await app();
    const { cookie } = await login('eye');
    const look = async () =>
      (await inject({ url: '/api/v1/failure-groups', headers: { cookie } })).statusCode;
    clock.now += 29 * minute;
    expect(await look()).toBe(200);
    clock.now += 31 * minute;
    expect(await look()).toBe(401);
  });

  it('is refused after ten wrong passwords a minute of a name from an address, and from no other', async () => {
    const { inject, clock } = await app();
    const tried = (secret: string, remoteAddress: string) =>
      inject({ method: 'POST', url: '/login', remoteAddress, ...form({ name: 'ops', password: secret }) });
    for (let n = 0; n < 10; n += 1)
      expect((await tried(`wrong ${n}`, '192.0.2.1')).headers.location).toContain('refused=password');
    expect((await tried(password, '192.0.2.1')).headers.location).toContain('refused=often');
    const headers = basic('ops');
    const byBasic = await inject({ url: '/api/v1/failure-groups', remoteAddress: '192.0.2.1', headers });
    expect(byBasic.statusCode).toBe(429);
    expect(Number(byBasic.headers['retry-after'])).toBeGreaterThan(0);
    expect((await tried(password, '192.0.2.2')).headers.location).toBe('/');
    clock.now += minute;
    expect((await tried(password, '192.0.2.1')).headers.location).toBe('/');
  });

  it('of many at once: few wait, and the others are answered with 503 and when to come back', async () => {
    const { inject } = await app();
    const crowd = Array.from({ length: 200 }, (_, n) =>
      inject({
        method: 'POST',
        url: '/login',
        remoteAddress: `198.51.100.${n}`,
        ...form({ name: 'ops', password: `wrong ${n}` }),
      }),
    );
    const answers = await Promise.all(crowd);
    const busy = answers.filter(({ statusCode }) => statusCode === 503);
    expect(busy.length).toBeGreaterThan(180);
    expect(answers.filter(({ headers }) => headers.location?.includes('refused=password')).length).toBe(
      200 - busy.length,
    );
    for (const { headers } of busy) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });

  it('by HTTP Basic is checked once for a script that sends it with every request, also with many at once', async () => {
    const { inject } = await app();
    const ask = () => inject({ url: '/api/v1/failure-groups', headers: basic('ops') });
    const answers = await Promise.all(Array.from({ length: 30 }, ask));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 200));
  });
});

describe('who may change something', () => {
  it('a reader may not: neither by session nor by HTTP Basic', async () => {
    const { inject, login, operator } = await app();
    const { cookie, csrfToken } = await login('eye');
    const headers = { cookie, 'x-csrf-token': csrfToken };
    for (const url of ['/api/v1/pause', '/api/v1/resume', '/api/v1/requeue', '/api/v1/requeue-matching'])
      for (const more of [headers, basic('eye')])
        expect((await inject({ method: 'POST', url, payload: pause, headers: more })).statusCode, url).toBe(
          403,
        );
    expect(operator.acts).toEqual([]);
  });

  it('an operator may, and stands in the audit by name and way', async () => {
    const { inject, login, operator } = await app();
    const { cookie, csrfToken } = await login('ops');
    const byScript = await inject({
      method: 'POST',
      url: '/api/v1/pause',
      payload: pause,
      headers: basic('ops'),
    });
    expect(byScript.json()).toEqual({ changed: true, known: true });
    const byPage = await inject({
      method: 'POST',
      url: '/api/v1/resume',
      payload: pause,
      headers: { cookie, 'x-csrf-token': csrfToken },
    });
    expect(byPage.json()).toEqual({ changed: true });
    expect(operator.acts.map(({ who, via, action }) => [who, via, action])).toEqual([
      ['ops', 'console', 'resume'],
      ['ops', 'api', 'pause'],
    ]);
  });

  it('a session without its CSRF token changes nothing', async () => {
    const { inject, login, operator } = await app();
    const { cookie } = await login('ops');
    const other = await login('ops');
    for (const token of [undefined, '', 'guess', other.csrfToken]) {
      const headers = { cookie, ...(token !== undefined && { 'x-csrf-token': token }) };
      const answer = await inject({ method: 'POST', url: '/api/v1/pause', payload: pause, headers });
      expect([answer.statusCode, answer.json()]).toMatchObject([403, { error: { code: 'csrf' } }]);
    }
    expect(operator.acts).toEqual([]);
  });

  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
    { origin: 'http://localhost:3000' },
    { origin: 'null' },
  ])('a page of another site changes nothing, whatever it sends along: %j', async (from) => {
    const { inject, login, operator } = await app();
    const { cookie, csrfToken } = await login('ops');
    for (const who of [basic('ops'), { cookie, 'x-csrf-token': csrfToken }]) {
      const headers = { host: 'localhost:9464', ...who, ...from };
      const answer = await inject({ method: 'POST', url: '/api/v1/pause', payload: pause, headers });
      expect(answer.statusCode).toBe(403);
    }
    const { payload, headers } = form({ name: 'ops', password });
    const login2 = await inject({ method: 'POST', url: '/login', payload, headers: { ...headers, ...from } });
    expect(login2.headers['set-cookie']).toBeUndefined();
    expect(operator.acts).toEqual([]);
  });

  it('our own pages do', async () => {
    const { inject, login } = await app();
    const { cookie, csrfToken } = await login('ops');
    for (const from of [{ 'sec-fetch-site': 'same-origin' }, { origin: 'http://localhost:9464' }]) {
      const headers = { host: 'localhost:9464', cookie, 'x-csrf-token': csrfToken, ...from };
      const answer = await inject({ method: 'POST', url: '/api/v1/pause', payload: pause, headers });
      expect(answer.statusCode).toBe(200);
    }
  });
});
