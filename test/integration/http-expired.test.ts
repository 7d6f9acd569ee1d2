import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { form, httpApp, password, routesOf, type HttpApp } from '../support/http-app.js';

const minute = 60_000;
const html = { accept: 'text/html' };
const reason = '维护窗口 "22:00" & <b>工单 4711</b>';
const escaped = '维护窗口 &quot;22:00&quot; &amp; &lt;b>工单 4711&lt;/b>';

describe('a form that is sent when the session has ended', () => {
  let app: HttpApp;
  let cookie: string;
  let csrfToken: string;
  beforeEach(async () => {
    app = await httpApp();
    ({ cookie, csrfToken } = await app.login('ops'));
  });
  afterEach(() => app.app.close());

  const send = (url: string, fields: URLSearchParams | Record<string, string>, from = cookie) =>
    app.inject({
      method: 'POST',
      url,
      payload: new URLSearchParams(fields).toString(),
      headers: { ...html, 'content-type': 'application/x-www-form-urlencoded', cookie: from },
    });
  /** Follows a redirect to the login, logs in, and opens where that leads. */
  const logInAgain = async (location: string) => {
    const page = await app.inject({ url: location, headers: html });
    const next = /name="next" value="([^"]*)"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const wrong = await app.inject({
      method: 'POST',
      url: '/login',
      ...form({ name: 'ops', password: 'no', next }),
    });
    const again = new URL(String(wrong.headers.location), 'http://localhost').searchParams.get('next');
    expect(again).toBe(next);
    const answer = await app.inject({
      method: 'POST',
      url: '/login',
      ...form({ name: 'ops', password, next }),
    });
    const fresh = String(answer.headers['set-cookie']).split(';', 1)[0] ?? '';
    const url = String(answer.headers.location);
    return { login: page.body, url, form: await app.inject({ url, headers: { ...html, cookie: fresh } }) };
  };

  it.each([
    ['/pauses/pause', { table: 'IF_BNET_CUST' }, 'value="IF_BNET_CUST"'],
    ['/pauses/resume', { product: '323002000' }, 'value="323002000"'],
    ['/requeue-matching', { code: '00402', product: '323002000' }, 'value="00402"'],
    ['/deferred/retry', { row: 'IF_BNET_CUST:1141' }, 'value="IF_BNET_CUST:1141"'],
  ])(
    '%s leads to the login and back to the form as it was filled in, and does nothing',
    async (url, fields, field) => {
      app.clock.now += 31 * minute;
      const answer = await send(url, { ...fields, csrfToken, reason });
      expect(answer.statusCode).toBe(303);
      const location = String(answer.headers.location);
      expect(location).toMatch(/^\/login\?expired=1&next=%2F/);
      expect(location).not.toContain(csrfToken);
      const back = await logInAgain(location);
      expect(back.login).toContain('Your session has ended');
      expect(back.url.split('?', 1)[0]).toBe(url);
      expect(back.form.statusCode).toBe(200);
      expect(back.form.body).toContain(`>${escaped}</textarea>`);
      expect(back.form.body).toContain(field);
      expect(back.form.body).toContain('<form method="post"');
      expect(app.operator.acts).toEqual([]);
    },
  );

  it('is one of a page that can show it again: every form of the console has such a page', () => {
    const routes = routesOf(app.app);
    const forms = routes.filter((route) => /^POST \/(?!api\/|login$)/.test(route));
    expect(forms.length).toBeGreaterThanOrEqual(5);
    for (const route of forms) expect(routes).toContain(route.replace('POST', 'GET'));
  });

  it('with several rows brings all of them back', async () => {
    const rows = ['CUST:1141', 'ACCOUNT:1150'];
    const fields = new URLSearchParams([...rows.map((row) => ['row', row]), ['reason', reason]]);
    app.clock.now += 31 * minute;
    const back = await logInAgain(String((await send('/requeue', fields)).headers.location));
    expect(new URL(back.url, 'http://localhost').searchParams.getAll('row')).toEqual(rows);
    expect(app.operator.acts).toEqual([]);
  });

  it('is brought back whole with a hundred rows and the longest reason', async () => {
    const rows = Array.from({ length: 100 }, (_, n) => `IF_BNET_ACCOUNT:${'9'.repeat(27)}${100 + n}`);
    const long = '长'.repeat(500);
    const fields = new URLSearchParams([...rows.map((row) => ['row', row]), ['reason', long]]);
    app.clock.now += 31 * minute;
    const { url } = await logInAgain(String((await send('/requeue', fields)).headers.location));
    const { searchParams } = new URL(url, 'http://localhost');
    expect(searchParams.getAll('row')).toEqual(rows);
    expect(searchParams.get('reason')).toBe(long);
  });

  it('also leads back after a restart, when the session is not known at all', async () => {
    const answer = await send(
      '/pauses/pause',
      { table: 'IF_BNET_CUST', reason },
      'bnet_sync_session=of-before',
    );
    expect(answer.headers.location).toContain('/login?expired=1&next=%2Fpauses%2Fpause');
  });

  it.each(['//evil.example/requeue', '/\\evil.example', '/nothing'])(
    'never leads anywhere but to a page of ours: %s',
    async (url) => {
      const answer = await send(url, { reason }, '');
      const { location } = answer.headers;
      if (location !== undefined) expect(location).toMatch(/^\/login\?expired=1&next=%2F(?!%2F|%5C)/);
      else expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    },
  );

  it('to log out finds that done', async () => {
    app.clock.now += 31 * minute;
    expect((await send('/logout', { csrfToken })).headers.location).toBe('/login?loggedOut=1');
  });

  it('by a program is refused with 401 as before', async () => {
    app.clock.now += 31 * minute;
    const payload = { target: { table: 'IF_BNET_CUST' }, reason };
    const answer = await app.inject({ method: 'POST', url: '/api/v1/pause', payload, headers: { cookie } });
    expect(answer.statusCode).toBe(401);
    const encoded = await send('/api/v1/pause', { reason });
    expect(encoded.statusCode).toBe(401);
    expect(app.operator.acts).toEqual([]);
  });

  it('from a page of another site leads nowhere', async () => {
    const { payload, headers } = form({ table: 'IF_BNET_CUST', reason });
    const answer = await app.inject({
      method: 'POST',
      url: '/pauses/pause',
      payload,
      headers: { ...headers, 'sec-fetch-site': 'cross-site' },
    });
    expect([answer.statusCode, answer.headers.location]).toEqual([403, undefined]);
  });

  it('with the token of a session before is refused, with a way back to the form as it was filled in', async () => {
    const other = await app.login('ops');
    const answer = await send('/pauses/pause', { table: 'IF_BNET_CUST', csrfToken: other.csrfToken, reason });
    expect(answer.statusCode).toBe(403);
    const href = /<a class="button" href="(\/pauses\/pause[^"]*)"/
      .exec(answer.body)?.[1]
      ?.replaceAll('&amp;', '&');
    const back = await app.inject({ url: href ?? '', headers: { ...html, cookie } });
    expect(back.body).toContain(`>${escaped}</textarea>`);
    expect(app.operator.acts).toEqual([]);
  });

  it('that lacks something is shown again with what was typed', async () => {
    const long = '长'.repeat(501);
    const answer = await send('/pauses/pause', { table: 'IF_BNET_CUST', csrfToken, reason: long });
    expect([answer.statusCode, answer.body.includes(long)]).toEqual([400, true]);
  });
});

describe('an overview that is left open', () => {
  /** The headers of the request by which the console's script reads a page again. */
  async function headersOfRefresh(): Promise<Record<string, string>> {
    const script = readFileSync(new URL('../../src/console/assets/console.js', import.meta.url), 'utf8');
    const element = { dataset: { refreshSeconds: '10' }, addEventListener: () => undefined };
    const ticks: (() => void)[] = [];
    const asked: Record<string, string>[] = [];
    runInNewContext(script, {
      document: {
        hidden: false,
        querySelector: (selector: string) => (selector.startsWith('[data-refresh') ? element : null),
        querySelectorAll: () => [],
      },
      window: {
        location: { href: '/' },
        setInterval: (tick: () => void) => ticks.push(tick),
        AbortSignal: { timeout: () => undefined },
      },
      fetch: async (_url: string, { headers }: { headers: Record<string, string> }) => {
        asked.push(headers);
        throw new Error('no server here');
      },
    });
    for (const tick of ticks) tick();
    await Promise.resolve();
    expect(asked).toHaveLength(1);
    return asked[0] ?? {};
  }

  it('does not keep the session alive: half an hour after the last use it is over', async () => {
    const { clock, inject, login, app } = await httpApp();
    const { cookie } = await login('eye');
    const headers = { ...(await headersOfRefresh()), cookie };
    for (let minutes = 5; minutes < 30; minutes += 5) {
      clock.now += 5 * minute;
      expect((await inject({ url: '/', headers })).statusCode).toBe(200);
    }
    clock.now += 5 * minute;
    expect((await inject({ url: '/', headers })).headers.location).toBe('/login');
    await app.close();
  });
});
