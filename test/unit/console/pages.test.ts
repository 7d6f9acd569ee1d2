import { describe, expect, it } from 'vitest';
import { DatabaseError } from '../../../src/database/errors.js';
import type { OpenAlarm } from '../../../src/operator/contract/state.js';
import { anybody, consoleApp, operatorPrincipal, reader } from '../../support/console-app.js';
import type { FakeOperator } from '../../support/fake-operator.js';
import { fakeDeferredSummary } from '../../support/fake-deferred.js';
import { hostile, longNumber } from '../../support/fake-operator-data.js';

const row = `/rows/IF_BNET_CUST/${longNumber}`;
const everyPage = [
  ...['/', '/failure-groups', '/failed', row, '/processing', '/deferred', '/pauses'],
  ...[
    '/pauses/pause?table=CUST',
    `/deferred/retry?row=IF_BNET_CUST:${longNumber}`,
    '/workers',
    '/repair',
    '/repair/confirm?customer=7&all=yes',
    '/audit',
    ...['/verify', '/verify?kind=missing&from=100'],
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
        expect(post).toContain(`name="csrfToken" value="${operatorPrincipal.csrfToken}"`);
    }
  });

  it('offers a reader, or anybody, no action', async () => {
    for (const who of [reader, anybody]) {
      const { app } = await consoleApp(who);
      for (const url of ['/', '/failed', row, '/deferred', '/pauses']) {
        const { body } = await app.inject(url);
        expect(body).not.toMatch(
          /action="\/(?!logout)[^"]*"[^>]*method="post"|method="post" action="\/(?!logout)/,
        );
        expect(body).not.toMatch(/requeue-matching|\/pauses\/pause|\/deferred\/retry|type="checkbox"/);
      }
      for (const url of [
        '/requeue?row=IF_BNET_CUST:1',
        '/requeue-matching',
        '/deferred/retry?row=IF_BNET_CUST:1',
        '/pauses/pause?table=CUST',
      ])
        expect((await app.inject(url)).statusCode).toBe(403);
    }
  });
});

describe('an alarm of the product store', () => {
  const alarm: OpenAlarm = {
    ...{ alarmId: 'a', kind: 'finishedRows', rows: 4812, worker: 'w', host: 'h' },
    raisedAt: '2026-11-28T01:02:03.000Z',
    examples: [
      { table: 'IF_BNET_CUST', streamingNo: longNumber, custId: '1', stateDate: '2026-11-28 09:00:00' },
    ],
  };

  it('stands on every page, in both languages, with what to do and a link to a row', async () => {
    const { app, operator } = await consoleApp();
    operator.openAlarms = [alarm];
    // The repair's own pages say more of it.
    for (const url of everyPage.filter((each) => each !== '/login' && !each.startsWith('/repair')))
      for (const [language, words] of [
        ['zh-CN', ['产品库数据丢失', '4812', 'bnet-sync repair --dry-run']],
        ['en', ['The product store has lost data', '4,812 rows', 'bnet-sync repair --dry-run']],
      ] as const) {
        const { body } = await app.inject({ url, headers: { 'accept-language': language } });
        for (const word of [...words, `href="/rows/IF_BNET_CUST/${longNumber}"`])
          expect(body, `${url} in ${language}`).toContain(word);
      }
  });

  it.each(['ownCommits', 'noOrigin'] as const)('says what %s means', async (kind) => {
    const { app, operator } = await consoleApp();
    operator.openAlarms = [{ ...alarm, kind, examples: [] }];
    const said = kind === 'noOrigin' ? 'migrate --new-store' : 'no longer finds what the store had confirmed';
    const { body } = await app.inject({ url: '/', headers: { 'accept-language': 'en' } });
    expect(body).toContain(said);
  });

  it('tells nobody who did not log in', async () => {
    const { app, operator } = await consoleApp();
    operator.openAlarms = [alarm];
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
    const { app, operator } = await consoleApp();
    const fields = { row: `IF_BNET_CUST:${longNumber}`, csrfToken: operatorPrincipal.csrfToken };
    for (const reason of ['', '  ', 'x'.repeat(501)]) {
      const answer = await app.inject({ url: '/requeue', ...form({ ...fields, reason }) });
      expect(answer.statusCode).toBe(400);
      const matching = await app.inject({ url: '/requeue-matching', ...form({ code: '00403', reason }) });
      expect(matching.statusCode).toBe(400);
    }
    expect(operator.acts).toEqual([]);
  });

  it('is done by whoever is logged in, for the reason given', async () => {
    const { app, operator } = await consoleApp();
    const fields = { row: `IF_BNET_CUST:${longNumber}`, reason: ' 工单 1 ' };
    await app.inject({ url: '/requeue', ...form(fields) });
    expect(operator.acts).toMatchObject([{ who: 'wang', via: 'console', rows: 1, reason: '工单 1' }]);
  });

  it('by a filter that cannot be read touches nothing, rather than every row', async () => {
    const { app, operator } = await consoleApp();
    const answer = await app.inject({ url: '/requeue-matching', ...form({ code: '4', reason: 'r' }) });
    expect(answer.statusCode).toBe(400);
    expect(operator.acts).toEqual([]);
  });

  it('refuses more rows than are chosen by hand', async () => {
    const { app } = await consoleApp();
    const rows = Array.from({ length: 501 }, (_, index) => `row=CUST:${index + 1}`).join('&');
    const { statusCode, body } = await app.inject({
      url: `/requeue?${rows}`,
      headers: { 'accept-language': 'en' },
    });
    expect(statusCode).toBe(400);
    expect(body).toContain('Select at most 500 rows');
  });
});

describe('deferred rows', () => {
  const retry = `/deferred/retry?row=IF_BNET_CUST:${longNumber}`;
  const spoken = async (
    url: string,
    language: 'en' | 'zh',
    change: (operator: FakeOperator) => void = () => undefined,
  ) => {
    const { app, operator } = await consoleApp();
    change(operator);
    return (await app.inject({ url, headers: { 'accept-language': language } })).body;
  };

  it('are counted on the overview, with a link to them; not where there are none', async () => {
    expect(await spoken('/', 'en')).toContain('3 customers are deferred (3 rows); all others go on.');
    expect(await spoken('/', 'zh')).toContain('有 3 个客户暂缓处理（共 3 行），其他客户不受影响。');
    for (const deferred of [null, { ...fakeDeferredSummary(), rows: 0 }]) {
      const body = await spoken('/', 'en', (operator) => (operator.view = { ...operator.view, deferred }));
      expect(body).not.toContain('See the rows');
    }
  });

  it('are listed with stage and cause in words, and in the words of the database, harmless', async () => {
    const en = await spoken('/deferred', 'en');
    for (const words of ['claim: locked', 'mark: refused', 'mark: no effect', retry])
      expect(en).toContain(words.replace('&', '&amp;').replace('IF_BNET_CUST:', 'IF_BNET_CUST%3A'));
    const zh = await spoken('/deferred', 'zh');
    for (const words of ['领取时已被锁定', '写回结果被拒绝', '写回结果未生效', 'COMMIT 或 ROLLBACK'])
      expect(zh).toContain(words);
    for (const body of [en, zh]) {
      expect(body).toContain('⟨U+202E⟩&lt;img src=x onerror=alert(6)>␇ 禁止修改');
      expect(body).not.toContain('<img');
    }
    expect(await spoken('/deferred', 'zh', (operator) => (operator.deferredList = []))).toContain(
      '没有暂缓处理的行。',
    );
  });

  it('say so on their own page, and on that of a row that waits for them', async () => {
    for (const [language, words] of [
      ['zh', ['本行暂缓处理：', '写回结果被拒绝', '已尝试 3 次', '本行在等待同一客户暂缓处理的行：']],
      ['en', ['This row is deferred:', 'mark: refused', 'tried 3 times', 'This row waits for rows']],
    ] as const) {
      const body = await spoken(row, language);
      for (const word of words) expect(body, language).toContain(word);
    }
    expect(await spoken(row, 'en', (operator) => (operator.deferredList = []))).not.toContain('deferred:');
  });

  it('are tried at once by whoever is logged in, for a reason; nothing is done without one', async () => {
    const { app, operator } = await consoleApp();
    const fields = { row: `IF_BNET_CUST:${longNumber}`, csrfToken: operatorPrincipal.csrfToken };
    expect(
      (await app.inject({ url: '/deferred/retry', ...form({ ...fields, reason: ' ' }) })).statusCode,
    ).toBe(400);
    expect(operator.acts).toEqual([]);
    const done = await app.inject({ url: '/deferred/retry', ...form({ ...fields, reason: '触发器已停用' }) });
    expect([done.statusCode, done.headers.location]).toEqual([303, '/deferred?done=retried']);
    expect(operator.acts).toMatchObject([
      { who: 'wang', via: 'console', action: 'retry', reason: '触发器已停用' },
    ]);
    const again = await app.inject({ url: '/deferred/retry', ...form({ ...fields, reason: 'r' }) });
    expect(again.headers.location).toBe('/deferred?done=not-deferred');
    for (const notice of ['retried', 'not-deferred'])
      expect((await app.inject(`/deferred?done=${notice}`)).body).toContain('class="notice');
  });

  it('are named as others name them, or there is no such page', async () => {
    const { app } = await consoleApp();
    for (const name of ['', 'IF_BNET_CUST', 'USERS:1', 'IF_BNET_CUST:x'])
      expect((await app.inject(`/deferred/retry?row=${name}`)).statusCode).toBe(404);
  });
});

describe('what went wrong', () => {
  it('says which database is away and what to do', async () => {
    const { app, operator } = await consoleApp();
    operator.outage = new DatabaseError('credentials', 'the product store refuses the credentials');
    operator.outage.database = 'product store';
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
    expect(body).toContain('Invalid position in the list');
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
