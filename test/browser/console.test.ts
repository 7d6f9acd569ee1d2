import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchBrowser, openPage, type WatchedPage } from '../support/browser.js';
import { plant } from '../support/databases.js';
import {
  hostileName,
  longNumber,
  openEnvironment,
  people,
  refusedOpens,
  type BrowserEnvironment,
} from './environment.js';
import { operatorServiceOf } from '../support/operators.js';
import { scaled } from '../support/time-factor.js';

const patience = scaled(60_000);

describe.skipIf(chromiumPath === null)('browser', { timeout: patience }, () => {
  let environment: BrowserEnvironment;
  let browser: Browser;
  const opened: WatchedPage[] = [];

  beforeAll(async () => {
    [environment, browser] = await Promise.all([openEnvironment(), launchBrowser()]);
  }, patience);
  afterAll(async () => {
    await browser.close();
    await environment.close();
  });
  afterEach(async () => {
    const pages = opened.splice(0);
    const problems = pages.flatMap((watched) => watched.problems);
    await Promise.all(pages.map(({ page }) => page.context().close()));
    expect(problems, 'dialogs, errors, violations, requests elsewhere').toEqual([]);
  });

  const visit = async (options: Parameters<typeof openPage>[2] = {}): Promise<Page> => {
    const watched = await openPage(browser, environment.url, options);
    opened.push(watched);
    return watched.page;
  };
  const logIn = async (page: Page, who: keyof typeof people, next = '/') => {
    await page.goto(next);
    await page.fill('input[name=name]', people[who].name);
    await page.fill('input[name=password]', people[who].password);
    await page.click('main button');
    await page.waitForURL(`${environment.url}${next}`);
  };
  const textOf = (page: Page) => page.innerText('main');

  it('leads to the login, refuses a wrong password, and then to the page that was asked for', async () => {
    const page = await visit();
    await page.goto('/failed?code=00401');
    expect(page.url()).toContain('/login?next=');
    await page.fill('input[name=name]', people.operator.name);
    await page.fill('input[name=password]', 'wrong');
    await page.click('main button');
    expect(await textOf(page)).toContain('Wrong name or password.');
    await page.fill('input[name=name]', people.operator.name);
    await page.fill('input[name=password]', people.operator.password);
    await page.click('main button');
    await page.waitForURL(`${environment.url}/failed?code=00401`);
    await page.click('text=Log out');
    await page.waitForURL(/\/login/);
    await page.goto('/');
    expect(page.url()).toContain('/login');
  });

  it('shows counts, charts, workers and databases at first sight, and reads them again by itself', async () => {
    const page = await visit();
    await page.clock.install();
    await logIn(page, 'reader');
    expect(await page.innerText('tr:has-text("IF_BNET_CUST")')).toMatch(/IF_BNET_CUST\s+0\s+0\s+1\s+56/);
    expect(await page.locator('svg[role=img] rect.applied').count()).toBeGreaterThan(0);
    expect(await page.getByRole('img', { name: /Last hour/ }).count()).toBe(1);
    expect(await textOf(page)).toContain('All 64 shards are held.');
    expect(await page.locator('.mark.good:has-text("healthy")').count()).toBe(2);
    const again = page.waitForResponse((response) => response.request().resourceType() === 'fetch');
    await page.locator('tr:has-text("IF_BNET_CUST")').evaluate((row) => row.setAttribute('data-old', ''));
    await page.clock.runFor(15_000);
    await again;
    await page.locator('[data-old]').waitFor({ state: 'detached' });
    expect(await page.locator('tr:has-text("IF_BNET_CUST")').count()).toBe(1);
  });

  it('filters the failed rows, keeps the filter in the address, and leads through their pages', async () => {
    const page = await visit();
    await logIn(page, 'reader', '/failure-groups');
    await page.locator('tr', { hasText: '00403' }).locator('a').first().click();
    await page.waitForURL(/\/failed\?table=IF_BNET_CUST&code=00403/);
    expect(await page.locator('tbody tr').count()).toBe(50);
    await page.click('a[rel=next]');
    expect(await page.locator('tbody tr').count()).toBe(refusedOpens + 1 - 50);
    await page.fill('input[name=customer]', '5007');
    await page.click('main button:has-text("Filter")');
    expect(new URL(page.url()).searchParams.get('customer')).toBe('5007');
    expect(await page.locator('tbody tr').count()).toBe(1);
    await page.fill('input[name=customer]', '5007x');
    await page.click('main button:has-text("Filter")');
    expect(await textOf(page)).toContain('A CustID is a whole number of at most 30 digits');
  });

  it('shows a name that is a script as text, and a number of 30 digits whole', async () => {
    const page = await visit();
    await logIn(page, 'reader', `/rows/IF_BNET_CUST/${longNumber}`);
    expect(await textOf(page)).toContain(hostileName);
    expect(await page.innerText('h1')).toBe(`IF_BNET_CUST ${longNumber}`);
    expect(await page.title()).not.toBe('owned');
    await page.goto(`/failed?text=${encodeURIComponent('<script>')}`);
    expect(await page.locator('tbody tr').count()).toBe(1);
    expect(await page.inputValue('input[name=text]')).toBe('<script>');
  });

  it('refuses an action to a reader, who is not offered any', async () => {
    const page = await visit();
    await logIn(page, 'reader', '/rows/IF_BNET_ACCOUNT/2001');
    expect(await page.locator('main form, main button').count()).toBe(0);
    await page.goto('/failed');
    expect(await page.locator('input[type=checkbox]').count()).toBe(0);
    const asked = await page.goto('/requeue?row=IF_BNET_ACCOUNT:2001');
    expect(asked?.status()).toBe(403);
    expect(await textOf(page)).toContain('Only operators may do this.');
    const token = await page.inputValue('.session input[name=csrfToken]');
    const sent = await page.request.post('/requeue', {
      form: { csrfToken: token, row: 'IF_BNET_ACCOUNT:2001', reason: 'because' },
      headers: { origin: environment.url },
    });
    expect(sent.status()).toBe(403);
  });

  it('puts a corrected row back, with a reason, until it is applied', async () => {
    const page = await visit();
    await logIn(page, 'operator', '/failed?code=00401');
    await page.locator('tbody a').first().click();
    await page.waitForURL(/\/rows\/IF_BNET_ACCOUNT\/2001/);
    expect(await textOf(page)).toContain('00401 关键数据项不能为空: AccName');
    expect(await textOf(page)).toContain('Rows of this customer were applied since.');
    await correct(environment);
    await page.click('summary:has-text("Requeue")');
    await page.fill('textarea[name=reason]', '工单 4711：已补姓名');
    await page.click('main button:has-text("Requeue 1 row")');
    expect(await textOf(page)).toContain('1 row requeued.');
    await environment.reaches('ACCOUNT:2001', 2);
    await page.goto('/rows/IF_BNET_ACCOUNT/2001');
    expect(await page.locator('.facts .mark').first().innerText()).toBe('2 succeeded');
    expect(await page.locator('section:has(h2:has-text("History")) tbody tr').allInnerTexts()).toEqual([
      expect.stringMatching(/applied\s+current/),
      expect.stringMatching(/refused\s+superseded\s+00401/),
    ]);
    await page.goto('/audit');
    expect(await page.locator('tbody tr').first().innerText()).toMatch(
      /wang\s+console\s+requeue\s.*IF_BNET_ACCOUNT 2001.*\s1\s+工单 4711：已补姓名/,
    );
  });

  it('puts back selected rows and all that match, after asking', async () => {
    const page = await visit();
    await logIn(page, 'operator', '/failed?code=00403&customer=5001');
    await page.check('thead input[type=checkbox]');
    await page.click('text=Requeue selected');
    await page.waitForURL(/\/requeue\?row=IF_BNET_CUST%3A3001/);
    await page.click('main button:has-text("Requeue 1 row")');
    // Without a reason the browser itself does not send the form.
    expect(page.url()).toContain('/requeue?row=');
    await page.fill('textarea[name=reason]', 'try again');
    await page.click('main button:has-text("Requeue 1 row")');
    expect(await textOf(page)).toContain('1 row requeued.');
    await environment.reaches('CUST:3001', 3);
    await page.goto('/failed?customer=5002');
    await page.click('text=Requeue all that match');
    expect(await textOf(page)).toContain('CustID = 5002');
    await page.fill('textarea[name=reason]', 'try again');
    await page.click('main button:has-text("Requeue 1 row")');
    expect(await textOf(page)).toContain('1 row requeued.');
    await environment.reaches('CUST:3002', 3);
  });

  it('pauses and resumes a product, with a reason', async () => {
    const page = await visit();
    await logIn(page, 'operator', '/pauses');
    await page.fill('input[name=product]', '777');
    await page
      .locator('form', { has: page.locator('input[name=product]') })
      .locator('button')
      .click();
    await page.fill('textarea[name=reason]', 'upgrade');
    await page.click('main button:has-text("Pause")');
    await page.waitForURL(/done=paused/);
    expect(await page.innerText('tbody')).toMatch(/product 777.*wang\s+upgrade/s);
    await page.click('text=Resume');
    await page.fill('textarea[name=reason]', 'done');
    await page.click('main button:has-text("Resume")');
    expect(await textOf(page)).toContain('Nothing is paused');
  });

  it('shows that nothing differs, and then what does, with a way to the row', async () => {
    const page = await visit();
    await logIn(page, 'reader', '/verify');
    expect(await textOf(page)).toContain('No difference.');
    expect(await textOf(page)).toMatch(/By\s+schedule [\w-]{36}/);
    const { pair } = environment;
    const change = `UPDATE bnet_customer SET cust_name = ? WHERE cust_id = '990947809'`;
    const byHand = {
      StreamingNo: '7001',
      OPFlag: '0101',
      ProductID: '323002000',
      BizID: 'B-1',
      CustID: '777',
    };
    const named = { CustAccount: 'a', CustName: 'b', State: 2, StateDate: '2026-11-01 08:00:01' };
    await plant(pair.middle, 'CUST', { ...byHand, ...named });
    await pair.store.execute({ sql: change, bindings: [hostileName] });
    try {
      await operatorServiceOf(pair).verify({
        ...{ custId: null, productId: null, journalSince: null, recordedBy: 'dba@app-1' },
        ...{ onProgress: () => undefined, onDifference: () => Promise.resolve() },
      });
      await page.reload();
      expect(await textOf(page)).toContain('3 differences of 2 customers.');
      expect(await textOf(page)).toMatch(/By\s+command dba@app-1/);
      const kind = page.locator('section:has(h2:has-text("by kind")) tbody tr', { hasText: 'different' });
      expect(await kind.innerText()).toContain('Both have it, with different values.');
      expect(await textOf(page)).toContain(hostileName);
      await page.click('a:has-text("not in the journal")');
      await page.waitForURL(/kind=notInJournal/);
      expect(await textOf(page)).not.toContain(hostileName);
      await page.click('a:has-text("CUST 7001")');
      await page.waitForURL(/\/rows\/IF_BNET_CUST\/7001/);
      expect(await page.innerText('h1')).toBe('IF_BNET_CUST 7001');
      await page.goto('/');
      expect(await textOf(page)).toContain('The last verification found 3 differences.');
    } finally {
      await pair.store.execute({ sql: change, bindings: ['华望公司'] });
      const remove = 'DELETE FROM IF_BNET_CUST WHERE StreamingNo = ?';
      await pair.middle.execute({ sql: remove, bindings: ['7001'] });
    }
  });

  it('speaks Chinese to a Chinese browser, and English once asked to, from then on', async () => {
    const page = await visit({ locale: 'zh-CN' });
    await logIn(page, 'reader');
    expect(await page.getAttribute('html', 'lang')).toBe('zh-CN');
    expect(await page.innerText('h1')).toBe('概览');
    expect(await page.innerText('tr:has-text("IF_BNET_CUST")')).toContain('56');
    await page.click('text=English');
    expect(await page.innerText('h1')).toBe('Overview');
    await page.goto('/failure-groups');
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    expect(await page.innerText('tbody')).toContain('00403 数据格式不正确');
  });

  it('works without a script', async () => {
    const page = await visit({ javaScriptEnabled: false });
    await logIn(page, 'operator', '/failed?code=00403&customer=5003');
    await page.locator('tbody input[type=checkbox]').check();
    await page.click('text=Requeue selected');
    await page.fill('textarea[name=reason]', 'no script here');
    await page.click('main button:has-text("Requeue 1 row")');
    expect(await textOf(page)).toContain('1 row requeued.');
    await environment.reaches('CUST:3003', 3);
  });

  it('has every page in both languages without an error, a violation or a request elsewhere', async () => {
    const page = await visit();
    await logIn(page, 'operator');
    const row = `/rows/IF_BNET_CUST/${longNumber}`;
    const pages = [
      '/',
      '/failure-groups',
      '/failed',
      row,
      '/processing',
      '/deferred',
      '/pauses',
      '/verify',
      '/workers',
      '/repair',
      '/repair/confirm',
      '/audit',
      '/logout',
    ];
    for (const lang of ['zh', 'en'])
      for (const path of pages) {
        const answer = await page.goto(`${path}?lang=${lang}`);
        expect(answer?.status(), path).toBe(200);
        expect(answer?.headers()['content-security-policy'], path).not.toContain('unsafe');
      }
    const missing = await page.goto('/rows/IF_BNET_CUST/9999');
    expect(missing?.status()).toBe(404);
    expect(await textOf(page)).toContain('There is no such page');
  });
});

/** The platform puts the row right, and leaves it in State 3 for the operator. */
async function correct({ pair }: BrowserEnvironment): Promise<void> {
  const sql = `UPDATE IF_BNET_ACCOUNT SET AccName = ? WHERE StreamingNo = ?`;
  await pair.middle.execute({ sql, bindings: ['李明', '2001'] });
}
