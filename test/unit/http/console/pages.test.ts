import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../../src/database/errors.js';
import type { StoreAlarm } from '../../../../src/store/guard-port.js';
import { anybody, consoleApp, operator, reader } from '../../../support/console-app.js';
import { hostile, longNumber } from '../../../support/fake-desk-data.js';

const row = `/rows/IF_BNET_CUST/${longNumber}`;
const everyPage = [
  ...['/', '/failures', '/failed', row, '/in-hand', '/pauses', '/pauses/pause?table=CUST', '/workers'],
  ...[
    '/audit',
    `/requeue?row=IF_BNET_CUST:${longNumber}`,
    '/requeue-matching?code=00403',
    '/logout',
    '/login',
  ],
];

const form = (fields: Record<string, string>) => ({
  method: 'POST' as const,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  payload: new URLSearchParams(fields).toString(),
});

describe('every page of the console', () => {
  it.each(everyPage)(
    '%s has no inline script or style and no foreign element, in either language',
    async (url) => {
      const { app } = await consoleApp();
      for (const language of ['zh-CN', 'en']) {
        const { statusCode, body } = await app.inject({ url, headers: { 'accept-language': language } });
        expect(statusCode).toBe(200);
        expect(body).toContain(`<html lang="${language}"`);
        expect(body).not.toMatch(/\sstyle=|\son\w+="|<style|<b>|<img|alert\(\d\)<\/script>/);
        expect(body.match(/<script/g)).toHaveLength(1);
        expect(body).not.toMatch(/(?:src|href|action)="(?:https?:)?\/\//);
        expect(body).not.toMatch(/undefined|\[object|NaN/);
      }
    },
  );

  it('sends its forms with the token, and only to this server', async () => {
    const { app } = await consoleApp();
    for (const url of everyPage) {
      const { body } = await app.inject(url);
      for (const [post] of body.matchAll(/<form method="post" action="\/(?!login)[^]*?<\/form>/g))
        expect(post).toContain(`name="csrfToken" value="${operator.csrfToken}"`);
    }
  });

  it('offers a reader, or anybody, no action', async () => {
    for (const visitor of [reader, anybody]) {
      const { app } = await consoleApp(visitor);
      for (const url of ['/', '/failed', row, '/pauses']) {
        const { body } = await app.inject(url);
        expect(body).not.toMatch(
          /action="\/(?!logout)[^"]*"[^>]*method="post"|method="post" action="\/(?!logout)/,
        );
        expect(body).not.toMatch(/requeue-matching|\/pauses\/pause|type="checkbox"/);
      }
      for (const url of ['/requeue?row=IF_BNET_CUST:1', '/requeue-matching', '/pauses/pause?table=CUST'])
        expect((await app.inject(url)).statusCode).toBe(403);
    }
  });
});

describe('an alarm of the product store', () => {
  const alarm: StoreAlarm = {
    ...{ alarmId: 'a', kind: 'finishedRows', rows: 4812, worker: 'w', host: 'h' },
    raisedAt: '2026-11-28T01:02:03.000Z',
    examples: [{ source: 'CUST', streamingNo: longNumber, custId: '1', stateDate: '2026-11-28 09:00:00' }],
  };

  it('stands on every page, in both languages, with what to do and a link to a row', async () => {
    const { app, desk } = await consoleApp();
    desk.openAlarms = [alarm];
    for (const url of everyPage.filter((each) => each !== '/login'))
      for (const [language, words] of [
        ['zh-CN', ['产品库数据丢失', '4812', 'bnet-sync repair --accept']],
        ['en', ['The product store has lost data', '4,812 rows', 'bnet-sync repair --accept']],
      ] as const) {
        const { body } = await app.inject({ url, headers: { 'accept-language': language } });
        for (const word of [...words, `href="/rows/IF_BNET_CUST/${longNumber}"`])
          expect(body, `${url} in ${language}`).toContain(word);
      }
  });

  it.each(['ownCommits', 'noOrigin'] as const)('says what %s means', async (kind) => {
    const { app, desk } = await consoleApp();
    desk.openAlarms = [{ ...alarm, kind, examples: [] }];
    const said = kind === 'noOrigin' ? 'migrate --new-store' : 'no longer finds what the store had confirmed';
    const { body } = await app.inject({ url: '/', headers: { 'accept-language': 'en' } });
    expect(body).toContain(said);
  });

  it('tells nobody who did not log in', async () => {
    const { app, desk } = await consoleApp();
    desk.openAlarms = [alarm];
    expect((await app.inject('/login')).body).not.toContain(longNumber);
  });
});

describe('a hostile row', () => {
  it('is shown as it is, escaped', async () => {
    const { app } = await consoleApp();
    const { body } = await app.inject(row);
    expect(body).toContain('&lt;script>alert(1)&lt;/script>华望');
    expect(body).toContain('⟨U+202E⟩');
    expect(body).not.toContain(hostile.name);
  });
});

describe('requeuing', () => {
  it('wants a reason, and changes nothing without one', async () => {
    const { app, desk } = await consoleApp();
    const fields = { row: `IF_BNET_CUST:${longNumber}`, csrfToken: operator.csrfToken };
    for (const reason of ['', '  ', 'x'.repeat(501)]) {
      const answer = await app.inject({ url: '/requeue', ...form({ ...fields, reason }) });
      expect(answer.statusCode).toBe(400);
      const matching = await app.inject({ url: '/requeue-matching', ...form({ code: '00403', reason }) });
      expect(matching.statusCode).toBe(400);
    }
    expect(desk.acts).toEqual([]);
  });

  it('is done by whoever is logged in, for the reason given', async () => {
    const { app, desk } = await consoleApp();
    const fields = { row: `IF_BNET_CUST:${longNumber}`, reason: ' 工单 1 ' };
    expect((await app.inject({ url: '/requeue', ...form(fields) })).statusCode).toBe(200);
    expect(desk.acts).toMatchObject([{ who: 'wang', via: 'console', rows: 1, reason: '工单 1' }]);
  });

  it('by a filter that cannot be read touches nothing, rather than every row', async () => {
    const { app, desk } = await consoleApp();
    const answer = await app.inject({ url: '/requeue-matching', ...form({ code: '4', reason: 'r' }) });
    expect(answer.statusCode).toBe(400);
    expect(desk.acts).toEqual([]);
  });

  it('refuses more rows than are chosen by hand', async () => {
    const { app } = await consoleApp();
    const rows = Array.from({ length: 101 }, (_, index) => `row=CUST:${index + 1}`).join('&');
    const { statusCode, body } = await app.inject({
      url: `/requeue?${rows}`,
      headers: { 'accept-language': 'en' },
    });
    expect(statusCode).toBe(400);
    expect(body).toContain('Select at most 100 rows');
  });
});

describe('what went wrong', () => {
  it('says which database is away and what to do', async () => {
    const { app, desk } = await consoleApp();
    desk.outage = new DatabaseError('credentials', 'the product store refuses the credentials');
    desk.outage.database = 'product store';
    const { statusCode, body } = await app.inject({ url: '/failed', headers: { 'accept-language': 'zh' } });
    expect(statusCode).toBe(503);
    expect(body).toContain('数据库不可用: 产品库');
    expect(body).toContain('数据库拒绝了用户名或密码');
  });

  it('is told for a page that does not exist, a row that nobody knows, and a place in the list that is none', async () => {
    const { app } = await consoleApp();
    for (const url of ['/nothing', '/rows/USERS/1', '/rows/IF_BNET_CUST/x', '/rows/IF_BNET_CUST/424242'])
      expect((await app.inject(url)).statusCode).toBe(404);
    expect((await app.inject('/rows/IF_BNET_CUST/424242')).body).toContain(
      'Neither database holds this row.',
    );
    const { statusCode, body } = await app.inject('/failed?after=zzz');
    expect(statusCode).toBe(400);
    expect(body).toContain('That place in the list is not valid');
  });
});

describe('the files of the console', () => {
  it('are served from the package, to be kept by their content', async () => {
    const { app } = await consoleApp();
    const { body } = await app.inject('/');
    for (const [, address] of body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)) {
      const file = await app.inject(address ?? '');
      expect(file.statusCode).toBe(200);
      expect(file.headers['cache-control']).toContain('immutable');
      expect(file.body).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    }
  });
});

describe('the language asked for', () => {
  it('is kept, and answers before the browser’s', async () => {
    const { app } = await consoleApp();
    const asked = await app.inject({ url: '/?lang=zh', headers: { 'accept-language': 'en' } });
    expect(asked.body).toContain('<html lang="zh-CN"');
    const [cookie] = [asked.headers['set-cookie']].flat();
    expect(cookie).toMatch(/^bnet_sync_language=zh;.*HttpOnly/);
    const later = await app.inject({ url: '/', headers: { 'accept-language': 'en', cookie: cookie ?? '' } });
    expect(later.body).toContain('<html lang="zh-CN"');
    const other = await app.inject('/failed?code=00403&lang=zh');
    expect(other.body).toContain('href="/failed?code=00403&amp;lang=en"');
  });
});
